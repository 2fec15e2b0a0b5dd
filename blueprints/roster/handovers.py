"""Hand-over notes on an area's page: shown to who comes and to responders, left in one line."""

from typing import Any

from flask import redirect, render_template, request, url_for

from blueprints.roster import bp
from blueprints.roster.views import area_context, find
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import my_rights, myself, signed_in
from domain import handovers
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.roster import Area, AreaDuty
from domain.text import one_line


@bp.app_template_global()
def handover_board(area: Area, duty: AreaDuty) -> dict[str, Any]:
    """The notes that the viewer may read, and whether they may leave one."""
    in_line = any(place.person.id == myself().id for place in duty.people)
    may_leave = in_line or handovers.may_leave(area, myself(), now())
    reads = may_leave or my_rights().responder or handovers.is_for(duty, myself())
    return {"notes": handovers.notes(area, now()) if reads else [], "may_leave": may_leave}


@bp.post("/roster/<key>/handovers")
@signed_in
def leave_handover(key: str) -> Any:
    """A line for whoever comes. Sent twice it is one."""
    area, body = find(key), one_line(request.form.get("handover"))
    try:
        with writing():
            handovers.leave(area, body, by=myself(), at=now())
    except (Refused, Conflict) as error:
        sentence = words.sentence(error)
        context = area_context(area) | {"handover": body, "errors": {"handover": [sentence]}}
        return render_template("roster/area.html", **context), 422 if isinstance(error, Refused) else 409
    return redirect(url_for("roster.area", key=key) + "#handover-notes", 303)
