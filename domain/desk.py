"""The bridge's desk: since when news count as new, how many customers are affected as far as anybody said."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from domain.additions import Voice
from domain.catalog import Facility
from domain.db import db
from domain.incidents import Incident
from domain.suspicion import Report

MOST_PLACES = 10


@dataclass(frozen=True)
class Affected:
    """What reports and voices say of customers. `told`: how many of them gave a number; `customers`: their sum."""

    reports: int
    voices: int
    told: int
    customers: int
    facilities: tuple[tuple[str, int], ...] = ()

    @property
    def people(self) -> int:
        """How many told us at all."""
        return self.reports + self.voices


def since(incident: Incident) -> datetime:
    """When words were published last: what came after is new to the bridge. That nothing was new is no words."""
    said = [one.published_at for one in incident.updates if one.kind != "unchanged"]
    return said[-1] if said else incident.declared_at


def affected(incident: Incident) -> Affected:
    """Counted from the reports that belong to the incident, from those that are the same as one of them, and from
    their voices. Three queries. `facilities`: name and how many told us from there, the most first.
    """
    own = select(Report.id).where(Report.incident_id == incident.id)
    whole = or_(Report.incident_id == incident.id, Report.duplicate_of_id.in_(own))
    numbers = select(func.count(), func.count(Report.customers), func.sum(Report.customers)).where(whole)
    reports, told, customers = db.session.execute(numbers).one()
    theirs = select(func.count(), func.count(Voice.customers), func.sum(Voice.customers)).where(
        Voice.report_id.in_(select(Report.id).where(whole))
    )
    voices, more, others = db.session.execute(theirs).one()
    return Affected(reports, voices, told + more, int(customers or 0) + int(others or 0), _places(incident))


def _places(incident: Incident) -> tuple[tuple[str, int], ...]:
    name = func.coalesce(Facility.name, Report.facility_text)
    query = (
        select(name, func.count())
        .select_from(Report)
        .outerjoin(Facility, Facility.id == Report.facility_id)
        .where(Report.incident_id == incident.id, name != "")
        .group_by(name)
        .order_by(func.count().desc(), name)
        .limit(MOST_PLACES)
    )
    return tuple((place, number) for place, number in db.session.execute(query))
