"""Administrators keep the words that the bridge's form offers, per state and language."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for

from blueprints.incidents import bp, phrases
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import administrators, myself
from domain import updates
from domain.db import writing
from domain.errors import Refused
from domain.text import clean
from domain.updates import TEMPLATE_STATES, WORDS
from settings import LANGUAGES


@bp.get("/templates")
@administrators
def templates() -> str:
    """All templates, and which of them were changed."""
    return render_template(
        "incidents/templates.html", states=TEMPLATE_STATES, locales=LANGUAGES, kept=updates.templates()
    )


@bp.route("/templates/<state>/<locale>", methods=["GET", "POST"])
@administrators
def edit_template(state: str, locale: str) -> Any:
    """One template."""
    if state not in TEMPLATE_STATES or locale not in LANGUAGES:
        abort(404)
    errors: dict[str, list[str]] = {}
    typed = phrases.template(state, locale)
    if request.method == "POST":
        typed = {name: clean(request.form.get(name)) for name in WORDS}
        try:
            with writing():
                updates.keep_template(state, locale, typed, by=myself(), at=now())
            return redirect(url_for("incidents.templates"), 303)
        except Refused as refused:
            errors[refused.field] = [words.sentence(refused)]
    page = render_template("incidents/template.html", state=state, locale=locale, typed=typed, errors=errors)
    return page, 422 if errors else 200
