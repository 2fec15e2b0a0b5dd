"""The roster's rows, handed to `duty`: everything that can matter over a span, for every area."""

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from domain import duty
from domain import roster_queries as queries
from domain.db import db
from domain.people import Person
from domain.roster_tables import Area, Attempt, LastResort
from domain.walltime import Window

REACH = duty.REACH
"""How far ahead a hand-over is looked for (R19)."""

NAMED = attrgetter("person_id", "for_person_id")
"""Whom an override names."""

Found = Row[*tuple[Any, ...]]
Grouped = dict[Any, list[Found]]


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


class Read(NamedTuple):
    """A version of a plan, with the rows that it was made of."""

    row: Found
    places: list[Found]
    plan: duty.Plan


@dataclass(frozen=True)
class Facts:
    """Everything that can matter from `back` before `at` to `until`, as rows; they were asked for from `begin` on.

    Overrides by the id of their area (None: of every area), absences by their person's.
    """

    at: datetime
    back: timedelta
    begin: datetime
    until: datetime
    areas: list[Area]
    plans: dict[int, Read]
    rotations: dict[str, duty.Rotation]
    overrides: Grouped
    absences: Grouped
    gone: dict[int, datetime]
    """Who left, and when (R24)."""
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
        return [self.shown(area, self.answer(area, incident)) for area in self.areas]

    def duty_of(self, area: Area, incident: Hashable | None = None) -> AreaDuty | None:
        """Who answers for one area at `at`; None when it is not in use."""
        own = next((one for one in self.areas if one.id == area.id), None)
        return self.shown(own, self.answer(own, incident)) if own else None

    def answer(self, area: Area, incident: Hashable | None = None) -> duty.Answer:
        """Everything about one area at `at`."""
        until = max(self.until, self.at + REACH)
        return duty.answer(self.of(area), area.key, self.at, incident, looks_back=self.back >= REACH, until=until)

    @cached_property
    def last_resort(self) -> list[LastResort]:
        """Whom to call when nobody can be reached: asked where that is so only."""
        return list(db.session.scalars(queries.LAST_RESORT))

    @cached_property
    def people(self) -> dict[Any, Person]:
        """Everybody who may have a place in a line."""
        planned = (self._in_plans(versions) for versions in self.planned.values())
        return met(self.everybody().union(*planned))

    @cached_property
    def _rosters(self) -> dict[str, duty.Roster]:
        return {}

    def of(self, area: Area) -> duty.Roster:
        """What concerns one area, as `duty` takes it; people are their ids, the area is its key."""
        if area.key not in self._rosters:
            self._rosters[area.key] = self._roster(area)
        return self._rosters[area.key]

    def _roster(self, area: Area) -> duty.Roster:
        own = (*self._overriding(area.id), *self._overriding(None))
        zone = ZoneInfo(area.zone) if area.zone else self.zone
        return duty.Roster(
            zone=self.zone,
            areas={area.key: duty.Area(zone, self.planned.get(area.key) or self._in_use(area.id))},
            rotations=self.rotations,
            overrides=tuple(map(_override, sorted(own, key=lambda row: (row.recorded_at, row.id)))),
            absences=tuple(self._away(self.named(area))),
            attempts=tuple(duty.Attempt(one.incident, one.at, one.result, one.person_id) for one in self.attempts),
            holidays=self.days_off,
        )

    def concerns(self, area: Area) -> tuple[Any, ...]:
        """The rows that say what one area answers: two that are equal answer the same."""
        crew, versions = self._crew(area.id), self._in_use(area.id)
        turns = {turn: self.rotations[turn] for plan in versions for turn in plan.turns}
        away = {number: self.absences[number] for number in crew & self.absences.keys()}
        gone = {number: self.gone[number] for number in crew & self.gone.keys()}
        overrides = (self._overriding(area.id), self._overriding(None))
        return area.zone, versions, turns, overrides, away, gone, self.zone, self.days_off

    def named(self, area: Area) -> set[Any]:
        """Ids of everybody who may have a place in an area's line: by its plans, their rotations, its overrides."""
        return self._crew(area.id) | self._in_plans(self.planned.get(area.key, ()))

    def everybody(self) -> set[Any]:
        """The same of all areas, retired ones too."""
        found: set[Any] = set()
        return found.union(*(self._crew(number) for number in self._versions.keys() | self.overrides.keys()))

    @cached_property
    def _versions(self) -> dict[int | None, tuple[duty.Plan, ...]]:
        """By the id of their area, in the order recorded."""
        found: dict[int | None, tuple[duty.Plan, ...]] = {}
        for row, _places, plan in self.plans.values():
            found[row.area_id] = (*found.get(row.area_id, ()), plan)
        return found

    def _in_use(self, area: int | None) -> tuple[duty.Plan, ...]:
        return self._versions.get(area, ())

    def _overriding(self, area: int | None) -> list[Found]:
        return self.overrides.get(area, [])

    def _crew(self, number: int | None) -> set[Any]:
        if number not in self._crews:
            rows = self._overriding(number)
            found = self._in_plans(self._in_use(number))
            found.update(chain.from_iterable(map(NAMED, rows)))
            self._crews[number] = (found if number is None else found | self._crew(None)) - {None}
        return self._crews[number]

    @cached_property
    def _crews(self) -> dict[int | None, set[Any]]:
        return {}

    def _in_plans(self, versions: tuple[duty.Plan, ...]) -> set[Any]:
        found: set[Any] = set()
        for plan in versions:
            found.update(plan.people, *(self.rotations[turn].members for turn in plan.turns))
        return found

    def _away(self, people: set[int]) -> Iterator[duty.Absence]:
        """Somebody's absences. Whoever left is absent from then on, without end (R24)."""
        for number in sorted(people & self.absences.keys()):
            yield from (_absence(row) for row in self.absences[number] if row.id != self.ignored_absence)
        yield from (duty.Absence(number, self.gone[number]) for number in sorted(people & self.gone.keys()))

    def shown(self, area: Area, found: duty.Answer) -> AreaDuty:
        """An answer with its people."""
        return shown(area, found, self.at, self.people, self.last_resort if found.gap or found.exhausted else [])

    def changes_at(self) -> datetime | None:
        """When an answer may change by the clock alone: the next start or end of anything; None: not by itself."""
        found: datetime | None = None
        for area in self.areas:
            found = duty.next_edge(self.of(area), area.key, self.at, found or self.until) or found
        return found

    def holders(self, area_id: int | None, start: datetime, end: datetime) -> set[int]:
        """Ids of those with a place in the area (None: in any), planned or standing in, at some time of the span."""
        found: set[Any] = set()
        for area in self.areas:
            if area_id in (None, area.id):
                found |= duty.holders(self.of(area), area.key, start, end)
        return found


