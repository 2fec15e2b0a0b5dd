"""PURE: who is on duty at an instant, since when, until when, who next. It asks neither the clock nor the database.

The rules R1 to R25 are the roster's; each function names those that it keeps. Instants are aware UTC in whole
seconds, every span is half-open (R1), people are any hashable keys.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.walltime import instant, on_date

Person = Hashable
REACH = timedelta(hours=366 * 24)
"""How far `since` and `until` look (R19)."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """Part of a day, in minutes after wall midnight; `end` <= `start` ends on the next date (R5). No days: every date."""

    start: int
    end: int
    days: frozenset[str] | None = None


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

    @property
    def effective(self) -> datetime:
        return max(self.starts_at, self.recorded_at or BEGINNING)


@dataclass(frozen=True)
class Area:
    """An area: the versions of its plan in the order recorded, and its zone (R2)."""

    zone: ZoneInfo
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Rotation:
    """Members who take turns by the calendar: every `every` handovers (weekly, or daily on `days`) from `start` (R8)."""

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

    def span(self) -> tuple[datetime, datetime]:
        return _counted(self.start, self.end, self.recorded_at, self.cancelled_at)


@dataclass(frozen=True)
class Absence:
    """Somebody is away: over a span, or on weekly windows inside it (R15). Weekly windows use the roster's zone."""

    person: Person
    start: datetime | None = None
    end: datetime | None = None
    weekly: tuple[Window, ...] = ()
    recorded_at: datetime | None = None
    cancelled_at: datetime | None = None

    def span(self) -> tuple[datetime, datetime]:
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


@dataclass
class Place:
    """A place in the line: its owner and then each stand-in; the last one holds it (R12)."""

    memory: list[Person]

    @property
    def holder(self) -> Person:
        return self.memory[-1]

    def relieve(self, person: Person, by: Person) -> None:
        """Whoever came after `person` is dropped; `by` becomes the holder."""
        del self.memory[self.memory.index(person) + 1 :]
        if by != person:
            self.memory.append(by)


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


def answer(roster: Roster, area: str, at: datetime, incident: Hashable | None = None) -> Answer:
    """Who is on duty in `area` at `at`, and everything around it (R17 to R23).

    Raises:
        KeyError: there is no such area.
    """
    line, places, warnings = _resolve(roster, area, at)
    on_duty = line[0] if line else None
    until, follower = _until(roster, area, at, on_duty)
    tried = _tried(roster, incident, at) if incident is not None else set()
    left = [person for person in line if person not in tried]
    exhausted = bool(line) and not left
    return Answer(
        line=line,
        places=places,
        on_duty=on_duty,
        since=_since(roster, area, at, on_duty),
        until=until,
        next=follower,
        gap=not line,
        last_resort=list(roster.last_resort) if not line or exhausted else [],
        suggest=left[0] if left else None,
        exhausted=exhausted,
        warnings=warnings,
    )


def line(roster: Roster, area: str, at: datetime) -> list[Place]:
    """The line of an area at an instant: who holds each place, and for whom (R4 to R17)."""
    return _resolve(roster, area, at)[1]


def timeline(roster: Roster, area: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime, Person | None]]:
    """Consecutive (start, end, on duty or None) over [start, end), neighbours of one person merged (R25)."""
    parts: list[tuple[datetime, datetime, Person | None]] = []
    edges = [start, *_edges(roster, area, start, end), end]
    for left, right in zip(edges, edges[1:], strict=False):
        if right <= left:
            continue
        person = _on_duty(roster, area, left)
        if parts and parts[-1][2] == person:
            parts[-1] = (parts[-1][0], right, person)
        else:
            parts.append((left, right, person))
    return parts


