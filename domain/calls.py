"""The two calls of an incident: who is in which."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain import formation
from domain.db import Model, db
from domain.errors import Conflict, Refused
from domain.events import record
from domain.lifecycle import Incident
from domain.people import Person

CALLS = ("system", "customer")
"""One for the system team and one for the customer team, so that the two conversations do not mix."""


class CallPresence(Model):
    """Somebody was in a call, from when to when, by their own word."""

    __tablename__ = "call_presences"
    __table_args__ = (Index("ix_call_presences_open", "incident_id", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    call: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime]
    until: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


def present(incident: Incident) -> list[CallPresence]:
    """Who is in a call of the incident now, in the order in which they came: one query."""
    query = (
        select(CallPresence)
        .where(CallPresence.incident_id == incident.id, CallPresence.until.is_(None))
        .options(joinedload(CallPresence.person))
        .order_by(CallPresence.since, CallPresence.id)
    )
    return list(db.session.scalars(query))


def join(incident: Incident, call: str, *, by: Person, at: datetime) -> list[str]:
    """I am in this call; whoever holds the bridge is in both. Again changes nothing. Returns the calls that are new.

    Raises:
        Refused: no such call.
        Conflict: the incident is closed.
    """
    if call not in CALLS:
        raise Refused("call", "call_unknown")
    if incident.closed_at is not None or incident.kind != "incident":
        raise Conflict("incident_closed", incident=incident.code)
    held = formation.holder(incident, "bridge", at)
    bridge = held is not None and held.id == by.id
    known = {one.call for one in present(incident) if one.person_id == by.id}
    new = [one for one in (CALLS if bridge else (call,)) if one not in known]
    for one in new:
        db.session.add(CallPresence(incident_id=incident.id, person_id=by.id, call=one, since=at))
        record("incident.call_joined", by=by, at=at, incident_id=incident.id, call=one)
    return new


def leave(incident: Incident, calls: Iterable[str], *, by: Person, at: datetime) -> None:
    """I have left these calls. Again changes nothing."""
    for one in present(incident):
        if one.person_id == by.id and one.call in set(calls):
            one.until = at
            record("incident.call_left", by=by, at=at, incident_id=incident.id, call=one.call)
