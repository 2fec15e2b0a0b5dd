"""Absences: recording one, what it leaves uncovered, coming back. Nothing is edited, nothing works backwards."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Row, select
from sqlalchemy.orm import joinedload

from domain import events, holidays, roster
from domain.db import db
from domain.entries import check_present, check_span, ends_no_earlier, told
from domain.errors import Conflict, NotAllowed
from domain.people import Person
from domain.roster import Absence, Area, Facts, Gap, Stretch
from domain.roster_facts import keep_window, read_window
from domain.roster_queries import in_force_after
from domain.walltime import Window, inside

Consequences = tuple[list[tuple[Area, list[Stretch]]], list[Gap]]
"""Who is in charge meanwhile, by area, and the times in which nobody is."""


def record_absence(
    person: Person,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    weekly: Sequence[Window] = (),
    by: Person,
    at: datetime,
) -> Absence:
    """Somebody will be away, from every area (R15); `ends_at` None: until further notice. `weekly`: only inside these
    windows, in the roster's zone. `consequences` says what follows. What another absence already holds is not
    recorded twice.

    Raises:
        NotAllowed: somebody else's, by somebody who is no administrator.
        Refused: the end is not after the beginning or already past, or the person has left.
    """
    if person.id != by.id and not by.is_admin:
        raise NotAllowed("absence_of_others")
    check_present(person, "person")
    check_span(starts_at, ends_at, at)
    kept = [keep_window(window) for window in weekly] or None
    query = select(Absence).where(Absence.person_id == person.id, Absence.cancelled_at.is_(None))
    for known in db.session.scalars(query):
        holds = known.starts_at <= starts_at and ends_no_earlier(known.ends_at, ends_at)
        if holds and known.weekly in (None, kept):
            return known
    absence = Absence(
        person_id=person.id, starts_at=starts_at, ends_at=ends_at, weekly=kept, recorded_at=at, recorded_by_id=by.id
    )
    db.session.add(absence)
    db.session.flush()
    more = told(starts_at, ends_at) | ({"weekly": kept} if kept else {})
    events.record("absence_recorded", by=by, at=at, absence=absence.id, person=person.id, **more)
    return absence


def left_uncovered(absence: Absence, at: datetime) -> list[Gap]:
    """The gaps, from `at` on, that are there because of this absence: at most a year ahead."""
    return consequences(absence, at)[1]


def consequences(absence: Absence, at: datetime) -> Consequences:
    """What an absence means from `at` on: who is in charge meanwhile, in each area in which the person would have
    been, and the times in which nobody is.
    """
    facts = roster.facts(at)
    start, end = roster.clipped(absence.starts_at, absence.ends_at, at)
    without = facts.without_absence(absence.id)
    return _difference(without, facts, absence.person_id, start, end, last=absence.ends_at)


def if_gone(person: Person, at: datetime) -> Consequences:
    """What it would mean if the person were away from `at` on for good (R24); at most a year ahead."""
    facts = roster.facts(at)
    away = SimpleNamespace(
        id=0, person_id=person.id, starts_at=at, ends_at=None, weekly=None, recorded_at=at, cancelled_at=None
    )
    own = [*facts.absences.get(person.id, ()), cast(Row[Any], away)]
    gone = replace(facts, absences=facts.absences | {person.id: own})
    return _difference(facts, gone, person.id, at, at + roster.REACH)


def since_gone(person: Person, at: datetime) -> Consequences:
    """What follows, from `at` on, of somebody's having left."""
    if person.deactivated_at is None:
        return [], []
    facts = roster.facts(at)
    there = replace(facts, gone={one: left for one, left in facts.gone.items() if one != person.id})
    return _difference(there, facts, person.id, at, at + roster.REACH)


def _difference(
    before: Facts, after: Facts, person: int, start: datetime, end: datetime, *, last: datetime | None = None
) -> Consequences:
    if end <= start:
        return [], []
    touched = []
    for area in after.areas:
        planned = roster.stretches(before, area, start, end)
        if any(stretch.person and stretch.person.id == person for stretch in planned):
            touched.append((area, roster.stretches(after, area, start, end, last=last)))
    known = roster.gaps(before, start, end, last=last)
    return touched, [gap for gap in roster.gaps(after, start, end, last=last) if gap not in known]


def cancel_absence(absence: Absence, *, by: Person, at: datetime) -> None:
    """Back earlier, or not away at all. What was is not changed (R21).

    Raises:
        NotAllowed: somebody else's, by somebody who is no administrator.
        Conflict: cancelled before, or over.
    """
    if absence.person_id != by.id and not by.is_admin:
        raise NotAllowed("absence_of_others")
    if absence.cancelled_at is not None or (absence.ends_at is not None and absence.ends_at <= at):
        raise Conflict("absence_over")
    absence.cancelled_at = at
    db.session.flush()
    events.record("absence_cancelled", by=by, at=at, absence=absence.id, person=absence.person_id)


def is_absent(person: Person, at: datetime) -> bool:
    """Whether an absence of the person is in force (R15, R21)."""
    query = select(Absence.weekly).where(
        Absence.person_id == person.id,
        Absence.starts_at <= at,
        Absence.recorded_at <= at,
        in_force_after(Absence, at),
    )
    found = list(db.session.scalars(query))
    if None in found or not found:
        return bool(found)
    settings = roster.settings()
    zone, year = roster.zone(settings), at.year
    days_off = holidays.days_off(range(year - 1, year + 2), holidays.country(settings))
    return any(inside(read_window(one), at, zone, days_off) for weekly in found for one in weekly or ())


def coming_absences(at: datetime, people: Iterable[int]) -> list[Absence]:
    """The absences of these people (ids) that are in force or to come, the next one first."""
    query = (
        select(Absence)
        .where(in_force_after(Absence, at), Absence.person_id.in_(set(people)))
        .options(joinedload(Absence.person))
        .order_by(Absence.starts_at, Absence.id)
    )
    return list(db.session.scalars(query))
