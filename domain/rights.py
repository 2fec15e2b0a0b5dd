"""Who may do what. It follows from the roster: there is no second list of roles to keep up to date."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select

from domain.db import db
from domain.errors import NotAllowed
from domain.incidents import Incident, Position
from domain.people import Person
from domain.roster import Area, Override, Plan, PlanSlot


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


def of(person: Person | None, at: datetime) -> Rights:
    """The rights of a person at an instant (aware UTC): one query.

    Whoever stands in any area's plan in force (or stands in for somebody now) is a responder; whoever stands in
    the bridge area's is the bridge; administrators keep people, plans and settings, and may triage and declare.
    """
    if person is None or not person.is_active:
        return NOBODY
    kinds = set(db.session.scalars(_kinds(person.id, at)))
    return Rights(
        reads=True,
        responder=bool(kinds) or person.is_admin,
        bridge="bridge" in kinds,
        admin=person.is_admin,
    )


def _kinds(person_id: int, at: datetime):  # type: ignore[no-untyped-def]
    latest = (
        select(Plan.id, func.row_number().over(
            partition_by=Plan.area_id,
            order_by=(_effective().desc(), Plan.recorded_at.desc(), Plan.id.desc()),
        ).label("place"), Plan.area_id)
        .where(Plan.starts_at <= at, Plan.recorded_at <= at)
        .subquery()
    )  # fmt: skip
    planned = (
        select(Area.kind)
        .join(latest, and_(latest.c.area_id == Area.id, latest.c.place == 1))
        .join(PlanSlot, PlanSlot.plan_id == latest.c.id)
        .where(PlanSlot.person_id == person_id, Area.retired_at.is_(None))
    )
    standing_in = (
        select(Area.kind)
        .join(Override, or_(Override.area_id == Area.id, Override.area_id.is_(None)))
        .where(
            or_(Override.person_id == person_id, and_(Override.kind == "swap", Override.for_person_id == person_id)),
            Override.status == "agreed",
            Override.starts_at <= at,
            Override.recorded_at <= at,
            or_(Override.ends_at.is_(None), Override.ends_at > at),
            or_(Override.cancelled_at.is_(None), Override.cancelled_at > at),
            Area.retired_at.is_(None),
        )
    )
    return planned.union(standing_in)


def _effective():  # type: ignore[no-untyped-def]
    """A version counts from the later of its start and its recording (R21)."""
    return case((Plan.starts_at > Plan.recorded_at, Plan.starts_at), else_=Plan.recorded_at)


def wrote_as(person: Person, incident: Incident, rights: Rights) -> str | None:
    """As what the person may publish on this incident: bridge, commander, or None for not at all.

    Whoever stands in the bridge area's plan, holds the bridge in that incident, or commands it.
    """
    held = set(
        db.session.scalars(
            select(Position.position).where(
                Position.incident_id == incident.id, Position.person_id == person.id, Position.until.is_(None)
            )
        )
    )
    if rights.bridge or "bridge" in held:
        return "bridge"
    return "commander" if "commander" in held else None


def require(allowed: bool, code: str) -> None:
    """Raises `NotAllowed(code)` unless it is allowed."""
    if not allowed:
        raise NotAllowed(code)
