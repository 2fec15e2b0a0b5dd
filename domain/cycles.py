"""Rotations as they are entered: checked, continued without a jump, kept once. A change is a new rotation (R8)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain import duty
from domain.db import db
from domain.entries import check_present
from domain.errors import Refused
from domain.people import Person
from domain.roster_tables import Rotation, RotationMember
from domain.text import is_blank
from domain.walltime import DAYS

UNITS = ("week", "day")
MOST_MEMBERS = 50
LONGEST = 99
"""Hand-overs that one turn may last."""


@dataclass(frozen=True)
class Cycle:
    """Members who take turns, each for `every` hand-overs, from the wall time `start` on (naive, R8).

    `zone` None: the roster's. `days`: the weekdays on which a daily one hands over; None: every day.
    """

    name: str
    members: tuple[Person, ...]
    start: datetime
    unit: str = "week"
    every: int = 1
    days: frozenset[str] | None = None
    zone: str | None = None

    def as_duty(self, zone: ZoneInfo) -> duty.Rotation:
        """As `duty` takes it: people are their ids; `zone` is the roster's."""
        members = tuple(person.id for person in self.members)
        own = ZoneInfo(self.zone) if self.zone else zone
        return duty.Rotation(members, self.start, own, self.unit, self.every, self.days if self.unit == "day" else None)

    def continued(self, at: datetime, zone: ZoneInfo) -> "Cycle":
        """The same turns, told from the present one on: whoever has the turn at `at` (aware UTC) stands first, and the
        first hand-over is the one at which that turn began. Members can be changed in it without anybody jumping.

        One that has not begun stays as it is. `zone` is the roster's.
        """
        if not self.members:
            return self
        known = self.as_duty(zone)
        past: list[tuple[int, datetime]] = []
        for number, handover in duty.handovers(known, at.astimezone(known.zone).date()):
            if handover > at:
                break
            past.append((number, handover))
        if not past:
            return self
        turn = past[-1][0] // self.every
        first = turn % len(self.members)
        return replace(self, members=self.members[first:] + self.members[:first], start=self._began(turn * self.every))

    def _began(self, number: int) -> datetime:
        """The wall time of a hand-over."""
        if self.unit == "week" or not self.days:
            return self.start + number * timedelta(days=7 if self.unit == "week" else 1)
        weeks, left = divmod(number, len(self.days))
        day = self.start.date() + timedelta(days=7 * weeks)
        while DAYS[day.weekday()] not in self.days or left > 0:
            left -= DAYS[day.weekday()] in self.days
            day += timedelta(days=1)
        return datetime.combine(day, self.start.time())


def of(rotation: Rotation) -> Cycle:
    """A kept rotation."""
    return Cycle(
        name=rotation.name,
        members=tuple(member.person for member in rotation.members),
        start=datetime.fromisoformat(rotation.start),
        unit=rotation.unit,
        every=rotation.every,
        days=frozenset(rotation.days) if rotation.days else None,
        zone=rotation.zone,
    )


def last_monday(at: datetime, zone: ZoneInfo) -> datetime:
    """Monday, 9:00, of the week of an instant, or of the one before where that is still to come: a naive wall time."""
    there = at.astimezone(zone).replace(tzinfo=None)
    monday = datetime.combine(there.date() - timedelta(days=there.weekday()), time(9))
    return monday if monday <= there else monday - timedelta(days=7)


def problems(cycle: Cycle, number: int) -> Iterable[Refused]:
    """Everything that is wrong with the `number`th rotation of a form."""
    if is_blank(cycle.name):
        yield Refused(f"rotation-{number}-name", "rotation_needs_name")
    elif len(cycle.name) > 60:
        yield Refused(f"rotation-{number}-name", "area_name_long")
    if not cycle.members:
        yield Refused(f"rotation-{number}-member-0", "rotation_nobody")
    if len(cycle.members) > MOST_MEMBERS:
        yield Refused(f"rotation-{number}-member-0", "rotation_too_long", most=MOST_MEMBERS)
    for place, person in enumerate(cycle.members[:MOST_MEMBERS]):
        try:
            check_present(person, f"rotation-{number}-member-{place}")
        except Refused as refused:
            yield refused
    if not 1 <= cycle.every <= LONGEST:
        yield Refused(f"rotation-{number}-every", "rotation_every", most=LONGEST)
    if cycle.unit not in UNITS:
        yield Refused(f"rotation-{number}-unit", "rotation_unit")


def keep(cycle: Cycle, known: Iterable[Rotation], *, by: Person, at: datetime, zone: ZoneInfo) -> Rotation:
    """The rotation of a cycle: one of those `known` where it says the same from now on, else a new one."""
    mark = mark_of(cycle, at, zone)
    same = next((one for one in known if one.name == cycle.name and mark_of(of(one), at, zone) == mark), None)
    if same is not None:
        return same
    rotation = Rotation(
        name=cycle.name,
        start=cycle.start.isoformat(),
        zone=cycle.zone,
        unit=cycle.unit,
        every=cycle.every,
        days=sorted(cycle.days, key=DAYS.index) if cycle.days and cycle.unit == "day" else None,
        recorded_at=at,
        recorded_by_id=by.id,
        members=[RotationMember(position=place, person_id=person.id) for place, person in enumerate(cycle.members)],
    )
    db.session.add(rotation)
    db.session.flush()
    return rotation


def mark_of(cycle: Cycle, at: datetime, zone: ZoneInfo) -> tuple[object, ...]:
    """What two cycles share whose turns are the same from `at` on."""
    found = cycle.continued(at, zone)
    days = found.days if found.unit == "day" and found.days and len(found.days) < len(DAYS) else None
    members = tuple(person.id for person in found.members)
    return (members, found.start, found.unit, found.every, days, found.zone)
