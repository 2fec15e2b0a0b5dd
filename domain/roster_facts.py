"""The roster's rows, loaded once and handed to `duty`: everything that can matter over a span, for every area."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from domain import duty, holidays
from domain import roster_queries as queries
from domain.db import db, organisation
from domain.people import Person
from domain.roster_tables import Area, Attempt, LastResort, RosterSettings, Windows
from domain.walltime import Window

REACH = duty.REACH
"""How far ahead a hand-over is looked for (R19)."""

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Duty:
    """Somebody's place in the line now. Rank 0 is in charge; 1 and up are the deputies in order (R17)."""

    person: Person
    standing_in_for: Person | None
    rank: int


@dataclass(frozen=True)
class AreaDuty:
    """Who answers for an area at an instant. `until` is None for a standing order: nothing is invented (R19).

    `next_person` is in charge from `until` on (None: nobody). `since` is known only where the facts reach back.
    `last_resort` is whom to call now: in a gap, and when everybody was tried. `suggest` is whom to call next in an
    incident, `tried` who could not be reached in it (R22, R23).
    """

    area: Area
    people: list[Duty]
    since: datetime | None
    until: datetime | None
    next_person: Person | None
    gap: bool
    last_resort: list[LastResort]
    suggest: Person | None
    exhausted: bool
    warnings: list[str]

    @property
    def in_charge(self) -> Duty | None:
        return self.people[0] if self.people else None


