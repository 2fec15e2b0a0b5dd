"""Reporting: the form of three taps, what looks alike while it is typed, one report, all reports."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.hotline import bp
from blueprints.hotline.forms import ReportForm, facility_called, service_of, symptom_of
from blueprints.hotline.live import found, shown, system_duty, with_arrival
from blueprints.hotline.photos import read_photo
from blueprints.shared import words
from blueprints.shared.keeping import kept
from blueprints.shared.language import now, zone
from blueprints.shared.pages import new_key, render
from blueprints.shared.who import me, myself, signed_in
from domain import catalog, hotline, incidents
from domain.alike import Alike, alike
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.hotline import Report
from domain.text import one_line


def load(number: int) -> Report:
    """The report of an address, or 404. Everybody who is signed in may read every report."""
    return found(number) or abort(404)


@bp.get("/reports/new")
@signed_in
def new() -> str:
    """The form. `facility`, `service` and `incident` in the address fill it in; what is not known there is ignored."""
    form = ReportForm(request.args)
    form.key.data = new_key()
    form.errors_of.clear()
    return form_page(form)


@bp.post("/reports")
@signed_in
def create() -> Any:
    """Files a report; a second tap of the same form leads to the same report."""
    form = ReportForm(request.form)
    given = form.read(zone(), now())
    photo = form.take(lambda: read_photo(request.files.get("photo")))
    if form.errors_of:
        return form_page(form, sent=True), 422
    try:
        with writing():
            report = hotline.file(by=myself(), at=now(), **given)
            if photo is not None:
                report.add_photo(by=myself(), at=now(), **vars(photo))
            number = report.id
    except Refused as refused:
        form.refuse(refused)
        return form_page(form, sent=True), 422
    except Conflict as conflict:
        # The key was used up: what was typed goes out under a new one if it is something new.
        form.key.data = new_key()
        return form_page(form, sent=True, conflict=conflict), 409
    return redirect(url_for("hotline.show", id=number, thanks=1), 303)


def form_page(form: ReportForm, sent: bool = False, conflict: Conflict | None = None) -> str:
    """The form with everything that was typed, and what is wrong with it."""
    if sent and request.files.get("photo"):
        form.refuse(Refused("photo", "photo_again"))
    return render(
        "hotline/new.html",
        "hotline/_form.html",
        form=form,
        errors=form.errors_of,
        sent=sent,
        conflict=conflict,
        conflict_sentence=words.sentence(conflict) if conflict else "",
        symptoms=catalog.symptoms(),
        services=catalog.services() if asked(form, "service") else [],
        asked={name for name in ("service", "facility", "since", "customers") if asked(form, name)},
        duty=system_duty(),
        found=looks_alike(form),
    )


def asked(form: ReportForm, name: str) -> bool:
    """Whether a field that is for after sending stands on the form: somebody filled it already."""
    return bool(form.text(name)) or name in form.errors_of


def looks_alike(form: ReportForm) -> list[Alike]:
    """What the suspicion may be the same as; the incident that the reporter came from stands first."""
    symptom, service = form.maybe(symptom_of, "symptom"), form.maybe(service_of, "service")
    text = form.text("body")[: hotline.LONGEST]
    facility = facility_called(form.text("facility"))
    known: list[Alike] = []
    code = one_line(request.args.get("incident"))
    incident = incidents.by_code(code) if code else None
    if incident is not None and incident.resolved_at is None and not incident.drill:
        known.append(Alike(1, incident=incident))
    if text or symptom or service:
        offered = alike(text, symptom, now(), service=service, facility=facility)
        known += [one for one in offered if one.incident is None or one.incident is not incident]
    return known


@bp.route("/reports/alike", methods=["GET", "POST"])
def offers() -> Any:
    """What looks alike, while it is typed. Whoever was signed out meanwhile goes on typing undisturbed."""
    if me() is None:
        return "", 204
    return render_template("hotline/_alike.html", found=looks_alike(ReportForm(request.values)))


@bp.get("/reports/facilities")
@signed_in
def facilities() -> str:
    """Names for a facility that is being typed."""
    known = catalog.find_facilities(one_line(request.args.get("facility"))[:100], limit=12)
    return render_template("hotline/_facility_names.html", facilities=known)


@bp.get("/reports")
@signed_in
@kept
def index() -> str:
    """All reports, open ones first; `mine`: those of the person, and those they joined."""
    mine = request.args.get("mine") == "1"
    page = max(request.args.get("page", 1, type=int), 1)
    listed = hotline.reports(page=page, of=myself() if mine else None)
    return render("hotline/index.html", "hotline/_list.html", listed=listed, mine=mine)


@bp.get("/reports/<int:id>")
@signed_in
def show(id: int) -> str:
    """One report: thanks, whether it arrived, what became of it, what can be added."""
    return report_page(load(id))


def report_page(
    report: Report,
    *,
    errors: dict[str, list[str]] | None = None,
    typed: dict[str, str] | None = None,
    form: str = "",
    conflict: Conflict | None = None,
) -> str:
    """The page. `form`: the one that was refused (details, voice, verdict), with its `errors` and what was `typed`."""
    context = shown(report)
    return render(
        "hotline/show.html",
        "hotline/_report.html",
        errors=errors or {},
        typed=typed or {},
        form=form,
        conflict=words.sentence(conflict) if conflict else "",
        thanks=request.args.get("thanks") == "1",
        done=request.args.get("done", ""),
        viewer=myself(),
        mine=report.told_us(myself()),
        services=catalog.services(),
        **context,
    )


def done(report_id: int, sentence: str, **query: Any) -> Any:
    """Back to the report, with a word of thanks."""
    flash(sentence or gettext("Thank you."))
    return redirect(url_for("hotline.show", id=report_id, **query), 303)


bp.add_app_template_global(with_arrival, "with_arrival")
