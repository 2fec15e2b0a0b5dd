"""The statements that load the board, built once: plain columns, since every reader's board asks them."""

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select

from domain import hotline, hotline_clock, incidents
from domain.additions import Voice
from domain.catalog import Facility, Service, Symptom
from domain.db import Instant
from domain.formation import Position
from domain.hotline import Report
from domain.incidents import Incident, IncidentService, Update
from domain.lifecycle import incident_facilities
from domain.people import Person

SUSPICIONS = 10
"""So many suspicions are on the board one by one, the others as a number: in an outage hundreds report the same."""

OPEN_ONES = select(
    Incident.kind, Incident.severity, Incident.resolved_at, Incident.began_at, Incident.ends_at, Incident.state
).where(Incident.closed_at.is_(None), Incident.drill.is_(False))
"""What the answer alone is made of."""

_WORDS = (
    Update.internal,
    Update.situation,
    Update.guest_notice,
    Update.partner_notice,
    Update.workaround,
    Update.not_yet,
)
OWN = (
    Incident.id, Incident.kind, Incident.title, Incident.severity, Incident.state, Incident.drill,
    Incident.all_facilities, Incident.began_at, Incident.ends_at, Incident.declared_at, Incident.resolved_at,
    Incident.closed_at, Incident.next_update_at, Incident.next_update_reason, Incident.source,
)  # fmt: skip
_NUMBERS: BindParameter[Any] = bindparam("incidents", expanding=True)


@cache  # built when the first board asks: by then all tables are known
def standing() -> Select[*tuple[Any, ...]]:
    """What stands on the board `at` an instant: OWN, then its latest update."""
    return (
        select(*OWN, Person.name, Update.id, Update.published_at, Update.wrote_as, Update.format, *_WORDS)
        .outerjoin(Incident.latest)
        .outerjoin(Update.published_by)
        .where(*incidents.stands(bindparam("at", type_=Instant())))
        .order_by(Incident.resolved_at.is_not(None), Incident.began_at.desc(), Incident.id.desc())
    )


AFFECTED = (
    select(
        IncidentService.incident_id, IncidentService.service_id, IncidentService.state, Service.name, Service.name_en
    )
    .join(Service, Service.id == IncidentService.service_id)
    .where(IncidentService.incident_id.in_(_NUMBERS))
    .order_by(IncidentService.incident_id, IncidentService.service_id)
)
PLACES = (
    select(incident_facilities.c.incident_id, Facility.id, Facility.name)
    .join(Facility, Facility.id == incident_facilities.c.facility_id)
    .where(incident_facilities.c.incident_id.in_(_NUMBERS))
    .order_by(Facility.reading)
)
GIVEN = (
    select(Position.incident_id, Position.position, Person.name)
    .join(Person, Person.id == Position.person_id)
    .where(Position.incident_id.in_(_NUMBERS), Position.until.is_(None))
    .order_by(Position.id)
)
_VOICES = select(func.count(Voice.id)).where(Voice.report_id == Report.id).scalar_subquery()
_NEWEST = select(Report.id).where(Report.status.in_(hotline.OPEN)).order_by(Report.id.desc()).limit(SUSPICIONS)
NEWEST_SUSPICIONS = (
    select(
        hotline.HOW_MANY_OPEN.correlate(None).scalar_subquery(),
        Report.id, Report.status, Report.body, Report.created_at, Report.acknowledged_at,
        Person.name, Symptom.name, Symptom.name_en, _VOICES, hotline_clock.started_at(),
    )
    .outerjoin(Person, Person.id == Report.acknowledged_by_id)
    .outerjoin(Symptom, Symptom.id == Report.symptom_id)
    .where(Report.id.in_(_NEWEST))
    .order_by(Report.id.desc())
)  # fmt: skip
"""How many there are in all, and each of the newest."""

SERVICES = (
    select(Service.id, Service.name, Service.name_en, Service.description, Service.description_en)
    .where(Service.retired_at.is_(None))
    .order_by(Service.position, Service.id)
)
