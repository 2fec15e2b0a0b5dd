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
from zoneinfo import ZoneInfo

from domain.walltime import BEGINNING, DAY, DAYS, END, Window, dates_around, inside, instant, spans

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


@dataclass(frozen=True)
class Area:
    """An area: the versions of its plan in the order recorded, and its zone (R2)."""

    zone: ZoneInfo
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Rotation:
    """Members take turns by the calendar: each for `every` handovers, weekly or daily on `days` (R8)."""

    members: tuple[Person, ...]
    start: datetime
    """Wall time of handover 0, naive."""
    zone: ZoneInfo
    unit: str = "week"
    every: int = 1
    days: frozenset[str] | None = None


@dataclass(frozen=True)
class Override:
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

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """[from, to) in which it counts (R21)."""
        return _counted(self.start, self.end, self.recorded_at, self.cancelled_at)


@dataclass(frozen=True)
class Absence:
    """Somebody is away: over a span, or on weekly windows (roster's zone) inside it (R15)."""

    person: Person
    start: datetime | None = None
    end: datetime | None = None
    weekly: tuple[Window, ...] = ()
    recorded_at: datetime | None = None
    cancelled_at: datetime | None = None

    @cached_property
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


@dataclass(frozen=True)
class Place:
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
    """Everything about one area at one instant."""

    line: list[Person]
    places: list[Place]
    on_duty: Person | None
    since: datetime | None
    until: datetime | None
    next: Person | None
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
    back, `looks_back` False leaves `since` out; where they do not reach ahead, no change after `until` is looked for.

    Raises:
        KeyError: there is no such area.
    """
    last = at + REACH if until is None else min(until, at + REACH)
    facts = _narrowed(roster, area, at - REACH if looks_back else at, last)
    places, warnings = _resolve(facts, area, at)
    people = [place.holder for place in places]
    on_duty = people[0] if people else None
    change, follower = _until(facts, area, at, last, on_duty)
    suggest, exhausted = next_suggestion(roster, people, at, incident)
    return Answer(
        line=people,
        places=places,
        on_duty=on_duty,
        since=_since(facts, area, at, on_duty) if looks_back else None,
        until=change,
        next=follower,
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
    return _resolve(_narrowed(roster, area, at, at), area, at)[0]


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
    facts = _narrowed(roster, area, start, end)
    for left, right in pairwise([start, *_edges(facts, area, start, end), end]):
        if left < right:
            yield left, right, _resolve(facts, area, left)[0]


def gaps(roster: Roster, area: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of a timeline in which nobody is on duty (R25)."""
    return [(left, right) for left, right, person in timeline(roster, area, start, end) if person is None]


def next_edge(roster: Roster, area: str, at: datetime, until: datetime | None = None) -> datetime | None:
    """The first instant after `at`, up to `until` (else: within reach), at which anything of an answer may change."""
    last = at + REACH if until is None else until
    return next(_edges(_narrowed(roster, area, at, last), area, at, last), None)


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


def _counted(
    start: datetime, end: datetime | None, recorded_at: datetime | None, cancelled_at: datetime | None
) -> tuple[datetime, datetime]:
    """An entry counts from max(start, recorded) to min(end, cancelled): nothing works backwards (R21)."""
    return max(start, recorded_at or BEGINNING), min(end or END, cancelled_at or END)


def _narrowed(roster: Roster, area: str, start: datetime, end: datetime) -> Roster:
    """What can matter to one area from just before `start` to `end`: a long history costs one look.

    Plans then stand in the order in which they take effect (R9), overrides in the order recorded (R11).
    """
    facts = roster.areas[area]
    plans = sorted(facts.plans, key=lambda plan: (plan.effective, plan.recorded_at or BEGINNING))
    near = plans[max(0, bisect_right(plans, start - DAY, key=lambda plan: plan.effective) - 1) :]
    overrides = [
        one
        for one in roster.overrides
        if _touches(one, start, end) and one.status == "agreed" and (one.areas is None or area in one.areas)
    ]
    return replace(
        roster,
        areas={area: Area(facts.zone, tuple(one for one in near if one.effective <= end))},
        overrides=tuple(sorted(overrides, key=lambda one: one.recorded_at or BEGINNING)),
        absences=tuple(one for one in roster.absences if _touches(one, start, end)),
    )


def _touches(entry: Override | Absence, start: datetime, end: datetime) -> bool:
    """Whether an entry counts at some time from just before `start` to `end`; an empty span never (R1)."""
    if entry.end is not None and entry.end < start:
        return False  # most of a long history, at the price of one comparison
    left, right = entry.span
    return left < right and left <= end and right >= start


def _resolve(roster: Roster, area: str, at: datetime) -> tuple[list[Place], list[str]]:
    """The line and its warnings: first those of the overrides, then those of what is left (R11 to R18)."""
    places = [Place((person,)) for person in _slots(roster, area, at)]
    warnings: list[str] = []
    for override in roster.overrides:
        if override.span[0] <= at < override.span[1]:
            changed = _applied(override, places)
            if changed is None:
                warnings = ["no_effect"]
            else:
                places = changed
    away = {absence.person for absence in roster.absences if _absent(absence, at, roster)}
    kept: dict[Person, Place] = {}
    for place in places:
        if place.holder not in away:
            kept.setdefault(place.holder, place)
    if len(kept) < 2:
        warnings.append("no_deputy" if kept else "gap")
    return list(kept.values()), warnings


