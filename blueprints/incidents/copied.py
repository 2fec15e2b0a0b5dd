"""Copied words for customers: noted when they are copied, and a notice for that person when they are put right."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from blueprints.incidents import bp
from blueprints.incidents.forms import number_of
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import me, myself, signed_in
from domain import copies
from domain.copies import Copy
from domain.db import db, writing
from domain.updates import Update

words.say({"copied_unknown": _l("Only words for guests or partners are noted when they are copied.")})


@bp.post("/copied")
@signed_in
def copied() -> Any:
    """Somebody copied the words of an update: sent by the script, beside the copying."""
    number = number_of(request.form.get("update"))
    update = db.session.get(Update, number) if number is not None else None
    if update is None:
        abort(404)
    with writing():
        copies.note(update, request.form.get("name", ""), by=myself(), at=now())
    return "", 204


@bp.get("/copied")
@signed_in
def copied_notices() -> str:
    """The notices of who asks: the part of every page that holds them."""
    return render_template("incidents/_copied.html")


@bp.post("/copied/<int:number>/seen")
@signed_in
def seen(number: int) -> Any:
    """The person knows. To the page of the incident, where the words stand that count."""
    copy = copies.found(myself(), number)
    if copy is None:
        abort(404)
    with writing():
        copy.see(now())
    return redirect(url_for("incidents.show", code=copy.incident.code), 303)


@bp.app_template_global("my_notices")
def my_notices() -> list[Copy]:
    """What the person copied and what was put right since: no query for those who have none."""
    person = me()
    return copies.notices(person) if person is not None and person.has_notices else []
