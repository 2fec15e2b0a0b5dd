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
from domain import absences, overrides, roster
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.roster import Absence, Override
from domain.text import one_line
from domain.walltime import DAY, DAYS, MIDNIGHT, Window, on_date

DAY_TYPES = (*DAYS, "hol")


@bp.get("/roster/absences")
@signed_in
def absence_form() -> str:
    """The form for an absence: one's own, or for administrators anybody's."""
    form = AbsenceForm(person=str(myself().id))
    return render_template("roster/absence_form.html", form=form, errors={}, people=_others(), days=[])


@bp.post("/roster/absences")
@signed_in
def record_absence() -> Any:
    """Records it and shows at once what follows."""
    form, days = AbsenceForm(request.form), [day for day in DAY_TYPES if day in request.form.getlist("weekly-days")]
    try:
        person = forms.person(form.person.data, "person") if form.person.data else myself()
        starts_at, ends_at = _away(form)
        weekly = _weekly(form, days)
        with writing():
            absence = absences.record_absence(
                person, starts_at=starts_at, ends_at=ends_at, weekly=weekly, by=myself(), at=now()
            )
    except Refused as error:
        return refused("roster/absence_form.html", error, form=form, people=_others(), days=days)
    return redirect(url_for("roster.absence", number=absence.id), 303)


def _away(form: AbsenceForm) -> tuple[datetime, datetime | None]:
    """From when until when: whole dates, both included (R15), or times."""
    first, last = forms.day(form.from_date.data, "from_date"), forms.day(form.to_date.data, "to_date")
    starts_at, ends_at = forms.instant(form.starts_at.data, "starts_at"), forms.instant(form.ends_at.data, "ends_at")
    if (first or last) and (starts_at or ends_at):
        raise Refused("starts_at", "absence_both")
    if first or last:
        zone = roster.zone(roster.settings())
        if first and last and last < first:
            raise Refused("to_date", "last_day_before")
        if last and last < now().astimezone(zone).date():
            raise Refused("to_date", "ends_in_past")
        starts_at = on_date(first, 0, zone) if first else None
        ends_at = on_date(last + DAY, 0, zone) if last else None
    return starts_at or now(), ends_at


def _weekly(form: AbsenceForm, days: list[str]) -> list[Window]:
    """The weekly window; days without times are whole days."""
    start, end = form.weekly_start.data, form.weekly_end.data
    if not days and not start and not end:
        return []
    if not start and not end:
        return [Window(0, MIDNIGHT, frozenset(days))]
    return [Window(forms.minute(start, "weekly_start"), forms.minute(end, "weekly_end"), frozenset(days) or None)]


def _others() -> list[Any]:
    return roster.choices() if my_rights().admin else []


@bp.get("/roster/absences/<int:number>")
@signed_in
def absence(number: int) -> str:
    """One absence: who is in charge meanwhile, and where nobody is."""
    found = _get(Absence, number)
    over = found.cancelled_at is not None or (found.ends_at is not None and found.ends_at <= now())
    meanwhile, uncovered = ([], []) if over else absences.consequences(found, now())
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
        absences.cancel_absence(found, by=myself(), at=now())
    return redirect(url_for("roster.absence", number=number), 303)


def _get(kind: Any, number: int) -> Any:
    return db.session.get(kind, number) or abort(404)


@bp.get("/roster/covers")
@signed_in
def cover_form() -> str:
    """The form for a cover, or with `kind` for a swap; `area` and `for_person` of the address are chosen already."""
    form = CoverForm(
        person=str(myself().id),
        area=request.args.get("area", ""),
        for_person=request.args.get("for_person", ""),
        kind="swap" if request.args.get("kind") == "swap" else "cover",
    )
    return render_template("roster/cover_form.html", form=form, errors={}, **_choices())


def _choices() -> dict[str, Any]:
    return {"people": roster.choices(), "areas": roster.areas()}


@bp.post("/roster/covers")
@signed_in
def offer_cover() -> Any:
    """Records the cover or the swap: at once where the domain lets it count, else the other is asked."""
    form = CoverForm(request.form)
    offer = overrides.propose_swap if form.kind.data == "swap" else overrides.offer_cover
    try:
        person = forms.person(form.person.data, "person")
        for_person = forms.person(form.for_person.data, "for_person")
        area = forms.area(form.area.data)
        starts_at = forms.instant(form.starts_at.data, "starts_at") or now()
        ends_at = forms.instant(form.ends_at.data, "ends_at")
        with writing():
            override = offer(person, for_person, area, starts_at=starts_at, ends_at=ends_at, by=myself(), at=now())
    except Refused as error:
        return refused("roster/cover_form.html", error, form=form, **_choices())
    return redirect(url_for("roster.cover", number=override.id), 303)


@bp.get("/roster/covers/<int:number>")
@signed_in
def cover(number: int) -> str:
    """One cover, swap or taking over: how it stands, and what the viewer may do with it."""
    found = _get(Override, number)
    over = overrides.is_over(found, now())
    mine = found.asked_id == myself().id or my_rights().admin
    counts = found.status != "declined" and not over
    named = myself().id in (found.person_id, found.for_person_id) or my_rights().admin
    return render_template(
        "roster/cover.html",
        override=found,
        over=over,
        may_answer=mine and found.status == "proposed" and not over,
        may_cancel=overrides.may_cancel(found, myself()) and counts,
        idle=counts and bool(overrides.idle(roster.facts(now()), [found])),
        opposite=overrides.opposite(found, now()),
        may_swap=named,
    )


@bp.post("/roster/covers/<int:number>/swap")
@signed_in
def make_swap(number: int) -> Any:
    """Two covers the one against the other become the swap that was meant."""
    found = _get(Override, number)
    with writing():
        swap = overrides.make_swap(found, by=myself(), at=now())
    return redirect(url_for("roster.cover", number=swap.id), 303)


@bp.post("/roster/covers/<int:number>/agreement")
@signed_in
def agree_cover(number: int) -> Any:
    """Yes."""
    found = _get(Override, number)
    with writing():
        overrides.agree(found, by=myself(), at=now())
    return redirect(url_for("roster.cover", number=number), 303)


@bp.post("/roster/covers/<int:number>/refusal")
@signed_in
def decline_cover(number: int) -> Any:
    """Not this time."""
    found = _get(Override, number)
    with writing():
        overrides.decline(found, by=myself(), at=now())
    return redirect(url_for("roster.cover", number=number), 303)


@bp.post("/roster/covers/<int:number>/cancellation")
@signed_in
def cancel_cover(number: int) -> Any:
    """Ends a cover or a swap, or hands back what was taken; goes back to the area whose page the button stood on."""
    found = _get(Override, number)
    with writing():
        overrides.cancel(found, by=myself(), at=now())
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
            overrides.take(area, starts_at=starts_at, until=until, by=myself(), at=now())
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
