"""In an incident: trying a step again, being in a call, paging now; on the declare form: what is proposed."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from blueprints.incidents import bp
from blueprints.incidents.forms import DeclareForm, number_of
from blueprints.incidents.page_question import paging_question
from blueprints.incidents.views import found
from blueprints.shared.language import now
from blueprints.shared.who import myself, responders, signed_in
from domain import calls, mobilising, paging, roster
from domain.db import db, writing
from domain.errors import Refused
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.text import one_line


def back(incident: Incident, anchor: str) -> Any:
    return redirect(url_for("incidents.show", code=incident.code, _anchor=anchor), 303)


@bp.post("/incidents/<code>/steps/<int:number>/attempts")
@responders
def step_again(code: str, number: int) -> Any:
    """One step of the declaration once more, by itself."""
    incident = found(code)
    with writing() as session:
        delivery = session.get(Delivery, number)
        if delivery is None or not _belongs(delivery, incident):
            abort(404)
        mobilising.again(delivery, by=myself(), at=now())
    flash(gettext("It is being tried again."))
    return back(incident, "mobilising")


def _belongs(delivery: Delivery, incident: Incident) -> bool:
    return delivery.incident_id == incident.id or delivery.id in mobilising.told_reports(incident)


@bp.post("/incidents/<code>/calls")
@signed_in
def call(code: str) -> Any:
    """I am in this call (`both`: in both), or with `leave` I have left it."""
    incident = found(code)
    named = one_line(request.form.get("call"))
    wanted = calls.CALLS if named == "both" else (named,)
    with writing():
        if request.form.get("leave"):
            calls.leave(incident, wanted, by=myself(), at=now())
        else:
            for one in wanted:
                calls.join(incident, one, by=myself(), at=now())
            paging.answered(incident, myself(), at=now())
    return back(incident, "calls")


@bp.post("/incidents/<code>/pages")
@responders
def page(code: str) -> Any:
    """Pages areas, or one person, now."""
    incident = found(code)
    keys = {one_line(one) for one in request.form.getlist("area")}
    areas = [area for area in roster.areas() if area.key in keys]
    number = number_of(request.form.get("person"))
    person = db.session.get(Person, number) if number is not None else None
    if not areas and person is None:
        raise Refused("area", "page_whom")
    with writing():
        sent = len(paging.page_areas(incident, areas, by=myself(), at=now())) if areas else 0
        if person is not None and paging.page_person(incident, person, by=myself(), at=now()):
            sent += 1
    flash(ngettext("%(num)d page is on its way.", "%(num)d pages are on their way.", sent))
    return back(incident, "mobilising")


@bp.post("/incidents/new/paging")
@responders
def proposed() -> str:
    """The question whether to page, with what is proposed for the scale that is chosen now."""
    return render_template("incidents/_paging.html", errors={}, **paging_question(DeclareForm(request.form)))
