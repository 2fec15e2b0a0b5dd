"""The page of an incident, declaring one, changing it, who holds what, and when it leaves the board."""

from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from sqlalchemy import func, select

from blueprints.incidents import bp, phrases
from blueprints.incidents.forms import DeclareForm, EditForm, number_of, report_number
from blueprints.incidents.live import shown
from blueprints.incidents.page_question import decided, paging_question
from blueprints.incidents.places import known_facilities
from blueprints.shared import words
from blueprints.shared.keeping import kept
from blueprints.shared.language import clock_time, local, now, zone
from blueprints.shared.pages import new_key, render
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import catalog, formation, incidents, rights
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.hotline import Report
from domain.incidents import SEVERITIES, WORDS, Incident
from domain.people import Person
from domain.text import one_line
from domain.updates import others_writing


def found(code: str) -> Incident:
    """The incident of an address, or 404. Everybody who is signed in may read every incident."""
    incident = incidents.by_code(code)
    if incident is None:
        abort(404)
    return incident


@bp.get("/incidents/<code>")
@signed_in
@kept
def show(code: str) -> str:
    """One incident for readers, with what responders do."""
    return page_of(found(code))


def page_of(incident: Incident, **more: Any) -> str:
    """The page of an incident. `problem`: why what was sent could not be done; `kept`: what was typed in its fields."""
    return render(
        "incidents/show.html",
        "incidents/_show.html",
        writing=others_writing(incident, myself(), now()),
        done=request.args.get("done"),
        **shown(incident),
        **more,
    )


def not_done(incident: Incident, error: Refused | Conflict, **kept: str) -> tuple[str, int]:
    """The page again with what is wrong in words, and with what was typed."""
    status = 422 if isinstance(error, Refused) else 409
    return page_of(incident, problem=words.sentence(error), kept=kept), status


@bp.app_template_global("leads_customers")
def leads_customers(incident: Incident) -> bool:
    """Whether who is signed in leads the customer side of it."""
    return rights.leads_customers(myself(), incident, my_rights(), now())


@bp.get("/incidents/new")
@responders
def new() -> str:
    """The form of a declaration, filled from the report that it comes from."""
    report = _report(request.args.get("report"))
    form = DeclareForm(
        title="",
        began_at=local((report.since if report else None) or now()).strftime("%Y-%m-%dT%H:%M"),
        report=str(report.id) if report else "",
        newest=str(_newest()),
    )
    return declare_page(form, ticked={report.service_id} if report and report.service_id else set())


@bp.post("/incidents")
@responders
def create() -> Any:
    """Declares; a second tap of the same form leads to the same incident."""
    form = DeclareForm(request.form)
    given = form.read(zone(), now())
    report = _report(form.report.data)
    if one_line(form.report.data) and report is None:
        form.refuse(Refused("report", "report_unknown"))
    decided(form)
    if form.errors_of:
        return declare_page(form), 422
    try:
        with writing():
            check_newest(form)
            said = holding_words(form, list(given["services"]))
            incident = incidents.declare(by=myself(), at=now(), report=report, holding_words=said, **given)
            code, first = incident.code, incident.next_update_at
    except Refused as refused:
        form.refuse(refused)
        return declare_page(form), 422
    except Conflict as conflict:
        if conflict.code == "key_used":
            form.key.data = new_key()
        return declare_page(form, conflict=conflict), 409
    flash(declared_sentence(first))
    return redirect(url_for("incidents.show", code=code, done="declare"), 303)


def declared_sentence(first: Any) -> str:
    """What the declarer reads: that it worked, and by when the first details come."""
    if first is None:
        return gettext("Declared %(time)s.", time=clock_time(now()))
    return gettext("Declared %(time)s. First details by %(due)s.", time=clock_time(now()), due=clock_time(first))


def declare_page(form: DeclareForm, ticked: set[int] | None = None, conflict: Conflict | None = None) -> str:
    """The form with everything that was typed, and what is wrong with it."""
    report = _report(form.report.data)
    alike = (
        incidents.by_code(str(conflict.params["incident"])) if conflict and conflict.params.get("incident") else None
    )
    chosen = form.chosen("services") if ticked is None else ticked
    known = catalog.services()
    return render_template(
        "incidents/declare.html",
        form=form,
        errors=form.errors_of,
        conflict=words.sentence(conflict) if conflict else None,
        alike=alike,
        newest=_newest(),
        report=report,
        summary=report.headline(get_locale().language) if report else "",
        services=known,
        ticked=chosen,
        severities=SEVERITIES,
        facilities=known_facilities(),
        holding=form.sent.get("guest_notice") or phrases.template("declared", _locale())["guest_notice"],
        **paging_question(form),
    )


def _locale() -> str:
    return str(current_app.config["LOCALE"])


