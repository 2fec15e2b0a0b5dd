"""A roster in the neutral form moves in: first everything wrong with it is named, then what is new is added."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from domain import duty, events, holidays, roster_file
from domain import roster_queries as queries
from domain.contacts import normal_email, read_email
from domain.db import Model, db
from domain.errors import Refused
from domain.people import Person
from domain.roster_document import Source, mentions
from domain.roster_export import MADE_KEY, rotation_names, usable
from domain.roster_facts import keep_window, read_window
from domain.roster_file import RosterFileError, incident_key
from domain.roster_loading import settings, zone
from domain.roster_tables import (
    ALWAYS,
    AREA_KINDS,
    Absence,
    Area,
    Attempt,
    Holiday,
    LastResort,
    Override,
    Plan,
    PlanSlot,
    RosterSettings,
    Rotation,
    RotationMember,
)

NEVER = datetime(9998, 12, 30, tzinfo=UTC)
"""Beyond whatever can be asked about; a day from the end of the calendar, as `ALWAYS` is from its beginning."""

EVERY_MOST = 10_000_000
"""More hand-overs than the calendar has days."""


@dataclass
class Added:
    """What an import did: how many rows of each kind it added, whom it created, what else is to be known."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    people: list[str] = field(default_factory=list)
    zone: str | None = None


def carry_out(source: Source, *, by: Person | None, at: datetime) -> Added:
    """Adds what is not there yet. Call it inside `writing()`.

    Raises:
        RosterFileError: somebody is not known, or something contradicts what is there; nothing was changed.
    """
    moving = _Move(source, at)
    moving.people()
    moving.settings()
    moving.areas()
    if moving.problems:
        raise RosterFileError(moving.problems)
    moving.rotations()
    moving.plans()
    moving.overrides()
    moving.absences()
    moving.attempts()
    moving.last_resort()
    moving.days_off()
    db.session.flush()
    added = moving.added
    if added.counts or added.people:
        events.record("roster_imported", by=by, at=at, **added.counts)
    return added


class _Kept:
    """Rows that are there already, by their values: each is matched once, so that what a file says twice stays."""

    def __init__(self, rows: Iterable[Any], values: Callable[[Any], Hashable]) -> None:
        self._rows: dict[Hashable, list[Any]] = defaultdict(list)
        for row in rows:
            self._rows[values(row)].append(row)

    def taken(self, values: Hashable) -> Any:
        found = self._rows.get(values)
        return found.pop(0) if found else None


