"""Changes to an area's plan: rows, windows, rotations. Nothing is edited, nothing works backwards."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from domain import cycles, events, roster
from domain.cycles import Cycle
from domain.db import db
from domain.entries import check_present
from domain.errors import Conflict, Refused
from domain.people import Person
from domain.roster import RANKS, Area, Plan, PlanSlot, Rotation
from domain.roster_facts import keep_window, read_window
from domain.walltime import Window

GRACE = timedelta(hours=1)
"""A plan's start this little before now is the time it took to fill in the form: it means now."""

MOST_ROWS = 20


@dataclass(frozen=True)
class Turn:
    """A place that a rotation of the draft fills, `offset` members on (R8)."""

    rotation: int
    offset: int = 0


@dataclass(frozen=True)
class Row:
    """Places in order of succession, always or inside the windows (R4, R5)."""

    slots: tuple[Person | Turn | None, ...]
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A plan before it is recorded: rows from top to bottom, and the rotations that their places name by number."""

    rows: tuple[Row, ...]
    rotations: tuple[Cycle, ...] = ()

    @property
    def is_simple(self) -> bool:
        """A standing order: one row that always applies, without rotations."""
        return len(self.rows) == 1 and not self.rows[0].windows and not self.rotations

    def people(self) -> list[Person]:
        """Everybody in it, each once, in order."""
        slots = [slot for row in self.rows for slot in row.slots if isinstance(slot, Person)]
        named = [*slots, *(person for cycle in self.rotations for person in cycle.members)]
        return list({person.id: person for person in named}.values())


def standing_order(people: Sequence[Person | None]) -> Draft:
    """The simplest plan: the person responsible first, then the deputies in order; None is a vacant place."""
    return Draft((Row(tuple(people)),))


def draft_of(plan: Plan) -> Draft:
    """A recorded version as it would be entered."""
    rotations: dict[int, Rotation] = {}
    for slot in plan.slots:
        if slot.rotation is not None:
            rotations.setdefault(slot.rotation.id, slot.rotation)
    numbers = {key: number for number, key in enumerate(rotations)}
    rows = []
    for number in range(max([len(plan.windows), *(slot.row + 1 for slot in plan.slots)])):
        windows = plan.windows[number] if number < len(plan.windows) else []
        places = {slot.rank: slot for slot in plan.slots if slot.row == number}
        slots = (_entered(places.get(rank), numbers) for rank in range(max(places, default=-1) + 1))
        rows.append(Row(tuple(slots), tuple(read_window(one) for one in windows)))
    return Draft(tuple(rows), tuple(cycles.of(rotation) for rotation in rotations.values()))


def _entered(slot: PlanSlot | None, numbers: dict[int, int]) -> Person | Turn | None:
    if slot is None:
        return None
    return Turn(numbers[slot.rotation_id], slot.offset) if slot.rotation_id else slot.person


def latest_plan(area: Area) -> Plan | None:
    """The version recorded last, whether it is in force yet or not. Its id is what `set_plan` wants to have seen."""
    return db.session.scalar(select(Plan).where(Plan.area_id == area.id).order_by(Plan.id.desc()).limit(1))


def set_plan(
    area: Area,
    plan: Draft | Sequence[Person | None],
    *,
    starts_at: datetime,
    seen: int | None,
    by: Person,
    at: datetime,
) -> Plan:
    """A new version of the plan: a draft, or the people of a standing order.

    `seen` is the id of the latest plan that whoever changes it looked at. The same plan sent twice is one version.

    Raises:
        Refused: the first of `problems`, or a start in the past.
        Conflict: another version was recorded in between, or the area is retired.
    """
    draft = trimmed(plan if isinstance(plan, Draft) else standing_order(plan))
    for problem in problems(draft):
        raise problem
    if area.retired_at is not None:
        raise Conflict("area_retired")
    check_start(starts_at, at)
    starts_at = max(starts_at, at)
    latest, zone = latest_plan(area), roster.zone(roster.settings())
    if latest is not None and latest.id != seen:
        if is_same(draft_of(latest), draft, at, zone) and starts_at - latest.starts_at <= GRACE:
            return latest
        raise Conflict("plan_changed")
    return _record(area, draft, zone, starts_at=starts_at, by=by, at=at)


def _record(area: Area, draft: Draft, zone: ZoneInfo, *, starts_at: datetime, by: Person, at: datetime) -> Plan:
    known = _rotations_of(area)
    rotations = [cycles.keep(cycle, known, by=by, at=at, zone=zone) for cycle in draft.rotations]
    windows = [[keep_window(window) for window in row.windows] for row in draft.rows]
    plan = Plan(area_id=area.id, starts_at=starts_at, recorded_at=at, recorded_by_id=by.id, windows=windows)
    for number, row in enumerate(draft.rows):
        for rank, slot in enumerate(row.slots):
            place = PlanSlot(row=number, rank=rank)
            if isinstance(slot, Turn):
                place.rotation_id, place.offset = rotations[slot.rotation].id, slot.offset
            elif slot is not None:
                place.person_id = slot.id
            plan.slots.append(place)
    db.session.add(plan)
    db.session.flush()
    told: dict[str, Any] = {"people": _told(draft, rotations), "starts_at": starts_at.isoformat()}
    if not draft.is_simple:
        told["windows"] = windows
    events.record("plan_set", by=by, at=at, area=area.key, plan=plan.id, **told)
    return plan


def _told(draft: Draft, rotations: list[Rotation]) -> list[Any]:
    """The places as an event keeps them: those of a standing order, or a list for each row."""
    rows = [
        [
            {"rotation": rotations[slot.rotation].id, "offset": slot.offset} if isinstance(slot, Turn)
            else slot.id if slot else None
            for slot in row.slots
        ]
        for row in draft.rows
    ]  # fmt: skip
    return rows[0] if draft.is_simple else rows


def _rotations_of(area: Area) -> list[Rotation]:
    """The rotations of an area's plans, the newest first."""
    query = select(PlanSlot.rotation_id).join(Plan, Plan.id == PlanSlot.plan_id).where(Plan.area_id == area.id)
    return list(db.session.scalars(select(Rotation).where(Rotation.id.in_(query)).order_by(Rotation.id.desc())))


