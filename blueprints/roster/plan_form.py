"""The form of a plan: what was typed, kept as typed; one more row or one less; what it means as a draft.

Fields: `person-0` … of the first row, `row-1-person-0` … of the second; a place is a person's id or `turn-0-1`
(rotation 0, one member on). Windows `row-0-window-0-days`, `-start`, `-end`; rotations `rotation-0-name`, `-unit`,
`-every`, `-days`, `-start`, `-member-0` …. How many there are say `rows`, `row-0-windows`, `rotations`,
`rotation-0-members`; without them there is one row, as in the simplest form.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from blueprints.roster import forms
from blueprints.shared import words
from blueprints.shared.language import local
from domain import cycles, planning
from domain.cycles import Cycle
from domain.entries import check_present
from domain.errors import Refused
from domain.people import Person
from domain.planning import MOST_ROWS, Draft, Row, Turn, slot_field
from domain.roster import RANKS
from domain.text import one_line
from domain.walltime import DAYS, Window

MOST = 20
"""Windows of a row, and rotations of a plan."""

DAY_TYPES = (*DAYS, "hol")
TURN = re.compile(r"turn-(\d{1,2})-(\d{1,2})")
WALL = "%Y-%m-%dT%H:%M"

T = TypeVar("T")
Errors = dict[str, list[str]]


@dataclass
class TypedWindow:
    days: list[str] = field(default_factory=list)
    start: str = ""
    end: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.days or self.start or self.end)


@dataclass
class TypedRow:
    slots: list[str] = field(default_factory=lambda: [""] * RANKS)
    windows: list[TypedWindow] = field(default_factory=list)


@dataclass
class TypedRotation:
    name: str = ""
    start: str = ""
    unit: str = "week"
    every: str = "1"
    days: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=lambda: [""] * 3)
    zone: str = ""


@dataclass
class TypedPlan:
    """Everything in the form. `is_simple`: one row that always applies, nothing else in sight."""

    rows: list[TypedRow]
    rotations: list[TypedRotation]
    starts_at: str = ""

    @property
    def is_simple(self) -> bool:
        return len(self.rows) == 1 and not self.rows[0].windows and not self.rotations

    @property
    def fingerprint(self) -> str:
        """What is the same as long as nothing in the form was changed."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


# From a plan, from a request


def of_draft(draft: Draft | None, starts_at: datetime | None, at: datetime, zone: ZoneInfo) -> TypedPlan:
    """The form of a plan that is there. Its rotations begin with whoever has the turn at `at`: so members can be
    changed without anybody jumping. `zone` is the roster's.
    """
    if draft is None:
        return TypedPlan([TypedRow()], [])
    start = local(starts_at).strftime(WALL + ":%S") if starts_at else ""
    return TypedPlan(
        [_typed_row(row) for row in draft.rows],
        [_typed_rotation(cycle.continued(at, zone)) for cycle in draft.rotations],
        start,
    )


def _typed_row(row: Row) -> TypedRow:
    slots = [_typed_slot(slot) for slot in row.slots]
    return TypedRow(slots + [""] * (RANKS - len(slots)), [_typed_window(window) for window in row.windows])


def _typed_slot(slot: Person | Turn | None) -> str:
    if isinstance(slot, Turn):
        return f"turn-{slot.rotation}-{slot.offset}"
    return str(slot.id) if slot else ""


def _typed_window(window: Window) -> TypedWindow:
    start, end = (f"{minute // 60}:{minute % 60:02}" for minute in (window.start, window.end))
    return TypedWindow([day for day in DAY_TYPES if day in (window.days or ())], start, end)


def _typed_rotation(cycle: Cycle) -> TypedRotation:
    return TypedRotation(
        name=cycle.name,
        start=cycle.start.strftime(WALL + (":%S" if cycle.start.second else "")),
        unit=cycle.unit,
        every=str(cycle.every),
        days=[day for day in DAYS if day in (cycle.days or ())],
        members=[str(person.id) for person in cycle.members],
        zone=cycle.zone or "",
    )


def of_request(sent: MultiDict[str, str]) -> TypedPlan:
    """What was typed."""
    rows = [
        TypedRow(
            _numbered(sent, slot_field(number, 0)[:-1], RANKS),
            [
                _sent_window(sent, f"row-{number}-window-{window}")
                for window in range(_count(sent, f"row-{number}-windows", 0, MOST))
            ],
        )
        for number in range(_count(sent, "rows", 1, MOST_ROWS + 1))
    ]
    rotations = [_sent_rotation(sent, f"rotation-{one}") for one in range(_count(sent, "rotations", 0, MOST))]
    return TypedPlan(rows or [TypedRow()], rotations, one_line(sent.get("starts_at")))


