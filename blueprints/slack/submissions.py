"""Modals that were sent: the same verbs as the portal's forms; what is wrong is said at the modal's fields."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from blueprints.hotline.forms import ReportForm, subject_of
from blueprints.incidents.forms import DeclareForm, number_of
from blueprints.incidents.page_question import decided
from blueprints.incidents.views import check_newest, declared_sentence, holding_words
from blueprints.shared import words
from blueprints.shared.language import now, zone
from blueprints.slack import modals, opening
from blueprints.slack.buttons import report_of, standing
from blueprints.slack.caller import Caller, link, refusal, said
from blueprints.slack.commands import thanks
from blueprints.slack.reading import Json, at, kept, text_at, typed
from domain import hotline, incidents
from domain.db import db, writing
from domain.errors import Conflict, DomainError, Refused
from domain.hotline import Report
from domain.people import Person

Answer = dict[str, Any] | None
"""What Slack does with the modal: closes it (None), shows what is wrong, or shows another one."""


def sent(caller: Caller, content: Json) -> Answer:
    """Does what the modal is for."""
    view = at(content, "view")
    found = SENT.get(text_at(view, "callback_id"))
    if found is None:
        return None
    take, responder = found
    if no := refusal(caller, responder=responder):
        return _shown(gettext("Not done"), no)
    try:
        return take(caller, view)
    except Refused as refused:
        return _wrong(view, {refused.field: [words.sentence(refused)]})
    except DomainError as error:
        return _shown(gettext("Not done"), said(error))


def _report(caller: Caller, view: Json) -> Answer:
    fields = typed(view)
    fields["key"] = _key(view)
    form = ReportForm(fields)
    given = form.read(zone(), now())
    if form.errors_of:
        return _wrong(view, form.errors_of)
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            number = hotline.file(by=by, at=now(), **given).id
    except Conflict as conflict:
        return _shown(gettext("Reported already"), said(conflict))
    return _shown(gettext("Thank you"), thanks(number))


def _declare(caller: Caller, view: Json) -> Answer:
    form = _declaration(view)
    given = form.read(zone(), now())
    report = report_of(text_at(kept(view), "report"))
    decided(form)
    if form.errors_of:
        return _wrong(view, form.errors_of)
    number = report.id if report else None
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            check_newest(form)
            held = holding_words(form, list(given["services"]))
            source = db.session.get(Report, number) if number else None
            made = incidents.declare(by=by, at=now(), report=source, holding_words=held, **given)
            code, first = made.code, made.next_update_at
    except Conflict as conflict:
        return _declared_meanwhile(form, report, conflict)
    page = link(code, "incidents.show", code=code)
    desk = link(gettext("Publish the first update"), "incidents.compose", code=code)
    return _shown(gettext("Declared"), f"{page}\n{declared_sentence(first)}\n{desk}")


def _declaration(view: Json) -> DeclareForm:
    """The modal as the portal's form."""
    fields, memory = typed(view), kept(view)
    ticked = set(fields.poplist("options"))
    fields["key"], fields["newest"] = _key(view), str(memory.get("newest", ""))
    fields["page_asked"] = "1"
    if "facilities" not in fields:
        fields["facilities"] = "all"
    for name in ("holding", "drill"):
        fields[name] = "1" if name in ticked else "0"
    return DeclareForm(fields)


def _declared_meanwhile(form: DeclareForm, report: Report | None, conflict: Conflict) -> Answer:
    """Somebody was faster: what they declared is shown. Where it may be another one, sending once more declares it."""
    code = str(conflict.params.get("incident") or "")
    sentence = said(conflict)
    if code:
        sentence = f"{sentence}\n{link(code, 'incidents.show', code=code)}"
    if conflict.code != "declared_between":
        return _shown(gettext("Declared already"), sentence)
    again = gettext("If it is another one, send once more.")
    began_at = form.instant("began_at", "began_unreadable", zone(), now()) or now()
    view = opening.declaration(
        key=form.key.data,
        report=db.session.get(Report, report.id) if report else None,
        newest=max(opening.newest(), number_of(form.newest.data) or 0),
        began_at=began_at,
        chosen=form.sent.getlist("services"),
        places=form.sent.getlist("facilities"),
        title=form.text("title"),
        severity=form.text("severity"),
        page=form.sent.get("page") or "",
        warning=f"{sentence}\n{again}",
    )
    return {"response_action": "update", "view": view}


def _no_incident(caller: Caller, view: Json) -> Answer:
    return _judge(caller, view, "no_incident", note=typed(view).get("note", ""))


def _same(caller: Caller, view: Json) -> Answer:
    return _judge(caller, view, "duplicate", of=typed(view).get("same", ""))


def _judge(caller: Caller, view: Json, verdict: str, note: str = "", of: str = "") -> Answer:
    report = report_of(text_at(kept(view), "report"))
    if report is None:
        return _shown(gettext("Not done"), gettext("This report was not found."))
    number = report.id
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            target = subject_of(of) if of else None
            db.session.get_one(Report, number).judge(verdict, by=by, at=now(), note=note, of=target)
    except Conflict as conflict:
        after = report_of(str(number))
        closed = after is not None and not after.is_open
        return _shown(gettext("Not done"), standing(after) if after and closed else said(conflict))
    return None


def _key(view: Json) -> str:
    """The key made with the modal: the same one sent twice has one effect."""
    return text_at(kept(view), "key") or f"view-{text_at(view, 'id')}"


def _wrong(view: Json, errors: dict[str, list[str]]) -> Answer:
    """At the fields of the modal; what belongs to none of them stands at the first."""
    blocks = at(view, "blocks")
    fields = [text_at(one, "block_id") for one in blocks if at(one, "type") == "input"] if blocks else []
    found: dict[str, str] = {}
    for name, sentences in errors.items():
        place = NAMES.get(name, name)
        place = place if place in fields or not fields else fields[0]
        found[place] = " ".join(filter(None, [found.get(place), *sentences]))
    return {"response_action": "errors", "errors": found}


def _shown(title: str, text: str) -> Answer:
    return {"response_action": "update", "view": modals.told(title, text)}


NAMES = {"duplicate_of": "same", "symptom": "symptom"}
"""Fields of the domain that are called otherwise in a modal."""

SENT: dict[str, tuple[Callable[[Caller, Json], Answer], bool]] = {
    "report": (_report, False),
    "declare": (_declare, True),
    "no_incident": (_no_incident, True),
    "same": (_same, True),
}
"""What each modal does, by its `callback_id`, and whether only responders may."""
