"""Days off: the organisation's own beside the country's public holidays; what windows with days go by."""

from datetime import date
from typing import Any

from flask import abort, redirect, render_template, request, url_for

from blueprints.roster import bp, forms
from blueprints.shared import words
from blueprints.shared.language import local, now, spoken
from blueprints.shared.who import administrators, myself
from domain import holidays, roster
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.roster_tables import Holiday
from domain.text import clean, one_line

WORKED = ("work", "working", "出勤", "営業", "営業日", "稼働")
"""What a pasted line says in its third part for a public holiday that is worked on."""

MOST_LINES = 200


@bp.get("/roster/days")
@administrators
def days() -> Any:
    """One year: the organisation's own days, and the public holidays."""
    return _page()


def _page(errors: dict[str, list[str]] | None = None, **typed: str) -> str:
    year, settings, locale = _year(), roster.settings(), spoken()
    country = holidays.country(settings)
    own = [day for day in holidays.own_days() if day.day.year == year]
    public = holidays.public(country, year, locale.language if locale else "ja")
    return render_template(
        "roster/days.html",
        year=year,
        own=own,
        worked={day.day for day in own if not day.is_off},
        public=sorted(public.items()),
        country=country,
        today=local(now()).date(),
        errors=errors or {},
        typed=typed,
    )


def _year() -> int:
    asked = forms.identity(request.args.get("year"))
    return asked if asked and 1970 <= asked <= 2999 else local(now()).year


@bp.post("/roster/days")
@administrators
def keep_day() -> Any:
    """One more day, or several out of a spreadsheet: all of them, or none."""
    typed = {name: one_line(request.form.get(name)) for name in ("day", "name", "kind")}
    typed["lines"] = clean(request.form.get("lines"))
    try:
        wanted = _pasted(typed["lines"]) if typed["lines"].strip() else [_one(typed)]
        with writing():
            for line, (day, name, is_off) in enumerate(wanted, start=1):
                _keep(day, name, is_off, line if typed["lines"].strip() else 0)
    except Refused as error:
        return _page({error.field: [words.sentence(error)]}, **typed), 422
    except Conflict as error:
        return _page({"day": [words.sentence(error)]}, **typed), 409
    return redirect(url_for("roster.days", year=wanted[0][0].year), 303)


def _keep(day: date, name: str, is_off: bool, line: int) -> None:
    """Keeps it; a pasted day that is there already as it is stays, and a refusal names its line."""
    known = db.session.get(Holiday, day)
    if line and known is not None and known.is_off == is_off:
        return
    try:
        holidays.keep(day, name, is_off, by=myself(), at=now(), zone=roster.zone(roster.settings()))
    except (Refused, Conflict) as error:
        if not line:
            raise
        raise Refused("lines", "days_refused", line=line, why=words.sentence(error)) from error


def _one(typed: dict[str, str]) -> tuple[date, str, bool]:
    day = forms.day(typed["day"], "day")
    if day is None:
        raise Refused("day", "day_needed")
    return day, forms.short(typed["name"], "name", "holiday_name_long", 60), typed["kind"] != "work"


def _pasted(text: str) -> list[tuple[date, str, bool]]:
    """`2026-12-29, year-end` a line, as a spreadsheet or a person writes it; `work` in third place: worked on."""
    found = []
    for number, line in enumerate(text.splitlines()[:MOST_LINES], start=1):
        if not line.strip():
            continue
        parts = [one_line(part).strip('"') for part in line.replace("\t", ",").replace("、", ",").split(",")]
        try:
            day = forms.day(parts[0], "lines")
            name = forms.short(parts[1] if len(parts) > 1 else "", "lines", "holiday_name_long", 60)
        except Refused as error:
            raise Refused("lines", "days_unreadable", line=number, text=line[:60]) from error
        if day is None:
            raise Refused("lines", "days_unreadable", line=number, text=line[:60])
        found.append((day, name, not (len(parts) > 2 and parts[2].casefold() in WORKED)))
    return found


@bp.post("/roster/days/<day>/removal")
@administrators
def forget_day(day: str) -> Any:
    """The day is like any other again."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        abort(404)
    found = db.session.get(Holiday, wanted) or abort(404)
    with writing():
        holidays.forget(found, by=myself(), at=now(), zone=roster.zone(roster.settings()))
    return redirect(url_for("roster.days", year=wanted.year), 303)