def check_start(starts_at: datetime, at: datetime) -> None:
    """Raises `Refused` for a plan that would begin in the past: nothing works backwards (R21)."""
    if starts_at < at - GRACE:
        raise Refused("starts_at", "plan_in_past")


def trimmed(draft: Draft) -> Draft:
    """The same without vacant places at the end of a row."""
    return replace(draft, rows=tuple(replace(row, slots=_trimmed(row.slots)) for row in draft.rows))


def _trimmed(slots: tuple[Person | Turn | None, ...]) -> tuple[Person | Turn | None, ...]:
    line = list(slots)
    while line and line[-1] is None:
        line.pop()
    return tuple(line)


def slot_field(row: int, rank: int) -> str:
    """The form's name of a place: `person-0` in the first row, `row-1-person-0` in the second."""
    return f"person-{rank}" if row == 0 else f"row-{row}-person-{rank}"


def problems(draft: Draft) -> Iterator[Refused]:
    """Everything that is wrong with a trimmed draft: nobody, more than five, somebody twice, somebody who left, a
    rotation of nobody or without a place.
    """
    if len(draft.rows) > MOST_ROWS:
        yield Refused(slot_field(MOST_ROWS - 1, 0), "plan_rows", most=MOST_ROWS)
    for number, row in enumerate(draft.rows[:MOST_ROWS]):
        yield from _row_problems(row, number)
    named = {slot.rotation for row in draft.rows for slot in row.slots if isinstance(slot, Turn)}
    for number, cycle in enumerate(draft.rotations):
        yield from cycles.problems(cycle, number)
        if number not in named:
            yield Refused(f"rotation-{number}-name", "rotation_unused")


def _row_problems(row: Row, number: int) -> Iterator[Refused]:
    if not row.slots:
        yield Refused(slot_field(number, 0), "plan_nobody" if number == 0 else "plan_row_nobody")
    if len(row.slots) > RANKS:
        yield Refused(slot_field(number, RANKS - 1), "plan_too_long")
    known: set[int | Turn] = set()
    for rank, slot in enumerate(row.slots):
        if slot is None:
            continue
        field = slot_field(number, min(rank, RANKS - 1))
        mark = slot if isinstance(slot, Turn) else slot.id
        if mark in known:
            name = {} if isinstance(slot, Turn) else {"name": slot.name}
            yield Refused(field, "plan_turn_twice" if isinstance(slot, Turn) else "plan_twice", **name)
        known.add(mark)
        if isinstance(slot, Person):
            yield from _left(slot, field)


def _left(person: Person, field: str) -> Iterable[Refused]:
    try:
        check_present(person, field)
    except Refused as refused:
        yield refused


def is_same(one: Draft, other: Draft, at: datetime, zone: ZoneInfo) -> bool:
    """Whether two drafts give the same answers from `at` on; `zone` is the roster's."""
    return _mark(one, at, zone) == _mark(other, at, zone)


def _mark(draft: Draft, at: datetime, zone: ZoneInfo) -> list[Any]:
    marks = [cycles.mark_of(cycle, at, zone) for cycle in draft.rotations]
    return [
        (
            [
                (marks[slot.rotation], slot.offset) if isinstance(slot, Turn) else slot.id if slot else None
                for slot in row.slots
            ],
            row.windows,
        )
        for row in trimmed(draft).rows
    ]
