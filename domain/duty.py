"""PURE: who is on duty at an instant, since when, until when, who next; asks neither clock nor database.

The rules R1 to R25 are the roster's; each function names those that it keeps. Instants are aware UTC between
the years 2 and 9997, every span is half-open (R1), people are any hashable keys.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain import turns
from domain.turns import Rotation, handovers
from domain.walltime import BEGINNING, DAY, END, Window, dates_around, inside, spans

__all__ = [
    "REACH", "Absence", "Answer", "Area", "Attempt", "Override", "Person", "Place", "Plan", "Roster", "Rotation",
    "RotationSlot", "Row", "Slot", "answer", "gaps", "handovers", "holders", "line", "lines", "next_edge",
    "next_suggestion", "timeline",
]  # fmt: skip

Person = Hashable
REACH = timedelta(hours=366 * 24)
"""How far `since` and `until` look (R19)."""

TICK = timedelta.resolution
"""One tick before an instant is the state that it ends."""


@dataclass(frozen=True)
class RotationSlot:
    """A place filled by a rotation, `offset` members on (R4, R8)."""

    rotation: str
    offset: int = 0


Slot = Person | RotationSlot | None


@dataclass(frozen=True)
class Row:
    """One to five places in order of succession, always or inside its windows (R4, R5)."""

    slots: tuple[Slot, ...]
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A version of an area's rows, counting from the later of its start and its recording (R9, R21)."""

    starts_at: datetime
    rows: tuple[Row, ...]
    recorded_at: datetime | None = None

    @cached_property
    def effective(self) -> datetime:
        """From when on this version may be in effect (R21)."""
        return max(self.starts_at, self.recorded_at or BEGINNING)

    @cached_property
    def slots(self) -> frozenset[Slot]:
        """All its places."""
        return frozenset(slot for row in self.rows for slot in row.slots)

    @cached_property
    def turns(self) -> frozenset[str]:
        """The rotations that fill some of them."""
        return frozenset(slot.rotation for slot in self.slots if isinstance(slot, RotationSlot))

    @cached_property
    def people(self) -> frozenset[Person]:
        """Whom it names itself, beside the rotations."""
        return frozenset(slot for slot in self.slots if slot is not None and not isinstance(slot, RotationSlot))


@dataclass(frozen=True)
class Area:
    """An area: the versions of its plan in the order recorded, and its zone (R2)."""

    zone: ZoneInfo
    plans: tuple[Plan, ...]


class Override(NamedTuple):
    """A cover, swap or take (R10 to R14). `areas` None: every area."""

    kind: str
    person: Person
    start: datetime
    end: datetime | None = None
    for_person: Person | None = None
    areas: frozenset[str] | None = None
    status: str = "agreed"
    recorded_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """[from, to) in which it counts (R21)."""
        return _counted(self.start, self.end, self.recorded_at, self.cancelled_at)


class Absence(NamedTuple):
    """Somebody is away: over a span, or on weekly windows (roster's zone) inside it (R15)."""

    person: Person
    start: datetime | None = None
    end: datetime | None = None
    weekly: tuple[Window, ...] = ()
    recorded_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """[from, to) in which it counts (R21)."""
        return _counted(self.start or BEGINNING, self.end, self.recorded_at, self.cancelled_at)


@dataclass(frozen=True)
class Attempt:
    """Somebody was called in an incident: no_answer, declined, reached, or start_over (R22, R23)."""

    incident: Hashable
    at: datetime
    result: str
    person: Person | None = None


