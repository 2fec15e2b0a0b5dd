"""Direct messages in Slack: one for each cause and person, edited when it changes; a worker of their own sends them."""

from domain import telling
from domain.outbox import DeliveryError
from integrations.base import Sent
from integrations.facts import DeliveryFacts
from integrations.slack import Attempt, SlackSender, Stale
from integrations.slack_buttons import go_ahead_buttons
from integrations.slack_messages import Message
from integrations.told_facts import ToldFacts
from integrations.told_messages import needless, slack_content
from integrations.wording import Wording


class DirectSender(SlackSender):
    """Tells people, in their language. Reports and incidents have a sender of their own: nobody waits for these."""

    service = telling.DIRECT

    def send(self, facts: DeliveryFacts) -> Sent:
        """Carries a delivery out; raises DeliveryError."""
        try:
            return Direct(self, facts).run()
        except Stale as stale:
            raise stale.error from None


class Direct(Attempt):
    """One attempt at one direct message."""

    def run(self) -> Sent:
        facts = self._facts
        told = facts.told
        if told is None:
            raise ValueError("the delivery tells nobody")
        # What an earlier attempt may have brought is found again, whatever has changed since.
        if facts.attempt < 2 and (why := needless(told, self.wording)):
            raise why
        speaking = self._sender.speaking(told.locale)
        message = Message(*slack_content(told, speaking, self.base_url))
        if told.pending and self.pressable:
            message.blocks.append(go_ahead_buttons(told.pending, speaking))
        if told.edit:
            return self._put_right(message)
        if not told.slack_id:
            raise _nobody(told, self.wording)
        place = self._call("conversations.open", users=told.slack_id)
        channel = str(place["channel"]["id"])
        found = self._find(channel, None)
        if 0 not in found and (why := needless(told, self.wording)):
            raise why
        return Sent(found.get(0) or self._say(channel, None, message, 0), channel)

    def _put_right(self, message: Message) -> Sent:
        """An edit may be done twice; a lost answer does no harm."""
        place = self._facts.thread
        if place is None:
            return Sent()
        content = {"text": message.text, "blocks": message.blocks}
        self._call("chat.update", acting=True, channel=place.place, ts=place.id, **content)
        return Sent(place.id, place.place)


def _nobody(told: ToldFacts, wording: Wording) -> DeliveryError:
    _ = wording.gettext
    sentence = _("%(name)s has no Slack ID any more, or has left.") % {"name": told.name}
    return DeliveryError(sentence, needless=True)
