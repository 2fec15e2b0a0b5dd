"""What a plan would mean before it is saved: who is in charge when, what is missing, what becomes different."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from domain import duty, holidays, planning, roster
from domain.people import Person
from domain.planning import Draft, Row, Turn
from domain.roster import Area, Facts
from domain.walltime import DAY, dates_around, inside, on_date, spans

WEEKS = 4
YEAR = timedelta(days=370)
"""A row that does not apply within a year never does: every day type has come by then."""


@dataclass(frozen=True)
class Part:
    """A time over which the same people stand in the line, the one in charge first; nobody: a gap (R18)."""

    start: datetime
    end: datetime
    line: tuple[Person, ...]


@dataclass(frozen=True)
class Change:
    """A time in which somebody else would be in charge than by the plan so far; None is nobody."""

    start: datetime
    end: datetime
    before: Person | None
    after: Person | None


@dataclass(frozen=True)
class Preview:
    """Four weeks of a draft. `unused`: (row, window or None) that never apply, by number from 0."""

    start: datetime
    end: datetime
    parts: list[Part]
    changes: list[Change]
    joining: list[Person]
    leaving: list[Person]
    unused: list[tuple[int, int | None]]
    before: Draft | None

    @property
    def gaps(self) -> list[Part]:
        return [part for part in self.parts if not part.line]

    @property
    def alone(self) -> list[Part]:
        return [part for part in self.parts if len(part.line) == 1]


def preview(area: Area, draft: Draft, starts_at: datetime | None, at: datetime) -> Preview:
    """The four weeks from the draft's start on (None: from `at`), with everything that is recorded besides."""
    start = max(starts_at or at, at)
    facts = _facts(at, start + YEAR, draft)
    end = on_date(start.astimezone(facts.zone).date() + 7 * WEEKS * DAY, 0, facts.zone)
    cycles = {f"draft-{number}": cycle.as_duty(facts.zone) for number, cycle in enumerate(draft.rotations)}
    rows = tuple(duty.Row(tuple(_slot(slot) for slot in row.slots), row.windows) for row in draft.rows)
    then = facts.with_plan(area, duty.Plan(start, rows, at), cycles)
    in_force = roster.plans(area, start)[0]
    before = planning.draft_of(in_force) if in_force else None
    old, new = before.people() if before else [], draft.people()
    return Preview(
        start=start,
        end=end,
        parts=[Part(left, right, _named(then, line)) for left, right, line in lines(then, area, start, end)],
        changes=_changes(facts, then, area, start, end),
        joining=_without(new, old),
        leaving=_without(old, new),
        unused=unused(draft.rows, then, area, start),
        before=before,
    )


def _without(people: list[Person], others: list[Person]) -> list[Person]:
    known = {person.id for person in others}
    return [person for person in people if person.id not in known]


def _facts(at: datetime, end: datetime, draft: Draft) -> Facts:
    """The facts, with what a plan of windows and rotations needs also where none has been in use so far."""
    facts, settings = roster.facts(at, ahead=end - at), roster.settings()
    days_off = holidays.days_off(range(at.year - 1, end.year + 2), holidays.country(settings))
    gone = {person.id: person.deactivated_at for person in draft.people() if person.deactivated_at}
    return replace(facts, zone=roster.zone(settings), days_off=days_off, gone=facts.gone | gone)


def _slot(slot: Person | Turn | None) -> duty.Slot:
    if isinstance(slot, Turn):
        return duty.RotationSlot(f"draft-{slot.rotation}", slot.offset)
    return slot.id if slot else None


def lines(facts: Facts, area: Area, start: datetime, end: datetime) -> list[tuple[datetime, datetime, tuple[Any, ...]]]:
    """Consecutive (start, end, ids of those in the line in order) over [start, end), equal neighbours merged."""
    found: list[tuple[datetime, datetime, tuple[Any, ...]]] = []
    for left, right, places in duty.lines(facts.of(area), area.key, start, end):
        line = tuple(place.holder for place in places)
        if found and found[-1][2] == line:
            found[-1] = (found[-1][0], right, line)
        else:
            found.append((left, right, line))
    return found


def _named(facts: Facts, line: tuple[Any, ...]) -> tuple[Person, ...]:
    return tuple(facts.people[one] for one in line)


def _changes(before: Facts, after: Facts, area: Area, start: datetime, end: datetime) -> list[Change]:
    """Where somebody else is in charge, neighbours of the same two merged."""
    old, new = (duty.timeline(facts.of(area), area.key, start, end) for facts in (before, after))
    edges = sorted({edge for left, right, _ in (*old, *new) for edge in (left, right)})
    found: list[Change] = []
    for left, right in pairwise(edges):
        was, will = (next(person for begin, until, person in parts if begin <= left < until) for parts in (old, new))
        if was == will:
            continue
        change = Change(left, right, *(after.people[one] if one else None for one in (was, will)))
        if found and found[-1].end == left and (found[-1].before, found[-1].after) == (change.before, change.after):
            found[-1] = replace(found[-1], end=right)
        else:
            found.append(change)
    return found


def unused(rows: tuple[Row, ...], facts: Facts, area: Area, start: datetime) -> list[tuple[int, int | None]]:
    """The rows (None) and windows that never apply in the year after `start`: their days do not come, or rows above
    apply whenever they would (R7).
    """
    known = facts.of(area)
    zone, days_off = known.areas[area.key].zone, known.holidays
    windows = {window for row in rows for window in row.windows}
    first, last = dates_around(start, start + YEAR, zone)
    edges = {start} | {edge for one in windows for span in spans(one, first, last, zone, days_off) for edge in span}
    applies: set[tuple[int, int | None]] = set()
    for at in sorted(edge for edge in edges if start <= edge < start + YEAR):
        in_force = {one for one in windows if inside(one, at, zone, days_off)}
        number = next((n for n, row in enumerate(rows) if not row.windows or in_force & set(row.windows)), None)
        if number is not None:
            own = rows[number].windows
            window = next((n for n, one in enumerate(own) if one in in_force), None)
            applies |= {(number, None), (number, window)}
    return list(_missing(rows, applies))


def _missing(rows: tuple[Row, ...], applies: set[tuple[int, int | None]]) -> Iterator[tuple[int, int | None]]:
    for number, row in enumerate(rows):
        if (number, None) not in applies:
            yield number, None
            continue
        for window in range(len(row.windows)):
            if (number, window) not in applies:
                yield number, window