def _count(sent: MultiDict[str, str], name: str, without: int, most: int) -> int:
    return min(forms.identity(sent.get(name)) or (0 if name in sent else without), most)


def _numbered(sent: MultiDict[str, str], prefix: str, least: int, most: int = 60) -> list[str]:
    """The values of `prefix0`, `prefix1`, …: at least so many, and every one that was sent."""
    found = [one_line(sent.get(f"{prefix}{number}")) for number in range(most)]
    while len(found) > least and not found[-1]:
        found.pop()
    return found


def _sent_window(sent: MultiDict[str, str], prefix: str) -> TypedWindow:
    start, end = (one_line(sent.get(f"{prefix}-{name}")) for name in ("start", "end"))
    return TypedWindow([day for day in DAY_TYPES if day in sent.getlist(f"{prefix}-days")], start, end)


def _sent_rotation(sent: MultiDict[str, str], prefix: str) -> TypedRotation:
    texts = {name: one_line(sent.get(f"{prefix}-{name}")) for name in ("name", "start", "unit", "every", "zone")}
    days = [day for day in DAYS if day in sent.getlist(f"{prefix}-days")]
    shown = _count(sent, f"{prefix}-members", 1, 60)
    return TypedRotation(**texts, days=days, members=_numbered(sent, f"{prefix}-member-", shown))


# One more, one less


def press(typed: TypedPlan, button: str, at: datetime, zone: ZoneInfo) -> str | None:
    """Does what a button of the form says; gives the id of the field where the eye should go, None for no such button.

    Buttons: `add-row`, `add-rotation`, `add-window-0`, `add-member-0`, `drop-row-1`, `drop-rotation-0`,
    `drop-window-0-1`, `up-row-1`, `up-member-0-1`.
    """
    verb, _, rest = button.partition("-")
    what, _, tail = rest.partition("-")
    numbers = [int(number) for number in tail.split("-") if number.isascii() and number.isdecimal() and len(number) < 3]
    act = _ACTS.get((verb, what, len(numbers)))
    try:
        return act(typed, numbers, at, zone) if act else None
    except IndexError:
        return None


def _add_row(typed: TypedPlan, *_: Any) -> str:
    if len(typed.rows) < MOST_ROWS:
        # On top, with times: the row that was there stays what applies otherwise.
        typed.rows.insert(0, TypedRow(windows=[TypedWindow()]))
    return "row-0-window-0-start"


def _add_rotation(typed: TypedPlan, _: list[int], at: datetime, zone: ZoneInfo) -> str:
    """The people of a standing order take turns: who was first is first, and the deputies follow in order."""
    number = len(typed.rotations)
    if number >= MOST:
        return f"rotation-{number - 1}-name"
    new = TypedRotation(name=_free_name(typed), start=cycles.last_monday(at, zone).strftime(WALL))
    people = [slot for slot in typed.rows[0].slots if slot]
    if typed.is_simple and people:
        new.members = [*people, ""]
        typed.rows[0].slots = [f"turn-0-{rank}" for rank in range(min(len(people), RANKS))]
        typed.rows[0].slots += [""] * (RANKS - len(typed.rows[0].slots))
    typed.rotations.append(new)
    return f"rotation-{number}-name"


def _free_name(typed: TypedPlan) -> str:
    taken = {rotation.name for rotation in typed.rotations}
    names = (gettext("Rotation %(number)d", number=number) for number in range(1, MOST + 2))
    return next(name for name in names if name not in taken)


