"""Loads the roster's facts: everything at once, or of facts loaded before the part that was changed."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from domain import duty, holidays
from domain import roster_queries as queries
from domain.db import db, organisation
from domain.roster_facts import REACH, Facts, Found, Grouped, Read, read_window
from domain.roster_tables import RosterSettings, Windows

SECOND = timedelta(seconds=1)

Kept = Callable[[], RosterSettings | None]
"""`settings`, asked at most once."""


def settings() -> RosterSettings | None:
    """What the whole roster goes by, where it differs from the organisation's settings."""
    return db.session.scalar(queries.SETTINGS)


def zone(kept: RosterSettings | None) -> ZoneInfo:
    """The roster's zone (R2)."""
    return ZoneInfo(kept.zone) if kept and kept.zone else organisation().zone


def facts(
    at: datetime, *, back: timedelta = timedelta(), ahead: timedelta = REACH, incident: str | None = None
) -> Facts:
    """Loads what can matter from `back` before `at` (aware UTC) to `ahead` after it, ends included: six queries,
    however many areas and people there are; three more where somebody's plan has rotations or windows.

    `back` of `REACH` lets the answers say since when. `incident`: its code, whose attempts count.
    """
    begin = at - back - SECOND if back else at  # what ends at the first instant was in force just before it
    until, kept = at + ahead, cache(settings)
    overrides, absences = (_grouped(query, begin, until) for query in (queries.OVERRIDES, queries.ABSENCES))
    found = _composed(at, back, begin, until, _planning(begin, {}, kept), overrides, absences, kept)
    if incident is not None:
        found.attempts.extend(db.session.scalars(queries.ATTEMPTS, {"incident": incident}))
    return found


def renewed(known: Facts, at: datetime, changed: Collection[str]) -> Facts:
    """Facts loaded before (without `back`), at a later instant of the span that they were asked for: only the parts
    that were changed (`plans`, `overrides`, `absences`) are loaded anew.
    """
    begin, until, kept = known.begin, known.until, cache(settings)
    planning = _Planning(known.plans, known.rotations)
    if "plans" in changed:
        planning = _planning(begin, known.plans, kept)
    overrides = _grouped(queries.OVERRIDES, begin, until) if "overrides" in changed else known.overrides
    absences = _grouped(queries.ABSENCES, begin, until) if "absences" in changed else known.absences
    return _composed(at, timedelta(), begin, until, planning, overrides, absences, kept)


class _Planning(NamedTuple):
    """The plans by their id, in the order recorded, and the rotations that fill them."""

    plans: dict[int, Read]
    rotations: dict[str, duty.Rotation]


def _planning(begin: datetime, before: dict[int, Read], kept: Kept) -> _Planning:
    connection = db.session.connection()
    rows = connection.execute(queries.PLANS, {"at": begin}).all()
    places: dict[int, list[Found]] = {row.id: [] for row in rows}
    turns = set()
    for place in connection.execute(queries.SLOTS, {"plans": list(places)}):
        places[place.plan_id].append(place)
        turns.add(place.rotation_id)
    plans = {row.id: _read(row, places[row.id], before.get(row.id)) for row in rows}
    turns.discard(None)
    return _Planning(plans, _rotations(turns, zone(kept())) if turns else {})


def _grouped(query: Select[*tuple[Any, ...]], begin: datetime, until: datetime) -> Grouped:
    """The rows by their second column."""
    found: Grouped = defaultdict(list)
    for row in db.session.connection().execute(query, {"at": begin, "until": until}).all():
        found[row[1]].append(row)
    return found


def _composed(
    at: datetime,
    back: timedelta,
    begin: datetime,
    until: datetime,
    planning: _Planning,
    overrides: Grouped,
    absences: Grouped,
    kept: Kept,
) -> Facts:
    """What is quickly asked is asked each time."""
    windows = _windows(planning.plans, absences)
    chosen = kept() if planning.rotations or windows else None
    found = Facts(
        at=at,
        back=back,
        begin=begin,
        until=until,
        areas=list(db.session.scalars(queries.AREAS).all()),
        plans=planning.plans,
        rotations=planning.rotations,
        overrides=overrides,
        absences=absences,
        gone={},
        zone=zone(chosen),
        days_off=_days_off(windows, range(begin.year - 1, until.year + 2), chosen),
    )
    rows = db.session.connection().execute(queries.GONE, {"people": sorted(found.everybody())})
    found.gone.update((row.id, row.deactivated_at) for row in rows)
    return found


def _days_off(windows: list[Windows], years: range, kept: RosterSettings | None) -> frozenset[Any]:
    """The days off, where it matters what kind of day it is (R6)."""
    if not any(window.get("days") for own in windows for window in own):
        return frozenset()
    return holidays.days_off(years, holidays.country(kept))


def _windows(plans: dict[int, Read], absences: Grouped) -> list[Windows]:
    found = [own for plan in plans.values() for own in plan.row.windows if own]
    return found + [row.weekly for rows in absences.values() for row in rows if row.weekly]


def _rotations(ids: set[int], zone: ZoneInfo) -> dict[str, duty.Rotation]:
    """The rotations by their id as text."""
    rows: dict[int, list[Found]] = {}
    for row in db.session.connection().execute(queries.ROTATIONS, {"rotations": sorted(ids)}).all():
        rows.setdefault(row.id, []).append(row)
    return {
        str(number): duty.Rotation(
            members=tuple(row.person_id for row in own if row.person_id),
            start=datetime.fromisoformat(own[0].start),
            zone=ZoneInfo(own[0].zone) if own[0].zone else zone,
            unit=own[0].unit,
            every=own[0].every,
            days=frozenset(own[0].days) if own[0].days else None,
        )
        for number, own in rows.items()
    }


def _read(row: Found, places: list[Found], before: Read | None) -> Read:
    """A version out of its rows; made of the same ones before, it is the same."""
    if before and before.row == row and before.places == places:
        return before
    slots: dict[int, list[duty.Slot]] = {number: [] for number in range(len(row.windows))}
    for _plan, number, person, rotation, offset in places:
        slots.setdefault(number, []).append(duty.RotationSlot(str(rotation), offset) if rotation else person)
    windows = dict(enumerate(row.windows))
    rows = (
        duty.Row(tuple(own), tuple(read_window(one) for one in windows.get(number, ())))
        for number, own in sorted(slots.items())
    )
    return Read(row, places, duty.Plan(row.starts_at, tuple(rows), row.recorded_at))