@dataclass(frozen=True)
class Facts:
    """Everything that can matter from `back` before `at` to `until`, as rows."""

    at: datetime
    back: timedelta
    areas: list[Area]
    plans: list[Row[Any]]
    overrides: list[Row[Any]]
    absences: list[Row[Any]]
    rotations: dict[str, duty.Rotation]
    people: dict[Any, Person]
    zone: ZoneInfo
    days_off: frozenset[Any]
    attempts: list[Attempt] = field(default_factory=list)
    ignored_absence: int | None = field(default=None)
    planned: dict[str, tuple[duty.Plan, ...]] = field(default_factory=dict)

    def without_absence(self, number: int) -> "Facts":
        """The same facts as if one absence had not been recorded."""
        return replace(self, ignored_absence=number)

    def with_plan(self, area: Area, plan: duty.Plan, rotations: dict[str, duty.Rotation] | None = None) -> "Facts":
        """The same facts as if one more version had been recorded: what a preview shows."""
        versions = (*self.of(area).areas[area.key].plans, plan)
        return replace(self, planned=self.planned | {area.key: versions}, rotations=self.rotations | (rotations or {}))

    def duties(self, incident: Hashable | None = None) -> list[AreaDuty]:
        """Who answers for each area at `at`, in the areas' order."""
        return [self._duty(area, incident) for area in self.areas]

    def duty_of(self, area: Area, incident: Hashable | None = None) -> AreaDuty | None:
        """Who answers for one area at `at`; None when it is not in use."""
        return next((self._duty(one, incident) for one in self.areas if one.id == area.id), None)

    @cached_property
    def last_resort(self) -> list[LastResort]:
        """Whom to call when nobody can be reached: asked where that is so only."""
        return list(db.session.scalars(queries.LAST_RESORT))

    @cached_property
    def _kept(self) -> dict[str, duty.Roster]:
        return {}

    def of(self, area: Area) -> duty.Roster:
        """What concerns one area, as `duty` takes it; people are their ids, the area is its key."""
        if area.key not in self._kept:
            self._kept[area.key] = self._roster(area)
        return self._kept[area.key]

    def _roster(self, area: Area) -> duty.Roster:
        overrides = self._overrides
        own = sorted((*overrides[area.id], *overrides[None]), key=lambda row: (row.recorded_at, row.id))
        zone = ZoneInfo(area.zone) if area.zone else self.zone
        return duty.Roster(
            zone=self.zone,
            areas={area.key: duty.Area(zone, self.planned.get(area.key) or self._versions[area.id])},
            rotations=self.rotations,
            overrides=tuple(_override(row) for row in own),
            absences=(*self._away, *self._gone()),
            attempts=tuple(duty.Attempt(one.incident, one.at, one.result, one.person_id) for one in self.attempts),
            holidays=self.days_off,
        )

    @cached_property
    def _overrides(self) -> dict[int | None, list[Row[Any]]]:
        found: dict[int | None, list[Row[Any]]] = defaultdict(list)
        for row in self.overrides:
            found[row.area_id].append(row)
        return found

    @cached_property
    def _versions(self) -> dict[int, tuple[duty.Plan, ...]]:
        """Area id → its versions in the order recorded."""
        rows: dict[int, list[Row[Any]]] = {}
        for row in self.plans:
            rows.setdefault(row.id, []).append(row)
        found: dict[int, tuple[duty.Plan, ...]] = defaultdict(tuple)
        for own in rows.values():
            found[own[0].area_id] += (_plan(own),)
        return found

    @cached_property
    def _away(self) -> list[duty.Absence]:
        return [
            duty.Absence(
                row.person_id, row.starts_at, row.ends_at, tuple(read_window(one) for one in row.weekly or ()),
                recorded_at=row.recorded_at, cancelled_at=row.cancelled_at,
            )
            for row in self.absences
            if row.id != self.ignored_absence
        ]  # fmt: skip

    def _gone(self) -> list[duty.Absence]:
        """Whoever left is absent from then on, without end (R24)."""
        return [
            duty.Absence(person.id, person.deactivated_at) for person in self.people.values() if person.deactivated_at
        ]

    def _duty(self, area: Area, incident: Hashable | None) -> AreaDuty:
        found = duty.answer(self.of(area), area.key, self.at, incident, looks_back=self.back >= REACH)
        line = [
            Duty(self.people[place.holder], self.people[place.memory[0]] if len(place.memory) > 1 else None, rank)
            for rank, place in enumerate(found.places)
        ]
        return AreaDuty(
            area=area,
            people=line,
            since=found.since,
            until=found.until,
            next_person=self.people[found.next] if found.next else None,
            gap=found.gap,
            last_resort=self.last_resort if found.gap or found.exhausted else [],
            suggest=self.people[found.suggest] if found.suggest else None,
            exhausted=found.exhausted,
            warnings=found.warnings,
        )

    def changes_at(self) -> datetime | None:
        """When an answer may change by the clock alone: the next start or end of anything; None: not by itself."""
        edges = (duty.next_edge(self.of(area), area.key, self.at) for area in self.areas)
        return min((edge for edge in edges if edge is not None), default=None)

    def holders(self, area_id: int | None, start: datetime, end: datetime) -> set[int]:
        """Ids of those with a place in the area (None: in any), planned or standing in, at some time of the span."""
        found: set[Any] = set()
        for area in self.areas:
            if area_id in (None, area.id):
                found |= duty.holders(self.of(area), area.key, start, end)
        return found


def _plan(rows: list[Row[Any]]) -> duty.Plan:
    """A version out of its places."""
    first = rows[0]
    slots: dict[int, list[duty.Slot]] = {number: [] for number in range(len(first.windows))}
    for row in rows:
        if row.row is not None:
            turn = duty.RotationSlot(str(row.rotation_id), row.offset) if row.rotation_id else None
            slots.setdefault(row.row, []).append(turn or row.person_id)
    windows = dict(enumerate(first.windows))
    return duty.Plan(
        first.starts_at,
        tuple(
            duty.Row(tuple(own), tuple(read_window(one) for one in windows.get(number, ())))
            for number, own in sorted(slots.items())
        ),
        first.recorded_at,
    )


def _override(row: Row[Any]) -> duty.Override:
    return duty.Override(
        kind=row.kind,
        person=row.person_id,
        for_person=row.for_person_id,
        start=row.starts_at,
        end=row.ends_at,
        status=row.status,
        recorded_at=row.recorded_at,
        cancelled_at=row.cancelled_at,
    )


