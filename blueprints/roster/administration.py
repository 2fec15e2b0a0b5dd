"""What administrators keep: the areas, their order, and the emergency contacts."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for

from blueprints.roster import bp, forms
from blueprints.roster.forms import AreaForm, ContactForm, refused
from blueprints.roster.views import find
from blueprints.roster.wording import KINDS
from blueprints.shared.language import now
from blueprints.shared.who import administrators, myself
from domain import areas as domain_areas
from domain import roster
from domain.db import db, writing
from domain.errors import Refused
from domain.roster import LastResort


@bp.get("/areas")
@administrators
def areas() -> str:
    """The areas in use, the retired ones, and whom to call when nobody can be reached."""
    return render_template("roster/areas.html", errors={}, **_context(AreaForm(), ContactForm()))


def _context(form: AreaForm, contact: ContactForm) -> dict[str, Any]:
    return {
        "form": form,
        "contact": contact,
        "kinds": KINDS,
        "areas": roster.areas(),
        "retired": domain_areas.retired(),
        "last_resort": roster.last_resort(),
    }


@bp.post("/areas")
@administrators
def add_area() -> Any:
    """A new area, last in order."""
    form = AreaForm(request.form)
    try:
        with writing():
            domain_areas.add_area(**_names(form), by=myself(), at=now())
    except Refused as error:
        return refused("roster/areas.html", error, **_context(form, ContactForm()))
    return redirect(url_for("roster.areas"), 303)


def _names(form: AreaForm) -> dict[str, str]:
    return {
        "name": forms.short(form.name.data, "name", "area_name_long", 60),
        "name_en": forms.short(form.name_en.data, "name_en", "area_name_long", 60),
        "kind": form.kind.data or "",
    }


@bp.get("/areas/<key>")
@administrators
def edit_area(key: str) -> str:
    """One area's names and kind."""
    area = find(key)
    return render_template(
        "roster/area_edit.html", area=area, form=AreaForm(obj=area), kinds=KINDS, zones=forms.zones(), errors={}
    )


@bp.post("/areas/<key>")
@administrators
def change_area(key: str) -> Any:
    """Other names, another kind; the address stays."""
    area, form = find(key), AreaForm(request.form)
    try:
        with writing():
            domain_areas.change_area(area, **_names(form), by=myself(), at=now())
            if "slack_group" in request.form:
                domain_areas.set_group(area, form.slack_group.data or None, by=myself(), at=now())
            if "zone" in request.form:
                zone = forms.zone_name(form.zone.data, "zone")
                domain_areas.set_zone(area, zone, by=myself(), at=now())
    except Refused as error:
        return refused("roster/area_edit.html", error, area=area, form=form, kinds=KINDS, zones=forms.zones())
    return redirect(url_for("roster.areas"), 303)


@bp.post("/areas/<key>/place")
@administrators
def move_area(key: str) -> Any:
    """One up or one down."""
    area = find(key)
    with writing():
        domain_areas.move_area(area, up=request.form.get("to") == "up", by=myself(), at=now())
    return redirect(url_for("roster.areas"), 303)


@bp.post("/areas/<key>/retirement")
@administrators
def retire_area(key: str) -> Any:
    """No longer used, or used again."""
    area = find(key)
    change = domain_areas.bring_back_area if request.form.get("retired") == "no" else domain_areas.retire_area
    with writing():
        change(area, by=myself(), at=now())
    return redirect(url_for("roster.areas"), 303)


@bp.post("/areas/emergency-contacts")
@administrators
def add_last_resort() -> Any:
    """One more emergency contact."""
    contact = ContactForm(request.form)
    try:
        name = forms.short(contact.last_resort_name.data, "last_resort_name", "last_resort_long", 100)
        phone = forms.phone(contact.phone.data)
        with writing():
            domain_areas.add_last_resort(name=name, phone=phone, by=myself(), at=now())
    except Refused as error:
        return refused("roster/areas.html", error, **_context(AreaForm(), contact))
    return redirect(url_for("roster.areas"), 303)


@bp.post("/areas/emergency-contacts/<int:number>/removal")
@administrators
def remove_last_resort(number: int) -> Any:
    """One emergency contact less."""
    contact = db.session.get(LastResort, number) or abort(404)
    with writing():
        domain_areas.remove_last_resort(contact, by=myself(), at=now())
    return redirect(url_for("roster.areas"), 303)