class _Move:
    """One import under way: names and keys of the file, and what they are here."""

    def __init__(self, source: Source, at: datetime) -> None:
        self.source, self.facts, self.at = source, source.facts, at
        self.problems: list[str] = []
        self.added = Added()
        self.ids: dict[str, int] = {}
        self.turns: dict[str, int] = {}
        self.here: dict[str, Area] = {}
        self.kept = settings()
        self.zone = self.facts.zone

    def add(self, kind: str, row: Model) -> None:
        db.session.add(row)
        self.added.counts[kind] += 1

    # People

    def people(self) -> None:
        """Everybody named becomes somebody here: by name, by email, or made anew if the file lists them."""
        named: dict[str, list[Person]] = defaultdict(list)
        emails: dict[str, Person] = {}
        for person in db.session.scalars(select(Person)):
            named[person.name].append(person)
            emails[person.email] = person
        listed, refused, missing = set(self.source.people), {}, []
        places = [(f"people[{n}]", name) for n, name in enumerate(self.source.people)] + list(mentions(self.facts))
        for _place, name in places:
            if name in self.ids or name in missing:
                continue
            found = named.get(name) or [one for one in [emails.get(normal_email(name))] if one]
            if len(found) > 1:
                refused[name] = f"{len(found)} people are called {name!r}; write the email of the one who is meant"
            elif found:
                self.ids[name] = found[0].id
            elif name in listed:
                missing.append(name)
            else:
                refused[name] = f"{name!r:.60} is neither listed under people nor known here"
        self.problems += [f"{place}: {refused[name]}" for place, name in places if name in refused]
        if not self.problems:
            self._create(missing, emails)

    def _create(self, missing: list[str], emails: dict[str, Person]) -> None:
        """People who cannot sign in: an address of a domain that can never be (RFC 2606), unless the file names one."""
        number, made = 0, []
        for name in missing:
            try:
                email = read_email(name)
            except Refused:
                email = ""
            while not email or email in emails:
                number += 1
                email = f"roster-{number}@import.invalid"
            called = self.source.names.get(name, name)
            person = emails[email] = Person(email=email, name=called, created_at=self.at)
            person.describe()
            made.append((name, person))
        db.session.add_all(person for _name, person in made)
        db.session.flush()
        self.ids |= {name: person.id for name, person in made}
        self.added.people = [person.name for _name, person in made]

    # Zone, calendar, areas

    def settings(self) -> None:
        """An empty roster takes the file's zone and calendar; one with facts keeps its own."""
        used = any(
            db.session.scalar(select(kind.id).limit(1)) is not None for kind in (Plan, Rotation, Override, Absence)
        )
        here, country = zone(self.kept), holidays.country(self.kept)
        if used:
            if here.key != self.zone.key:
                self.problems.append(f"zone: the roster here goes by {here.key}, the file by {self.zone.key}")
            if country != self.source.calendar and self._by_day():
                shown = self.source.calendar or "none"
                self.problems.append(f"calendar: public holidays of {country or 'none'} count here, of {shown} there")
            return
        if self.kept is None:
            self.kept = RosterSettings()
            db.session.add(self.kept)
        self.added.zone = self.zone.key if here.key != self.zone.key else None
        self.kept.zone, self.kept.country = self.zone.key, self.source.calendar

    def _by_day(self) -> bool:
        """Whether it matters to anything in the file what kind of day it is (R6)."""
        rows = (row for area in self.facts.areas.values() for plan in area.plans for row in plan.rows)
        windows = [window for row in rows for window in row.windows]
        windows += [window for absence in self.facts.absences for window in absence.weekly]
        return any(window.days for window in windows)

    def areas(self) -> None:
        """The file's areas, by key, then by name; unknown ones are made."""
        areas = list(db.session.scalars(select(Area).order_by(Area.id).options(selectinload(Area.plans))))
        keys, names = {area.key: area for area in areas}, {area.name: area for area in areas}
        position = (db.session.scalar(select(func.max(Area.position))) or 0) + 1
        for name, facts in self.facts.areas.items():
            own = None if facts.zone.key == self.zone.key else facts.zone.key
            area = keys.get(name) or names.get(name)
            if area is None:
                area = self._new_area(name, self.source.extras.get(name, {}), keys, position)
                area.zone = own
                position += 1
            elif area.zone != own and not area.plans:
                area.zone = own
            elif (area.zone or self.zone.key) != facts.zone.key:
                kept = area.zone or self.zone.key
                self.problems.append(f"areas.{name}.zone: the area here goes by {kept}, the file by {facts.zone.key}")
            self.here[name] = area
        db.session.flush()

    def _new_area(self, name: str, more: dict[str, Any], keys: dict[str, Area], position: int) -> Area:
        key = name if usable(name) else ""
        number = 0
        while not key or key in keys:
            number += 1
            key = f"{MADE_KEY}{number}"
            key = "" if key in self.facts.areas else key
        kind = more.get("kind", name)
        called = {one: str(more.get(one) or "")[:60] for one in ("name", "name_en")}
        area = keys[key] = Area(
            key=key,
            kind=kind if kind in AREA_KINDS else "other",
            name=called["name"] or name,
            name_en=called["name_en"],
            position=position,
            created_at=self.at,
            retired_at=_retired(more),
        )
        self.add("areas", area)
        return area

    # Facts

    def rotations(self) -> None:
        rows = list(db.session.scalars(select(Rotation).order_by(Rotation.id).options(selectinload(Rotation.members))))
        known: dict[tuple[str, Hashable], int] = {}
        for row, name in zip(rows, rotation_names(rows).values(), strict=True):
            known.setdefault((row.name, turn_values(row, self.zone)), row.id)
            known.setdefault((name, turn_values(row, self.zone)), row.id)
        made = []
        for name, turn in self.facts.rotations.items():
            row = self._rotation(name, turn)
            number = known.get((name, turn_values(row, self.zone)))
            if number is None:
                self.add("rotations", row)
                made.append((name, row))
            else:
                self.turns[name] = number
        db.session.flush()
        self.turns |= {name: row.id for name, row in made}

    def _rotation(self, name: str, turn: duty.Rotation) -> Rotation:
        members = [RotationMember(position=n, person_id=self.ids[str(one)]) for n, one in enumerate(turn.members)]
        return Rotation(
            name=name,
            start=turn.start.isoformat(),
            zone=None if turn.zone.key == self.zone.key else turn.zone.key,
            unit=turn.unit,
            every=min(turn.every, EVERY_MOST),
            days=sorted(turn.days) if turn.days else None,
            recorded_at=ALWAYS,
            members=members,
        )

    def plans(self) -> None:
        numbers = [area.id for area in self.here.values()]
        query = select(Plan).where(Plan.area_id.in_(numbers)).order_by(Plan.id).options(selectinload(Plan.slots))
        there = _Kept(db.session.scalars(query), plan_values)
        for name, area in self.facts.areas.items():
            for version in area.plans:
                row = self._plan(self.here[name].id, version)
                if there.taken(plan_values(row)) is None:
                    self.add("plans", row)
        db.session.flush()

    def _plan(self, area_id: int, version: duty.Plan) -> Plan:
        plan = Plan(
            area_id=area_id,
            starts_at=_within(version.starts_at),
            recorded_at=_within(version.recorded_at or ALWAYS),
            windows=[[keep_window(window) for window in row.windows] for row in version.rows],
        )
        for number, row in enumerate(version.rows):
            for rank, slot in enumerate(row.slots):
                plan.slots.append(PlanSlot(row=number, rank=rank, **self._slot(slot)))
        return plan

    def _slot(self, slot: duty.Slot) -> dict[str, int]:
        if not isinstance(slot, duty.RotationSlot):
            return {} if slot is None else {"person_id": self.ids[str(slot)]}
        members = self.facts.rotations[slot.rotation].members
        return {"rotation_id": self.turns[slot.rotation], "offset": slot.offset % len(members) if members else 0}

    def overrides(self) -> None:
        there = _Kept(db.session.scalars(select(Override).order_by(Override.id)), override_values)
        for one in self.facts.overrides:
            for name in [None] if one.areas is None else [name for name in self.here if name in one.areas]:
                row = Override(
                    kind=one.kind,
                    status=one.status,
                    person_id=self.ids[str(one.person)],
                    for_person_id=None if one.for_person is None else self.ids[str(one.for_person)],
                    area_id=None if name is None else self.here[name].id,
                    **_span(one),
                )
                self._entry("overrides", row, there.taken(override_values(row)))
        db.session.flush()

    def absences(self) -> None:
        # Whoever left is absent without an entry (R24): what an export says of it is there already.
        left = db.session.scalars(select(Person).where(Person.deactivated_at.is_not(None)))
        gone = [Absence(person_id=one.id, starts_at=one.deactivated_at, recorded_at=ALWAYS) for one in left]
        there = _Kept([*db.session.scalars(select(Absence).order_by(Absence.id)), *gone], absence_values)
        for one in self.facts.absences:
            weekly = [keep_window(window) for window in one.weekly] or None
            row = Absence(person_id=self.ids[str(one.person)], weekly=weekly, **_span(one))
            self._entry("absences", row, there.taken(absence_values(row)))
        db.session.flush()

    def _entry(self, kind: str, row: Any, known: Any) -> None:
        """Adds an entry, or takes over that it was cancelled meanwhile."""
        if known is None:
            self.add(kind, row)
        elif known.cancelled_at is None and row.cancelled_at is not None and known in db.session:
            known.cancelled_at = row.cancelled_at
            self.added.counts["cancelled"] += 1

    def attempts(self) -> None:
        there = _Kept(db.session.scalars(select(Attempt).order_by(Attempt.id)), attempt_values)
        for one in self.facts.attempts:
            row = Attempt(
                incident=incident_key(str(one.incident)),
                person_id=None if one.person is None else self.ids[str(one.person)],
                result=one.result,
                at=_within(one.at),
            )
            if there.taken(attempt_values(row)) is None:
                self.add("attempts", row)
        db.session.flush()

    def last_resort(self) -> None:
        contacts = list(db.session.scalars(queries.LAST_RESORT))
        there = _Kept(contacts, lambda contact: contact.name)
        position = max((contact.position for contact in contacts), default=0)
        for name in self.facts.last_resort:
            if there.taken(name) is None:
                position += 1
                self.add("last_resort", LastResort(name=str(name), phone="", position=position))

    def days_off(self) -> None:
        """The file's days; those of its calendar are known from there."""
        known = {one.day: one.is_off for one in holidays.own_days()}
        off = [day for day in self.facts.holidays if day not in holidays.public(self.source.calendar, day.year)]
        wanted = [(day, True) for day in sorted(off)] + [(day, False) for day in self.source.working_days]
        for day, is_off in dict(wanted).items():
            if day not in known:
                self.add("holidays", Holiday(day=day, is_off=is_off))