def _report(typed: str | None) -> Report | None:
    number = report_number(typed)
    return db.session.get(Report, number) if number is not None else None


def _newest() -> int:
    return db.session.scalar(select(func.max(Incident.id))) or 0


def check_newest(form: DeclareForm) -> None:
    """Two people declare at once: the slower one is shown what the faster one declared, and may still go on."""
    known = number_of(form.newest.data)
    if known is None or form.ticked("another"):
        return
    between = db.session.scalar(
        select(Incident)
        .where(Incident.id > known, Incident.key != form.key.data, Incident.kind == "incident")
        .where(Incident.closed_at.is_(None), Incident.drill.is_(False))
        .order_by(Incident.id.desc())
        .limit(1)
    )
    if between is not None:
        raise Conflict("declared_between", incident=between.code)


def holding_words(form: DeclareForm, services: list[Any]) -> dict[str, str]:
    """The holding text: the kept template, with the guests' words as they were typed over it."""
    kept = phrases.template("declared", _locale())
    typed = form.sent.get("guest_notice")
    if typed is not None and not phrases.same(typed, kept["guest_notice"]):
        kept = {**kept, "guest_notice": typed}
    return phrases.filled({name: kept[name] for name in WORDS}, services, _locale())


@bp.route("/incidents/<code>/edit", methods=["GET", "POST"])
@responders
def edit(code: str) -> Any:
    """Changes what was declared; what it was before is shown among the updates."""
    incident = found(code)
    if request.method == "GET":
        began = local(incident.began_at).strftime("%Y-%m-%dT%H:%M")
        over = local(incident.resolved_at).strftime("%Y-%m-%dT%H:%M") if incident.resolved_at else ""
        form = EditForm(title=incident.title, severity=incident.severity, began_at=began, resolved_at=over)
        chosen = None if incident.all_facilities else {place.id for place in incident.facilities}
        return edit_page(incident, form, chosen)
    form = EditForm(request.form)
    given = form.read(zone(), now())
    if not form.errors_of:
        try:
            with writing():
                incident.edit(by=myself(), at=now(), **given)
        except Refused as refused:
            form.refuse(refused)
    if form.errors_of:
        return edit_page(incident, form, form.chosen("facilities") if form.some_facilities() else None), 422
    return redirect(url_for("incidents.show", code=incident.code), 303)


def edit_page(incident: Incident, form: EditForm, chosen: set[int] | None) -> str:
    return render_template(
        "incidents/edit.html",
        incident=incident,
        form=form,
        errors=form.errors_of,
        severities=SEVERITIES,
        facilities=known_facilities(),
        chosen=chosen,
    )


@bp.post("/incidents/<code>/closure")
@signed_in
def closure(code: str) -> Any:
    """The customer side is done: its leads say so. With `undo` it was not: they say so, or any responder."""
    incident = found(code)
    undo = bool(request.form.get("undo"))
    if not rights.may_close(myself(), incident, my_rights(), now()):
        rights.require(my_rights().responder, "responders_only")
        if not undo:
            return render_template("incidents/lead.html", incident=incident, leads=_leads(incident)), 403
    try:
        with writing():
            if undo:
                incident.follow_up_again(by=myself(), at=now())
            else:
                incident.close(by=myself(), at=now())
    except Conflict as conflict:
        return not_done(incident, conflict)
    return redirect(url_for("incidents.show", code=incident.code), 303)


def _leads(incident: Incident) -> dict[str, str]:
    """Who leads the customer side, by position."""
    held = formation.now_held(incident, now())
    return {position: held[position].person.name for position in rights.CUSTOMER_LEADS if position in held}


@bp.post("/incidents/<code>/positions")
@responders
def positions(code: str) -> Any:
    """Gives a position to a person (`roster`: back to whom the roster names); to oneself where nobody is named: that is
    how the bridge is taken in one tap."""
    incident = found(code)
    typed, position = one_line(request.form.get("person")), one_line(request.form.get("position"))
    if typed == "roster":
        with writing():
            formation.relieve(incident, position, by=myself(), at=now())
        return _after_position(incident)
    if typed in ("", "me"):
        person: Person | None = myself()
    else:
        number = number_of(typed)
        person = db.session.get(Person, number) if number is not None else None
    if person is None:
        raise Refused("person", "person_missing")
    with writing():
        incident.assign(position, person, by=myself(), at=now())
    return _after_position(incident)


def _after_position(incident: Incident) -> Any:
    """Back to where it was tapped."""
    pages = {"update": "incidents.compose", "desk": "incidents.desk"}
    page = pages.get(request.form.get("then", ""), "")
    if page not in current_app.view_functions:
        page = "incidents.show"
    return redirect(url_for(page, code=incident.code), 303)
