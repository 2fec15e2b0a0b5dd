"""What a message is made of: plain values, read in one go, so that nothing is held open while sending."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain import hotline_clock, mirror, mobilising, promise_clock, report_paging, spreading
from domain.catalog import Service, Symptom
from domain.db import db
from domain.hotline import Photo, Report
from domain.incidents import Incident, Update
from domain.outbox import Delivery
from domain.people import Person
from integrations.duty_facts import DutyFacts, Named, load_duty
from integrations.mirror_facts import MirrorFacts, load_mirror
from integrations.mobilising_facts import PREFIXES, MobilisingFacts, load_mobilising, load_report_paging
from integrations.told_facts import ToldFacts, load_told

__all__ = [
    "DeliveryFacts",
    "DutyFacts",
    "IncidentFacts",
    "Named",
    "Outside",
    "PhotoFacts",
    "ReportFacts",
    "UpdateFacts",
]


@dataclass(frozen=True)
class Outside:
    """Where an earlier delivery lies: Slack's channel and `ts`."""

    place: str
    id: str


@dataclass(frozen=True)
class ReportFacts:
    """A report as it is now. `customers`: the sum of the numbers that were told, None where nobody told any."""

    id: int
    reporter: str
    status: str
    filed_at: datetime
    symptom: Named | None = None
    body: str = ""
    service: Named | None = None
    facility: str = ""
    since: datetime | None = None
    customers: int | None = None
    voices: int = 0
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    judged_by: str = ""
    incident: str = ""
    same_as: int | None = None
    drill: bool = False
    reporter_slack: str = ""

    @property
    def code(self) -> str:
        return f"R-{self.id}"


@dataclass(frozen=True)
class IncidentFacts:
    """An incident as it is now. `facilities` None means all. `ended`: merged (`goes_on_as` another), no_incident or
    closed, where it is.
    """

    code: str
    title: str
    severity: str
    state: str
    drill: bool
    began_at: datetime
    declared_by: str = ""
    next_update_at: datetime | None = None
    services: tuple[Named, ...] = ()
    facilities: tuple[str, ...] | None = None
    ended: str = ""
    goes_on_as: str = ""


@dataclass(frozen=True)
class UpdateFacts:
    """One status update, as it was published."""

    kind: str
    state: str
    situation: str
    by: str = ""
    next_update_at: datetime | None = None
    next_update_reason: str = ""
    guest_notice: str = ""
    partner_notice: str = ""
    workaround: str = ""
    corrected_at: datetime | None = None
    whole: Mapping[str, str] = field(default_factory=dict)
    """Those of the words in which something is internal, with it."""
    ends: bool = False
    """Whether the incident ended with it otherwise than by a restoration (`IncidentFacts.ended`)."""


@dataclass(frozen=True)
class PhotoFacts:
    """A picture, already encoded by us. `number`: which of the report's photos it is, from 1."""

    number: int
    media_type: str
    data: bytes


@dataclass(frozen=True)
class DeliveryFacts:
    """One attempt. `since`: when the first attempt began; `deadline`: on the monotonic clock, when this one ends."""

    id: int
    key: str
    kind: str
    attempt: int
    since: datetime
    deadline: float
    details: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    thread: Outside | None = None
    report: ReportFacts | None = None
    incident: IncidentFacts | None = None
    update: UpdateFacts | None = None
    photo: PhotoFacts | None = None
    duty: DutyFacts | None = None
    told: ToldFacts | None = None
    mobilising: MobilisingFacts | None = None
    mirror: MirrorFacts | None = None


def load(delivery_id: int, deadline: float, at: datetime) -> DeliveryFacts:
    """Everything that a message needs, as it is at `at`, which is now; reads only."""
    row = db.session.get_one(Delivery, delivery_id)
    report = db.session.get(Report, row.report_id) if row.report_id else None
    incident = db.session.get(Incident, row.incident_id) if row.incident_id else None
    return DeliveryFacts(
        id=row.id, key=row.key, kind=row.kind, attempt=row.attempts, since=row.sent_at or row.created_at,
        deadline=deadline, details=dict(row.details), by=_person(row.details.get("by")), thread=_thread(row),
        report=_report(report) if report else None, incident=_incident(incident) if incident else None,
        update=_update(row),
        photo=_photo(row.details.get("photo")),
        told=load_told(row) if row.kind.startswith("told.") else None,
        duty=_duty(row, report, incident, at),
        mobilising=_outside(row, incident, at),
        mirror=load_mirror(incident) if incident and row.kind == mirror.PAGE else None,
    )  # fmt: skip


def _outside(row: Delivery, incident: Incident | None, at: datetime) -> MobilisingFacts | None:
    if row.kind in (report_paging.TRIGGER, report_paging.RESOLVE):
        return load_report_paging(row)
    return load_mobilising(row, incident, at) if incident and row.kind.startswith(PREFIXES) else None


