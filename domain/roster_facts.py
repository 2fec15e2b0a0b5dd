"""The roster's rows, loaded once and handed to `duty`: everything that can matter over a span, for every area."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
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

Rows = Sequence[Row[*tuple[Any, ...]]]

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
MOST = 100
"""So many entries are looked at first: nearly every area hands over before the last of them begins."""


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
    """Everything that can matter from `back` before `at` to `until`, as rows.

    Of many entries to come only those up to `horizon` are there at first; what needs more, loads it.
    """

    at: datetime
    back: timedelta
    until: datetime
    horizon: datetime
    areas: list[Area]
    plans: Rows
    versions: dict[int, tuple[duty.Plan, ...]]
    overrides: Rows
    absences: Rows
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
        answers = self.answers(incident)
        return [self.shown(area, answers[area.id]) for area in self.areas]

    def duty_of(self, area: Area, incident: Hashable | None = None) -> AreaDuty | None:
        """Who answers for one area at `at`; None when it is not in use."""
        own = [one for one in self.areas if one.id == area.id]
        answers = self.answers(incident, own)
        return next((self.shown(one, answers[one.id]) for one in own), None)

    def answers(self, incident: Hashable | None = None, areas: list[Area] | None = None) -> dict[int, duty.Answer]:
        """Area id → its answer, of these areas (None: of all)."""
        areas = self.areas if areas is None else areas
        found = {area.id: self._answer(area, incident) for area in areas}
        if self.horizon < self.until:
            unsure = [area for area in areas if found[area.id].until is None]
            further = self._further(unsure) if unsure else self
            found |= {area.id: further._answer(area, incident) for area in unsure}
        return found

    @cached_property
    def last_resort(self) -> list[LastResort]:
        """Whom to call when nobody can be reached: asked where that is so only."""
        return list(db.session.scalars(queries.LAST_RESORT))

    @cached_property
    def _kept(self) -> dict[str, duty.Roster]:
        return {}

    def of(self, area: Area, until: datetime | None = None) -> duty.Roster:
        """What concerns one area (up to `until`), as `duty` takes it; people are their ids, the area is its key."""
        return self._up_to(until)._of(area)

    def named(self, area: Area, until: datetime | None = None) -> set[int]:
        """Ids of everybody who may have a place in an area's line (up to `until`)."""
        return self._up_to(until)._named_in(area)

    def _up_to(self, until: datetime | None) -> "Facts":
        near = until is not None and until <= self.horizon
        return self if near or self.horizon >= self.until else self._whole

    def _of(self, area: Area) -> duty.Roster:
        if area.key not in self._kept:
            self._kept[area.key] = self._roster(area)
        return self._kept[area.key]

    @cached_property
    def _whole(self) -> "Facts":
        return self._further(None)

    def _further(self, areas: list[Area] | None) -> "Facts":
        """The same facts with all entries to come that concern these areas (None: all of them)."""
        connection = db.session.connection()
        span = {"at": self.at, "after": self.horizon, "until": self.until}
        if areas is None:
            overrides = connection.execute(queries.OVERRIDES, span).all()
            absences = connection.execute(queries.ABSENCES, span).all()
        else:
            own = span | {"areas": [0, *(area.id for area in areas)]}
            overrides = connection.execute(queries.OVERRIDES_OF, own).all()
            found = replace(self, overrides=[*self.overrides, *overrides])
            people = {one for area in areas for one in found._named_in(area)}
            absences = connection.execute(queries.ABSENCES_OF, span | {"people": sorted(people)}).all()
        self._meet(_named(overrides) - self.people.keys())
        more = replace(
            self,
            horizon=self.until,
            overrides=[*self.overrides, *overrides],
            absences=[*self.absences, *absences],
        )
        if not _windows([], absences):
            return more
        kept = settings()
        return replace(more, zone=zone(kept), days_off=_days_off(more.plans, more.absences, self.years, kept))

    def _meet(self, people: set[int]) -> None:
        """Whoever comes up later is known as everybody is who was there at first."""
        if people:
            found = db.session.scalars(queries.PEOPLE, {"people": sorted(people)})
            self.people.update((person.id, person) for person in found)

    @property
    def years(self) -> range:
        """Whose days off can matter."""
        return _years(self.at - self.back, self.until)

    def _roster(self, area: Area) -> duty.Roster:
        overrides = self._overrides
        own = sorted((*overrides[area.id], *overrides[None]), key=lambda row: (row.recorded_at, row.id))
        zone = ZoneInfo(area.zone) if area.zone else self.zone
        return duty.Roster(
            zone=self.zone,
            areas={area.key: duty.Area(zone, self.planned.get(area.key) or self.versions[area.id])},
            rotations=self.rotations,
            overrides=tuple(_override(row) for row in own),
            absences=tuple(self._away(self._named_in(area))),
            attempts=tuple(duty.Attempt(one.incident, one.at, one.result, one.person_id) for one in self.attempts),
            holidays=self.days_off,
        )

    @cached_property
    def _overrides(self) -> dict[int | None, list[Row[*tuple[Any, ...]]]]:
        found: dict[int | None, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
        for row in self.overrides:
            found[row.area_id].append(row)
        return found

    def _named_in(self, area: Area) -> set[int]:
        """By its plans, their rotations, its overrides."""
        found: set[Any] = _named([*self._overrides[area.id], *self._overrides[None]])
        for plan in self.planned.get(area.key) or self.versions[area.id]:
            for row in plan.rows:
                for slot in row.slots:
                    found.update(
                        self.rotations[slot.rotation].members if isinstance(slot, duty.RotationSlot) else (slot,)
                    )
        return found - {None}

    @cached_property
    def _absences(self) -> dict[int, list[Row[*tuple[Any, ...]]]]:
        found: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
        for row in self.absences:
            found[row.person_id].append(row)
        return found

    @cached_property
    def _gone(self) -> dict[int, datetime]:
        """Who left, and when (R24)."""
        return {number: one.deactivated_at for number, one in self.people.items() if one.deactivated_at}

    def _away(self, people: set[int]) -> Iterator[duty.Absence]:
        """Somebody's absences. Whoever left is absent from then on, without end (R24)."""
        for number in people & self._absences.keys():
            yield from (_absence(row) for row in self._absences[number] if row.id != self.ignored_absence)
        yield from (duty.Absence(number, self._gone[number]) for number in people & self._gone.keys())

    def _answer(self, area: Area, incident: Hashable | None) -> duty.Answer:
        until = self.horizon if self.horizon < self.until else max(self.until, self.at + REACH)
        return duty.answer(self._of(area), area.key, self.at, incident, looks_back=self.back >= REACH, until=until)

    def shown(self, area: Area, found: duty.Answer) -> AreaDuty:
        """An answer with its people."""
        return shown(area, found, self.at, self.people, self.last_resort if found.gap or found.exhausted else [])

    def changes_at(self) -> datetime | None:
        """When an answer may change by the clock alone: the next start or end of anything; None: not by itself."""
        found: datetime | None = None
        for area in self.areas:
            last = min(found or self.until, self.horizon)
            found = duty.next_edge(self._of(area), area.key, self.at, last) or found
        return self._whole.changes_at() if found is None and self.horizon < self.until else found

    def holders(self, area_id: int | None, start: datetime, end: datetime) -> set[int]:
        """Ids of those with a place in the area (None: in any), planned or standing in, at some time of the span."""
        found: set[Any] = set()
        for area in self.areas:
            if area_id in (None, area.id):
                found |= duty.holders(self.of(area, end), area.key, start, end)
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


def _plan(plan: Row[Any], places: Rows) -> duty.Plan:
    """A version out of its places."""
    slots: dict[int, list[duty.Slot]] = {number: [] for number in range(len(plan.windows))}
    for place in places:
        turn = duty.RotationSlot(str(place.rotation_id), place.offset) if place.rotation_id else None
        slots.setdefault(place.row, []).append(turn or place.person_id)
    windows = dict(enumerate(plan.windows))
    rows = (
        duty.Row(tuple(own), tuple(read_window(one) for one in windows.get(number, ())))
        for number, own in sorted(slots.items())
    )
    return duty.Plan(plan.starts_at, tuple(rows), plan.recorded_at)


def _versions(plans: Rows, slots: Rows) -> dict[int, tuple[duty.Plan, ...]]:
    """Area id → its versions in the order recorded."""
    places: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for slot in slots:
        places[slot.plan_id].append(slot)
    found: dict[int, tuple[duty.Plan, ...]] = defaultdict(tuple)
    for plan in plans:
        found[plan.area_id] += (_plan(plan, places[plan.id]),)
    return found


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
    connection, until = db.session.connection(), at + ahead
    begin = at - back - SECOND if back else at  # what ends at the first instant was in force just before it
    span = {"at": begin, "after": EARLIEST, "until": until}
    plans = connection.execute(queries.PLANS, {"at": begin}).all()
    slots = connection.execute(queries.SLOTS, {"plans": [plan.id for plan in plans]}).all()
    # The past is asked for as a whole.
    overrides, absences = (
        connection.execute(query if back else query.limit(MOST), span).all()
        for query in (queries.OVERRIDES, queries.ABSENCES)
    )
    horizon = (
        until
        if back
        else min([until, *(rows[-1].starts_at - SECOND for rows in (overrides, absences) if len(rows) == MOST)])
    )
    overrides, absences = ([row for row in rows if row.starts_at <= horizon] for rows in (overrides, absences))
    turns = {row.rotation_id for row in slots if row.rotation_id}
    areas = list(db.session.scalars(queries.AREAS).all())
    kept = settings() if turns or _windows(plans, absences) else None
    rotations, members = _rotations(turns, zone(kept)) if turns else ({}, set())
    attempts = list(db.session.scalars(queries.ATTEMPTS, {"incident": incident})) if incident is not None else []
    named = members | _named(overrides) | {row.person_id for row in slots if row.person_id}
    people = db.session.scalars(queries.PEOPLE, {"people": sorted(named)}).all()
    return Facts(
        at=at,
        back=back,
        until=until,
        horizon=horizon,
        areas=areas,
        plans=plans,
        versions=_versions(plans, slots),
        overrides=overrides,
        absences=absences,
        rotations=rotations,
        people={person.id: person for person in people},
        zone=zone(kept),
        days_off=_days_off(plans, absences, _years(at - back, until), kept),
        attempts=attempts,
    )


def _named(overrides: Rows) -> set[int]:
    return {one for row in overrides for one in (row.person_id, row.for_person_id) if one is not None}


def _years(start: datetime, end: datetime) -> range:
    return range(start.year - 1, end.year + 2)


def _days_off(plans: Rows, absences: Rows, years: range, kept: RosterSettings | None) -> frozenset[Any]:
    """The days off, where it matters what kind of day it is (R6)."""
    if not any(window.get("days") for own in _windows(plans, absences) for window in own):
        return frozenset()
    return holidays.days_off(years, holidays.country(kept))


def _windows(plans: Rows, absences: Rows) -> list[Windows]:
    return [own for row in plans for own in row.windows if own] + [row.weekly for row in absences if row.weekly]


def _rotations(ids: set[int], zone: ZoneInfo) -> tuple[dict[str, duty.Rotation], set[int]]:
    """The rotations by their id as text, and everybody in them."""
    rows: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in db.session.connection().execute(queries.ROTATIONS, {"rotations": sorted(ids)}).all():
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
