"""PURE: the buttons under a report's message, and the reminders: that nobody has taken it, that an update is due."""

from dataclasses import replace
from typing import Any

from domain import hotline_clock, promise_clock
from integrations.duty_facts import DutyFacts
from integrations.facts import DeliveryFacts, ReportFacts
from integrations.slack_messages import Message, build, report_headline
from integrations.slack_promises import promise_content
from integrations.slack_text import linked, section, small
from integrations.slack_updates import spread_message
from integrations.wording import Wording

ACTIONS = "report-actions"
"""The block of the buttons. `blueprints/slack` knows each by its `action_id`, the report by its `value`."""


def message_of(facts: DeliveryFacts, wording: Wording, base_url: str, pressable: bool) -> Message:
    """The message of a delivery; under a report what can be done about it, where what is pressed reaches us."""
    if facts.kind == hotline_clock.KIND and facts.report and facts.duty:
        return reminder_message(facts.report, facts.duty, wording, base_url, pressable)
    if facts.kind == promise_clock.KIND:
        return Message(*promise_content(facts, wording, base_url))
    if facts.kind.startswith("update."):
        return spread_message(facts, wording, base_url)
    message = build(facts, wording, base_url)
    if pressable and facts.report and facts.kind in ("report.filed", "report.changed"):
        return with_buttons(message, facts.report, wording)
    return message


def with_buttons(message: Message, report: ReportFacts, wording: Wording) -> Message:
    """A report's message with what can be done about it now; nothing is offered once it is judged."""
    buttons = report_buttons(report, wording)
    return replace(message, blocks=[*message.blocks, buttons]) if buttons else message


def report_buttons(report: ReportFacts, wording: Wording) -> dict[str, Any] | None:
    """The block of buttons; None where the report is judged."""
    _ = wording.gettext
    if report.status not in ("received", "acknowledged"):
        return None
    offered = [
        _button("report.declare", _("Declare an incident"), report.id, style="danger"),
        _button("report.no_incident", _("No incident, thank you"), report.id),
        _button("report.same", _("Same as…"), report.id),
    ]
    if report.status == "received":
        offered.insert(0, _button("report.acknowledge", _("I am looking into it"), report.id, style="primary"))
    return {"type": "actions", "block_id": ACTIONS, "elements": offered}


def reminder_message(report: ReportFacts, duty: DutyFacts, wording: Wording, base_url: str, pressable: bool) -> Message:
    """To one person of the system area: nobody has taken this report, it is their turn."""
    _ = wording.gettext
    given = {"code": report.code, "time": wording.moment(duty.at) if duty.at else ""}
    head = (
        _("Nobody has started checking %(code)s, reported %(time)s. Please look into it, or ask somebody to.") % given
    )
    blocks = [section(f"*{head}*"), section(report_headline(report, wording) or report.code)]
    if pressable:
        button = _button("report.acknowledge", _("I am looking into it"), report.id, style="primary")
        blocks.append({"type": "actions", "block_id": ACTIONS, "elements": [button]})
    if link := linked(base_url, f"reports/{report.id}", _("Open the report")):
        blocks.append(small(link))
    return Message(head, blocks)


def go_ahead_buttons(number: int, wording: Wording) -> dict[str, Any]:
    """Under what waits for the commander: one tap publishes it, another sends it back."""
    _ = wording.gettext
    buttons = [
        _button("go_ahead.give", _("Go ahead: publish it"), number, style="primary"),
        _button("go_ahead.refuse", _("Not like this"), number),
    ]
    return {"type": "actions", "block_id": "go-ahead-actions", "elements": buttons}


def _button(action: str, label: str, report: int, **more: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label, "emoji": False}
    return {"type": "button", "action_id": action, "text": text, "value": str(report), **more}
