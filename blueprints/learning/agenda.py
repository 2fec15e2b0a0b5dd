"""The agenda of a postmortem: what the portal knows of an incident, so that nobody has to gather it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from blueprints.shared.language import moment, span
from domain import timeline
from domain.db import db
from domain.hotline import Report
from domain.incidents import Incident
from domain.timeline import Entry

MOST_NOTED = 12
"""Decisions and actions that stand on the agenda; the whole timeline is a tap away."""


@dataclass(frozen=True)
class Agenda:
    """`times`: (what, when, how long after the beginning); `impact`: lines; `noted`: decisions and actions."""

    times: list[tuple[str, str, str]]
    impact: list[str]
    noted: list[Entry] = field(default_factory=list)


def agenda(incident: Incident) -> Agenda:
    """The same number of queries however much happened."""
    query = select(Report).where(Report.incident_id == incident.id).options(selectinload(Report.voices))
    reports = list(db.session.scalars(query.order_by(Report.created_at, Report.id)))
    numbers = [number for _, number in timeline.index(incident, kinds=("decision", "action"))]
    noted = [one for one in timeline.loaded(numbers).values() if one.struck_at is None]
    noted.sort(key=lambda one: (one.happened_at, one.id))
    return Agenda(list(_times(incident, reports)), _impact(incident, reports), noted[:MOST_NOTED])


def _times(incident: Incident, reports: list[Report]) -> Any:
    mitigated = next((one.published_at for one in incident.updates if one.state in ("monitoring", "resolved")), None)
    first = next((one.published_at for one in incident.updates if one.kind == "published"), None)
    known: list[tuple[str, datetime | None]] = [
        (gettext("Began"), incident.began_at),
        (gettext("First report"), reports[0].created_at if reports else None),
        (gettext("Declared"), incident.declared_at if not incident.source else None),
        (gettext("First update"), first),
        (gettext("Impact stopped or eased"), mitigated),
        (gettext("Restored"), incident.resolved_at),
        (gettext("Customer follow-up finished"), incident.closed_at),
    ]
    for label, at in known:
        if at is not None:
            after = at - incident.began_at
            yield label, moment(at), span(after) if after >= timedelta(minutes=1) else ""


def _impact(incident: Incident, reports: list[Report]) -> list[str]:
    lines = []
    told = [one.customers for one in reports if one.customers is not None]
    if reports:
        voices = sum(len(one.voices) for one in reports)
        lines.append(ngettext("%(num)d report", "%(num)d reports", len(reports)))
        if voices:
            lines[-1] += " · " + ngettext("%(num)d voice", "%(num)d voices", voices)
    if told:
        lines.append(gettext("%(num)d customers, as reporters counted", num=sum(told)))
    return lines
