"""Who may do what. It follows from the roster: there is no second list of roles to keep up to date."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, cast, func, null, or_, select, union_all

from domain import formation
from domain.db import Instant, db
from domain.errors import NotAllowed
from domain.incidents import Incident, Position
from domain.people import Person
from domain.roster import Area, Override, Plan, PlanSlot, RotationMember


@dataclass(frozen=True)
class Rights:
    """What somebody may do everywhere. `reads`: signed in. What an incident adds is asked with `may_publish`."""

    reads: bool = False
    responder: bool = False
    bridge: bool = False
    admin: bool = False

    @property
    def level(self) -> str:
        """The class of rights that fragments are rendered for: reader, responder or admin."""
        return "admin" if self.admin else "responder" if self.responder else "reader"


NOBODY = Rights()

CUSTOMER_LEADS = ("guest_lead", "partner_lead")
"""The positions that lead the customer side, and its call."""

FEW = 500
"""From this many people on it is faster to read everybody than to name them."""

Standing = tuple[int, int, str]
"""A person's id, session epoch and class of rights."""


def of(person: Person | None, at: datetime) -> Rights:
    """The rights of a person at an instant (aware UTC): one query.

    Whoever stands in any area's plan in force, in any row or rotation of it (or stands in for somebody now), is a
    responder; whoever stands in the bridge area's is the bridge; administrators keep people, plans and settings, and
    may triage and declare.
    """
    if person is None or not person.is_active:
        return NOBODY
    return of_each([person], at)[person.id]


def of_each(people: Sequence[Person], at: datetime) -> dict[int, Rights]:
    """The rights of several people at an instant, by person id: one query, however many they are."""
    kinds = _kinds(at)
    return {
        person.id: Rights(
            reads=True,
            responder=bool(kinds.get(person.id)) or person.is_admin,
            bridge="bridge" in kinds.get(person.id, ()),
            admin=person.is_admin,
        )
        if person.is_active
        else NOBODY
        for person in people
    }


def standing(ids: Collection[int], at: datetime) -> set[Standing]:
    """Of some people those who are still here: id, session epoch and class of rights at an instant. Two queries."""
    return _standing(_kinds(at), Person.id.in_(ids))


class Everybody:
    """`standing` of all, for thousands, after every commit: read anew only where people or the roster have changed."""

    def __init__(self) -> None:
        self._seen: tuple[Any, ...] | None = None
        self._found: set[Standing] = set()

    def standing(self, at: datetime) -> set[Standing]:
        """Everybody who is here at an instant. Two queries, mostly; not from several threads."""
        kinds = _kinds(at)
        seen = (*db.session.connection().execute(_SUM).one(), frozenset(kinds))
        if seen != self._seen:
            self._found = _standing(kinds)
            self._seen = seen
        return self._found


def _standing(kinds: Mapping[int, set[str]], *which: ColumnElement[bool]) -> set[Standing]:
    query = select(Person.id, Person.epoch, Person.is_admin).where(Person.deactivated_at.is_(None), *which)
    return {
        (number, epoch, "admin" if is_admin else "responder" if number in kinds else "reader")
        for number, epoch, is_admin in db.session.connection().execute(query)
    }


# A sum over everybody that is another one when anybody's epoch, place among administrators or being here changes: each
# counts with a large number of their own, so that two changes do not make up for each other.
_WEIGHT = cast(Person.id, BigInteger) * 1_000_003 % 2_147_483_647
_STATE = Person.epoch * 4 + case((Person.is_admin, 2), else_=0) + case((Person.deactivated_at.is_(None), 1), else_=0)
_SUM = select(func.count(), func.sum(_WEIGHT * _STATE)).select_from(Person)


def _kinds(at: datetime) -> dict[int, set[str]]:
    """Person id → the kinds of areas in which they have a place at an instant, planned or standing in.

    A place that somebody else covers stays a place: who is relieved for an hour does not lose the tools.
    """
    places: dict[int, set[int]] = defaultdict(set)
    kinds: dict[int, str] = {}
    overrides = []
    # Unpacked, from the connection itself: every request asks it, and rows by name cost as much as the query.
    for area, kind, person, for_person, recorded_at, number in db.session.connection().execute(_PLACES, {"at": at}):
        if number is not None:
            overrides.append((recorded_at, number, area, kind, person, for_person))
            continue
        kinds[area] = kind
        if person is not None:
            places[area].add(person)
    for _, _, area, kind, person, for_person in sorted(overrides):
        for area_id in kinds if area is None else [area]:
            # The same rule as for duty: standing in for somebody without a place there has no effect (R12, R13).
            if kind == "take" or for_person in places[area_id]:
                places[area_id].add(person)
            elif kind == "swap" and person in places[area_id]:
                places[area_id].add(for_person)
    found: dict[int, set[str]] = defaultdict(set)
    for area_id, people in places.items():
        for person_id in people if area_id in kinds else ():
            found[person_id].add(kinds[area_id])
    return found