def gaps(roster: Roster, area: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of a timeline in which nobody is on duty (R25)."""
    return [(left, right) for left, right, person in timeline(roster, area, start, end) if person is None]


def _counted(
    start: datetime, end: datetime | None, recorded_at: datetime | None, cancelled_at: datetime | None
) -> tuple[datetime, datetime]:
    """An entry counts from max(start, recorded) to min(end, cancelled): nothing works backwards (R21)."""
    return max(start, recorded_at or BEGINNING), min(end or END, cancelled_at or END)


def _resolve(roster: Roster, area: str, at: datetime) -> tuple[list[Person], list[Place], list[str]]:
    places = [Place([person]) for person in _slots(roster, area, at)]
    warnings: list[str] = []
    for override in _counting(roster, area, at):
        if not _apply(override, places):
            warnings.append("no_effect")
    away = {absence.person for absence in roster.absences if _absent(absence, at, roster)}
    kept, seen = [], set()
    for place in places:
        if place.holder not in away and place.holder not in seen:
            seen.add(place.holder)
            kept.append(place)
    if len(kept) < 2:
        warnings.append("no_deputy" if kept else "gap")
    return [place.holder for place in kept], kept, list(dict.fromkeys(warnings))


def _on_duty(roster: Roster, area: str, at: datetime) -> Person | None:
    people = _resolve(roster, area, at)[0]
    return people[0] if people else None


def _slots(roster: Roster, area: str, at: datetime) -> list[Person]:
    """The people of the first row that applies in the version in effect (R4 to R9)."""
    facts = roster.areas[area]
    plan = _plan(facts, at)
    if plan is None:
        return []
    for row in plan.rows:
        if not row.windows or any(_inside(window, at, facts.zone, roster.holidays) for window in row.windows):
            found = [_member(roster, slot, at) if isinstance(slot, RotationSlot) else slot for slot in row.slots]
            return [person for person in found if person is not None]
    return []


def _plan(area: Area, at: datetime) -> Plan | None:
    """The version with the latest effective start; equal starts: the later recorded (R9)."""
    best = None
    for plan in area.plans:
        if plan.effective <= at and (best is None or _rank(plan) >= _rank(best)):
            best = plan
    return best


def _rank(plan: Plan) -> tuple[datetime, datetime]:
    return plan.effective, plan.recorded_at or BEGINNING


def day_type(day: date, holidays: frozenset[date]) -> str:
    """`hol` on a holiday whatever the weekday, else mon to sun (R6)."""
    return "hol" if day in holidays else DAYS[day.weekday()]


def _window_span(window: Window, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    end = window.end if window.end > window.start else window.end + 1440
    return on_date(day, window.start, zone), on_date(day, end, zone)


def _spans(
    window: Window, first: date, last: date, zone: ZoneInfo, holidays: frozenset[date]
) -> Iterator[tuple[datetime, datetime]]:
    """The spans of a window on the dates on which it starts (R5)."""
    day = first
    while day <= last:
        if window.days is None or day_type(day, holidays) in window.days:
            yield _window_span(window, day, zone)
        day += DAY


def _inside(window: Window, at: datetime, zone: ZoneInfo, holidays: frozenset[date]) -> bool:
    # By instants, never by wall times: in a repeated hour those cannot tell inside from outside.
    today = at.astimezone(zone).date()
    return any(start <= at < end for start, end in _spans(window, today - 2 * DAY, today + DAY, zone, holidays))


def _member(roster: Roster, slot: RotationSlot, at: datetime) -> Person | None:
    """Who a rotation puts into a slot (R8)."""
    rotation = roster.rotations[slot.rotation]
    count = _handovers(rotation, at)
    if count == 0 or not rotation.members:
        return None
    return rotation.members[((count - 1) // rotation.every + slot.offset) % len(rotation.members)]


def _handover_dates(rotation: Rotation, after: date) -> Iterator[tuple[int, date]]:
    """(k, date) of the handovers from about `after` on."""
    first = rotation.start.date()
    if rotation.unit == "week":
        number = max(0, (after - first).days // 7)
        while True:
            yield number, first + 7 * number * DAY
            number += 1
    days = rotation.days or frozenset(DAYS)
    day, number = first, 0
    if after > first:
        whole, rest = divmod((after - first).days, 7)
        number, day = whole * len(days & frozenset(DAYS)), first + 7 * whole * DAY
    while days & frozenset(DAYS):
        if DAYS[day.weekday()] in days:
            yield number, day
            number += 1
        day += DAY


def _handovers(rotation: Rotation, at: datetime) -> int:
    """How many handovers have been by `at`."""
    count = 0
    around = at.astimezone(rotation.zone).date()
    for number, day in _handover_dates(rotation, around - 15 * DAY):
        if instant(datetime.combine(day, rotation.start.time()), rotation.zone) > at:
            return count or number
        count = number + 1
    return count


def _counting(roster: Roster, area: str, at: datetime) -> list[Override]:
    """The overrides that count, in the order recorded (R10, R11)."""
    found = [
        override
        for override in roster.overrides
        if override.status == "agreed"
        and (override.areas is None or area in override.areas)
        and override.span()[0] <= at < override.span()[1]
    ]
    return sorted(found, key=lambda override: override.recorded_at or BEGINNING)


def _apply(override: Override, places: list[Place]) -> bool:
    """Applies an override to the line as it stands; whether it had an effect (R12 to R14)."""
    if override.kind == "take":
        places.insert(0, Place([override.person]))
        return True
    done = False
    for place in places:
        if override.kind == "cover":
            hit = override.for_person if override.for_person in place.memory else None
            relief: Person | None = override.person
        else:
            hit = next((one for one in place.memory if one in (override.person, override.for_person)), None)
            relief = override.for_person if hit == override.person else override.person
        if hit is not None and relief is not None:
            place.relieve(hit, relief)
            done = True
    return done


def _absent(absence: Absence, at: datetime, roster: Roster) -> bool:
    """Whether an absence is in force (R15, R21)."""
    start, end = absence.span()
    if not start <= at < end:
        return False
    return not absence.weekly or any(_inside(window, at, roster.zone, roster.holidays) for window in absence.weekly)


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


def _until(roster: Roster, area: str, at: datetime, person: Person | None) -> tuple[datetime | None, Person | None]:
    """The first instant at which somebody else is on duty, and who (R19)."""
    for edge in _edges(roster, area, at + SECOND, at + REACH):
        follower = _on_duty(roster, area, edge)
        if follower != person:
            return edge, follower
    return None, None


def _since(roster: Roster, area: str, at: datetime, person: Person | None) -> datetime | None:
    """From when on the same person has been on duty without a break (R19)."""
    for edge in _edges(roster, area, at - REACH, at, backwards=True):
        if _on_duty(roster, area, edge - SECOND) != person:
            return edge
    return None


def _edges(roster: Roster, area: str, start: datetime, end: datetime, *, backwards: bool = False) -> Iterator[datetime]:
    """Every instant of [start, end] at which the answer may change, in order; made a stretch at a time."""
    facts = roster.areas[area]
    fixed = _fixed_edges(roster, area)
    plans = [plan for plan in facts.plans if plan.effective <= end]
    windows = {window for plan in plans for row in plan.rows for window in row.windows}
    slots = [slot for plan in plans for row in plan.rows for slot in row.slots if isinstance(slot, RotationSlot)]
    rotations = [roster.rotations[name] for name in {slot.rotation for slot in slots}]
    weekly = {
        window
        for absence in roster.absences
        if absence.weekly and absence.span()[0] <= end and absence.span()[1] >= start
        for window in absence.weekly
    }
    ticking = bool(windows or rotations or weekly)
    for left, right in _stretches(start, end, ticking, backwards):
        found = set(fixed[bisect_left(fixed, left) : bisect_right(fixed, right)])
        if ticking:
            found |= _window_edges(windows, left, right, facts.zone, roster.holidays)
            found |= _window_edges(weekly, left, right, roster.zone, roster.holidays)
            for rotation in rotations:
                found |= _rotation_edges(rotation, left, right)
        yield from sorted((edge for edge in found if left <= edge <= right), reverse=backwards)


def _fixed_edges(roster: Roster, area: str) -> list[datetime]:
    found = {plan.effective for plan in roster.areas[area].plans}
    for entry in (*roster.absences, *(one for one in roster.overrides if one.areas is None or area in one.areas)):
        found |= set(entry.span())
    return sorted(found)


def _stretches(start: datetime, end: datetime, ticking: bool, backwards: bool) -> Iterator[tuple[datetime, datetime]]:
    """[start, end] in parts that grow, so that a near change is found without working out a year."""
    if not ticking:
        yield start, end
        return
    length = 4 * DAY
    while start <= end:
        if backwards:
            yield max(start, end - length), end
            end -= length + SECOND
        else:
            yield start, min(end, start + length)
            start += length + SECOND
        length = min(2 * length, 64 * DAY)


def _window_edges(
    windows: set[Window], left: datetime, right: datetime, zone: ZoneInfo, holidays: frozenset[date]
) -> set[datetime]:
    first, last = left.astimezone(zone).date() - 2 * DAY, right.astimezone(zone).date() + DAY
    return {edge for window in windows for span in _spans(window, first, last, zone, holidays) for edge in span}


def _rotation_edges(rotation: Rotation, left: datetime, right: datetime) -> set[datetime]:
    found: set[datetime] = set()
    for _number, day in _handover_dates(rotation, left.astimezone(rotation.zone).date() - 15 * DAY):
        edge = instant(datetime.combine(day, rotation.start.time()), rotation.zone)
        if edge > right:
            break
        found.add(edge)
    return found
