"""In an incident: calling whoever is on duty, saying what came of it, being offered the next in line."""

from typing import Any

from flask import abort, redirect, request, url_for

from blueprints.incidents import bp
from blueprints.incidents.forms import number_of
from blueprints.incidents.views import found
from blueprints.shared.language import now
from blueprints.shared.who import myself, signed_in
from domain import reaching, roster
from domain.db import db, writing
from domain.people import Person
from domain.text import one_line


@bp.post("/incidents/<code>/attempts")
@signed_in
def attempts(code: str) -> Any:
    """Somebody was called: `no_answer`, `declined`, `reached`; or `start_over`, and everybody may be called again."""
    incident = found(code)
    result = one_line(request.form.get("result"))
    if result == "start_over":
        with writing():
            reaching.start_over(incident, by=myself(), at=now())
    else:
        area, person = _named()
        with writing():
            reaching.tried(incident, area, person, result, by=myself(), at=now())
    return redirect(url_for("incidents.show", code=incident.code, _anchor="reaching"), 303)


def _named() -> tuple[roster.Area, Person]:
    """The area and the person of the form, or 404."""
    area = roster.area_by_key(one_line(request.form.get("area")))
    number = number_of(request.form.get("person"))
    person = db.session.get(Person, number) if number is not None else None
    if area is None or person is None:
        abort(404)
    return area, person
