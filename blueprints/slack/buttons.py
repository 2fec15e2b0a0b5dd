"""Pressed buttons: what can be done about a report, an open position, a question that looks alike."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from blueprints.hotline.live import found
from blueprints.shared import words
from blueprints.shared.language import moment, now
from blueprints.slack import asking, opening
from blueprints.slack.caller import Caller, escaped, link, refusal, said, whisper
from blueprints.slack.reading import Json, at, text_at
from domain import formation, go_ahead, incidents
from domain.db import db, writing
from domain.errors import DomainError
from domain.go_ahead import PendingUpdate
from domain.hotline import Report
from domain.people import Person

TAKE = "position.take."
"""How the `action_id` of every button begins that takes a position; its value is `<incident>:<position>`."""


def pressed(caller: Caller, content: Json) -> None:
    """Does what the button says; whoever cannot have it is told privately why, and how it stands."""
    actions = at(content, "actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    name = text_at(action, "action_id")
    if name.startswith(TAKE):
        if text := refusal(caller, responder=True) or _take(caller, text_at(action, "value")):
            whisper(caller, text)
        return
    if name.startswith(asking.BUTTONS):
        whisper(caller, refusal(caller) or asking.pressed(caller, name, text_at(action, "value")))
        return
    if name in GO_AHEAD:
        if text := refusal(caller) or _go_ahead(caller, GO_AHEAD[name], text_at(action, "value")):
            whisper(caller, text)
        return
    what = PRESSED.get(name)
    if what is None:
        return
    report = report_of(text_at(action, "value"))
    text = refusal(caller, responder=True) or (
        gettext("This report was not found.") if report is None else what(caller, report)
    )
    if text:
        whisper(caller, text)


def report_of(typed: str) -> Report | None:
    """The report of a button's value or a modal's memory."""
    return found(int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 11 else None


def standing(report: Report) -> str:
    """How a report stands that cannot be changed any more, in a sentence."""
    who = report.judged_by or report.acknowledged_by
    when = report.judged_at or report.acknowledged_at
    parts = [str(words.word(report.status).label)]
    if report.status == "acknowledged" and who:
        parts = [gettext("%(name)s is checking", name=escaped(who.name))]
    elif who:
        parts.append(escaped(who.name))
    if when:
        parts.append(moment(when))
    other = report.incident or report.duplicate_of
    if report.incident:
        parts.insert(1, link(report.incident.code, "incidents.show", code=report.incident.code))
    elif other:
        parts.insert(1, link(other.code, "hotline.show", id=other.id))
    return gettext(
        "%(report)s stands like this already: %(state)s. Nothing was changed.",
        report=link(report.code, "hotline.show", id=report.id),
        state=gettext(", ").join(parts),
    )


def _acknowledge(caller: Caller, report: Report) -> str | None:
    if report.status != "received":
        return standing(report)
    number = report.id
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            db.session.get_one(Report, number).acknowledge(by=by, at=now())
    except DomainError as error:
        after = found(number)
        return standing(after) if after else said(error)
    return None


def _take(caller: Caller, value: str) -> str | None:
    """Takes a position that nobody holds. One that somebody holds is not taken from them by an old message."""
    number, _, position = value.partition(":")
    incident = incidents.by_code(number) if number.isascii() and number.isdecimal() else None
    if incident is None or position not in formation.POSITIONS:
        return gettext("This incident was not found.")
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            held = formation.take_open(incident, position, by=by, at=now())
            mine, name = held.id == by.id, held.name
    except DomainError as error:
        return said(error)
    if mine:
        return None
    return gettext(
        "%(position)s: %(name)s has it. On the page of %(incident)s it can be handed over.",
        position=str(words.POSITIONS[position]),
        name=escaped(name),
        incident=link(incident.code, "incidents.show", code=incident.code),
    )


def _go_ahead(caller: Caller, what: str, value: str) -> str | None:
    """Publishes what waits, or sends it back; the message itself says what became of it."""
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 11 else 0
    pending = db.session.get(PendingUpdate, number)
    if pending is None:
        return gettext("This incident was not found.")
    if not go_ahead.decides(pending, caller.known, now()):
        return str(words.SENTENCES["go_ahead_not_yours"])
    try:
        with writing():
            pending, by = db.session.get_one(PendingUpdate, number), db.session.get_one(Person, caller.known.id)
            if what == "give":
                pending.give(by=by, at=now())
            else:
                pending.refuse("", by=by, at=now())
    except DomainError as error:
        return said(error)
    return None


def _when_open(open_modal: Callable[[Caller, Report], str | None]) -> Callable[[Caller, Report], str | None]:
    """A modal for what is not judged yet."""

    def opened(caller: Caller, report: Report) -> str | None:
        return open_modal(caller, report) if report.is_open else standing(report)

    return opened


GO_AHEAD = {"go_ahead.give": "give", "go_ahead.refuse": "refuse"}
"""What the commander presses under an update that waits."""

PRESSED: dict[str, Callable[[Caller, Report], Any]] = {
    "report.acknowledge": _acknowledge,
    "report.declare": _when_open(opening.declare),
    "report.no_incident": _when_open(opening.no_incident),
    "report.same": _when_open(opening.same),
}
"""What each button does, by its `action_id`; it returns what the person is told privately, or nothing."""
