"""PURE: what stands in an incident's channel: the pinned message, topic, purpose, titles of bookmarks."""

from typing import Any

from integrations.facts import DeliveryFacts, IncidentFacts
from integrations.mobilising_facts import MobilisingFacts
from integrations.slack_messages import end_word
from integrations.slack_text import line, linked, section, small
from integrations.wording import Wording

TOPIC = 250
"""Characters of a topic and of a purpose that Slack takes."""

CALL_NAMES = ("system", "customer")
LEADS = {"system": ("commander",), "customer": ("guest_lead", "partner_lead")}
"""Who leads which call."""

TAKE = "position.take"
"""How the `action_id` of a button begins that takes a position; its value is `<incident>:<position>`."""


def call_name(name: str, wording: Wording) -> str:
    """The two calls have the same names in every place."""
    _ = wording.gettext
    return _("System call") if name == "system" else _("Customer call")


def state_word(state: str, wording: Wording) -> str:
    """How far it has come."""
    _ = wording.gettext
    words = {
        "investigating": _("Investigating"),
        "identified": _("Cause found, fixing"),
        "monitoring": _("Recovered, watching"),
        "resolved": _("Restored"),
    }
    return words.get(state, state)


def scale_word(severity: str, wording: Wording) -> str:
    """How large it is."""
    _ = wording.gettext
    words = {"minor": _("Scale: small"), "major": _("Scale: medium"), "critical": _("Scale: large")}
    return words.get(severity, severity)


def position_word(position: str, wording: Wording) -> str:
    """What a position is called."""
    _ = wording.gettext
    words = {
        "commander": _("Commander"),
        "bridge": _("Bridge"),
        "guest_lead": _("Lead for guests"),
        "partner_lead": _("Lead for partners"),
        "investigator": _("Cause investigation"),
        "first_aid": _("First aid"),
        "impact": _("Impact scope"),
        "root_fix": _("Root fix"),
        "scribe": _("Scribe"),
    }
    return words.get(position, position)