def _duty(row: Delivery, report: Report | None, incident: Incident | None, at: datetime) -> DutyFacts | None:
    if row.kind == hotline_clock.KIND and report:
        return load_reminder(row.details, report)
    if row.kind in (promise_clock.KIND, mobilising.PROMISED) and incident:
        return load_promise(row.details, incident, at)
    return load_duty(row.kind, row.details, at) if row.kind.startswith("roster.") else None


def _thread(row: Delivery) -> Outside | None:
    """The message that this one belongs to: what it needs, or the declaration of its incident."""
    first = db.session.get(Delivery, row.needs_id) if row.needs_id else None
    if row.kind.startswith("incident.") and row.kind not in ("incident.declared", "incident.announced"):
        query = select(Delivery).where(
            Delivery.incident_id == row.incident_id,
            Delivery.service == row.service,
            Delivery.kind == "incident.declared",
        )
        first = first or db.session.scalar(query.order_by(Delivery.id).limit(1))
    if first is None or not first.outside_id or not first.outside_place:
        return None
    return Outside(first.outside_place, first.outside_id)


def load_reminder(details: Mapping[str, Any], report: Report) -> DutyFacts:
    """Whose turn it is to take a report; needless as soon as somebody has taken it."""
    person = db.session.get(Person, details["person"])
    return DutyFacts(
        slack_id=(person.slack_id or "") if person and person.is_active else "",
        name=person.name if person else "",
        locale=person.locale if person else None,
        needless="" if report.status == "received" else "taken",
        at=datetime.fromisoformat(details["since"]),
    )


def load_promise(details: Mapping[str, Any], incident: Incident, at: datetime) -> DutyFacts:
    """Whom a reminder of a promise is for; needless as soon as it is kept, renewed, or too late to say so."""
    person = db.session.get(Person, details["person"]) if details["person"] else None
    due = datetime.fromisoformat(details["due"])
    late = "late" if at >= promise_clock.until(details["stage"], due) else ""
    return DutyFacts(
        slack_id=(person.slack_id or "") if person and person.is_active else "",
        name=person.name if person else "",
        locale=person.locale if person else None,
        needless=late if promise_clock.is_open(incident, details["due"]) else "updated",
        at=due,
    )


def _person(person_id: Any) -> str:
    person = db.session.get(Person, person_id) if isinstance(person_id, int) else None
    return person.name if person else ""


def _named(row: Service | Symptom | None) -> Named | None:
    return Named(row.name, row.name_en) if row else None


def _report(report: Report) -> ReportFacts:
    told = [report.customers, *(voice.customers for voice in report.voices)]
    known = [number for number in told if number is not None]
    return ReportFacts(
        id=report.id, reporter=report.reporter.name, status=report.status, filed_at=report.created_at,
        symptom=_named(report.symptom), body=report.body, service=_named(report.service),
        facility=report.facility.name if report.facility else report.facility_text, since=report.since,
        customers=sum(known) if known else None, voices=len(report.voices),
        acknowledged_by=report.acknowledged_by.name if report.acknowledged_by else "",
        acknowledged_at=report.acknowledged_at, judged_by=report.judged_by.name if report.judged_by else "",
        incident=report.incident.code if report.incident else "", same_as=report.duplicate_of_id,
        drill=report.incident.drill if report.incident else False,
        reporter_slack=(report.reporter.slack_id or "") if report.reporter.is_active else "",
    )  # fmt: skip


def _incident(incident: Incident) -> IncidentFacts:
    return IncidentFacts(
        code=incident.code, title=incident.title, severity=incident.severity, state=incident.state,
        drill=incident.drill, began_at=incident.began_at, next_update_at=incident.next_update_at,
        declared_by=incident.declared_by.name if incident.declared_by else "",
        services=tuple(Named(row.service.name, row.service.name_en) for row in incident.affected),
        facilities=None if incident.all_facilities else tuple(place.name for place in incident.facilities),
        ended=(incident.outcome or "closed") if incident.closed_at else "",
        goes_on_as=incident.merged_into.code if incident.merged_into else "",
    )  # fmt: skip


def _update(row: Delivery) -> UpdateFacts | None:
    """The update of a delivery; where it was corrected since, as it was corrected last."""
    number = row.details.get("update")
    if not isinstance(number, int) or db.session.get(Update, number) is None:
        return None
    update = spreading.newest(number)
    return UpdateFacts(
        kind=update.kind, state=update.state, situation=update.situation,
        by=update.published_by.name if update.published_by else "", next_update_at=update.next_update_at,
        next_update_reason=update.next_update_reason, guest_notice=update.guest_notice,
        partner_notice=update.partner_notice, workaround=update.workaround, whole=dict(update.internal),
        corrected_at=update.published_at if update.corrects_id is not None else None, ends=_ends(update),
    )  # fmt: skip


def _ends(update: Update) -> bool:
    incident = update.incident
    return bool(incident.outcome) and incident.latest is not None and incident.latest.id == update.id


def _photo(photo_id: Any) -> PhotoFacts | None:
    photo = db.session.get(Photo, photo_id) if isinstance(photo_id, int) else None
    if photo is None:
        return None
    numbers = [one.id for one in photo.report.photos]
    return PhotoFacts(numbers.index(photo.id) + 1, photo.media_type, photo.data)
