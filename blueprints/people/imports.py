"""People from a CSV file: choose, see what would change, confirm exactly that."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from blueprints.people import bp
from blueprints.people.wording import FIELDS, PROBLEMS, problem, shown
from blueprints.shared.language import now
from blueprints.shared.who import administrators, myself
from domain import csv_table, people_import
from domain.db import writing

MAX_FILE = 2 * 1024 * 1024
"""Bytes of a file."""


@bp.get("/people/import")
@administrators
def imports() -> Any:
    return _page()


@bp.post("/people/import")
@administrators
def preview() -> Any:
    """What the file would change; nothing is changed yet. Its text goes along to the confirmation."""
    file = request.files.get("file")
    data = file.read(MAX_FILE + 1) if file else b""
    if not data:
        return _page(errors={"file": [str(PROBLEMS["nothing_sent"])]}), 422
    if len(data) > MAX_FILE:
        return _page(errors={"file": [str(PROBLEMS["too_large"])]}), 413
    plan = people_import.plan(_read(data))
    return _page(plan, csv_table.decode(data) or ""), 422 if plan.problems else 200


@bp.post("/people/import/confirmation")
@administrators
def confirm() -> Any:
    """Does what was seen, or shows anew what it would be now: somebody may have changed people in between."""
    text = request.form.get("text", "")
    file = _read(text.encode("utf-8", "replace"))
    with writing():
        plan = people_import.plan(file)
        as_seen = not plan.problems and plan.fingerprint == request.form.get("seen")
        if as_seen:
            added, changed = len(plan.of("added")), len(plan.of("changed"))
            people_import.carry_out(plan, by=myself(), at=now())
    if plan.problems:
        return _page(people_import.plan(file), text), 422
    if not as_seen:
        return _page(people_import.plan(file), text, meanwhile=True), 409
    flash(
        gettext(
            "Imported: %(added)s, %(changed)s.",
            added=ngettext("%(num)d person added", "%(num)d people added", added),
            changed=ngettext("%(num)d changed", "%(num)d changed", changed),
        )
    )
    return redirect(url_for("people.index"), 303)


def _read(data: bytes) -> people_import.File:
    return people_import.read(data, current_app.config["PHONE_REGION"])


def _page(
    plan: people_import.Plan | None = None,
    text: str = "",
    *,
    errors: dict[str, list[str]] | None = None,
    meanwhile: bool = False,
) -> str:
    return render_template(
        "people/import.html",
        plan=plan,
        text=text,
        errors=errors or {},
        meanwhile=meanwhile,
        problem=problem,
        field_labels=FIELDS,
        shown=shown,
    )
