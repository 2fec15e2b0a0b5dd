"""Services, tiles and facilities, kept by administrators."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.catalog import bp
from blueprints.catalog.forms import ServiceForm, SymptomForm
from blueprints.shared.language import now
from blueprints.shared.pages import problems
from blueprints.shared.who import administrators, myself
from domain import catalog, facility_import
from domain.csv_table import decode
from domain.db import db, writing

MAX_FILE = 2 * 1024 * 1024
CSV_SENTENCES = {
    "not_text": _l("The file is neither UTF-8 nor Shift_JIS text. Please save it as CSV."),
    "not_csv": _l("The file could not be read as CSV (%(error)s)."),
    "no_lines": _l("There is nothing in the file below the headings."),
    "too_many_lines": _l("At most %(most)s lines can be imported at once."),
    "no_column": _l("The first line needs a heading: one of %(headers)s."),
    "empty": _l("This must not be empty."),
    "twice": _l("“%(value)s” stands already in line %(line)s."),
    "unknown_service": _l("There is no service called “%(value)s”."),
    "too_large": _l("The file is larger than 2 MB."),
}


@bp.get("/services")
@administrators
def services() -> str:
    return _services({}, request.args)


@bp.post("/services")
@administrators
def create_service() -> Any:
    return _save_service(None)


@bp.post("/services/<int:id>")
@administrators
def update_service(id: int) -> Any:
    return _save_service(id)


@bp.post("/services/<int:id>/retirement")
@administrators
def retire_service(id: int) -> Any:
    """No longer offered; incidents that touched it keep its name."""
    with writing() as session:
        service = session.get(catalog.Service, id) or abort(404)
        service.retire(by=myself(), at=now())
    flash(gettext("It is no longer offered."))
    return redirect(url_for("catalog.services"), 303)


def _services(errors: dict[str, list[str]], typed: Any, editing: int | None = None) -> str:
    return render_template(
        "catalog/services.html", services=catalog.services(), errors=errors, typed=typed, editing=editing
    )


def _save_service(id: int | None) -> Any:
    form = ServiceForm(request.form)
    if not form.validate():
        return _services(problems(form), request.form, id), 422
    with writing() as session:
        service = (session.get(catalog.Service, id) or abort(404)) if id else None
        taken = catalog.service_name_taken(form.name.data, but=id)
        if not taken:
            catalog.keep_service(service, by=myself(), at=now(), **form.data)
    if taken:
        return _services({"name": [gettext("This name is taken. Please choose another.")]}, request.form, id), 422
    flash(gettext("Saved."))
    return redirect(url_for("catalog.services"), 303)


@bp.get("/symptoms")
@administrators
def symptoms() -> str:
    return render_template("catalog/symptoms.html", symptoms=catalog.symptoms(), errors={}, typed={}, editing=None)


@bp.post("/symptoms")
@bp.post("/symptoms/<int:id>")
@administrators
def keep_symptom(id: int | None = None) -> Any:
    form = SymptomForm(request.form)
    if not form.validate():
        page = render_template(
            "catalog/symptoms.html",
            symptoms=catalog.symptoms(),
            errors=problems(form),
            typed=request.form,
            editing=id,
        )
        return page, 422
    with writing() as session:
        symptom = (session.get(catalog.Symptom, id) or abort(404)) if id else None
        catalog.keep_symptom(symptom, by=myself(), at=now(), **form.data)
    flash(gettext("Saved."))
    return redirect(url_for("catalog.symptoms"), 303)


@bp.post("/symptoms/<int:id>/retirement")
@administrators
def retire_symptom(id: int) -> Any:
    with writing() as session:
        symptom = session.get(catalog.Symptom, id) or abort(404)
        symptom.retire(by=myself(), at=now())
    flash(gettext("It is no longer offered."))
    return redirect(url_for("catalog.symptoms"), 303)


@bp.get("/facilities/import")
@administrators
def import_facilities() -> str:
    return _facilities_page()


@bp.post("/facilities/import")
@administrators
def preview_facilities() -> Any:
    """What the file would change; nothing is changed yet. The text goes along: what was seen is what is done."""
    file = request.files.get("file")
    data = file.read(MAX_FILE + 1) if file else request.form.get("text", "").encode()
    if len(data) > MAX_FILE:
        return _facilities_page(errors={"file": [str(CSV_SENTENCES["too_large"])]}), 422
    if not data:
        return _facilities_page(errors={"file": [gettext("Please choose a CSV file.")]}), 422
    plan = facility_import.plan(data)
    return _facilities_page(plan=plan, text=decode(data) or ""), 422 if plan.problems else 200


@bp.post("/facilities/import/confirmation")
@administrators
def confirm_facilities() -> Any:
    data = request.form.get("text", "").encode()
    with writing():
        plan = facility_import.plan(data)
        if not plan.problems:
            facility_import.carry_out(plan, by=myself(), at=now())
    if plan.problems:
        return _facilities_page(plan=plan, text=data.decode()), 422
    flash(gettext("The facilities were imported."))
    return redirect(url_for("catalog.import_facilities"), 303)


def _facilities_page(
    plan: facility_import.Plan | None = None, text: str = "", errors: dict[str, list[str]] | None = None
) -> str:
    count = db.session.scalar(select(func.count(catalog.Facility.id)).where(catalog.Facility.retired_at.is_(None)))
    return render_template(
        "catalog/facilities.html",
        plan=plan,
        text=text,
        errors=errors or {},
        count=count,
        sentences=CSV_SENTENCES,
    )
