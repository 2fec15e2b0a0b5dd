"""What comes of an incident: actions of four kinds, each with an owner and a date, followed until they are done."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, Select, String, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain.db import Model, db, organisation
from domain.errors import Conflict, Refused
from domain.events import record
from domain.incidents import Incident
from domain.people import Person
from domain.roster import Area
from domain.text import has_words, one_line

KINDS = ("prevent", "detect", "mitigate", "fix")
"""Prevent it, notice it sooner, soften it, fix it faster."""

OPEN = ("open", "doing")
STATES = (*OPEN, "done", "dropped")
"""`dropped`: decided against, with a reason in `note`."""

LONGEST = 500
MOST = 100
"""Actions of one incident."""

PER_PAGE = 100

AGES = (7, 30, 90)
"""Where an age begins to count as another one, in days."""


class Action(Model):
    """Something to be done so that it does not happen again, is noticed sooner, hurts less or is fixed faster.

    `due_on`: a date of the organisation's zone; done on it is in time. `area`: who it falls to; None: to nobody alone.
    """

    __tablename__ = "actions"
    __table_args__ = (Index("ix_actions_open", "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    body: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    due_on: Mapped[date] = mapped_column(Date)
    link: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    incident: Mapped[Incident] = relationship()
    owner: Mapped[Person] = relationship(foreign_keys=[owner_id])
    area: Mapped[Area | None] = relationship()
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def is_late(self, today: date) -> bool:
        """Whether its date has passed and it is not done."""
        return self.is_open and self.due_on < today

    @property
    def in_time(self) -> bool:
        """Whether it was done by its date."""
        return self.state == "done" and self.ended_at is not None and date_of(self.ended_at) <= self.due_on

    def age(self, at: datetime) -> int:
        """Whole days since it was written down."""
        return (at - self.created_at).days

    def change(self, draft: "Draft", *, by: Person, at: datetime, seen: str | None = None) -> None:
        """Takes other words, another owner or date. `seen`: `mark` of what the author had before them.

        Raises:
            Conflict: somebody changed it in between.
            Refused: as in `add`; a date that has passed counts only where it is a new one.
        """
        if seen is not None and seen != self.mark:
            raise Conflict("action_changed_between")
        good = _good(draft, at, self)
        before = {name: str(getattr(self, name)) for name in good if getattr(self, name) != good[name]}
        if before:
            for name, value in good.items():
                setattr(self, name, value)
            db.session.flush()
            db.session.expire(self, ["owner", "area"])
            record("action.changed", by=by, at=at, incident_id=self.incident_id, action=self.id, before=before)

    def move_on(self, state: str, *, by: Person, at: datetime, note: str = "") -> None:
        """To another state, also back; the same again changes nothing.

        Raises:
            Refused: no such state, or decided against without a reason.
        """
        note = one_line(note)[:LONGEST]
        if state not in STATES:
            raise Refused("state", "action_state")
        if state == "dropped" and not has_words(note):
            raise Refused("note", "action_why_dropped")
        if state == self.state:
            return
        self.state, self.note = state, note
        ended = None if state in OPEN else at
        self.ended_at, self.ended_by_id = ended, by.id if ended else None
        db.session.flush()
        db.session.expire(self, ["ended_by"])
        record(f"action.{state}", by=by, at=at, incident_id=self.incident_id, action=self.id, note=note)

    @property
    def mark(self) -> str:
        """What it says, in short: changes with every change of its words."""
        return f"{self.kind}|{self.owner_id}|{self.area_id}|{self.due_on}|{len(self.body)}|{self.body[:80]}|{self.link}"


@dataclass(frozen=True)
class Draft:
    """An action as it is typed. `owner` None: nobody was named; `due_on` None: no date, or one that cannot be read."""

    kind: str
    body: str
    owner: Person | None
    due_on: date | None
    area: Area | None = None
    link: str = ""


def add(incident: Incident, draft: Draft, *, key: str, by: Person, at: datetime) -> Action:
    """Writes an action down; the same `key` again gives the same action.

    Raises:
        Conflict: the key was used for other words.
        Refused: no kind, no words, no owner, no date or one that has passed, no address, too many.
    """
    if earlier := db.session.scalar(select(Action).where(Action.key == key)):
        if (earlier.incident_id, earlier.body) != (incident.id, one_line(draft.body)):
            raise Conflict("key_used")
        return earlier
    good = _good(draft, at, None)
    number = db.session.scalar(select(func.count(Action.id)).where(Action.incident_id == incident.id)) or 0
    if number >= MOST:
        raise Refused("body", "actions_many", most=MOST)
    action = Action(key=key, incident=incident, incident_id=incident.id, created_at=at, created_by_id=by.id, **good)
    db.session.add(action)
    db.session.flush()
    record("action.added", by=by, at=at, incident_id=incident.id, action=action.id)
    return action


def _good(draft: Draft, at: datetime, was: Action | None) -> dict[str, object]:
    """The columns of a draft, or Refused."""
    body = one_line(draft.body)
    if draft.kind not in KINDS:
        raise Refused("kind", "action_kind")
    if not has_words(body):
        raise Refused("body", "action_missing")
    if len(body) > LONGEST:
        raise Refused("body", "words_long", most=LONGEST)
    if draft.owner is None:
        raise Refused("owner", "action_owner")
    if not draft.owner.is_active and (was is None or was.owner_id != draft.owner.id):
        raise Refused("owner", "person_left", name=draft.owner.name)
    if draft.due_on is None:
        raise Refused("due_on", "action_due")
    if draft.due_on < date_of(at) and (was is None or was.due_on != draft.due_on):
        raise Refused("due_on", "action_due_past")
    return {
        "kind": draft.kind, "body": body, "owner_id": draft.owner.id, "due_on": draft.due_on,
        "area_id": draft.area.id if draft.area else None, "link": good_link(draft.link),
    }  # fmt: skip


def good_link(text: str) -> str:
    """An address of a tracker: http or https only; empty is none.

    Raises:
        Refused: anything else: a `javascript:` must never stand behind a link.
    """
    text = one_line(text)
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, text))
    except ValueError:
        good = False
    if not good or len(text) > LONGEST:
        raise Refused("link", "action_link")
    return text


def found(number: int) -> Action | None:
    """The action with this id, with whom and what it belongs to; or None."""
    return db.session.scalar(_loaded().where(Action.id == number))


def of(incidents: Iterable[int]) -> list[Action]:
    """The actions of some incidents: the open ones first, by date."""
    query = _loaded().where(Action.incident_id.in_(list(incidents)))
    return sorted(db.session.scalars(query), key=lambda one: (not one.is_open, one.due_on, one.id))


def of_numbers(numbers: Iterable[int]) -> list[Action]:
    """The actions with these ids, in the order of their dates."""
    return list(db.session.scalars(_loaded().where(Action.id.in_(list(numbers))).order_by(Action.due_on, Action.id)))


def _loaded() -> Select[Action]:
    return select(Action).options(
        joinedload(Action.owner), joinedload(Action.area), joinedload(Action.incident), joinedload(Action.ended_by)
    )


@dataclass(frozen=True)
class Filter:
    """Which actions are wanted. `area` 0: of none; None: of all. `age`: which of the ages, see `bucket`."""

    states: tuple[str, ...] = OPEN
    kind: str = ""
    area: int | None = None
    age: int | None = None
    owner: int | None = None

    def conditions(self, at: datetime) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = [Action.state.in_(self.states)]
        if self.kind:
            wanted.append(Action.kind == self.kind)
        if self.area is not None:
            wanted.append(Action.area_id == self.area if self.area else Action.area_id.is_(None))
        if self.owner is not None:
            wanted.append(Action.owner_id == self.owner)
        if self.age is not None:
            edges = (0, *AGES)
            wanted.append(Action.created_at <= at - timedelta(days=edges[self.age]))
            if self.age < len(AGES):
                wanted.append(Action.created_at > at - timedelta(days=edges[self.age + 1]))
        return wanted


def listed(wanted: Filter, at: datetime, page: int = 1, most: int | None = PER_PAGE) -> tuple[list[Action], int]:
    """A page of the actions that are wanted, what is due first on top, and how many there are. Two queries."""
    conditions = wanted.conditions(at)
    query = _loaded().where(*conditions).order_by(Action.due_on, Action.id)
    if most is not None:
        query = query.limit(most).offset((page - 1) * most)
    number = db.session.scalar(select(func.count(Action.id)).where(*conditions)) or 0
    return list(db.session.scalars(query)), number


def bucket(days: int) -> int:
    """Which of the ages a number of days belongs to: 0 is the youngest."""
    return sum(days >= edge for edge in AGES)


@dataclass
class Overview:
    """How many open actions there are by age, area (0: of none) and kind. `late`: whose date has passed."""

    number: int = 0
    late: int = 0
    by_age: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(len(AGES) + 1), 0))
    by_area: dict[int, int] = field(default_factory=dict)
    by_kind: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))


def overview(at: datetime) -> Overview:
    """Counts all open actions: one query."""
    found, today = Overview(), date_of(at)
    query = select(Action.created_at, Action.area_id, Action.kind, Action.due_on).where(Action.state.in_(OPEN))
    for created_at, area, kind, due_on in db.session.execute(query):
        found.number += 1
        found.late += due_on < today
        found.by_age[bucket((at - created_at).days)] += 1
        found.by_area[area or 0] = found.by_area.get(area or 0, 0) + 1
        found.by_kind[kind] += 1
    return found


def date_of(at: datetime) -> date:
    """The date of the organisation's zone."""
    return at.astimezone(organisation().zone).date()
