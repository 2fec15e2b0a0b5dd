"""PURE: the reminder that an update is due: to the bridge, to the commander, or aloud in the incident's channel."""

from typing import Any

from integrations.facts import DeliveryFacts
from integrations.slack_text import line, linked, section, small
from integrations.wording import Wording


def promise_content(
    facts: DeliveryFacts, wording: Wording, base_url: str, *, aloud: bool = False
) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks. `aloud`: others read along, so it says whom it is for."""
    incident, duty = facts.incident, facts.duty
    if incident is None or duty is None or duty.at is None:
        raise ValueError("a promise belongs to an incident")
    _ = wording.gettext
    start = _("[DRILL]") + " " if incident.drill else ""
    whom = f"{_called(facts, wording)} " if aloud else ""
    head = _sentence(str(facts.details["stage"]), wording) % {
        "code": incident.code,
        "time": wording.moment(duty.at),
    }
    blocks = [section(f"{start}{whom}*{head}*"), section(line(incident.title), "title")]
    page = f"incidents/{incident.code}"
    if facts.details["stage"] == "commander":
        blocks.append(section(_help(line(str(facts.details["bridge"]), 60), wording)))
        link = linked(base_url, page, _("Incident page and record"))
    else:
        blocks.append(section(_("If there is no time, “no news” is enough.")))
        link = linked(base_url, f"{page}/desk", _("The bridge's desk"))
    if link:
        blocks.append(small(link))
    return f"{start}{whom}{head}", blocks


def _sentence(stage: str, wording: Wording) -> str:
    _ = wording.gettext
    if stage == "soon":
        return _("%(code)s: the next update is promised for %(time)s. It is time to write it.")
    if stage == "late":
        return _("%(code)s: the update promised for %(time)s is late.")
    return _("%(code)s: the update promised for %(time)s is still missing.")


def _help(bridge: str, wording: Wording) -> str:
    _ = wording.gettext
    if bridge:
        return _("Bridge: %(name)s. Please ask whether help is needed, or hand the bridge over.") % {"name": bridge}
    return _("Nobody has the bridge. Please take it, or give it to somebody.")


def _called(facts: DeliveryFacts, wording: Wording) -> str:
    """A mention where Slack knows them; else the name, or everybody who reads it."""
    _ = wording.gettext
    duty = facts.duty
    if duty and duty.slack_id:
        return f"<@{duty.slack_id}>"
    if duty and duty.name:
        return _("For %(name)s:") % {"name": line(duty.name, 60)}
    return _("For everybody here:")
