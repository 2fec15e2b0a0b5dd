"""The hotline: filing a report, the suspicions on the board, all reports, and what became of each."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from domain.additions import Addition, Photo, Voice
from domain.catalog import Facility, Service, Symptom
from domain.db import db
from domain.errors import Conflict, Refused
from domain.events import Event, record
from domain.incidents import Incident
from domain.outbox import Delivery, enqueue
from domain.people import Person
from domain.suspicion import (
    LONGEST,
    OPEN,
    Report,
    announcement,
    good_customers,
    good_place,
    good_since,
    good_words,
)
from domain.text import is_blank

__all__ = [
    "LONGEST", "OPEN", "VERDICTS", "Addition", "Photo", "Report", "Step", "Voice", "announcement", "count_open", "fate",
    "file", "good_customers", "good_place", "good_since", "good_words", "open_suspicions", "reports",
]  # fmt: skip

VERDICTS = ("acknowledged", "no_incident", "duplicate", "incident")
PER_PAGE = 30


def file(
    *,
    key: str,
    by: Person,
    at: datetime,
    symptom: Symptom | None = None,
    body: str = "",
    service: Service | None = None,
    facility: Facility | None = None,
    facility_text: str = "",
    since: datetime | None = None,
    customers: int | None = None,
    same: Incident | None = None,
) -> Report:
    """Files a report and tells #hotline; the same `key` again gives the same report.

    `same`: the reporter says that it is this incident. While that is being handled, the report joins it: it is no
    suspicion of its own and is told in the incident's thread, without calling everybody again. Otherwise it is a
    report like any other: nothing that could be new is hidden.

    Raises:
        Refused: neither tile nor sentence, too long, a time to come, or an impossible number of customers.
        Conflict: the key was used for something else (`report` in its params is that report's code).
    """
    body = good_words(body)
    if earlier := db.session.scalar(_OF_KEY, {"key": key}):
        if (earlier.reporter_id, earlier.symptom, earlier.body) != (by.id, symptom, body):
            raise Conflict("report_sent_already", report=earlier.code)
        return earlier
    thread = _thread_of(same) if same is not None else None
    if symptom is None and is_blank(body) and thread is None:
        raise Refused("body", "report_empty")
    report = Report(
        key=key, reporter_id=by.id, symptom=symptom, body=body, service=service, facility=facility, created_at=at,
        facility_text="" if facility else good_place(facility_text), since=good_since(since, at),
        customers=good_customers(customers),
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    record("report.filed", by=by, at=at, report_id=report.id)
    if same is not None and thread is not None:
        _join(report, same, thread, by, at)
    else:
        enqueue("slack", "report.filed", at=at, report_id=report.id)
    return report


def _thread_of(incident: Incident) -> Delivery | None:
    """Where joining reports are told: the incident's declaration in #hotline, while it is really being handled."""
    if incident.resolved_at is not None or incident.drill:
        return None
    declared = select(Delivery).where(Delivery.incident_id == incident.id, Delivery.kind == "incident.declared")
    return db.session.scalar(declared.order_by(Delivery.id).limit(1))


def _join(report: Report, incident: Incident, thread: Delivery, by: Person, at: datetime) -> None:
    """The reporter's own "this is the same"."""
    report.status, report.judged_at, report.judged_by, report.incident = "duplicate", at, by, incident
    db.session.flush()
    record("report.duplicate", by=by, at=at, report_id=report.id, incident_id=incident.id, of=incident.code)
    said = {"what": "joined", "by": by.id, "incident": incident.code}
    enqueue("slack", "report.told", at=at, report_id=report.id, needs=thread, details=said)


def open_suspicions() -> list[Report]:
    """Reports that nobody has judged yet, newest first: a constant number of queries."""
    found = list(db.session.scalars(_SUSPICIONS))
    voices: dict[int, list[Voice]] = {report.id: [] for report in found}
    if voices:
        for voice in db.session.scalars(_VOICES, {"reports": list(voices)}):
            voices[voice.report_id].append(voice)
    for report in found:
        set_committed_value(report, "voices", voices[report.id])
    return found


def count_open() -> int:
    """How many reports nobody has judged yet."""
    return db.session.scalar(HOW_MANY_OPEN) or 0


@dataclass(frozen=True)
class Listed:
    """A page of reports; `newer`, `older`: the numbers of those pages."""

    reports: list[Report]
    newer: int | None
    older: int | None


def reports(*, page: int, of: Person | None = None) -> Listed:
    """All reports, open ones first, then the newest: PER_PAGE a page (from 1). `of`: theirs, and those they joined."""
    page = min(page, 100_000)
    wanted: list[ColumnElement[bool]] = []
    if of is not None:
        voiced = select(Voice.report_id).where(Voice.person_id == of.id)
        wanted.append(or_(Report.reporter_id == of.id, Report.id.in_(voiced)))
    found = list(
        db.session.scalars(
            select(Report)
            .options(*_LOADED, joinedload(Report.incident))
            .where(*wanted)
            .order_by(Report.status.in_(OPEN).desc(), Report.id.desc())
            .limit(PER_PAGE + 1)
            .offset((page - 1) * PER_PAGE)
        )
    )
    return Listed(found[:PER_PAGE], page - 1 if page > 1 else None, page + 1 if len(found) > PER_PAGE else None)


@dataclass(frozen=True)
class Step:
    """One thing that became of a report. `kind`: an event's without `report.`; `details`: as it was written down."""

    at: datetime
    kind: str
    by: Person | None
    details: dict[str, Any] = field(default_factory=dict)


def fate(report: Report) -> list[Step]:
    """What became of a report, newest first; of a duplicate also the verdicts on the one it went to. One query."""
    root = report.root
    wanted = Event.report_id == report.id
    if root is not report:
        wanted = or_(wanted, (Event.report_id == root.id) & Event.kind.in_(_VERDICTS) & (Event.at >= report.created_at))
    query = select(Event).options(joinedload(Event.actor)).where(wanted).order_by(Event.id.desc())
    return [
        Step(event.at, event.kind.removeprefix("report."), event.actor, event.details)
        for event in db.session.scalars(query)
    ]


_VERDICTS = tuple(f"report.{kind}" for kind in (*VERDICTS, "reopened"))
_TOLD = (
    joinedload(Report.reporter),
    joinedload(Report.acknowledged_by),
    joinedload(Report.symptom),
    joinedload(Report.facility),
)
_LOADED = (*_TOLD, selectinload(Report.voices))

# What every board asks is built once: building a statement costs as much as answering it.
_OF_KEY = select(Report).where(Report.key == bindparam("key"))
_SUSPICIONS = select(Report).options(*_TOLD).where(Report.status.in_(OPEN)).order_by(Report.id.desc())
_VOICES = select(Voice).where(Voice.report_id.in_(bindparam("reports", expanding=True))).order_by(Voice.id)
HOW_MANY_OPEN = select(func.count(Report.id)).where(Report.status.in_(OPEN))
