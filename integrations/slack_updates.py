"""PURE: an update as the incident's channel and the channel of the customer side read it."""

from domain import internal
from domain.spreading import CHANGED, CHANNEL, THREAD
from integrations.facts import DeliveryFacts, IncidentFacts, UpdateFacts
from integrations.slack_channel_messages import state_word
from integrations.slack_messages import FALLBACK, Message, end_word, update_message
from integrations.slack_text import line, linked, pieces, section, small, words
from integrations.wording import Wording

MOST = 2
"""Sections of each of the words; the rest is a tap away on the portal."""


def spread_message(facts: DeliveryFacts, wording: Wording, base_url: str) -> Message:
    """The message of an update in one of its places; of a correction as it stands now."""
    kind = str(facts.details.get("of")) if facts.kind == CHANGED else facts.kind
    if kind == THREAD:
        return update_message(facts, wording, base_url)
    incident, update = facts.incident, facts.update
    if incident is None or update is None:
        raise ValueError("an update belongs to an incident")
    if kind == CHANNEL:
        said = {name: update.whole.get(name) or getattr(update, name) for name in ("situation", "workaround")}
    else:
        said = {"situation": update.situation, "workaround": update.workaround}
    return _message(incident, update, said, wording, base_url)


def _message(
    incident: IncidentFacts, update: UpdateFacts, said: dict[str, str], wording: Wording, base_url: str
) -> Message:
    _ = wording.gettext
    drill = _("[DRILL]") + " " if incident.drill else ""
    state = end_word(incident, wording) if update.ends else state_word(update.state, wording)
    head = _("%(code)s: %(state)s") % {"code": incident.code, "state": state}
    blocks = [section(f"{drill}*{head}*"), section(line(incident.title), "title")]
    if incident.drill:
        blocks.append(section(_("This is a drill, not a real incident. Please do not tell customers.")))
    if update.corrected_at:
        blocks.append(section(f"*{_('Corrected %(time)s') % {'time': wording.moment(update.corrected_at)}}*"))
    if update.kind == "unchanged":
        blocks.append(section(_("Nothing new; work continues.")))
    else:
        labels = {
            "situation": _("Situation"),
            "guest_notice": _("What to tell guests"),
            "partner_notice": _("What to tell partners"),
            "workaround": _("What to do meanwhile"),
        }
        texts = {"guest_notice": update.guest_notice, "partner_notice": update.partner_notice, **said}
        for name, label in labels.items():
            if texts[name]:
                # Each of the words in blocks of its own: what is for guests is never read out as one with the rest.
                blocks.append(section(f"*{label}*", f"{name}-label"))
                blocks += words(pieces(_readable(texts[name], wording))[:MOST], len(blocks))
    blocks.append(section(_next(update, wording)))
    if link := linked(base_url, f"incidents/{incident.code}", _("See what is going on, and what to say to customers")):
        blocks.append(small(link))
    return Message(f"{drill}{head} {line(incident.title, FALLBACK)}", blocks)


def _readable(text: str, wording: Wording) -> str:
    """What is internal says so in words."""
    _ = wording.gettext
    mark = _("[internal only]")
    return "".join(f"{mark} {piece} " if inside else piece for inside, piece in internal.parts(text))


def _next(update: UpdateFacts, wording: Wording) -> str:
    _ = wording.gettext
    if update.next_update_at:
        return _("Next update by %(time)s.") % {"time": wording.moment(update.next_update_at)}
    if update.next_update_reason:
        return f"{_('No further update is planned:')}\n{line(update.next_update_reason)}"
    return _("No next update is promised.")
