"""The roster over days: a week as bars and in words, a month to print, one's own coming duties."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template, request

from blueprints.roster import bp
from blueprints.shared import words
from blueprints.shared.instants import parse_wall
from blueprints.shared.language import local, now, spoken, zone
from blueprints.shared.who import my_rights, myself, signed_in
from domain import roster, timetable
from domain.errors import Refused
from domain.people import Person
from domain.roster import Area, Facts, Stretch
from domain.text import one_line
from domain.timetable import Day
from domain.walltime import DAY, on_date

WEEK = 7
COMING = timedelta(weeks=4)
COLUMNS = 4
"""Areas side by side on a sheet of A4."""

_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_OLDEST, _NEWEST = date(1970, 1, 3), date(2999, 11, 1)


@dataclass(frozen=True)
class Bar:
    """A part of a bar, in percent of its length."""

    x: float
    width: float
    person: Person | None


@dataclass(frozen=True)
class Line:
    """An area over the days shown. `steady`: one person, or nobody, from the first to the last."""

    area: Area
    parts: list[Stretch]
    days: list[Day]
    bars: list[Bar]
    steady: bool
    people: list[Person] = field(default_factory=list)


@bp.get("/roster/week")
@signed_in
def week() -> Any:
    """Seven days from today, or from the date `from`: every area as a bar, and day by day in words."""
    context = week_of(None)
    return render_template("roster/week.html", **context), 422 if context["errors"] else 200


def week_of(areas: list[Area] | None, facts: Facts | None = None) -> dict[str, Any]:
    """What the week's templates show, of these areas or all that were in use; today's week where `from` is no date.

    `facts` that reach over the week are not loaded again.
    """
    first, errors = _first_day()
    start, end = on_date(first, 0, zone()), on_date(first + WEEK * DAY, 0, zone())
    known = facts if facts and _reaches(facts, start, end) else timetable.facts_then(start, end)
    return {
        "first": first,
        "lines": [_line(known, area, first, WEEK) for area in (known.areas if areas is None else areas)],
        "days": timetable.days([], first, WEEK, zone()),
        "off": timetable.days_off(first, WEEK, str(spoken())),
        "mark": _mark(start, end),
        "cuts": [_percent(on_date(first + number * DAY, 0, zone()), start, end) for number in range(1, WEEK)],
        "before": max(first - WEEK * DAY, _OLDEST),
        "after": min(first + WEEK * DAY, _NEWEST),
        "typed": one_line(request.args.get("from"))[:40],
        "errors": errors,
    }


def _mark(start: datetime, end: datetime) -> float | None:
    """Where now is on a bar, in percent; None: outside of it."""
    return _percent(now(), start, end) if start <= now() < end else None


def of_area(area: Area, facts: Facts) -> dict[str, Any]:
    """What `_week.html` shows: one area's week with a bar for each day."""
    shown = week_of([area], facts)
    line = shown["lines"][0]
    return shown | {
        "line": line,
        "day_bars": [bars(of.parts, of.start, of.end) for of in line.days],
        "day_marks": [_mark(of.start, of.end) for of in line.days],
    }


def _reaches(facts: Facts, start: datetime, end: datetime) -> bool:
    return facts.at - facts.back <= start and end <= facts.at + roster.REACH


def this_week_began() -> datetime:
    """The wall midnight with which the week begins that is shown where nothing else is asked for."""
    return on_date(local(now()).date(), 0, zone())


def _first_day() -> tuple[date, dict[str, list[str]]]:
    typed = one_line(request.args.get("from"))
    today = local(now()).date()
    if not typed:
        return today, {}
    try:
        found = local(parse_wall(f"{typed} 12:00", zone(), now())).date()
        if not typed[:1].isdigit() or not _OLDEST <= found <= _NEWEST:
            raise ValueError(typed)
    except (ValueError, OverflowError):
        return today, {"from": [words.sentence(Refused("from", "day_unreadable"))]}
    return found, {}


def _line(facts: Facts, area: Area, first: date, count: int) -> Line:
    start, end = on_date(first, 0, zone()), on_date(first + count * DAY, 0, zone())
    parts = timetable.stretches(facts, area, start, end)
    return Line(
        area=area,
        parts=parts,
        days=timetable.days(parts, first, count, zone()),
        bars=bars(parts, start, end),
        steady=len(parts) == 1 and (parts[0].start, parts[0].end) == (start, end),
        people=list({part.person.id: part.person for part in parts if part.person}.values()),
    )


def bars(parts: list[Stretch], start: datetime, end: datetime) -> list[Bar]:
    """The stretches as parts of a bar from `start` to `end`."""
    found = []
    for part in parts:
        left, right = _percent(part.start, start, end), _percent(part.end or end, start, end)
        found.append(Bar(left, round(right - left, 3), part.person))
    return found


def _percent(at: datetime, start: datetime, end: datetime) -> float:
    return round((at - start) / (end - start) * 100, 3)


@bp.get("/roster/month")
@signed_in
def month() -> Any:
    """A month to print: per area and day who is in charge, with telephone numbers."""
    first, errors = _month()
    count = ((first + 31 * DAY).replace(day=1) - first).days
    start, end = on_date(first, 0, zone()), on_date(first + count * DAY, 0, zone())
    facts = timetable.facts_then(start, end)
    lines = [_line(facts, area, first, count) for area in facts.areas]
    shown = render_template(
        "roster/month.html",
        first=first,
        sheets=[lines[number : number + COLUMNS] for number in range(0, len(lines), COLUMNS)],
        days=timetable.days([], first, count, zone()),
        off=timetable.days_off(first, count, str(spoken())),
        numbers=numbers_of(end),
        last_resort=roster.last_resort(),
        before=max(first - DAY, _OLDEST),
        after=min(first + count * DAY, _NEWEST),
        typed=one_line(request.args.get("month"))[:40],
        errors=errors,
    )
    return shown, 422 if errors else 200


def numbers_of(end: datetime) -> set[int] | None:
    """Whose telephone numbers may stand beside a time that ends at `end`; None: everybody's.

    Who was on duty long ago is not called any more: readers see the numbers of those who stand in a line now.
    """
    if my_rights().responder or end >= now():
        return None
    return {place.person.id for duty in roster.duty_now(now()) for place in duty.people}


def _month() -> tuple[date, dict[str, list[str]]]:
    typed = one_line(request.args.get("month"))
    this = local(now()).date().replace(day=1)
    if not typed:
        return this, {}
    found = _MONTH.fullmatch(typed)
    year, number = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1970 <= year <= 2999 and 1 <= number <= 12):
        return this, {"month": [words.sentence(Refused("month", "month_unreadable"))]}
    return max(date(year, number, 1), _OLDEST.replace(day=1)), {}


@bp.get("/roster/mine")
@signed_in
def mine() -> str:
    """One's own duties in the coming four weeks: in charge, and as a deputy."""
    end = now() + COMING
    own = timetable.own(roster.facts(now(), ahead=COMING), myself(), now(), end)
    return render_template(
        "roster/mine.html",
        end=end,
        in_charge=[one for one in own if one.rank == 0],
        deputy=[one for one in own if one.rank > 0],
    )
