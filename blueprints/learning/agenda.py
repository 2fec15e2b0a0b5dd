"""The agenda of a postmortem: what the portal knows of an incident, so that nobody has to gather it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from blueprints.record.parts import TITLES
from blueprints.shared.language import moment, span
from domain import record
from domain.db import db
from domain.hotline import Report
from domain.incidents import Incident
from domain.text import cut, is_blank, one_line
from domain.timeline import Entry

QUOTED = 200
"""Characters of a section of the record; the whole is a tap away."""

MOST_NOTED = 12
"""Decisions and actions that stand on the agenda; the whole timeline is a tap away."""


@dataclass(frozen=True)
class Agenda:
    """`times`: (what, when, how long after the beginning); `impact`: lines; `noted`: decisions and actions;
    `written`: what stands in the record, (section, text).
    """

    times: list[tuple[str, str, str]]
    impact: list[str]
    noted: list[Entry] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)


def agenda(incident: Incident) -> Agenda:
    """The same number of queries however much happened."""
    query = select(Report).where(Report.incident_id == incident.id).options(selectinload(Report.voices))
    reports = list(db.session.scalars(query.order_by(Report.created_at, Report.id)))
    acted = (
        select(Entry)
        .where(Entry.incident_id == incident.id, Entry.kind.in_(("decision", "action")), Entry.struck_at.is_(None))
        .order_by(Entry.happened_at, Entry.id)
        .limit(MOST_NOTED)
    )
    noted = list(db.session.scalars(acted))
    return Agenda(list(_times(incident, reports)), _impact(incident, reports), noted, _written(incident))


def _written(incident: Incident) -> list[tuple[str, str]]:
    """The sections of the record in which something stands, in their order: one query."""
    found = record.sections(incident)
    return [
        (str(TITLES[key]), cut(one_line(found[key].text), QUOTED))
        for key in record.SECTIONS
        if key in found and not is_blank(found[key].text)
    ]


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
