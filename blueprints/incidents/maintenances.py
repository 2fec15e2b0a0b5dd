"""Announcing planned work."""

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for

from blueprints.incidents import bp
from blueprints.incidents.forms import MaintenanceForm
from blueprints.incidents.places import known_facilities
from blueprints.shared.language import local, now, zone
from blueprints.shared.pages import new_key
from blueprints.shared.who import myself, responders
from domain import catalog, incidents
from domain.db import writing
from domain.errors import Conflict, Refused


@bp.get("/maintenances/new")
@responders
def new_maintenance() -> str:
    """The form: tomorrow, an hour, to be changed."""
    begins = local(now()).replace(minute=0, second=0) + timedelta(days=1)
    form = MaintenanceForm(
        began_at=begins.strftime("%Y-%m-%dT%H:%M"), ends_at=(begins + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    )
    return maintenance_page(form)


@bp.post("/maintenances")
@responders
def plan_maintenance() -> Any:
    """Announces; a second tap of the same form leads to the same work."""
    form = MaintenanceForm(request.form)
    given = form.read(zone(), now())
    if not form.errors_of:
        try:
            with writing():
                code = incidents.plan_maintenance(by=myself(), at=now(), **given).code
            return redirect(url_for("incidents.show", code=code, done="maintenance"), 303)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            form.key.data = new_key()
            form.refuse(Refused("title", conflict.code))
            return maintenance_page(form), 409
    return maintenance_page(form), 422


def maintenance_page(form: MaintenanceForm) -> str:
    return render_template(
        "incidents/maintenance.html",
        form=form,
        errors=form.errors_of,
        services=catalog.services(),
        ticked=form.chosen("services"),
        facilities=known_facilities(),
        chosen=form.chosen("facilities") if form.some_facilities() else None,
    )
