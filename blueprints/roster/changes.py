"""Absences, covers, and taking over in one tap."""

from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request, url_for

from blueprints.roster import bp, forms
from blueprints.roster.forms import AbsenceForm, CoverForm, refused
from blueprints.roster.views import LENGTHS, area_context, find
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import planning, roster
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.roster import Absence, Override
from domain.text import one_line


@bp.get("/roster/absences")
@signed_in
def absence_form() -> str:
    """The form for an absence: one's own, or for administrators anybody's."""
    form = AbsenceForm(person=str(myself().id))
    return render_template("roster/absence_form.html", form=form, errors={}, people=_others())


@bp.post("/roster/absences")
@signed_in
def record_absence() -> Any:
    """Records it and shows at once what follows."""
    form = AbsenceForm(request.form)
    try:
        person = forms.person(form.person.data, "person") if form.person.data else myself()
        starts_at = forms.instant(form.starts_at.data, "starts_at") or now()
        ends_at = forms.instant(form.ends_at.data, "ends_at")
        with writing():
            absence = planning.record_absence(person, starts_at=starts_at, ends_at=ends_at, by=myself(), at=now())
    except Refused as error:
        return refused("roster/absence_form.html", error, form=form, people=_others())
    return redirect(url_for("roster.absence", number=absence.id), 303)


def _others() -> list[Any]:
    return roster.choices() if my_rights().admin else []


@bp.get("/roster/absences/<int:number>")
@signed_in
def absence(number: int) -> str:
    """One absence: who is in charge meanwhile, and where nobody is."""
    found = _get(Absence, number)
    over = found.cancelled_at is not None or (found.ends_at is not None and found.ends_at <= now())
    meanwhile, uncovered = ([], []) if over else planning.consequences(found, now())
    return render_template(
        "roster/absence.html",
        absence=found,
        over=over,
        mine=found.person_id == myself().id or my_rights().admin,
        consequences=meanwhile,
        uncovered=uncovered,
    )


@bp.post("/roster/absences/<int:number>/cancellation")
@signed_in
def cancel_absence(number: int) -> Any:
    """Back earlier, or not away at all."""
    found = _get(Absence, number)
    with writing():
        planning.cancel_absence(found, by=myself(), at=now())
    return redirect(url_for("roster.absence", number=number), 303)


def _get(kind: Any, number: int) -> Any:
    return db.session.get(kind, number) or abort(404)


@bp.get("/roster/covers")
@signed_in
def cover_form() -> str:
    """The form for a cover; `area` and `for_person` of the address are chosen already."""
    form = CoverForm(
        person=str(myself().id),
        area=request.args.get("area", ""),
        for_person=request.args.get("for_person", ""),
    )
    return render_template("roster/cover_form.html", form=form, errors={}, **_choices())


def _choices() -> dict[str, Any]:
    return {"people": roster.choices(), "areas": roster.areas()}


@bp.post("/roster/covers")
@signed_in
def offer_cover() -> Any:
    """Records the cover: at once when one stands in oneself, else the other is asked."""
    form = CoverForm(request.form)
    try:
        person = forms.person(form.person.data, "person")
        for_person = forms.person(form.for_person.data, "for_person")
        area = forms.area(form.area.data)
        starts_at = forms.instant(form.starts_at.data, "starts_at") or now()
        ends_at = forms.instant(form.ends_at.data, "ends_at")
        with writing():
            override = planning.offer_cover(
                person, for_person, area, starts_at=starts_at, ends_at=ends_at, by=myself(), at=now()
            )
    except Refused as error:
        return refused("roster/cover_form.html", error, form=form, **_choices())
    return redirect(url_for("roster.cover", number=override.id), 303)


@bp.get("/roster/covers/<int:number>")
@signed_in
def cover(number: int) -> str:
    """One cover, or one taking over: how it stands, and what the viewer may do with it."""
    found = _get(Override, number)
    over = found.cancelled_at is not None or (found.ends_at is not None and found.ends_at <= now())
    mine = found.asked_id == myself().id or my_rights().admin
    return render_template(
        "roster/cover.html",
        override=found,
        over=over,
        may_answer=mine and found.status == "proposed" and not over,
        may_cancel=planning.may_cancel(found, myself()) and found.status != "declined" and not over,
    )


@bp.post("/roster/covers/<int:number>/agreement")
@signed_in
def agree_cover(number: int) -> Any:
    """Yes."""
    found = _get(Override, number)
    with writing():
        planning.agree(found, by=myself(), at=now())
    return redirect(url_for("roster.cover", number=number), 303)


@bp.post("/roster/covers/<int:number>/refusal")
@signed_in
def decline_cover(number: int) -> Any:
    """Not this time."""
    found = _get(Override, number)
    with writing():
        planning.decline(found, by=myself(), at=now())
    return redirect(url_for("roster.cover", number=number), 303)


@bp.post("/roster/covers/<int:number>/cancellation")
@signed_in
def cancel_cover(number: int) -> Any:
    """Ends a cover, or hands back what was taken; goes back to the area whose page the button stood on."""
    found = _get(Override, number)
    with writing():
        planning.cancel(found, by=myself(), at=now())
    area = roster.area_by_key(request.form.get("area", ""))
    if area is not None:
        return redirect(url_for("roster.area", key=area.key), 303)
    return redirect(url_for("roster.cover", number=number), 303)


@bp.post("/roster/<key>/take")
@responders
def take(key: str) -> Any:
    """In charge from now on, or for a time in which nobody is, in one tap. Tapped twice it is one."""
    area = find(key)
    try:
        starts_at, until = _taken_time()
        with writing():
            planning.take(area, starts_at=starts_at, until=until, by=myself(), at=now())
    except Refused as error:
        return _area_again(area, error, "4"), 422
    except Conflict as error:
        return _area_again(area, error, request.form.get("length", "4")), 409
    return redirect(url_for("roster.area", key=key), 303)


def _taken_time() -> tuple[datetime, datetime | None]:
    """From when until when: a length from now, or the times of a gap."""
    if request.form.get("starts_at"):
        starts_at = forms.instant(one_line(request.form["starts_at"]), "length") or now()
        return starts_at, forms.instant(one_line(request.form.get("ends_at")), "length")
    length = request.form.get("length", "4")
    if length == "open":
        return now(), None
    if length not in LENGTHS:
        raise Refused("length", "length_unknown")
    return now(), now() + LENGTHS[length]


def _area_again(area: Any, error: Refused | Conflict, chosen: str) -> str:
    context = area_context(area) | {"chosen": chosen, "errors": {"length": [words.sentence(error)]}}
    return render_template("roster/area.html", **context)