def read_window(kept: dict[str, Any]) -> Window:
    """A window as it is kept (`{"days"?, "start": "22:00", "end": "06:00"}`) for `duty`."""
    start, end = (int(kept[name][:2]) * 60 + int(kept[name][3:5]) for name in ("start", "end"))
    return Window(start, end, frozenset(kept["days"]) if kept.get("days") else None)


def keep_window(window: Window) -> dict[str, Any]:
    """The other way round: a window as it is kept."""
    start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (window.start, window.end))
    return ({"days": sorted(window.days)} if window.days else {}) | {"start": start, "end": end}


def settings() -> RosterSettings | None:
    """What the whole roster goes by, where it differs from the organisation's settings."""
    return db.session.scalar(queries.SETTINGS)


def zone(kept: RosterSettings | None) -> ZoneInfo:
    """The roster's zone (R2)."""
    return ZoneInfo(kept.zone) if kept and kept.zone else organisation().zone


def facts(
    at: datetime, *, back: timedelta = timedelta(), ahead: timedelta = REACH, incident: str | None = None
) -> Facts:
    """Loads what can matter from `back` before `at` (aware UTC) to `ahead` after it, ends included: five queries,
    however many areas and people there are; two more where somebody's plan has rotations or windows.

    `back` of `REACH` lets the answers say since when. `incident`: its code, whose attempts count.
    """
    connection = db.session.connection()
    begin = at - back - SECOND if back else at  # what ends at the first instant was in force just before it
    span = {"at": begin, "until": at + ahead}
    plans: list[Row[Any]] = list(connection.execute(queries.PLANS, {"at": begin}))
    overrides = list(connection.execute(queries.OVERRIDES, span))
    absences = list(connection.execute(queries.ABSENCES, span))
    turns = {row.rotation_id for row in plans if row.rotation_id}
    areas = list(db.session.scalars(queries.AREAS))
    kept = settings() if turns or _by_clock(plans, absences) else None
    rotations, members = _rotations(turns, zone(kept)) if turns else ({}, set())
    attempts = list(db.session.scalars(queries.ATTEMPTS, {"incident": incident})) if incident is not None else []
    named = {row.person_id for row in (*plans, *overrides, *absences)} | {row.for_person_id for row in overrides}
    people = db.session.scalars(queries.PEOPLE, {"people": sorted((named | members) - {None})})
    years = range((at - back).year - 1, (at + ahead).year + 2)
    return Facts(
        at=at,
        back=back,
        areas=areas,
        plans=plans,
        overrides=overrides,
        absences=absences,
        rotations=rotations,
        people={person.id: person for person in people},
        zone=zone(kept),
        days_off=holidays.days_off(years, holidays.country(kept)) if _by_day(plans, absences) else frozenset(),
        attempts=attempts,
    )


def _windows(plans: list[Row[Any]], absences: list[Row[Any]]) -> list[Windows]:
    return [own for row in plans for own in row.windows if own] + [row.weekly for row in absences if row.weekly]


def _by_clock(plans: list[Row[Any]], absences: list[Row[Any]]) -> bool:
    """Whether any wall time is left to be worked out."""
    return bool(_windows(plans, absences))


def _by_day(plans: list[Row[Any]], absences: list[Row[Any]]) -> bool:
    """Whether it matters what kind of day it is (R6)."""
    return any(window.get("days") for own in _windows(plans, absences) for window in own)


def _rotations(ids: set[int], zone: ZoneInfo) -> tuple[dict[str, duty.Rotation], set[int]]:
    """The rotations by their id as text, and everybody in them."""
    rows: dict[int, list[Row[Any]]] = {}
    found_rows: list[Row[Any]] = list(db.session.connection().execute(queries.ROTATIONS, {"rotations": sorted(ids)}))
    for row in found_rows:
        rows.setdefault(row.id, []).append(row)
    found = {
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
    return found, {row.person_id for own in rows.values() for row in own if row.person_id}
