"""The slash commands: /hotline, /duty, /status, /ask, /declare. Each gives what the person alone reads."""

import hashlib
from collections.abc import Callable

from flask_babel import get_locale, gettext, ngettext

from blueprints.shared import words
from blueprints.shared.language import moment, now, zone_short
from blueprints.shared.pages import new_key, telephone
from blueprints.slack import asking, opening
from blueprints.slack.caller import Caller, escaped, link, refusal, said
from blueprints.slack.reading import Json
from blueprints.status.answer import answer_of
from domain import board, hotline, people, roster
from domain.board import Shown
from domain.db import db, writing
from domain.errors import DomainError
from domain.lifecycle import TITLE_LENGTH
from domain.mrkdwn import unmarked
from domain.people import Person
from domain.roster import AreaDuty
from domain.text import clean, fold, is_blank, one_line


def answer(caller: Caller, form: dict[str, str]) -> str | Json | None:
    """What the person is told, as text or with blocks; None where a modal has opened."""
    if no := refusal(caller):
        return no
    # Slack has a /status of its own: an organisation may call it /noroshi-status.
    name = form.get("command", "").removeprefix("/").rpartition("-")[2].casefold()
    found = COMMANDS.get(name)
    return found(caller, form) if found else explanation(caller)


def explanation(caller: Caller) -> str:
    """What can be done here."""
    return "\n".join(
        (
            refusal(caller) or gettext("If something seems off, report it, any hour. Being wrong is fine."),
            gettext("`/hotline` opens the form; `/hotline` with a sentence reports at once."),
            gettext("`/duty` says who is on duty, `/status` what is going on."),
            gettext("`/ask` with a question asks the bridge about an incident."),
            *([gettext("`/declare` opens the declaration of an incident.")] if caller.rights.responder else []),
        )
    )


def _hotline(caller: Caller, form: dict[str, str]) -> str | None:
    text = clean(unmarked(form.get("text", ""), name_of))
    if is_blank(text):
        return opening.report(caller, new_key())
    # A trigger is of one command only: the same command again is the same report.
    key = hashlib.sha256(f"command\n{caller.trigger}".encode()).hexdigest() if caller.trigger else new_key()
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            number = hotline.file(key=key, by=by, at=now(), body=text).id
    except DomainError as error:
        return said(error)
    return thanks(number)


def thanks(report: int) -> str:
    """What whoever has reported reads."""
    return gettext(
        "Thank you. Your report is %(report)s; #hotline is told, and what becomes of it stands there.",
        report=link(f"R-{report}", "hotline.show", id=report),
    )


def name_of(slack_id: str) -> str:
    """The name of a person by their Slack id; "" where we do not know it."""
    person = people.by_slack(slack_id)
    return person.name if person else ""


def _duty(_caller: Caller, form: dict[str, str]) -> str:
    typed = one_line(unmarked(form.get("text", ""), name_of))
    duties = roster.duty_now(now())
    found = [one for one in duties if _means(one, typed)]
    lines = ["\n".join(_duty_lines(one, in_full=bool(typed))) for one in found or duties]
    if typed and not found:
        names = gettext(", ").join(_called(one) for one in duties)
        return gettext(
            "There is no area “%(typed)s”. These are there: %(areas)s", typed=escaped(typed[:100]), areas=names
        )
    return "\n\n".join([*lines, link(gettext("Open the roster"), "roster.index")])


def _means(duty: AreaDuty, typed: str) -> bool:
    """Whether an area is meant: its key or a part of its name."""
    area = duty.area
    return fold(typed) == fold(area.key) or any(fold(typed) in fold(name) for name in (area.name, area.name_en))


def _called(duty: AreaDuty) -> str:
    return escaped(duty.area.called(get_locale().language))


def _duty_lines(duty: AreaDuty, in_full: bool) -> list[str]:
    lines = [f"*{_called(duty)}*"]
    first = duty.in_charge
    if first is None or duty.gap:
        lines.append(gettext("Nobody is in charge now. Call the emergency contact."))
        lines += [_reachable(one.name, one.phone) for one in duty.last_resort]
        return lines
    lines.append(_reachable(first.person.name, first.person.phone))
    if duty.until:
        until = f"{moment(duty.until)} {zone_short()}"
        following = duty.next_person
        if following:
            lines.append(gettext("Until %(time)s, then %(name)s", time=until, name=escaped(following.name)))
        else:
            lines.append(gettext("Until %(time)s", time=until))
    deputies = [one.person for one in duty.people[1:]]
    if deputies and in_full:
        lines.append(gettext("Deputies, in this order:"))
        lines += [f"{rank}. {_reachable(one.name, one.phone)}" for rank, one in enumerate(deputies, start=1)]
    elif deputies:
        names = gettext(", ").join(escaped(one.name) for one in deputies)
        lines.append(gettext("Deputies: %(names)s", names=names))
    return lines


def _reachable(name: str, phone: str | None) -> str:
    number = telephone(phone) or gettext("(no telephone number)")
    return f"{escaped(name)}  {number}"


def _status(_caller: Caller, _form: dict[str, str]) -> str:
    shown = board.load(now())
    lines = [f"*{answer_of(shown.overall).headline}*"]
    lines += [_incident(one) for one in (*shown.incidents, *shown.restored)]
    if shown.suspicions:
        lines.append(ngettext("%(num)d suspected issue", "%(num)d suspected issues", shown.overall.suspicions))
    for report in shown.suspicions:
        name = link(f"R-{report.id}", "hotline.show", id=report.id)
        state = words.word(report.status).label
        if report.acknowledged_by:
            state = gettext("%(name)s is checking", name=escaped(report.acknowledged_by.name))
        lines.append(f"• {name} {escaped(report.headline(get_locale().language))} ({state})")
    drill = gettext("[DRILL]")
    lines += [f"• {drill} {link(one.code, 'incidents.show', code=one.code)}" for one in shown.drills]
    return "\n".join([*lines, link(gettext("Open the board"), "status.board")])


def _incident(one: Shown) -> str:
    parts = [str(words.word(one.severity).label), str(words.word(one.state).label)]
    if one.next_update_at and one.resolved_at is None:
        due = f"{moment(one.next_update_at)} {zone_short()}"
        parts.append(gettext("next update %(time)s", time=due))
    name = link(one.code, "incidents.show", code=one.code)
    about = gettext(", ").join(parts)
    return f"• {name} {escaped(one.title)} ({about})"


def _declare(caller: Caller, form: dict[str, str]) -> str | None:
    return refusal(caller, responder=True) or opening.declare(
        caller, title=one_line(unmarked(form.get("text", ""), name_of))[:TITLE_LENGTH]
    )


def _ask(caller: Caller, form: dict[str, str]) -> str | Json:
    return asking.ask(caller, clean(unmarked(form.get("text", ""), name_of)))


COMMANDS: dict[str, Callable[[Caller, dict[str, str]], str | Json | None]] = {
    "hotline": _hotline,
    "duty": _duty,
    "status": _status,
    "ask": _ask,
    "declare": _declare,
}