def _within(at: datetime) -> datetime:
    return min(max(at, ALWAYS), NEVER)


def _maybe(at: datetime | None) -> datetime | None:
    return None if at is None else _within(at)


def _span(one: duty.Override | duty.Absence) -> dict[str, datetime | None]:
    return {
        "starts_at": _within(one.start or ALWAYS),
        "ends_at": _maybe(one.end),
        "recorded_at": _within(one.recorded_at or ALWAYS),
        "cancelled_at": _maybe(one.cancelled_at),
    }


def _retired(more: dict[str, Any]) -> datetime | None:
    try:
        return roster_file.moment(more["retired_at"], ZoneInfo("UTC"))
    except (KeyError, RosterFileError):
        return None


# What makes two rows the same fact


def turn_values(row: Rotation, here: ZoneInfo) -> Hashable:
    members = tuple(member.person_id for member in sorted(row.members, key=lambda member: member.position))
    return members, row.start, row.zone or here.key, row.unit, row.every, tuple(sorted(row.days or ()))


def plan_values(plan: Plan) -> Hashable:
    rows: list[list[Hashable]] = [[] for _ in plan.windows]
    for slot in plan.slots:
        rows[slot.row].append((slot.person_id, slot.rotation_id, slot.offset))
    windows = tuple(tuple(read_window(window) for window in own) for own in plan.windows)
    return plan.area_id, plan.starts_at, plan.recorded_at, windows, tuple(tuple(own) for own in rows)


def override_values(one: Override) -> Hashable:
    """Without its cancellation: a cancelled entry is the same entry."""
    who = (one.kind, one.status, one.person_id, one.for_person_id, one.area_id)
    return who, one.starts_at, one.ends_at, one.recorded_at


def absence_values(one: Absence) -> Hashable:
    weekly = tuple(read_window(window) for window in one.weekly or ())
    return one.person_id, one.starts_at, one.ends_at, one.recorded_at, weekly


def attempt_values(one: Attempt) -> Hashable:
    return one.incident, one.person_id, one.result, one.at