def _add_window(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    windows = typed.rows[numbers[0]].windows
    if len(windows) < MOST:
        windows.append(TypedWindow())
    return f"row-{numbers[0]}-window-{len(windows) - 1}-start"


def _add_member(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    members = typed.rotations[numbers[0]].members
    members.append("")
    return f"rotation-{numbers[0]}-member-{len(members) - 1}"


def _drop_row(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    typed.rows.pop(numbers[0])
    typed.rows = typed.rows or [TypedRow()]
    return "person-0"


def _drop_window(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    typed.rows[numbers[0]].windows.pop(numbers[1])
    return slot_field(numbers[0], 0)


def _drop_rotation(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    """Its places become vacant; where it filled the whole of a single row, its members stand there in order."""
    gone = typed.rotations.pop(numbers[0])
    for row in typed.rows:
        row.slots = [_without(slot, numbers[0]) for slot in row.slots]
    if typed.is_simple and not any(typed.rows[0].slots):
        members = [member for member in gone.members if member][:RANKS]
        typed.rows[0].slots = members + [""] * (RANKS - len(members))
    return "person-0"


def _without(slot: str, gone: int) -> str:
    turn = TURN.fullmatch(slot)
    if turn is None or int(turn[1]) < gone:
        return slot
    return "" if int(turn[1]) == gone else f"turn-{int(turn[1]) - 1}-{turn[2]}"


def _up_row(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    typed.rows.insert(max(0, numbers[0] - 1), typed.rows.pop(numbers[0]))
    return slot_field(max(0, numbers[0] - 1), 0)


def _up_member(typed: TypedPlan, numbers: list[int], *_: Any) -> str:
    members = typed.rotations[numbers[0]].members
    members.insert(max(0, numbers[1] - 1), members.pop(numbers[1]))
    return f"rotation-{numbers[0]}-member-{max(0, numbers[1] - 1)}"


_ACTS: dict[tuple[str, str, int], Callable[..., str]] = {
    ("add", "row", 0): _add_row,
    ("add", "rotation", 0): _add_rotation,
    ("add", "window", 1): _add_window,
    ("add", "member", 1): _add_member,
    ("drop", "row", 1): _drop_row,
    ("drop", "window", 2): _drop_window,
    ("drop", "rotation", 1): _drop_rotation,
    ("up", "row", 1): _up_row,
    ("up", "member", 2): _up_member,
}


# What it means


def read(typed: TypedPlan, at: datetime) -> tuple[Draft, datetime | None, Errors]:
    """The draft, its start (None: now), and everything that is wrong, by field."""
    errors: Errors = {}

    def take(reading: Callable[[], T], instead: T) -> T:
        try:
            return reading()
        except Refused as refused:
            errors.setdefault(refused.field, []).append(words.sentence(refused))
            return instead

    rotations = [_read_rotation(rotation, number, take) for number, rotation in enumerate(typed.rotations)]
    rows = []
    for number, row in enumerate(typed.rows):
        slots = tuple(
            take(lambda: _read_slot(text, slot_field(number, rank), len(rotations)), None)  # noqa: B023 (called at once)
            for rank, text in enumerate(row.slots)
        )
        windows = [
            take(lambda: _read_window(window, f"row-{number}-window-{place}"), None)  # noqa: B023 (called at once)
            for place, window in enumerate(row.windows)
            if not window.is_blank
        ]
        rows.append(Row(slots, tuple(window for window in windows if window)))
    draft = planning.trimmed(Draft(tuple(rows), tuple(rotations)))
    starts_at = take(lambda: forms.instant(typed.starts_at, "starts_at"), None)
    take(lambda: planning.check_start(starts_at or at, at), None)
    for problem in planning.problems(draft):
        if problem.field not in errors:
            errors[problem.field] = [words.sentence(problem)]
    return draft, starts_at, errors


def _read_slot(text: str, name: str, rotations: int) -> Person | Turn | None:
    if not text:
        return None
    turn = TURN.fullmatch(text)
    if turn is None:
        return forms.person(text, name)
    if int(turn[1]) >= rotations:
        raise Refused(name, "person_unknown")
    return Turn(int(turn[1]), int(turn[2]))


def _read_member(text: str, name: str) -> Person:
    person = forms.person(text, name)
    check_present(person, name)
    return person


def _read_window(window: TypedWindow, name: str) -> Window:
    """Days without times are whole days."""
    if not window.start and not window.end:
        return Window(0, 24 * 60, frozenset(window.days))
    start, end = forms.minute(window.start, f"{name}-start"), forms.minute(window.end, f"{name}-end")
    return Window(start, end, frozenset(window.days) or None)


def _read_rotation(rotation: TypedRotation, number: int, take: Callable[[Callable[[], Any], Any], Any]) -> Cycle:
    name = f"rotation-{number}"
    members = [
        take(lambda: _read_member(text, f"{name}-member-{place}"), None)  # noqa: B023 (called at once)
        for place, text in enumerate(rotation.members)
        if text
    ]
    return Cycle(
        name=rotation.name,
        members=tuple(member for member in members if member),
        start=take(lambda: forms.wall(rotation.start, f"{name}-start"), datetime(2000, 1, 3, 9)),  # noqa: DTZ001 (a wall)
        unit=rotation.unit or "week",
        every=int(rotation.every) if rotation.every.isascii() and rotation.every.isdecimal() else 0,
        days=frozenset(rotation.days) if rotation.unit == "day" and rotation.days else None,
        zone=take(lambda: forms.zone_name(rotation.zone, f"{name}-start"), None),
    )
