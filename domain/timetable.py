"""The roster as it is read: an area's card, any other instant, days in order, one's own duties, who does what now."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from domain import duty, holidays, people, roster
from domain.db import db
from domain.people import Person
from domain.roster import REACH, Area, AreaDuty, Duty, Facts, LastResort, Stretch
from domain.text import fold
from domain.walltime import DAY, on_date

KEPT = timedelta(hours=24)
"""How long a copy of the page may be shown on a phone without a network."""

EVERY_AREA = select(Area).order_by(Area.position, Area.id)


@dataclass(frozen=True)
class Card:
    """An area at an instant, and what a kept copy of it needs. `turns`: ids of those who stand there by a rotation.

    `passes`: the hand-over, where it comes within `KEPT`; `next_until`: the one after it, if that does too;
    `rescue`: whom to call from `passes` on, where nobody is in charge then.
    """

    duty: AreaDuty
    turns: frozenset[int]
    passes: datetime | None
    next_until: datetime | None
    rescue: list[LastResort]

    def is_turn(self, place: Duty) -> bool:
        """Whether the place is filled by a rotation: only then one speaks of a turn."""
        return (place.standing_in_for or place.person).id in self.turns


@dataclass(frozen=True)
class Day:
    """A date, its wall midnights as instants, and who is in charge over it (while the area is in use)."""

    date: date
    start: datetime
    end: datetime
    parts: list[Stretch]


@dataclass(frozen=True)
class Own:
    """Somebody's place in an area over a span; rank 0 is in charge. `end` None: what comes after was not asked for."""

    area: Area
    start: datetime
    end: datetime | None
    rank: int
    standing_in_for: Person | None


def cards(facts: Facts) -> list[Card]:
    """Every area's card, in the areas' order."""
    return [_card(facts, found) for found in facts.duties()]


def card(facts: Facts, area: Area) -> Card | None:
    """One area's card; None when it is not in use."""
    found = facts.duty_of(area)
    return _card(facts, found) if found else None


def _card(facts: Facts, found: AreaDuty) -> Card:
    end = facts.at + KEPT
    passes = found.until if found.until and found.until < end else None
    rescue = facts.last_resort if passes and found.next_person is None else []
    return Card(found, _turns(facts, found.area), passes, _next_until(facts, found.area, passes, end), rescue)


def _turns(facts: Facts, area: Area) -> frozenset[int]:
    """Who the rotations put into the area's line: what the plan gives when its people are left out."""
    if not facts.rotations:
        return frozenset()
    known = facts.of(area)
    plans = tuple(
        replace(
            plan,
            rows=tuple(
                replace(row, slots=tuple(slot for slot in row.slots if isinstance(slot, duty.RotationSlot)))
                for row in plan.rows
            ),
        )
        for plan in known.areas[area.key].plans
    )
    alone = replace(
        known, areas={area.key: replace(known.areas[area.key], plans=plans)}, overrides=(), absences=()
    )  # fmt: skip
    return frozenset(int(str(place.holder)) for place in duty.line(alone, area.key, facts.at))


def _next_until(facts: Facts, area: Area, passes: datetime | None, end: datetime) -> datetime | None:
    if passes is None:
        return None
    first = duty.timeline(facts.of(area), area.key, passes, end)[0]
    return first[1] if first[1] < end else None


def facts_then(start: datetime, end: datetime | None = None, *, back: timedelta = timedelta()) -> Facts:
    """The facts for another instant than now, or for [start, end): with the areas that were in use then."""
    found = roster.facts(start, back=back, ahead=end - start if end else REACH)
    every = replace(found, areas=list(db.session.scalars(EVERY_AREA)))
    return replace(found, areas=[area for area in every.areas if _used(every, area, start, end or start)])


def _used(facts: Facts, area: Area, start: datetime, end: datetime) -> bool:
    left, right = _life(facts, area)
    return left <= end and (right is None or right > start)


def _life(facts: Facts, area: Area) -> tuple[datetime, datetime | None]:
    """From when until when there was something to be in charge of: before its first plan and its creation, nothing."""
    plans = facts.of(area).areas[area.key].plans
    return min([area.created_at, *(plan.effective for plan in plans)]), area.retired_at