@dataclass(frozen=True)
class Roster:
    """All facts. Overrides stand in the order recorded."""

    zone: ZoneInfo
    areas: dict[str, Area] = field(default_factory=dict)
    rotations: dict[str, Rotation] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    absences: tuple[Absence, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    holidays: frozenset[date] = frozenset()
    last_resort: tuple[Hashable, ...] = ()


class Place(NamedTuple):
    """A place in the line: its owner and then each stand-in; the last one holds it (R12)."""

    memory: tuple[Person, ...]

    @property
    def holder(self) -> Person:
        return self.memory[-1]

    def relieved(self, person: Person, by: Person) -> "Place":
        """Whoever came after `person` is dropped; `by` becomes the holder (R12)."""
        kept = self.memory[: self.memory.index(person) + 1]
        return Place(kept if by == person else (*kept, by))


@dataclass(frozen=True)
class Answer:
    """Everything about one area at one instant. Before `holds_until` (None: as far as it looks) nothing changes."""

    line: list[Person]
    places: list[Place]
    on_duty: Person | None
    since: datetime | None
    until: datetime | None
    next: Person | None
    holds_until: datetime | None
    gap: bool
    last_resort: list[Hashable]
    suggest: Person | None
    exhausted: bool
    warnings: list[str]


def answer(
    roster: Roster,
    area: str,
    at: datetime,
    incident: Hashable | None = None,
    *,
    looks_back: bool = True,
    until: datetime | None = None,
) -> Answer:
    """Who is on duty in `area` at `at`, and everything around it (R17 to R23).

    Without an incident nobody counts as tried: `suggest` is then the first of the line. Where the facts do not reach
    back, `looks_back` False leaves `since` out; no change after `until` (else: within reach) is looked for.

    Raises:
        KeyError: there is no such area.
    """
    last = at + REACH if until is None else until
    near = _Near(roster, area, at - REACH if looks_back else at, last)
    places, warnings = near.resolve(at)
    people = [place.holder for place in places]
    on_duty = people[0] if people else None
    edge, change, follower = near.until(at, last, on_duty)
    suggest, exhausted = next_suggestion(roster, people, at, incident)
    return Answer(
        line=people,
        places=places,
        on_duty=on_duty,
        since=near.since(at, on_duty) if looks_back else None,
        until=change,
        next=follower,
        holds_until=edge,
        gap=not people,
        last_resort=list(roster.last_resort) if not people or exhausted else [],
        suggest=suggest,
        exhausted=exhausted,
        warnings=warnings,
    )


def line(roster: Roster, area: str, at: datetime) -> list[Place]:
    """The line of an area at an instant: who holds each place, and for whom (R4 to R17).

    Raises:
        KeyError: there is no such area.
    """
    return _Near(roster, area, at, at).resolve(at)[0]


def timeline(
    roster: Roster, area: str, start: datetime, end: datetime
) -> list[tuple[datetime, datetime, Person | None]]:
    """Consecutive (start, end, on duty or None) over [start, end), neighbours of one person merged (R25).

    Raises:
        KeyError: there is no such area.
    """
    parts: list[tuple[datetime, datetime, Person | None]] = []
    for left, right, places in lines(roster, area, start, end):
        person = places[0].holder if places else None
        if parts and parts[-1][2] == person:
            parts[-1] = (parts[-1][0], right, person)
        else:
            parts.append((left, right, person))
    return parts


def lines(
    roster: Roster, area: str, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, list[Place]]]:
    """Consecutive (start, end, line) over [start, end): from each instant at which the line may change to the next.

    Raises:
        KeyError: there is no such area.
    """
    near = _Near(roster, area, start, end)
    for left, right in pairwise([start, *near.edges(start, end), end]):
        if left < right:
            yield left, right, near.resolve(left)[0]


