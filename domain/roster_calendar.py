"""The duties as a calendar shows them: concrete spans with names of their own that stay, a month back, a year ahead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain import duty, roster
from domain.db import organisation
from domain.people import Person
from domain.roster import REACH, Area, Facts
from domain.walltime import DAY, on_date

BACK = timedelta(days=30)
AHEAD = timedelta(days=365)
BEYOND = timedelta(days=32)
"""How far past the year an end is looked for, so that the last duty of it keeps its own end."""


@dataclass(frozen=True)
class Entry:
    """One person in charge of an area, or nobody, over [start, end): plain values, which may be kept.

    `is_open`: no hand-over is planned, `end` is where the calendar ends. `began`: what it is known by for ever; it
    is the start, but for what began longer ago than is looked.
    """

    area: str
    name: str
    name_en: str
    person_id: int | None
    person: str
    start: datetime
    end: datetime
    is_open: bool
    began: datetime

    @property
    def uid(self) -> str:
        """The same for the same duty, whenever it is asked for."""
        return f"{self.area}.{self.person_id or 0}.{self.began.astimezone(UTC):%Y%m%dT%H%M%SZ}@noroshi"

    def called(self, locale: str) -> str:
        """The area's name."""
        return self.name_en if locale == "en" and self.name_en else self.name


@dataclass(frozen=True)
class Entries:
    """Every area's duties, and until when that is the whole calendar: at midnight it moves on."""

    all: list[Entry]
    until: datetime

    def of_person(self, person: Person) -> list[Entry]:
        """When somebody is in charge of what, by start."""
        return sorted((one for one in self.all if one.person_id == person.id), key=lambda one: one.start)

    def of_area(self, key: str, at: datetime) -> list[Entry]:
        """Who is in charge of an area, and when nobody will be, by start; nothing where it is not in use."""
        return [one for one in self.all if one.area == key and (one.person_id is not None or one.end > at)]


def entries(at: datetime) -> Entries:
    """The whole calendar as it is at `at` (aware UTC)."""
    facts = _facts(at)
    zone = organisation().zone
    midnight = on_date(at.astimezone(zone).date() + DAY, 0, zone)
    return Entries([one for area in facts.areas for one in _entries(facts, area)], midnight)


def _facts(at: datetime) -> Facts:
    return roster.facts(at, back=REACH + BACK + 2 * DAY, ahead=AHEAD + BEYOND + 2 * DAY)


def _entries(facts: Facts, area: Area) -> Iterable[Entry]:
    zone = organisation().zone
    today = facts.at.astimezone(zone).date()
    # Whole days, so that what is cut does not change with every look.
    first, last = on_date(today - BACK, 0, zone), on_date(today + AHEAD + DAY, 0, zone)
    for part in roster.stretches(facts, area, first, last + BEYOND):
        if part.start >= last:
            break
        start, began = _beginning(facts, area, part.start) if part.start == first else (part.start, part.start)
        yield Entry(
            area=area.key,
            name=area.name,
            name_en=area.name_en,
            person_id=part.person.id if part.person else None,
            person=part.person.name if part.person else "",
            start=start,
            end=part.end or last,
            is_open=part.end is None,
            began=began,
        )


def _beginning(facts: Facts, area: Area, first: datetime) -> tuple[datetime, datetime]:
    """Where what reaches over the edge of the calendar begins, and what it is known by."""
    known = facts.of(area)
    since = duty.answer(known, area.key, first).since
    if since is not None:
        return since, since
    before = [plan.effective for plan in known.areas[area.key].plans if plan.effective <= first]
    return first, max(before, default=area.created_at)