def shown(
    area: Area, found: duty.Answer, at: datetime, people: dict[Any, Person], last_resort: list[LastResort]
) -> AreaDuty:
    """An answer at `at` with its people; what lies beyond the reach is not said (R19)."""
    within = found.until is not None and found.until <= at + REACH
    return AreaDuty(
        area=area,
        people=[
            Duty(people[place.holder], people[place.memory[0]] if len(place.memory) > 1 else None, rank)
            for rank, place in enumerate(found.places)
        ],
        since=found.since,
        until=found.until if within else None,
        next_person=people[found.next] if within and found.next else None,
        gap=found.gap,
        last_resort=last_resort,
        suggest=people[found.suggest] if found.suggest else None,
        exhausted=found.exhausted,
        warnings=found.warnings,
    )


def _absence(row: Row[Any]) -> duty.Absence:
    return duty.Absence(
        person=row.person_id,
        start=row.starts_at,
        end=row.ends_at,
        weekly=tuple(read_window(one) for one in row.weekly or ()),
        recorded_at=row.recorded_at,
        cancelled_at=row.cancelled_at,
    )


def _override(row: Row[Any]) -> duty.Override:
    """One of a thousand rows: they are asked for in this order."""
    return duty.Override._make(row[queries.ENTRY])


def read_window(kept: dict[str, Any]) -> Window:
    """A window as it is kept (`{"days"?, "start": "22:00", "end": "06:00"}`) for `duty`."""
    start, end = (int(kept[name][:2]) * 60 + int(kept[name][3:5]) for name in ("start", "end"))
    return Window(start, end, frozenset(kept["days"]) if kept.get("days") else None)


def keep_window(window: Window) -> dict[str, Any]:
    """The other way round: a window as it is kept."""
    start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (window.start, window.end))
    return ({"days": sorted(window.days)} if window.days else {}) | {"start": start, "end": end}


def met(people: Collection[int]) -> dict[Any, Person]:
    """The people of these ids."""
    return {one.id: one for one in db.session.scalars(queries.PEOPLE, {"people": sorted(people)}).all()}
