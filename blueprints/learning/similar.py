"""Past incidents like this one: while declaring, and on the page of what is open."""

from flask import render_template, request

from blueprints.incidents.forms import number_of, report_number
from blueprints.learning import bp
from blueprints.shared.who import me, my_rights
from domain import memory
from domain.db import db
from domain.incidents import Incident
from domain.memory import Similar
from domain.suspicion import Report
from domain.text import one_line


@bp.post("/incidents/similar")
def similar() -> tuple[str, int] | str:
    """What looks alike and what helped then, while a declaration is typed; nothing is kept.

    Whoever was signed out meanwhile goes on typing undisturbed, and readers declare nothing.
    """
    if me() is None or not my_rights().responder:
        return "", 204
    given = request.form
    number = report_number(given.get("report"))
    report = db.session.get(Report, number) if number is not None else None
    chosen = {one for value in given.getlist("services") if (one := number_of(value)) is not None}
    found = memory.like(one_line(given.get("title"))[:200], sorted(chosen), report.body[:2000] if report else "")
    return render_template("learning/_similar.html", similar=found)


@bp.app_template_global("similar_to")
def similar_to(incident: Incident) -> list[Similar]:
    """Past incidents like one that is not over: as they were found when its words were learnt."""
    return memory.of(incident) if incident.closed_at is None else []
