"""An incident's own channel in Slack: made exactly once, furnished, filled with people; each step by itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError

from domain.outbox import DeliveryError
from integrations.base import Sent
from integrations.slack_channel_messages import (
    ask_message,
    bookmark,
    first_message,
    handover_message,
    purpose,
    topic,
)
from integrations.slack_duty import needless
from integrations.slack_errors import PERSON, classify
from integrations.slack_promises import promise_content
from integrations.wording import Wording

if TYPE_CHECKING:
    from integrations.facts import DeliveryFacts
    from integrations.slack import Attempt

PAGE = 1000
BAD_NAME = "invalid_name"
"""How all codes begin by which Slack refuses a name for its signs or its length."""

NOT_THERE = frozenset({"channel_not_found", "is_archived", "not_in_channel", "channel_is_archived", "already_archived"})
GUEST = PERSON | {
    "cant_invite",
    "cant_invite_self",
    "no_user",
    "not_in_team",
    "user_team_not_in_channel",
    "ura_max_channels",
}
"""Codes that are about one of the people: the others have been invited."""


def carry_out(attempt: "Attempt", facts: "DeliveryFacts") -> Sent:
    """One attempt at a step `channel.…`; raises DeliveryError."""
    return Step(attempt, facts).run()


class Step:
    """One step at an incident's channel."""

    def __init__(self, attempt: "Attempt", facts: "DeliveryFacts") -> None:
        self._attempt = attempt
        self._facts = facts
        self._wording: Wording = attempt.wording
        self._base_url = attempt.base_url

    def run(self) -> Sent:
        facts = self._facts
        outside, incident = facts.mobilising, facts.incident
        if outside is None or incident is None:
            raise ValueError("a channel belongs to an incident")
        if outside.closed and facts.kind != "channel.changed":
            _ = self._wording.gettext
            raise DeliveryError(_("The incident was finished in the meantime."), needless=True)
        step = {
            "channel.create": self._create,
            "channel.first": self._first,
            "channel.changed": self._change,
            "channel.pin": self._pin,
            "channel.topic": self._topic,
            "channel.purpose": self._purpose,
            "channel.bookmark": self._bookmark,
            "channel.invite": self._invite,
            "channel.handover": self._handed_over,
            "channel.ask": self._ask,
            "channel.promise": self._promise,
        }
        return step[facts.kind]()

    # The channel itself

    def _create(self) -> Sent:
        incident = self._facts.incident
        assert incident is not None
        if incident.drill:
            return Sent(*self._attempt.drill_channel())
        names, fallbacks = ([str(name) for name in self._facts.details[one]] for one in ("names", "fallbacks"))
        known = self._made_before({*names, *fallbacks}) if self._facts.attempt > 1 else None
        channel = known or self._made(names) or self._made(fallbacks)
        if channel is None:
            _ = self._wording.gettext
            sentence = _(
                "Slack takes none of the names for the channel (%(name)s). Open one by hand and invite the app."
            )
            raise DeliveryError(sentence % {"name": names[0]}, permanent=True)
        return Sent(str(channel["id"]), str(channel["name"]), self._address(str(channel["id"])))

    def _made(self, names: list[str]) -> dict[str, Any] | None:
        """A new channel with the first of the names that is free; None where Slack takes none of them."""
        for one in names:
            try:
                return dict(self._attempt.ask("conversations.create", name=one)["channel"])
            except SlackApiError as error:
                code = str(error.response.get("error") or "")
                if code.startswith(BAD_NAME):
                    return None
                if code != "name_taken":
                    raise self._refused(error, acting=True) from error
            except self._attempt.trouble as error:
                raise self._refused(error, acting=True) from error
        return None

    def _made_before(self, names: set[str]) -> dict[str, Any] | None:
        """The channel of an earlier attempt whose answer was lost: ours by maker, name and time."""
        me = str(self._call("auth.test").get("user_id"))
        since = self._facts.since.timestamp() - self._attempt.skew
        for channel in self._channels():
            named = {channel.get("name"), channel.get("name_normalized")} & names
            if named and channel.get("creator") == me and float(channel.get("created") or 0) >= since - 1:
                return channel
        return None

    def _channels(self) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = self._call("conversations.list", types="public_channel", limit=PAGE, cursor=cursor)
            yield from page.get("channels") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _address(self, channel: str) -> str | None:
        """Where the browser opens the channel; without it the step is done, too."""
        try:
            url = str(self._attempt.ask("auth.test").get("url") or "")
        except (*self._attempt.trouble, SlackApiError, DeliveryError):
            return None
        return f"{url.rstrip('/')}/archives/{channel}" if url.startswith("http") else None

    # What belongs into it

    @property
    def _channel(self) -> str:
        """The id of the channel: what this step needs has found it."""
        outside = self._facts.mobilising
        thread = self._facts.thread
        if outside is not None and outside.channel_id:
            return outside.channel_id
        if thread is None:
            _ = self._wording.gettext
            raise DeliveryError(_("There is no channel for this incident yet."))
        return thread.id

    def _first(self) -> Sent:
        text, blocks = first_message(self._facts, self._wording, self._base_url)
        channel = self._channel
        ts = self._attempt.find_first(channel) or self._attempt.post(channel, text, blocks)
        return Sent(ts, channel, self._attempt.permalink(channel, ts))

    def _change(self) -> Sent:
        place = self._facts.thread
        if place is None:
            return Sent()
        text, blocks = first_message(self._facts, self._wording, self._base_url)
        self._call("chat.update", acting=True, channel=place.place, ts=place.id, text=text, blocks=blocks)
        return Sent(place.id, place.place)

    def _handed_over(self) -> Sent:
        text, blocks = handover_message(self._facts, self._wording)
        channel = self._channel
        return Sent(self._attempt.find_first(channel) or self._attempt.post(channel, text, blocks), channel)

    def _ask(self) -> Sent:
        """Nobody is asked for what somebody has taken meanwhile."""
        channel, outside = self._channel, self._facts.mobilising
        found = self._attempt.find_first(channel) if self._facts.attempt > 1 else None
        if not found and not (outside and outside.unfilled):
            _ = self._wording.gettext
            raise DeliveryError(_("Somebody has taken it in the meantime, so nobody was asked."), needless=True)
        text, blocks = ask_message(self._facts, self._wording, self._base_url, self._attempt.pressable)
        return Sent(found or self._attempt.post(channel, text, blocks), channel)

    def _promise(self) -> Sent:
        """An update is due, said aloud: to whom has no Slack id, to everybody, or in a drill."""
        channel, duty = self._channel, self._facts.duty
        found = self._attempt.find_first(channel) if self._facts.attempt > 1 else None
        if not found and duty and (why := needless(duty, self._wording)):
            raise why
        text, blocks = promise_content(self._facts, self._wording, self._base_url, aloud=True)
        return Sent(found or self._attempt.post(channel, text, blocks), channel)

    def _pin(self) -> Sent:
        place = self._facts.thread
        if place is None:
            return Sent()
        self._call("pins.add", done=("already_pinned",), channel=place.place, timestamp=place.id)
        return Sent(place.id, place.place)

    def _topic(self) -> Sent:
        self._call("conversations.setTopic", channel=self._channel, topic=topic(self._facts, self._wording))
        return Sent(self._channel)

    def _purpose(self) -> Sent:
        text = purpose(self._facts, self._wording, self._base_url)
        self._call("conversations.setPurpose", channel=self._channel, purpose=text)
        return Sent(self._channel)

    def _bookmark(self) -> Sent:
        name, address = bookmark(self._facts, self._wording, self._base_url)
        if not address:
            _ = self._wording.gettext
            raise DeliveryError(_("There is no address for this bookmark; set BASE_URL."), needless=True)
        if self._facts.attempt > 1:
            known = self._call("bookmarks.list", channel_id=self._channel).get("bookmarks") or []
            for one in known:
                if one.get("link") == address:
                    return Sent(str(one.get("id")), self._channel)
        answer = self._call(
            "bookmarks.add", acting=True, channel_id=self._channel, title=name, type="link", link=address
        )
        return Sent(str((answer.get("bookmark") or {}).get("id") or ""), self._channel)

    def _invite(self) -> Sent:
        """Everybody who can be; who cannot is told by name on the checklist, and holds up nobody."""
        outside = self._facts.mobilising
        assert outside is not None
        people = {one.slack_id: one.id for one in outside.guests if one.slack_id}
        missed: list[list[object]] = [[one.id, "no_slack_id"] for one in outside.guests if not one.slack_id]
        if people:
            for user, code in self._uninvited(list(people)):
                if code != "already_in_channel" and user in people:
                    missed.append([people[user], code])
        return Sent(self._channel, notes={"missed": missed})

    def _uninvited(self, users: list[str]) -> list[tuple[str, str]]:
        """Slack id and code of those who could not be invited."""
        try:
            answer: Any = self._attempt.ask(
                "conversations.invite", channel=self._channel, users=",".join(users), force=True
            )
        except SlackApiError as error:
            code = str(error.response.get("error") or "")
            listed = error.response.get("errors") or []
            if code != "already_in_channel" and code not in GUEST:
                raise self._refused(error, acting=False) from error
            if not listed:
                return [(user, code) for user in users]
            answer = {"errors": listed}
        except self._attempt.trouble as error:
            # Inviting twice does no harm: whoever is in already is no mistake.
            raise self._refused(error, acting=False) from error
        return [(str(one.get("user")), str(one.get("error"))) for one in answer.get("errors") or []]

    # Asking

    def _call(self, method: str, *, acting: bool = False, done: tuple[str, ...] = (), **arguments: Any) -> Any:
        """One request. `done`: codes that say that it is so already. `acting`: it must not be done twice."""
        try:
            return self._attempt.ask(method, **arguments)
        except SlackApiError as error:
            if error.response.get("error") in done:
                return error.response
            raise self._refused(error, acting) from error
        except self._attempt.trouble as error:
            raise self._refused(error, acting) from error

    def _refused(self, error: Exception, acting: bool) -> DeliveryError:
        code = str(error.response.get("error") or "") if isinstance(error, SlackApiError) else ""
        if code in NOT_THERE:
            _ = self._wording.gettext
            sentence = _("The incident's channel cannot be used any more (%(code)s). Work goes on in #hotline.")
            return DeliveryError(sentence % {"code": code}, permanent=True)
        return classify(error, acting, self._wording)
