"""The roster for machines and spreadsheets: JSON in the words of the neutral form, the timeline as CSV."""

import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, request

from blueprints.roster import bp, forms
from blueprints.shared.language import local, now, spoken, zone
from blueprints.shared.machines import or_token
from blueprints.shared.who import signed_in
from domain import roster, timetable
from domain.errors import Refused
from domain.roster import Area, AreaDuty, Facts
from domain.roster_file import text
from domain.text import one_line
from domain.walltime import DAY, on_date

LONGEST = timedelta(days=366)
"""The longest time that is answered in one go."""

MONTH = 28
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
UNESCAPED = re.compile(r"(T\d{2}:\d{2}(?::\d{2})?) (\d{2}:\d{2})$", re.ASCII)
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""What spreadsheets take for a formula at the beginning of a cell."""


@bp.get("/api/roster")
@or_token(signed_in)
def answers() -> Response:
    """Who is in charge of every area, or of one (`area`): now, at an instant (`at`), or over a time (`from`, `to`).

    Times are wall times of the organisation unless they carry an offset; what is answered is UTC.
    """
    if "from" in request.args or "to" in request.args:
        start, end = _span()
        facts = timetable.facts_then(start, end)
        areas = {area.key: _timeline(facts, area, start, end) for area in _asked(facts)}
        return _json({"from": text(start), "to": text(end), "areas": areas})
    at = _when("at") or now()
    facts = timetable.facts_then(at, back=roster.REACH)
    wanted = {area.id for area in _asked(facts)}
    areas = {duty.area.key: _answer(duty) for duty in facts.duties() if duty.area.id in wanted}
    return _json({"at": text(at), "areas": areas})


def _json(answer: dict[str, Any]) -> Response:
    # In the areas' own order, and readable.
    return Response(json.dumps(answer, ensure_ascii=False), mimetype="application/json")


def _when(name: str) -> datetime | None:
    """The instant of a parameter; a date alone is its midnight. Raises `Refused`."""
    typed = one_line(request.args.get(name))
    # A plus that was not escaped arrives as a space.
    typed = UNESCAPED.sub(r"\1+\2", typed)
    return forms.instant(f"{typed} 0:00" if DATE.fullmatch(typed) else typed, name)


def _asked(facts: Facts) -> list[Area]:
    """The areas that were asked for, or 404: no area in use then has this key."""
    key = request.args.get("area")
    if not key:
        return facts.areas
    return [area for area in facts.areas if area.key == key] or abort(404)


def _span() -> tuple[datetime, datetime]:
    """The time that was asked for. Raises `Refused`: an end is missing or no time, too long, the wrong way round."""
    start, end = _when("from"), _when("to")
    if start is None or end is None:
        raise Refused("from" if start is None else "to", "span_needs_both")
    if end <= start:
        raise Refused("to", "ends_before_begin")
    if end - start > LONGEST:
        raise Refused("to", "span_too_long")
    return start, end


def _answer(duty: AreaDuty) -> dict[str, Any]:
    """One area in the words of the neutral form. Telephone numbers are for people, on the page."""
    return {
        "name": duty.area.name,
        "name_en": duty.area.name_en,
        "line": [place.person.name for place in duty.people],
        "people": [
            {
                "name": place.person.name,
                "email": place.person.email,
                "rank": place.rank,
                "standing_in_for": place.standing_in_for.name if place.standing_in_for else None,
            }
            for place in duty.people
        ],
        "on_duty": duty.in_charge.person.name if duty.in_charge else None,
        "since": text(duty.since),
        "until": text(duty.until),
        "next": duty.next_person.name if duty.next_person else None,
        "gap": duty.gap,
        "last_resort": [contact.name for contact in duty.last_resort],
        "warnings": duty.warnings,
    }


def _timeline(facts: Facts, area: Area, start: datetime, end: datetime) -> dict[str, Any]:
    parts = timetable.stretches(facts, area, start, end)
    return {
        "name": area.name,
        "name_en": area.name_en,
        "timeline": [[text(one.start), text(one.end), one.person.name if one.person else None] for one in parts],
        "gaps": [[text(one.start), text(one.end)] for one in parts if one.person is None],
    }


@bp.get("/roster.csv")
@signed_in
def table() -> Response:
    """The timeline for a spreadsheet: the coming four weeks, or `from` and `to`; of all areas, or of one."""
    start, end = _span() if "from" in request.args or "to" in request.args else _coming()
    facts = timetable.facts_then(start, end)
    found = io.StringIO()
    sheet = csv.writer(found, lineterminator="\r\n")
    sheet.writerow(["area", "start", "end", "person", "zone"])
    for area in _asked(facts):
        for one in timetable.stretches(facts, area, start, end):
            person = one.person.name if one.person else ""
            cells = (_called(area), _wall(one.start), _wall(one.end or end), person, zone().key)
            sheet.writerow([harmless(cell) for cell in cells])
    # With the mark at its head, so that Excel reads it as UTF-8.
    answer = Response("\ufeff" + found.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="roster.csv"'
    return answer


def _coming() -> tuple[datetime, datetime]:
    today = local(now()).date()
    return on_date(today, 0, zone()), on_date(today + MONTH * DAY, 0, zone())


def _called(area: Area) -> str:
    return area.called(str(spoken() or ""))


def _wall(at: datetime) -> str:
    return local(at).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


def harmless(cell: str) -> str:
    """What a name begins with must not make it a formula where the file is opened."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