def _on_duty(roster: Roster, area: str, at: datetime) -> Person | None:
    places = _resolve(roster, area, at)[0]
    return places[0].holder if places else None


def _slots(roster: Roster, area: str, at: datetime) -> list[Person]:
    """The people of the first row that applies in the version in effect (R4 to R9)."""
    facts = roster.areas[area]
    number = bisect_right(facts.plans, at, key=lambda plan: plan.effective)
    for row in facts.plans[number - 1].rows if number else ():
        if not row.windows or any(inside(window, at, facts.zone, roster.holidays) for window in row.windows):
            counts: dict[str, int] = {}  # a row often has one rotation several times
            people = (_member(roster, one, at, counts) if isinstance(one, RotationSlot) else one for one in row.slots)
            return [person for person in people if person is not None]
    return []


def _member(roster: Roster, slot: RotationSlot, at: datetime, counts: dict[str, int] | None = None) -> Person | None:
    """Who a rotation puts into a slot (R8). `counts`: how often each has handed over by then, once it is known."""
    rotation = roster.rotations[slot.rotation]
    counts = {} if counts is None else counts
    count = counts.get(slot.rotation)
    if count is None:
        count = counts[slot.rotation] = _handed_over(rotation, at)
    if count == 0 or not rotation.members:
        return None
    return rotation.members[((count - 1) // rotation.every + slot.offset) % len(rotation.members)]


def handovers(rotation: Rotation, around: date) -> Iterator[tuple[int, datetime]]:
    """(k, instant) of the handovers from before `around` on; more than one of them lies before it (R8)."""
    around -= 15 * DAY
    first = rotation.start.date()
    weeks = max(0, (around - first).days // 7)
    days = {DAYS[first.weekday()]} if rotation.unit == "week" else rotation.days or frozenset(DAYS)
    number, day = weeks * len(days), first + weeks * 7 * DAY
    step = 7 * DAY if rotation.unit == "week" else DAY
    while True:
        if DAYS[day.weekday()] in days:
            yield number, instant(datetime.combine(day, rotation.start.time()), rotation.zone)
            number += 1
        day += step


def _handed_over(rotation: Rotation, at: datetime) -> int:
    """How many handovers have been by `at`."""
    count = 0
    for number, handover in handovers(rotation, at.astimezone(rotation.zone).date()):
        if handover > at:
            break
        count = number + 1
    return count


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


def _absent(absence: Absence, at: datetime, roster: Roster) -> bool:
    """Whether an absence is in force (R15, R21)."""
    start, end = absence.span
    if not start <= at < end:
        return False
    return not absence.weekly or any(inside(one, at, roster.zone, roster.holidays) for one in absence.weekly)


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


def _until(
    roster: Roster, area: str, at: datetime, last: datetime, person: Person | None
) -> tuple[datetime | None, Person | None]:
    """The first instant, up to `last`, at which somebody else is on duty, and who (R19)."""
    for edge in _edges(roster, area, at, last):
        follower = _on_duty(roster, area, edge)
        if follower != person:
            return edge, follower
    return None, None


def _since(roster: Roster, area: str, at: datetime, person: Person | None) -> datetime | None:
    """From when on the same person has been on duty without a break (R19)."""
    for edge in _edges(roster, area, at - REACH - TICK, at, backwards=True):
        if _on_duty(roster, area, edge - TICK) != person:
            return edge
    return None


def _edges(
    roster: Roster, area: str, after: datetime, until: datetime, *, backwards: bool = False
) -> Iterator[datetime]:
    """Every instant of (after, until] at which the answer may change, in order, a stretch at a time."""
    facts = roster.areas[area]
    rows = [row for plan in facts.plans for row in plan.rows]
    names = {slot.rotation for row in rows for slot in row.slots if isinstance(slot, RotationSlot)}
    windows = {window for row in rows for window in row.windows}
    weekly = {window for absence in roster.absences for window in absence.weekly}
    fixed = {plan.effective for plan in facts.plans}
    for start, end in [one.span for one in roster.absences] + [one.span for one in roster.overrides]:
        fixed |= {start, end}
    ticking = bool(names or windows or weekly)
    for left, right in _stretches(after, until, ticking, backwards):
        found = {edge for edge in fixed if left < edge <= right}
        found |= _window_edges(windows, left, right, facts.zone, roster.holidays)
        found |= _window_edges(weekly, left, right, roster.zone, roster.holidays)
        for name in names:
            found |= _rotation_edges(roster.rotations[name], left, right)
        yield from sorted(found, reverse=backwards)


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


def _rotation_edges(rotation: Rotation, left: datetime, right: datetime) -> set[datetime]:
    found: set[datetime] = set()
    for _number, handover in handovers(rotation, left.astimezone(rotation.zone).date()):
        if handover > right:
            break
        if handover > left:
            found.add(handover)
    return found