def gaps(roster: Roster, area: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of a timeline in which nobody is on duty (R25)."""
    return [(left, right) for left, right, person in timeline(roster, area, start, end) if person is None]


def next_edge(roster: Roster, area: str, at: datetime, until: datetime | None = None) -> datetime | None:
    """The first instant after `at`, up to `until` (else: within reach), at which anything of an answer may change."""
    last = at + REACH if until is None else until
    return next(_Near(roster, area, at, last).edges(at, last), None)


def holders(roster: Roster, area: str, start: datetime, end: datetime) -> set[Person]:
    """Everybody with a place, planned or standing in, at some time of [start, end), absent or not."""
    known = replace(roster, absences=())
    found = lines(known, area, start, end) if start < end else [(start, end, line(known, area, start))]
    return {person for _start, _end, places in found for place in places for person in place.memory}


def next_suggestion(
    roster: Roster, people: Sequence[Person], at: datetime, incident: Hashable | None
) -> tuple[Person | None, bool]:
    """The first of a line not tried in an incident, and whether all were (R22, R23); None: no incident."""
    tried = _tried(roster, incident, at) if incident is not None else set()
    left = [person for person in people if person not in tried]
    return (left[0] if left else None), bool(people) and not left


class _Near:
    """What can matter to one area from just before `start` to `end`, in the order in which it counts: a long history
    costs one look.

    Plans stand in the order in which they take effect (R9), overrides in the order recorded (R11); both and absences
    with the span in which they count.

    Raises:
        KeyError: there is no such area.
    """

    def __init__(self, roster: Roster, area: str, start: datetime, end: datetime) -> None:
        facts = roster.areas[area]
        self.zone, self.area_zone = roster.zone, facts.zone
        self.rotations, self.holidays = roster.rotations, roster.holidays
        plans = facts.plans
        if len(plans) > 1:
            plans = tuple(sorted(plans, key=lambda plan: (plan.effective, plan.recorded_at or BEGINNING)))
        first = bisect_right(plans, start - DAY, key=lambda plan: plan.effective) - 1
        self.plans = [one for one in plans[max(0, first) :] if one.effective <= end]
        self.effective = [one.effective for one in self.plans]
        own = [
            (*one.span, one)
            for one in roster.overrides
            if (one.end is None or one.end >= start)  # most of a long history, at the price of one comparison
            and one.status == "agreed"
            and (one.areas is None or area in one.areas)
        ]
        own.sort(key=lambda entry: entry[2].recorded_at or BEGINNING)
        self.overrides = [entry for entry in own if _touches(entry[0], entry[1], start, end)]
        away = [(*one.span, one) for one in roster.absences if one.end is None or one.end >= start]
        self.absences = [entry for entry in away if _touches(entry[0], entry[1], start, end)]

    def resolve(self, at: datetime) -> tuple[list[Place], list[str]]:
        """The line and its warnings: first those of the overrides, then those of what is left (R11 to R18)."""
        places = [Place((person,)) for person in self._slots(at)]
        warnings: list[str] = []
        for start, end, override in self.overrides:
            if start <= at < end:
                changed = _applied(override, places)
                if changed is None:
                    warnings = ["no_effect"]
                else:
                    places = changed
        away = {one.person for start, end, one in self.absences if start <= at < end and self._is_away(one, at)}
        kept: dict[Person, Place] = {}
        for place in places:
            holder = place.memory[-1]
            if holder not in away and holder not in kept:
                kept[holder] = place
        if len(kept) < 2:
            warnings.append("no_deputy" if kept else "gap")
        return list(kept.values()), warnings

    def until(
        self, at: datetime, last: datetime, person: Person | None
    ) -> tuple[datetime | None, datetime | None, Person | None]:
        """The first edge; the first instant, up to `last`, at which somebody else is on duty, and who (R19)."""
        first = None
        for edge in self.edges(at, last):
            first = first or edge
            follower = self._on_duty(edge)
            if follower != person:
                return first, edge, follower
        return first, None, None

    def since(self, at: datetime, person: Person | None) -> datetime | None:
        """From when on the same person has been on duty without a break (R19)."""
        for edge in self.edges(at - REACH - TICK, at, backwards=True):
            if self._on_duty(edge - TICK) != person:
                return edge
        return None

    def edges(self, after: datetime, until: datetime, *, backwards: bool = False) -> Iterator[datetime]:
        """Every instant of (after, until] at which the answer may change, in order, a stretch at a time."""
        rows = [row for plan in self.plans for row in plan.rows]
        names = {turn for plan in self.plans for turn in plan.turns}
        windows = {window for row in rows for window in row.windows}
        weekly = {window for _start, _end, absence in self.absences for window in absence.weekly}
        fixed = set(self.effective)
        for start, end, _entry in (*self.absences, *self.overrides):
            fixed.add(start)
            fixed.add(end)
        ticking = bool(names or windows or weekly)
        for left, right in _stretches(after, until, ticking, backwards):
            found = {edge for edge in fixed if left < edge <= right}
            if windows:
                found |= _window_edges(windows, left, right, self.area_zone, self.holidays)
            if weekly:
                found |= _window_edges(weekly, left, right, self.zone, self.holidays)
            for name in names:
                found |= turns.edges(self.rotations[name], left, right)
            yield from sorted(found, reverse=backwards)

    def _on_duty(self, at: datetime) -> Person | None:
        places = self.resolve(at)[0]
        return places[0].memory[-1] if places else None

    def _slots(self, at: datetime) -> list[Person]:
        """The people of the first row that applies in the version in effect (R4 to R9)."""
        number = bisect_right(self.effective, at)
        for row in self.plans[number - 1].rows if number else ():
            if not row.windows or any(inside(window, at, self.area_zone, self.holidays) for window in row.windows):
                counts: dict[str, int] = {}  # a row often has one rotation several times
                people = [self._member(one, at, counts) if isinstance(one, RotationSlot) else one for one in row.slots]
                return [person for person in people if person is not None]
        return []

    def _member(self, slot: RotationSlot, at: datetime, counts: dict[str, int]) -> Person | None:
        """Who a rotation puts into a slot (R8). `counts`: how often each has handed over by then, once it is known."""
        rotation = self.rotations[slot.rotation]
        count = counts.get(slot.rotation)
        if count is None:
            count = counts[slot.rotation] = turns.handed_over(rotation, at)
        if count == 0 or not rotation.members:
            return None
        return rotation.members[((count - 1) // rotation.every + slot.offset) % len(rotation.members)]

    def _is_away(self, absence: Absence, at: datetime) -> bool:
        """Whether an absence that counts is one for that time of the week (R15)."""
        return not absence.weekly or any(inside(one, at, self.zone, self.holidays) for one in absence.weekly)


def _touches(left: datetime, right: datetime, start: datetime, end: datetime) -> bool:
    """Whether [left, right) counts at some time from just before `start` to `end`; an empty span never (R1)."""
    return left < right and left <= end and right >= start


def _counted(
    start: datetime, end: datetime | None, recorded_at: datetime | None, cancelled_at: datetime | None
) -> tuple[datetime, datetime]:
    """An entry counts from max(start, recorded) to min(end, cancelled): nothing works backwards (R21)."""
    return max(start, recorded_at or BEGINNING), min(end or END, cancelled_at or END)


def _applied(override: Override, places: list[Place]) -> list[Place] | None:
    """The line as it stands after an override; None when nobody whom it names is in it (R12 to R14)."""
    if override.kind == "take":
        return [Place((override.person,)), *places]
    person, other = override.person, override.for_person
    relief = {other: person} if override.kind == "cover" else {other: person, person: other}
    changed, found = list(places), False
    for number, place in enumerate(places):
        hit = next((one for one in place.memory if one in relief), None)
        if hit is not None:
            changed[number], found = place.relieved(hit, relief[hit]), True
    return changed if found else None


def _tried(roster: Roster, incident: Hashable, at: datetime) -> set[Person]:
    """Who was tried in an incident without success, since the last start over (R22, R23)."""
    own = [attempt for attempt in roster.attempts if attempt.incident == incident and attempt.at <= at]
    latest: dict[Person, str] = {}
    for attempt in sorted(own, key=lambda attempt: attempt.at):
        if attempt.result == "start_over":
            latest.clear()
        else:
            latest[attempt.person] = attempt.result
    return {person for person, result in latest.items() if result in ("no_answer", "declined")}


def _stretches(after: datetime, until: datetime, ticking: bool, backwards: bool) -> Iterator[tuple[datetime, datetime]]:
    """(after, until] in parts that grow, so that a near change is found without working out a year."""
    length = 4 * DAY if ticking else 2 * REACH
    while after < until:
        if backwards:
            left = max(after, until - length)
            yield left, until
            until = left
        else:
            right = min(until, after + length)
            yield after, right
            after = right
        length = min(2 * length, 2 * REACH)


def _window_edges(
    windows: set[Window], left: datetime, right: datetime, zone: ZoneInfo, holidays: frozenset[date]
) -> set[datetime]:
    first, last = dates_around(left, right, zone)
    return {
        edge
        for window in windows
        for span in spans(window, first, last, zone, holidays)
        for edge in span
        if left < edge <= right
    }
