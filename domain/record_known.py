"""What the portal knows of an impact by itself: the record's sections begin with it, and nobody has to type it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from domain.additions import Voice
from domain.db import db
from domain.hotline import Report
from domain.incidents import Incident
from domain.updates import Update


@dataclass(frozen=True)
class Known:
    """Instants (aware UTC) of an impact, None where there is none yet; who told how much.

    `noticed`: the first report, else the declaration. `mitigated`: the first update that said "recovered, watching".
    `customers`: the sum of the numbers that reporters told, None where nobody told any.
    """

    began: datetime
    noticed: datetime | None
    declared: datetime | None
    mitigated: datetime | None
    restored: datetime | None
    reports: int
    voices: int
    customers: int | None


def of(incident: Incident) -> Known:
    """Three queries."""
    mine = Report.incident_id == incident.id
    first, reports, told = db.session.execute(
        select(func.min(Report.created_at), func.count(Report.id), func.sum(Report.customers)).where(mine)
    ).one()
    voices, more = db.session.execute(
        select(func.count(Voice.id), func.sum(Voice.customers)).join(Report, Report.id == Voice.report_id).where(mine)
    ).one()
    mitigated = db.session.scalar(
        select(func.min(Update.published_at)).where(Update.incident_id == incident.id, Update.state == "monitoring")
    )
    customers = None if told is None and more is None else int(told or 0) + int(more or 0)
    noticed = [at for at in (first, incident.declared_at) if at is not None]
    return Known(
        incident.began_at, min(noticed, default=None), incident.declared_at, mitigated, incident.resolved_at,
        reports, voices, customers,
    )  # fmt: skip