def stretches(facts: Facts, area: Area, start: datetime, end: datetime) -> list[Stretch]:
    """Who is in charge over the part of [start, end) in which the area is in use; each with an end."""
    left, right = _life(facts, area)
    start, end = max(start, left), min(end, right or end)
    return roster.stretches(facts, area, start, end, last=end) if start < end else []


def days(parts: Iterable[Stretch], first: date, count: int, zone: ZoneInfo) -> list[Day]:
    """The stretches cut at the wall midnights of `count` dates from `first` on."""
    parts = list(parts)
    found = []
    for number in range(count):
        day = first + number * DAY
        start, end = on_date(day, 0, zone), on_date(day + DAY, 0, zone)
        inside = [
            Stretch(max(one.start, start), min(one.end or end, end), one.person)
            for one in parts
            if one.start < end and (one.end is None or one.end > start)
        ]
        found.append(Day(day, start, end, inside))
    return found


def days_off(first: date, count: int, locale: str) -> dict[date, str]:
    """The days off among `count` dates from `first` on, with their names where they have one."""
    last = first + count * DAY
    country = holidays.country(roster.settings())
    found = {day: name for year in range(first.year, last.year + 1) for day, name in _public(country, year, locale)}
    for own in holidays.own_days():
        if own.is_off:
            found[own.day] = own.name
        else:
            found.pop(own.day, None)
    return {day: name for day, name in found.items() if first <= day < last}


def _public(country: str, year: int, locale: str) -> Iterable[tuple[date, str]]:
    return holidays.public(country, year, locale).items()


def own(facts: Facts, person: Person, start: datetime, end: datetime) -> list[Own]:
    """Somebody's places in all lines over [start, end), the next one first; neighbours of one rank merged."""
    found = [
        place
        for area in facts.areas
        if person.id in facts.named(area)
        for place in _own(facts, area, person, start, end)
    ]
    return sorted(found, key=lambda one: (one.start, one.rank, one.area.position, one.area.id))


def _own(facts: Facts, area: Area, person: Person, start: datetime, end: datetime) -> list[Own]:
    found: list[Own] = []
    for left, right, line in duty.lines(facts.of(area), area.key, start, end):
        rank, place = next(((n, one) for n, one in enumerate(line) if one.holder == person.id), (None, None))
        if rank is None or place is None:
            continue
        until = right if right < end else None
        relieved = facts.people[place.memory[0]] if len(place.memory) > 1 else None
        before = found[-1] if found else None
        if before and before.end == left and (before.rank, before.standing_in_for) == (rank, relieved):
            found[-1] = replace(before, end=until)
        else:
            found.append(Own(area, left, until, rank, relieved))
    return found


def places(facts: Facts) -> dict[int, list[tuple[Area, Duty]]]:
    """Person id → their places in the lines at the facts' instant, in the areas' order."""
    found: dict[int, list[tuple[Area, Duty]]] = defaultdict(list)
    for one in facts.duties():
        for place in one.people:
            found[place.person.id].append((one.area, place))
    return found


def find(words: str, facts: Facts) -> tuple[list[Area], list[Person], int]:
    """The areas of that name; who stands in their lines, or whose name, reading or department holds every word, by
    reading; and how many more people there are than those. Without words: everybody who stands in a line."""
    wanted = [fold(word) for word in words.split()]
    named = [area for area in facts.areas if all(word in fold(f"{area.name} {area.name_en}") for word in wanted)]
    standing = {
        place.person.id: place.person for one in facts.duties() if one.area in named for place in one.people
    }  # fmt: skip
    if not wanted:
        return [], _by_reading(standing.values()), 0
    found, total = people.search(words)
    more = max(0, total - len(found))
    return named, _by_reading({person.id: person for person in (*standing.values(), *found)}.values()), more


def _by_reading(found: Iterable[Person]) -> list[Person]:
    """Katakana and hiragana alike; a name without a reading stands where it is written."""
    return sorted(found, key=lambda person: (fold(person.reading or person.name), person.name, person.id))
