"""Who answers for each area: loads the roster's facts and asks `duty`. The tables' names are here too."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import joinedload, selectinload

from domain import duty
from domain import roster_queries as queries
from domain.db import db
from domain.people import Person
from domain.roster_tables import (
    AREA_KINDS,
    RANKS,
    Absence,
    Area,
    LastResort,
    Override,
    Plan,
    PlanSlot,
)
from domain.text import fold

__all__ = ["AREA_KINDS", "RANKS", "Absence", "Area", "LastResort", "Override", "Plan", "PlanSlot"]

REACH = duty.REACH
"""How far ahead a hand-over is looked for (R19)."""

_ZONE = ZoneInfo("UTC")
"""What is stored are instants: no wall time is left for a zone to decide."""


@dataclass(frozen=True)
class Duty:
    """Somebody's place in the line now. Rank 0 is in charge; 1 and up are the deputies in order (R17)."""

    person: Person
    standing_in_for: Person | None
    rank: int


@dataclass(frozen=True)
class AreaDuty:
    """Who answers for an area at an instant. `until` is None for a standing order: nothing is invented (R19).

    `next_person` is in charge from `until` on (None: nobody). `last_resort` is whom to call now: in a gap only.
    """

    area: Area
    people: list[Duty]
    until: datetime | None
    next_person: Person | None
    gap: bool
    last_resort: list[LastResort]
    warnings: list[str]

    @property
    def in_charge(self) -> Duty | None:
        return self.people[0] if self.people else None


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


@dataclass(frozen=True)
class Facts:
    """Everything that can matter from `at` on, as rows; loaded once and asked about every area."""

    at: datetime
    areas: list[Area]
    plans: list[Row[Any]]
    overrides: list[Row[Any]]
    absences: list[Row[Any]]
    people: dict[Any, Person]
    ignored_absence: int | None = field(default=None)

    def without_absence(self, number: int) -> "Facts":
        """The same facts as if one absence had not been recorded."""
        return replace(self, ignored_absence=number)

    def duties(self) -> list[AreaDuty]:
        """Who answers for each area at `at`, in the areas' order."""
        return [self._duty(area) for area in self.areas]

    def duty_of(self, area: Area) -> AreaDuty | None:
        """Who answers for one area at `at`; None when it is not in use."""
        return next((self._duty(one) for one in self.areas if one.id == area.id), None)

    @cached_property
    def last_resort(self) -> list[LastResort]:
        """Whom to call when nobody can be reached: asked where there is a gap only."""
        return last_resort()

    @cached_property
    def roster(self) -> duty.Roster:
        """The facts as `duty` takes them; people are their ids, areas their keys."""
        keys = {area.id: area.key for area in self.areas}
        return duty.Roster(
            zone=_ZONE,
            areas={area.key: duty.Area(_ZONE, self._versions(area.id)) for area in self.areas},
            overrides=tuple(
                duty.Override(
                    kind=row.kind,
                    person=row.person_id,
                    for_person=row.for_person_id,
                    areas=frozenset(key for number, key in keys.items() if number == row.area_id)
                    if row.area_id
                    else None,
                    start=row.starts_at,
                    end=row.ends_at,
                    status=row.status,
                    recorded_at=row.recorded_at,
                    cancelled_at=row.cancelled_at,
                )
                for row in self.overrides
            ),
            absences=(*self._away(), *self._gone()),
        )

    def _versions(self, area_id: int) -> tuple[duty.Plan, ...]:
        rows: dict[int, list[Row[Any]]] = {}
        for row in self.plans:
            if row.area_id == area_id:
                rows.setdefault(row.id, []).append(row)
        return tuple(
            duty.Plan(own[0].starts_at, (duty.Row(tuple(row.person_id for row in own)),), own[0].recorded_at)
            for own in rows.values()
        )

    def _away(self) -> list[duty.Absence]:
        return [
            duty.Absence(
                row.person_id, row.starts_at, row.ends_at, recorded_at=row.recorded_at, cancelled_at=row.cancelled_at
            )
            for row in self.absences
            if row.id != self.ignored_absence
        ]

    def _gone(self) -> list[duty.Absence]:
        """Whoever left is absent from then on, without end (R24)."""
        return [
            duty.Absence(person.id, person.deactivated_at) for person in self.people.values() if person.deactivated_at
        ]

    def _duty(self, area: Area) -> AreaDuty:
        found = duty.answer(self.roster, area.key, self.at)
        line = [
            Duty(self.people[place.holder], self.people[place.memory[0]] if len(place.memory) > 1 else None, rank)
            for rank, place in enumerate(found.places)
        ]
        return AreaDuty(
            area=area,
            people=line,
            until=found.until,
            next_person=self.people[found.next] if found.next else None,
            gap=found.gap,
            last_resort=self.last_resort if found.gap else [],
            warnings=found.warnings,
        )

    def changes_at(self) -> datetime | None:
        """When an answer may change by the clock alone: the next start or end of anything; None: not by itself."""
        instants = [max(row.starts_at, row.recorded_at) for row in (*self.plans, *self.overrides, *self.absences)]
        instants += [row.ends_at for row in (*self.overrides, *self.absences) if row.ends_at]
        return min((instant for instant in instants if instant > self.at), default=None)

    def holders(self, area_id: int | None, start: datetime, end: datetime) -> set[int]:
        """Ids of those with a place in the area (None: in any), planned or standing in, at some time of the span."""
        found = set()
        for area in self.areas:
            if area_id in (None, area.id):
                found |= self._planned(area.id, start, end) | self._standing_in(area.id, start, end)
        return found

    def _planned(self, area_id: int, start: datetime, end: datetime) -> set[int]:
        versions: dict[int, tuple[datetime, datetime, int]] = {}
        for row in self.plans:
            if row.area_id == area_id:
                versions[row.id] = (max(row.starts_at, row.recorded_at), row.recorded_at, row.id)
        line = sorted(versions.values())
        until = [following[0] for following in line[1:]] + [end]
        matters = {version[2] for version, last in zip(line, until, strict=False) if version[0] < end and last > start}
        return {row.person_id for row in self.plans if row.id in matters and row.person_id}

    def _standing_in(self, area_id: int, start: datetime, end: datetime) -> set[int]:
        return {
            row.person_id
            for row in self.overrides
            if row.status == "agreed"
            and row.area_id in (None, area_id)
            and row.starts_at < end
            and (row.ends_at is None or row.ends_at > start)
        }


