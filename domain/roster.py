"""Who answers for each area: loads the roster's facts and asks `duty`. The tables' names are here too."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from domain import duty, roster_now
from domain import roster_queries as queries
from domain.db import db
from domain.people import Person
from domain.roster_facts import REACH, AreaDuty, Duty, Facts
from domain.roster_file import incident_key
from domain.roster_loading import facts, settings, zone
from domain.roster_tables import (
    ALWAYS,
    AREA_KINDS,
    RANKS,
    Absence,
    Area,
    Attempt,
    Handover,
    LastResort,
    Override,
    Plan,
    PlanSlot,
    Rotation,
    RotationMember,
    Windows,
)
from domain.text import fold

__all__ = [
    "ALWAYS", "AREA_KINDS", "RANKS", "REACH", "Absence", "Area", "AreaDuty", "Attempt", "Duty", "Facts", "Handover",
    "LastResort", "Override", "Plan", "PlanSlot", "Rotation", "RotationMember", "Windows", "facts", "settings", "zone",
]  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """A part of the time ahead in which one person, or nobody, is in charge of an area; `end` None: no end known."""

    start: datetime
    end: datetime | None
    person: Person | None


@dataclass(frozen=True)
class Gap:
    """A time in which nobody is in charge of an area; `end` None: no end in sight."""

    area: Area
    start: datetime
    end: datetime | None


def areas() -> list[Area]:
    """The areas in use, in their order."""
    return list(db.session.scalars(queries.AREAS))


def area_by_key(key: str) -> Area | None:
    """The area of a key, in use or retired."""
    if "\0" in key:  # PostgreSQL takes no NUL, not even to look for it
        return None
    return db.session.scalar(select(Area).where(Area.key == key))


def last_resort() -> list[LastResort]:
    """Whom to call when nobody of an area can be reached, in order."""
    return list(db.session.scalars(queries.LAST_RESORT))


def duty_now(at: datetime) -> list[AreaDuty]:
    """Who answers for every area at an instant (aware UTC), in the areas' order: three queries, or four,
    where the roster was not changed since it was asked last; else those of the part that was, or of `facts`."""
    return roster_now.duty_now(at)


def area_duty(key: str, at: datetime) -> AreaDuty | None:
    """Who answers for one area at an instant; None when no area in use has this key."""
    return next((found for found in duty_now(at) if found.area.key == key), None)


def on_duty(kind: str, at: datetime) -> list[Duty]:
    """The people to call for a kind of area (`system`, `bridge`, …), in order; each person once."""
    line: dict[int, Duty] = {}
    for found in duty_now(at):
        if found.area.kind == kind:
            for place in found.people:
                line.setdefault(place.person.id, place)
    return list(line.values())


def gaps_ahead(at: datetime, days: int = 14) -> list[Gap]:
    """The times in which nobody is in charge of an area, from `at` on, the next one first."""
    return gaps(facts(at), at, at + timedelta(days=days))


def incident_called(name: str) -> str:
    """The incident that a number or code means, as the attempts have it: `42` may be `INC-42`."""
    key = incident_key(name)
    known = set(db.session.scalars(select(Attempt.incident).where(Attempt.incident.in_([key, f"INC-{key}"]))))
    return f"INC-{key}" if key not in known and f"INC-{key}" in known else key


def clipped(starts_at: datetime, ends_at: datetime | None, at: datetime) -> tuple[datetime, datetime]:
    """The part of a span that lies ahead of `at`, within a year's reach (half-open; empty when it is over)."""
    return max(starts_at, at), min(ends_at or at + REACH, at + REACH)


def choices() -> list[Person]:
    """Everybody who can be chosen, in the order of their readings (a name without one stands where it is written)."""
    people = db.session.scalars(select(Person).where(Person.deactivated_at.is_(None)))
    return sorted(people, key=lambda person: (fold(person.reading or person.name), person.name, person.id))


def plans(area: Area, at: datetime) -> tuple[Plan | None, list[Plan]]:
    """The version in force at an instant (R9), and those to come in the order in which they begin."""
    slots = selectinload(Plan.slots)
    turns = slots.joinedload(PlanSlot.rotation).selectinload(Rotation.members).joinedload(RotationMember.person)
    query = queries.VERSIONS.options(slots.joinedload(PlanSlot.person), turns, joinedload(Plan.recorded_by))
    rows = db.session.scalars(query, {"at": at, "area": area.id})
    found = sorted(rows, key=lambda plan: (plan.effective_at, plan.recorded_at, plan.id))
    in_force = [plan for plan in found if plan.effective_at <= at]
    return (in_force[-1] if in_force else None), [plan for plan in found if plan.effective_at > at]


def stretches(
    facts: Facts, area: Area, start: datetime, end: datetime, *, last: datetime | None = None
) -> list[Stretch]:
    """Who is in charge of an area over [start, end): consecutive, neighbours with the same person merged (R25).

    `last` is what is said to be the end of the one that reaches `end`: None when it is not known.
    """
    return [
        Stretch(begin, until if until < end else last, facts.people[person] if person else None)
        for begin, until, person in duty.timeline(facts.of(area), area.key, start, end)
    ]


def gaps(
    facts: Facts,
    start: datetime,
    end: datetime,
    *,
    only: Iterable[Area] | None = None,
    last: datetime | None = None,
) -> list[Gap]:
    """The times within [start, end) in which nobody is in charge, of all areas or some, the next one first.

    `last` is what is said to be the end of those that reach `end`.
    """
    found = [
        Gap(area, stretch.start, stretch.end)
        for area in (facts.areas if only is None else only)
        for stretch in stretches(facts, area, start, end, last=last)
        if stretch.person is None
    ]
    return sorted(found, key=lambda gap: (gap.start, gap.area.position, gap.area.id))
