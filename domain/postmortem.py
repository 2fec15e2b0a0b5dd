"""The postmortem: when people meet, what went well, what was luck, why it happened, asked several times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Select, String, Text, and_, exists, or_, select
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from domain import holidays, roster, workdays
from domain.actions import OPEN, Action, date_of, good_link
from domain.db import Model, db, organisation
from domain.errors import Conflict, Refused
from domain.events import record
from domain.incidents import Incident
from domain.people import Person
from domain.text import clean, fold, one_line

TEXTS = ("went_well", "lucky", "hard")
LONGEST = 10_000
CAUSE_LONGEST = 200
WHYS = 7
"""How often why is asked, at most. Five is the custom; some causes lie deeper."""

FORGOTTEN = timedelta(days=90)
"""How long after closing an incident still stands among those whose postmortem is not planned."""


class Postmortem(Model):
    """What an incident taught. `meets_at`: when people are to meet; `held_at`: when they said that they had.

    `whys`: each answers the one before it. `cause_key`: the cause folded; the same cause has the same.
    """

    __tablename__ = "postmortems"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), unique=True)
    meets_at: Mapped[datetime | None] = mapped_column(index=True)
    place: Mapped[str] = mapped_column(String(300), default="")
    host_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    held_at: Mapped[datetime | None]
    went_well: Mapped[str] = mapped_column(Text, default="")
    lucky: Mapped[str] = mapped_column(Text, default="")
    hard: Mapped[str] = mapped_column(Text, default="")
    whys: Mapped[list[str]] = mapped_column(JSON, default=list)
    cause: Mapped[str] = mapped_column(String(200), default="")
    cause_key: Mapped[str] = mapped_column(String(200), index=True, default="")
    version: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    incident: Mapped[Incident] = relationship()
    host: Mapped[Person | None] = relationship(foreign_keys=[host_id])
    changed_by: Mapped[Person | None] = relationship(foreign_keys=[changed_by_id])

    def plan(self, meets_at: datetime, *, host: Person | None, place: str, by: Person, at: datetime) -> None:
        """When and where people meet and who leads through it. The same again changes nothing.

        Raises:
            Refused: a time that has passed (unless it stood there), a host who has left, a place that is too long.
        """
        place = one_line(place)
        if meets_at <= at and meets_at != self.meets_at:
            raise Refused("meets_at", "postmortem_past")
        if host is not None and not host.is_active:
            raise Refused("host", "person_left", name=host.name)
        if len(place) > 300:
            raise Refused("place", "words_long", most=300)
        if "://" in place:
            good_place(place)
        wanted = (meets_at, host.id if host else None, place)
        if wanted == (self.meets_at, self.host_id, self.place):
            return
        self.meets_at, self.host_id, self.place = wanted
        db.session.flush()
        db.session.expire(self, ["host"])
        record("postmortem.planned", by=by, at=at, incident_id=self.incident_id, meets_at=meets_at.isoformat())

    def write(self, words: Mapping[str, Any], *, by: Person, at: datetime, seen: int | None = None) -> None:
        """Takes what people found; what stood there before is kept in the log. `seen`: the version they had in view.

        `words`: went_well, lucky, hard, cause and whys (a list); what is missing stays.

        Raises:
            Conflict: somebody else wrote in between.
            Refused: too long.
        """
        said = _good(words)
        before = {name: getattr(self, name) for name, value in said.items() if getattr(self, name) != value}
        if not before:
            return
        if seen is not None and seen != self.version:
            raise Conflict("postmortem_between")
        for name, value in said.items():
            setattr(self, name, value)
        self.cause_key = fold(self.cause)[:CAUSE_LONGEST]
        self.version += 1
        self.changed_at, self.changed_by_id = at, by.id
        db.session.flush()
        db.session.expire(self, ["changed_by"])
        record("postmortem.written", by=by, at=at, incident_id=self.incident_id, before=before)

    def hold(self, held: bool, *, by: Person, at: datetime) -> None:
        """People have met, or (`held` False) have not after all; again changes nothing."""
        if (self.held_at is not None) == held:
            return
        self.held_at = at if held else None
        record("postmortem.held" if held else "postmortem.not_held", by=by, at=at, incident_id=self.incident_id)


def good_place(place: str) -> str:
    """A place that is an address is one of the web; any other words are a room."""
    try:
        return good_link(place)
    except Refused:
        raise Refused("place", "action_link") from None


def _good(words: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {name: clean(words[name]) for name in TEXTS if name in words}
    if "whys" in words:
        said["whys"] = [why for one in words["whys"][:WHYS] if (why := clean(one))]
    for name, text in said.items():
        if any(len(one) > LONGEST for one in (text if name == "whys" else [text])):
            raise Refused(name, "words_long", most=LONGEST)
    if "cause" in words:
        said["cause"] = one_line(words["cause"])
        if len(said["cause"]) > CAUSE_LONGEST:
            raise Refused("cause", "words_long", most=CAUSE_LONGEST)
    return said


def of(incident: Incident) -> Postmortem | None:
    """What is written about an incident, or None."""
    query = (
        select(Postmortem)
        .where(Postmortem.incident_id == incident.id)
        .options(joinedload(Postmortem.host), joinedload(Postmortem.changed_by))
    )
    return db.session.scalar(query)


def begun(incident: Incident) -> Postmortem:
    """The same; it is made where there is none. Call it inside `writing()`.

    Raises:
        Conflict: planned work has none, and what went on as another incident is learnt from there.
    """
    if not has_one(incident):
        raise Conflict("postmortem_elsewhere")
    found = of(incident)
    if found is None:
        found = Postmortem(incident=incident, incident_id=incident.id)
        db.session.add(found)
        db.session.flush()
    return found


def has_one(incident: Incident) -> bool:
    """Whether an incident is one to learn from."""
    return incident.kind == "incident" and incident.outcome == ""


def days_off(at: datetime) -> frozenset[date]:
    """The days off around an instant: two queries."""
    year = at.astimezone(organisation().zone).year
    return holidays.days_off(range(year - 1, year + 2), holidays.country(roster.settings()))


def due_on(incident: Incident, off: frozenset[date]) -> date | None:
    """By which date people are to meet: so many working days after closing (a setting); None while it is not closed."""
    if incident.closed_at is None or incident.source or not has_one(incident):
        return None
    return workdays.after(date_of(incident.closed_at), organisation().postmortem_days, off)


def causes(most: int = 200) -> list[str]:
    """The causes that were named before, the newest first: so that the same one is called the same."""
    query = select(Postmortem.cause).where(Postmortem.cause != "").order_by(Postmortem.changed_at.desc()).limit(most)
    return list(dict.fromkeys(db.session.scalars(query)))


@dataclass(frozen=True)
class Before:
    """An earlier incident of the same cause, and what of it is still open."""

    incident: Incident
    open_actions: list[Action]


def same_cause(of_one: Postmortem | None) -> list[Before]:
    """The other incidents with the same cause, newest first: two queries, none where no cause is named."""
    if of_one is None or not of_one.cause_key:
        return []
    query = (
        select(Postmortem)
        .join(Postmortem.incident)
        .options(contains_eager(Postmortem.incident))
        .where(Postmortem.cause_key == of_one.cause_key, Postmortem.id != of_one.id, Incident.drill.is_(False))
        .order_by(Incident.began_at.desc())
        .limit(20)
    )
    found = [one.incident for one in db.session.scalars(query)]
    left = open_actions([one.id for one in found])
    return [Before(one, left.get(one.id, [])) for one in found]


def open_actions(incidents: Sequence[int]) -> dict[int, list[Action]]:
    """By incident what is still to be done: one query."""
    query = select(Action).where(Action.incident_id.in_(incidents), Action.state.in_(OPEN))
    left: dict[int, list[Action]] = {}
    if incidents:
        for action in db.session.scalars(query.options(joinedload(Action.owner)).order_by(Action.due_on, Action.id)):
            left.setdefault(action.incident_id, []).append(action)
    return left


def ahead(at: datetime) -> list[tuple[Incident, Postmortem | None]]:
    """Incidents whose postmortem is planned or, once closed, should be: what is planned first. One query.

    What was closed long ago and never planned is left in peace.
    """
    recent = and_(Incident.closed_at > at - FORGOTTEN, Incident.source == "")
    query = (
        _with_incidents()
        .where(Postmortem.held_at.is_(None), or_(recent, Postmortem.meets_at.is_not(None)))
        .order_by(Postmortem.meets_at.is_(None), Postmortem.meets_at, Incident.closed_at)
        .limit(200)
    )
    return [(incident, postmortem) for incident, postmortem in db.session.execute(query)]


def held(most: int = 50) -> list[tuple[Incident, Postmortem | None]]:
    """What was held last."""
    query = _with_incidents().where(Postmortem.held_at.is_not(None)).order_by(Postmortem.held_at.desc()).limit(most)
    return [(incident, postmortem) for incident, postmortem in db.session.execute(query)]


def _with_incidents() -> Select[Incident, Postmortem]:
    """Incidents that one learns from, each with its postmortem or None."""
    return (
        select(Incident, Postmortem)
        .outerjoin(Postmortem, Postmortem.incident_id == Incident.id)
        .options(joinedload(Postmortem.host))
        .where(Incident.kind == "incident", Incident.drill.is_(False), Incident.outcome == "")
    )


def all_done() -> ColumnElement[bool]:
    """For statements about incidents: there are actions, and none is open."""
    any_one = exists().where(Action.incident_id == Incident.id)
    open_one = exists().where(Action.incident_id == Incident.id, Action.state.in_(OPEN))
    return and_(any_one, ~open_one)