def facts(at: datetime) -> Facts:
    """Loads what can matter from `at` (aware UTC) on: five queries, however many areas and people there are."""
    connection = db.session.connection()
    plans: list[Row[Any]] = list(connection.execute(queries.PLANS, {"at": at}))
    overrides = list(connection.execute(queries.OVERRIDES, {"at": at}))
    absences = list(connection.execute(queries.ABSENCES, {"at": at}))
    named = {row.person_id for row in (*plans, *overrides, *absences)} | {row.for_person_id for row in overrides}
    people = db.session.scalars(queries.PEOPLE, {"people": sorted(named - {None})})
    return Facts(
        at=at,
        areas=areas(),
        plans=plans,
        overrides=overrides,
        absences=absences,
        people={person.id: person for person in people},
    )


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
    """Who answers for every area at an instant (aware UTC), in the areas' order: six queries at most."""
    return facts(at).duties()


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


def next_change(at: datetime) -> datetime | None:
    """When an answer of the roster may change by the clock alone: not later than the earliest `until`."""
    return facts(at).changes_at()


def gaps_ahead(at: datetime, days: int = 14) -> list[Gap]:
    """The times in which nobody is in charge of an area, from `at` on, the next one first."""
    return gaps(facts(at), at, at + timedelta(days=days))


def is_absent(person: Person, at: datetime) -> bool:
    """Whether an absence of the person is in force (R15, R21)."""
    query = select(Absence.id).where(
        Absence.person_id == person.id,
        Absence.starts_at <= at,
        Absence.recorded_at <= at,
        queries.in_force_after(Absence, at),
    )
    return db.session.scalar(query.limit(1)) is not None


def clipped(starts_at: datetime, ends_at: datetime | None, at: datetime) -> tuple[datetime, datetime]:
    """The part of a span that lies ahead of `at`, within a year's reach (half-open; empty when it is over)."""
    return max(starts_at, at), min(ends_at or at + REACH, at + REACH)


def choices() -> list[Person]:
    """Everybody who can be chosen, in the order of their readings (a name without one stands where it is written)."""
    people = db.session.scalars(select(Person).where(Person.deactivated_at.is_(None)))
    return sorted(people, key=lambda person: (fold(person.reading or person.name), person.name, person.id))


def plans(area: Area, at: datetime) -> tuple[Plan | None, list[Plan]]:
    """The version in force at an instant (R9), and those to come in the order in which they begin."""
    query = queries.VERSIONS.options(selectinload(Plan.slots).joinedload(PlanSlot.person), joinedload(Plan.recorded_by))
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
        for begin, until, person in duty.timeline(facts.roster, area.key, start, end)
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
