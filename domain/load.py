"""The load: how long each person is in charge of each area over a period. Worked out from the timeline alone (R25)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import timetable
from domain.people import Person
from domain.roster import Area
from domain.text import fold


@dataclass(frozen=True)
class Share:
    """A person's time in charge: by area id, and altogether. What is beyond now is what is planned."""

    person: Person
    by_area: dict[int, timedelta]

    @property
    def total(self) -> timedelta:
        return sum(self.by_area.values(), timedelta())


@dataclass(frozen=True)
class Load:
    """Everybody's shares over [start, end), the greatest first; `gaps`: by area id, how long nobody is in charge."""

    areas: list[Area]
    shares: list[Share]
    gaps: dict[int, timedelta]


def load(start: datetime, end: datetime) -> Load:
    """The shares over [start, end) (aware UTC), of the areas that are in use in it: retired ones as long as they were.

    Standing orders count as rotations do: whoever is in charge is in charge.
    """
    facts = timetable.facts_then(start, end)
    times: dict[int, dict[int, timedelta]] = defaultdict(lambda: defaultdict(timedelta))
    gaps: dict[int, timedelta] = defaultdict(timedelta)
    people: dict[int, Person] = {}
    for area in facts.areas:
        for part in timetable.stretches(facts, area, start, end):
            length = (part.end or end) - part.start
            if part.person is None:
                gaps[area.id] += length
            else:
                people[part.person.id] = part.person
                times[part.person.id][area.id] += length
    shares = [Share(people[number], dict(own)) for number, own in times.items()]
    shares.sort(key=lambda one: (-one.total, fold(one.person.reading or one.person.name), one.person.id))
    return Load(facts.areas, shares, dict(gaps))
