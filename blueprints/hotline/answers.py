"""What is added to a report: details and photos, voices, the verdict."""

from typing import Any

from flask import Response, abort, request
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import undefer

from blueprints.hotline import bp
from blueprints.hotline.forms import DetailsForm, VerdictForm, VoiceForm
from blueprints.hotline.live import found
from blueprints.hotline.photos import read_photo
from blueprints.hotline.views import done, load, report_page
from blueprints.shared.language import now, zone
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.hotline import Photo, Report
from domain.rights import require


@bp.post("/reports/<int:id>/details")
@signed_in
def add_details(id: int) -> Any:
    """More about a report, by who sent it or joined it, and by responders."""
    report = load(id)
    require(report.told_us(myself()) or my_rights().responder, "details_by_reporter")
    form = DetailsForm(request.form)
    given = form.read(zone(), now())
    photo = form.take(lambda: read_photo(request.files.get("photo")))
    if not form.errors_of and photo is None and not any(given.values()) and given["customers"] is None:
        form.refuse(Refused("body", "details_empty"))
    if not form.errors_of:
        try:
            with writing():
                report.add_details(by=myself(), at=now(), **given)
                if photo is not None:
                    report.add_photo(by=myself(), at=now(), **vars(photo))
        except Refused as refused:
            form.refuse(refused)
    if form.errors_of:
        return refused_page(id, form, "details"), 422
    return done(id, gettext("Added. Thank you."), done="details")


@bp.post("/reports/<int:id>/voices")
@signed_in
def add_voice(id: int) -> Any:
    """Me too. From the report form it comes with what was typed there, and stands in for sending."""
    report = load(id)
    form = VoiceForm(request.form)
    given = form.read()
    if form.errors_of:
        return refused_page(id, form, "voice"), 422
    with writing():
        heard = report.add_voice(by=myself(), at=now(), **given)
        number, others = heard.id, len(heard.voices)
    sentence = ngettext(
        "Thank you. %(num)d person sees the same.", "Thank you. %(num)d people see the same.", others + 1
    )
    from_form = {"thanks": 1} if "key" in request.form else {"done": "voice"}
    return done(number, sentence, **from_form)


@bp.post("/reports/<int:id>/verdict")
@responders
def judge(id: int) -> Any:
    """The outcome, given by a responder."""
    report = load(id)
    form = VerdictForm(request.form)
    given = form.read()
    conflict = None
    if not form.errors_of:
        try:
            with writing():
                report.judge(by=myself(), at=now(), **given)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as found_otherwise:
            conflict = found_otherwise
    if form.errors_of:
        return refused_page(id, form, "verdict"), 422
    if conflict is not None:
        return refused_page(id, form, "verdict", conflict), 409
    return done(id, gettext("Recorded. The reporter sees it, and #hotline is told."), done="verdict")


def refused_page(id: int, form: Any, name: str, conflict: Conflict | None = None) -> str:
    """The report as it stands now, with the form that was refused and everything that was typed into it."""
    if name == "details" and request.files.get("photo") and "photo" not in form.errors_of:
        form.refuse(Refused("photo", "photo_again"))
    report: Report = found(id) or abort(404)
    return report_page(
        report,
        errors={f"{name}-{field}": sentences for field, sentences in form.errors_of.items()},
        typed={field.name: form.text(field.name) for field in form},
        form=name,
        conflict=conflict,
    )


@bp.get("/reports/<int:id>/photos/<int:number>")
@signed_in
def photo(id: int, number: int) -> Response:
    """A photo. It never changes, so a browser may keep it; a cache that others share may not."""
    kept = db.session.scalar(
        select(Photo).where(Photo.id == number, Photo.report_id == id).options(undefer(Photo.data))
    )
    if kept is None:
        abort(404)
    ending = kept.media_type.rpartition("/")[2]
    return Response(
        kept.data,
        mimetype=kept.media_type,
        headers={
            "Content-Disposition": f'inline; filename="R-{id}-{number}.{ending}"',
            "Cache-Control": "private, max-age=31536000, immutable",
        },
    )