def first_message(facts: DeliveryFacts, wording: Wording, base_url: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks of the pinned message, as it stands now: state, roles, calls, record, next update."""
    _ = wording.gettext
    incident, outside = _given(facts)
    drill = _("[DRILL]") + " " if incident.drill else ""
    state = end_word(incident, wording) or state_word(incident.state, wording)
    head = _("%(code)s: %(state)s") % {"code": incident.code, "state": state}
    blocks = [section(f"{drill}*{head}*")]
    if incident.drill:
        blocks.append(section(_("This is a drill, not a real incident. Please do not tell customers.")))
    blocks.append(section(line(incident.title), "title"))
    blocks.append(section(f"{scale_word(incident.severity, wording)}\n{_since(incident, wording)}"))
    roles, calls = _("Who has what"), _("Calls")
    blocks.append(section(f"*{roles}*\n{_roles(outside, wording)}"))
    blocks.append(section(f"*{calls}*\n{_calls(outside, wording)}"))
    blocks.append(section(_next(incident, wording)))
    if link := linked(base_url, f"incidents/{incident.code}", _("Incident page and record")):
        blocks.append(section(link))
    blocks.append(small(_("This message is kept up to date.")))
    return f"{drill}{head} {line(incident.title, 200)}", blocks


def handover_message(facts: DeliveryFacts, wording: Wording) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks of what is said when a position is handed over."""
    incident, _outside = _given(facts)
    _ = wording.gettext
    said = {one: line(str(facts.details.get(one) or ""), 60) for one in ("before", "name")}
    position = position_word(str(facts.details.get("position")), wording)
    if not said["name"]:
        change = _("%(position)s: nobody any more (until now %(before)s)")
    elif said["before"]:
        change = _("%(position)s: %(name)s (until now %(before)s)")
    else:
        change = _("%(position)s: %(name)s")
    drill = _("[DRILL]") + " " if incident.drill else ""
    head = drill + change % {"position": position, **said}
    by = line(facts.by, 60)
    blocks = [section(f"{drill}*{change % {'position': position, **said}}*")]
    if by and by != said["name"]:
        blocks.append(small(_("Given by %(name)s") % {"name": by}))
    return head, blocks


def ask_message(
    facts: DeliveryFacts, wording: Wording, base_url: str, pressable: bool
) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks of the question who takes positions that nobody holds; one tap where a tap reaches us."""
    incident, outside = _given(facts)
    _ = wording.gettext
    drill = _("[DRILL]") + " " if incident.drill else ""
    names = _(", ").join(position_word(one, wording) for one in outside.unfilled)
    head = drill + _("%(positions)s: nobody has it yet. If you have a hand free, would you take it?") % {
        "positions": names
    }
    blocks = [section(f"*{head}*")]
    if pressable:
        take, number = _("I take it: %(position)s"), incident.code.removeprefix("INC-")
        buttons = [
            button(TAKE, take % {"position": position_word(one, wording)}, f"{number}:{one}", index)
            for index, one in enumerate(outside.unfilled)
        ]
        blocks.append({"type": "actions", "block_id": "position-actions", "elements": buttons})
    if link := linked(base_url, f"incidents/{incident.code}", _("Incident page and record")):
        blocks.append(small(link))
    return head, blocks


def button(action: str, label: str, value: str, number: int) -> dict[str, Any]:
    """One of several buttons of the same kind in a block: each needs an `action_id` of its own."""
    text = {"type": "plain_text", "text": label[:75], "emoji": False}
    return {"type": "button", "action_id": f"{action}.{number}", "text": text, "value": value}


def topic(facts: DeliveryFacts, wording: Wording) -> str:
    """One line: code, scale, headline."""
    incident, _outside = _given(facts)
    _ = wording.gettext
    start = _("[DRILL]") + " " if incident.drill else ""
    return _cut(f"{start}{incident.code} {scale_word(incident.severity, wording)} {incident.title}")


def purpose(facts: DeliveryFacts, wording: Wording, base_url: str) -> str:
    """What the channel is for, and where the rest is."""
    incident, _outside = _given(facts)
    _ = wording.gettext
    start = _("[DRILL]") + " " if incident.drill else ""
    page = f" {base_url.rstrip('/')}/incidents/{incident.code}" if base_url else ""
    return _cut(start + _("Everything about %(code)s in one place.") % {"code": incident.code} + page)


def bookmark(facts: DeliveryFacts, wording: Wording, base_url: str) -> tuple[str, str]:
    """Title and address of a bookmark; the address is empty where there is none."""
    incident, outside = _given(facts)
    _ = wording.gettext
    what = str(facts.details.get("what"))
    if what == "portal":
        title = _("Incident page %(code)s") % {"code": incident.code}
        return title, f"{base_url.rstrip('/')}/incidents/{incident.code}" if base_url else ""
    return call_name(what, wording), outside.calls.get(what, "")


def _given(facts: DeliveryFacts) -> tuple[IncidentFacts, MobilisingFacts]:
    if facts.incident is None or facts.mobilising is None:
        raise ValueError("a channel belongs to an incident")
    return facts.incident, facts.mobilising


def _since(incident: IncidentFacts, wording: Wording) -> str:
    _ = wording.gettext
    return _("Since %(time)s") % {"time": wording.moment(incident.began_at)}


def _roles(outside: MobilisingFacts, wording: Wording) -> str:
    _ = wording.gettext
    if not outside.roles:
        return _("Nobody has taken a position yet.")
    return "\n".join(f"{position_word(one, wording)}: {line(name, 60)}" for one, name in outside.roles)


def _calls(outside: MobilisingFacts, wording: Wording) -> str:
    _ = wording.gettext
    lines, join = [], _("Join")
    for name in CALL_NAMES:
        url = outside.calls.get(name)
        where = f"<{url.replace('&', '&amp;')}|{join}>" if url else _("not open yet")
        leaders = dict.fromkeys(line(person, 60) for position, person in outside.roles if position in LEADS[name])
        led = _(" (led by %(names)s)") % {"names": _(", ").join(leaders)} if leaders else ""
        lines.append(f"{call_name(name, wording)}: {where}{led}")
    return "\n".join(lines)


def _next(incident: IncidentFacts, wording: Wording) -> str:
    _ = wording.gettext
    if incident.next_update_at:
        return _("Next update by %(time)s.") % {"time": wording.moment(incident.next_update_at)}
    return _("No next update is promised.")


def _cut(text: str) -> str:
    return text if len(text) <= TOPIC else text[: TOPIC - 1] + "…"
