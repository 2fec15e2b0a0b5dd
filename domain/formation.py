"""The formation of an incident: who holds which position. Four follow from the roster until somebody takes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain import mobilising, roster
from domain.db import Model, db
from domain.errors import Conflict, Refused
from domain.events import Event, record
from domain.people import Person
from domain.roster import AreaDuty

if TYPE_CHECKING:
    from domain.lifecycle import Incident

POSITIONS = (
    "commander",
    "bridge",
    "guest_lead",
    "partner_lead",
    "investigator",
    "first_aid",
    "impact",
    "root_fix",
    "scribe",
)

ROSTERED = {"commander": "system", "bridge": "bridge", "guest_lead": "guest", "partner_lead": "partner"}
"""The kind of area whose person in charge holds a position, as long as it was given to nobody in the incident."""

ASKED_FOR = ("commander", "bridge", "scribe")
"""What asks to be filled while nobody holds it; the others come when the commander wants them."""

ASKS = (timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20))
"""How long after the declaration (or after its holder left it) a position asks: three times, and then no more."""

DOUBLE = timedelta(minutes=10)
"""How long after the last ask it still stands on the page."""

RECENT = timedelta(minutes=30)
"""Who did something in the incident within this time is here."""


class Position(Model):
    """Who was given which position in an incident, from when to when. One person may hold several."""

    __tablename__ = "positions"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    position: Mapped[str] = mapped_column(String(15))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    assigned_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    incident: Mapped["Incident"] = relationship(back_populates="positions")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


@dataclass(frozen=True)
class Holder:
    """Who holds a position now. `since` None: by the roster, until somebody is given it."""

    position: str
    person: Person
    since: datetime | None = None

    @property
    def by_roster(self) -> bool:
        return self.since is None


@dataclass(frozen=True)
class Here:
    """Somebody who could be given a position, and what is known of where they are."""

    person: Person
    calls: tuple[str, ...] = ()
    on_duty: bool = False
    active: bool = False

    @property
    def is_here(self) -> bool:
        return bool(self.calls) or self.on_duty or self.active


def holders(incident: "Incident", duties: Iterable[AreaDuty]) -> dict[str, Holder]:
    """Who holds each position, in the order of POSITIONS; `duties`: who is in charge as the roster stands.

    What was given to somebody in the incident counts, then the roster. Nobody: it is not in it.
    """
    given = {one.position: one for one in incident.positions if one.until is None}
    in_charge = in_charge_of(duties)
    found = {}
    for position in POSITIONS:
        if place := given.get(position):
            found[position] = Holder(position, place.person, place.since)
        elif person := in_charge.get(ROSTERED.get(position, "")):
            found[position] = Holder(position, person)
    return found


def in_charge_of(duties: Iterable[AreaDuty]) -> dict[str, Person]:
    """Kind of area → who is in charge of the first area of it that has somebody."""
    found: dict[str, Person] = {}
    for duty in duties:
        if duty.in_charge and not duty.gap:
            found.setdefault(duty.area.kind, duty.in_charge.person)
    return found


def now_held(incident: "Incident", at: datetime) -> dict[str, Holder]:
    """The same as the roster stands at `at` (aware UTC); planned work and imported history follow no roster."""
    return holders(incident, roster.duty_now(at) if incident.kind == "incident" and not incident.source else ())


def holder(incident: "Incident", position: str, at: datetime) -> Person | None:
    """Who holds one position at `at`; the roster is asked only where it was given to nobody."""
    given = next((one for one in incident.positions if one.position == position and one.until is None), None)
    if given is not None:
        return given.person
    found = now_held(incident, at).get(position)
    return found.person if found else None


def assign(incident: "Incident", position: str, person: Person, *, by: Person, at: datetime) -> Position:
    """Gives a position to somebody, whoever held it before; who was given it already keeps it.

    The hand-over is recorded with both names, and told in the incident's channel.

    Raises:
        Refused: no such position, or the person has left.
        Conflict: the incident is closed.
    """
    _check(incident, position)
    if not person.is_active:
        raise Refused("person", "person_left", name=person.name)
    before = holder(incident, position, at)
    for place in _given(incident, position):
        if place.person_id == person.id:
            return place
        place.until = at
    taken = Position(incident=incident, position=position, person=person, since=at, assigned_by_id=by.id)
    db.session.add(taken)
    _hand_over(incident, position, before, person, by, at)
    mobilising.invite(incident, [person], at=at)
    mobilising.refresh(incident, at)
    return taken


def take_open(incident: "Incident", position: str, *, by: Person, at: datetime) -> Person:
    """Takes a position that nobody holds; who holds it then. Whoever holds it already keeps it.

    Raises:
        Refused, Conflict: as `assign` does.
    """
    _check(incident, position)
    held = holder(incident, position, at)
    return held or assign(incident, position, by, by=by, at=at).person


def relieve(incident: "Incident", position: str, *, by: Person, at: datetime) -> None:
    """Takes a position back: whoever the roster names holds it again, or nobody. Again changes nothing.

    Raises:
        Refused: no such position.
        Conflict: the incident is closed.
    """
    _check(incident, position)
    places = _given(incident, position)
    if not places:
        return
    for place in places:
        place.until = at
    db.session.flush()
    _hand_over(incident, position, places[0].person, holder(incident, position, at), by, at)
    mobilising.refresh(incident, at)


def _check(incident: "Incident", position: str) -> None:
    if position not in POSITIONS:
        raise Refused("position", "position_missing")
    if incident.closed_at is not None:
        raise Conflict("incident_closed", incident=incident.code)


def _given(incident: "Incident", position: str) -> list[Position]:
    return [place for place in incident.positions if place.position == position and place.until is None]


def _hand_over(
    incident: "Incident", position: str, before: Person | None, after: Person | None, by: Person, at: datetime
) -> None:
    """Names are kept as well: the history says who it was, whatever becomes of the roster."""
    was, name = (one.name if one else "" for one in (before, after))
    record(
        "incident.assigned", by=by, at=at, incident_id=incident.id, position=position,
        person=after.id if after else None, before=was, name=name,
    )  # fmt: skip
    if (before and before.id) != (after and after.id):
        mobilising.handed_over(incident, position=position, before=was, name=name, by=by, at=at)


def history(incident: "Incident") -> list[Event]:
    """Every hand-over, the newest first: one query."""
    query = (
        select(Event)
        .where(Event.incident_id == incident.id, Event.kind == "incident.assigned")
        .options(joinedload(Event.actor))
        .order_by(Event.id.desc())
    )
    return list(db.session.scalars(query))


def emptied(hand_overs: Iterable[Event]) -> dict[str, datetime]:
    """Position → since when nobody holds it, where the newest of its hand-overs was to nobody."""
    newest: dict[str, Event] = {}
    for event in hand_overs:
        position = str(event.details.get("position"))
        if position not in newest or newest[position].id < event.id:
            newest[position] = event
    return {position: event.at for position, event in newest.items() if event.details.get("person") is None}


def unfilled(incident: "Incident", held: dict[str, Holder]) -> list[str]:
    """Which of the positions that must be filled nobody holds."""
    if incident.kind != "incident" or incident.source or incident.resolved_at or incident.closed_at:
        return []
    return [position for position in ASKED_FOR if position not in held]


def asking(
    incident: "Incident", held: dict[str, Holder], at: datetime, empty_since: dict[str, datetime] | None = None
) -> list[str]:
    """Which of them ask on the page: until a while after the third ask. `empty_since`: what `emptied` found."""
    since = empty_since or {}
    last = ASKS[-1] + DOUBLE
    return [one for one in unfilled(incident, held) if at < since.get(one, incident.declared_at) + last]


def who_is_here(
    incident: "Incident", people: Iterable[Person], duties: Iterable[AreaDuty], at: datetime,
    in_calls: Iterable[tuple[int, str]] = (),
) -> list[Here]:  # fmt: skip
    """Those of the people first who are in a call, on duty, or did something in the incident lately: one query.

    `in_calls`: (person id, call) of who is in one.
    """
    joined: dict[int, list[str]] = {}
    for person_id, call in in_calls:
        joined.setdefault(person_id, []).append(call)
    charged = {duty.in_charge.person.id for duty in duties if duty.in_charge and not duty.gap}
    query = select(Event.actor_id).where(Event.incident_id == incident.id, Event.at > at - RECENT).distinct()
    active = set(db.session.scalars(query))
    found = [Here(one, tuple(joined.get(one.id, ())), one.id in charged, one.id in active) for one in people]
    return sorted(found, key=lambda one: (not one.calls, not one.active, not one.on_duty))