def _planned(at: Any) -> Any:
    """Areas in use, with those in the version of their plan that is in force (R9); a row of its own per place."""
    # A version counts from the later of its start and its recording (R21).
    effective = case((Plan.starts_at > Plan.recorded_at, Plan.starts_at), else_=Plan.recorded_at)
    latest = (
        select(
            Plan.id,
            Plan.area_id,
            func.row_number()
            .over(partition_by=Plan.area_id, order_by=(effective.desc(), Plan.recorded_at.desc(), Plan.id.desc()))
            .label("place"),
        )
        .where(Plan.starts_at <= at, Plan.recorded_at <= at)
        .subquery()
    )
    return (
        select(
            Area.id.label("area_id"),
            Area.kind.label("kind"),
            func.coalesce(PlanSlot.person_id, RotationMember.person_id).label("person_id"),
            null().label("for_person_id"),
            Area.created_at.label("recorded_at"),
            null().label("override_id"),
        )
        .outerjoin(latest, and_(latest.c.area_id == Area.id, latest.c.place == 1))
        .outerjoin(PlanSlot, PlanSlot.plan_id == latest.c.id)
        .outerjoin(RotationMember, RotationMember.rotation_id == PlanSlot.rotation_id)
        .where(Area.retired_at.is_(None))
    )


def _standing_in(at: Any) -> Any:
    """The covers, swaps and takes that count at an instant (R10), in the columns of `_planned`."""
    return select(
        Override.area_id, Override.kind, Override.person_id, Override.for_person_id, Override.recorded_at, Override.id
    ).where(
        Override.status == "agreed",
        Override.starts_at <= at,
        Override.recorded_at <= at,
        or_(Override.ends_at.is_(None), Override.ends_at > at),
        or_(Override.cancelled_at.is_(None), Override.cancelled_at > at),
    )


_AT = bindparam("at", type_=Instant())
_PLACES = _planned(_AT).union_all(_standing_in(_AT))


def changes_at(at: datetime) -> datetime | None:
    """When somebody's rights may change next by the clock alone: a plan, or a cover, begins or ends. One query."""
    starts = [Plan.starts_at, Override.starts_at, Override.ends_at, Override.cancelled_at]
    return db.session.scalar(
        select(
            func.min(union_all(*(select(func.min(one).label("at")).where(one > at) for one in starts)).subquery().c.at)
        )
    )


def wrote_as(person: Person, incident: Incident, rights: Rights, at: datetime) -> str | None:
    """As what the person may publish on this incident at `at`: bridge, commander, or None for not at all.

    Whoever stands in the bridge area's plan, holds the bridge in that incident, or commands it: by the roster, too.
    """
    if rights.bridge or _is_given("bridge", person, incident):
        return "bridge"
    return "commander" if _holds("commander", person, incident, rights, at) else None


def leads_customers(person: Person, incident: Incident, rights: Rights, at: datetime) -> bool:
    """Whether the person leads the customer side of this incident, for guests or for partners."""
    return any(_holds(lead, person, incident, rights, at) for lead in CUSTOMER_LEADS)


def may_close(person: Person, incident: Incident, rights: Rights, at: datetime) -> bool:
    """Whether the person may say that the customer side is done: who leads it, administrators; any responder only
    where nobody leads it.
    """
    if rights.admin or leads_customers(person, incident, rights, at):
        return True
    if not rights.responder:
        return False
    held = formation.now_held(incident, at)
    return not any(lead in held for lead in CUSTOMER_LEADS)


def _is_given(position: str, person: Person, incident: Incident) -> bool:
    query = select(Position.id).where(
        Position.incident_id == incident.id, Position.person_id == person.id, Position.position == position,
        Position.until.is_(None),
    )  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None


def _holds(position: str, person: Person, incident: Incident, rights: Rights, at: datetime) -> bool:
    """Whoever stands in no plan is not asked for in the roster: that is most of those who look."""
    if not rights.responder:
        return _is_given(position, person, incident)
    held = formation.holder(incident, position, at)
    return held is not None and held.id == person.id


def require(allowed: bool, code: str) -> None:
    """Raises `NotAllowed(code)` unless it is allowed."""
    if not allowed:
        raise NotAllowed(code)
