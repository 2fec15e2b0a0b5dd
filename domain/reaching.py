"""Reaching whoever is on duty in an incident: who was called, what came of it, whom to call next (R22, R23)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from domain import events, roster
from domain.db import db
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.people import Person
from domain.roster import Area, AreaDuty, Attempt

RESULTS = ("no_answer", "declined", "reached")
DOUBLE = timedelta(seconds=30)
"""The same result of the same person so soon after is a button that was pressed twice."""


def duties(incident: Incident, at: datetime) -> list[AreaDuty]:
    """Who answers for each area at `at`, and whom to call next in this incident."""
    return roster.facts(at, incident=incident.code).duties(incident.code)


def attempts(incident: Incident) -> list[Attempt]:
    """Everybody who was called in the incident, the latest first."""
    query = (
        select(Attempt)
        .where(Attempt.incident == incident.code)
        .options(joinedload(Attempt.person), joinedload(Attempt.area), joinedload(Attempt.by))
        .order_by(Attempt.at.desc(), Attempt.id.desc())
    )
    return list(db.session.scalars(query))


def tried(incident: Incident, area: Area, person: Person, result: str, *, by: Person, at: datetime) -> Attempt:
    """`person`, in the line of `area`, was called. Anybody who is signed in may say so: whoever calls knows.

    Pressed twice it is one attempt.

    Raises:
        Refused: an unknown result.
        Conflict: the incident is over, or the person is not in the line any more.
    """
    _open(incident)
    if result not in RESULTS:
        raise Refused("result", "attempt_unknown")
    duty = next((one for one in duties(incident, at) if one.area.id == area.id), None)
    if duty is None or all(place.person.id != person.id for place in duty.people):
        raise Conflict("not_in_line", name=person.name)
    same = _latest(incident, person)
    if same is not None and same.result == result and same.by_id == by.id and at - same.at <= DOUBLE:
        return same
    return _add(incident, result, by=by, at=at, area=area, person=person)


def start_over(incident: Incident, *, by: Person, at: datetime) -> Attempt:
    """Everybody may be called again: earlier attempts count no more (R23). Raises `Conflict`: the incident is over."""
    _open(incident)
    latest = db.session.scalar(
        select(Attempt).where(Attempt.incident == incident.code).order_by(Attempt.id.desc()).limit(1)
    )
    if latest is not None and latest.result == "start_over":
        return latest
    return _add(incident, "start_over", by=by, at=at)


def _open(incident: Incident) -> None:
    if incident.closed_at is not None or incident.kind != "incident":
        raise Conflict("incident_over")


def _latest(incident: Incident, person: Person) -> Attempt | None:
    query = select(Attempt).where(Attempt.incident == incident.code)
    latest = db.session.scalar(query.order_by(Attempt.id.desc()).limit(1))
    return latest if latest is not None and latest.person_id == person.id else None


def _add(
    incident: Incident, result: str, *, by: Person, at: datetime, area: Area | None = None, person: Person | None = None
) -> Attempt:
    attempt = Attempt(
        incident=incident.code,
        area_id=area.id if area else None,
        person_id=person.id if person else None,
        result=result,
        at=at,
        by_id=by.id,
    )
    db.session.add(attempt)
    db.session.flush()
    events.record(
        "incident.called",
        by=by,
        at=at,
        incident_id=incident.id,
        result=result,
        area=area.key if area else None,
        person=person.id if person else None,
    )
    return attempt
