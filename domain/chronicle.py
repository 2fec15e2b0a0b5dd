"""What the portal knows of an incident by itself, in order: its events and its reports', what arrived or failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from domain.db import db
from domain.events import Event
from domain.hotline import Report
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.questions import Question
from domain.roster import Area
from domain.updates import Update

GROUPS: dict[str, tuple[str, ...]] = {
    "report": (
        "report.filed", "report.voice", "report.details", "report.photo", "report.reminded", "report.paged",
        "report.acknowledged", "report.no_incident", "report.duplicate", "report.incident", "report.reopened",
    ),
    "update": ("incident.published", "incident.unchanged"),
    "question": ("question.asked", "question.answered"),
    "people": (
        "incident.assigned", "incident.called", "incident.paged", "incident.page_decided", "incident.call_joined",
        "incident.call_left", "incident.reminded", "incident.go_ahead_asked", "incident.go_ahead_given",
        "incident.go_ahead_refused", "incident.go_ahead_withdrawn", "channel.create", "page.trigger", "call.open",
    ),
    "state": (
        "incident.began", "incident.ended",
        "incident.declared", "incident.edited", "incident.reopened", "incident.closed", "incident.followed_up_again",
        "incident.merged", "incident.merged_here", "incident.no_incident", "maintenance.planned", "followup.added",
        "followup.done", "followup.undone", "postmortem.planned", "postmortem.held", "postmortem.not_held",
    ),
    "failure": ("delivery.failed",),
}  # fmt: skip
"""The kinds of facts that stand in the timeline, by what people look for."""

ARRIVED = ("channel.create", "page.trigger", "call.open")
"""Deliveries whose arrival is a fact of its own."""

LEFT_OUT = {
    "question.seconded", "question.marked", "report.restored", "report.went_on", "report.merged",
    "delivery.sent_again",
    "postmortem.written",
    "timeline.added", "timeline.correct", "timeline.move", "timeline.strike", "timeline.restore",
}  # fmt: skip
"""Echoes of facts that stand there already, and what is written in the timeline itself."""

_GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}


@dataclass(frozen=True)
class Fact:
    """Something that happened. `mark`: its name on a page, unique in an incident. `who`: empty is the portal itself."""

    at: datetime
    kind: str
    mark: str
    who: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    event: Event | None = None
    update: Update | None = None

    @property
    def group(self) -> str:
        return _GROUP_OF[self.kind]


@dataclass(frozen=True)
class Chronicle:
    """The facts, oldest first, and what their words are made of, by id (areas by key)."""

    facts: list[Fact]
    reports: dict[int, Report]
    questions: dict[int, Question]
    people: dict[int, str]
    areas: dict[str, Area]


def of(incident: Incident) -> Chronicle:
    """Everything that the portal knows of an incident: eight queries at most, however much it is."""
    # Updates are asked for themselves: those that were moved in from elsewhere have no event.
    events = [one for one in _events(incident) if one.kind not in GROUPS["update"] and not _is_holding_text(one)]
    facts = [*_ends(incident), *map(_happened, events), *_said(incident), *map(_arrival, _arrivals(incident))]
    return Chronicle(
        sorted(facts, key=lambda fact: fact.at),
        _reports({event.report_id for event in events}),
        _questions({event.details.get("question") for event in events}),
        _names({fact.details.get("person") for fact in facts}),
        {area.key: area for area in db.session.scalars(select(Area))},
    )


def _events(incident: Incident) -> list[Event]:
    reports = select(Report.id).where(Report.incident_id == incident.id)
    # What happened to a report on the account of another incident belongs there.
    of_report = and_(Event.report_id.in_(reports), or_(Event.incident_id.is_(None), Event.incident_id == incident.id))
    query = (
        select(Event)
        .where(Event.kind.in_(list(_GROUP_OF)), or_(Event.incident_id == incident.id, of_report))
        .options(joinedload(Event.actor))
        .order_by(Event.id)
    )
    return list(db.session.scalars(query))


def _is_holding_text(event: Event) -> bool:
    return event.kind == "incident.declared" and "update" in event.details


def _happened(event: Event) -> Fact:
    return Fact(event.at, event.kind, f"e{event.id}", event.actor.name if event.actor else "", event.details, event)


def _said(incident: Incident) -> list[Fact]:
    query = select(Update).where(Update.incident_id == incident.id).options(joinedload(Update.published_by))
    return [
        Fact(one.published_at, "incident.published", f"u{one.id}", one.published_by.name if one.published_by else "",
             update=one)
        for one in db.session.scalars(query.order_by(Update.id))
    ]  # fmt: skip


def _ends(incident: Incident) -> list[Fact]:
    """When the impact began and ended: known, although nobody may have done anything then."""
    ends = [("incident.began", incident.began_at), ("incident.ended", incident.resolved_at)]
    return [
        Fact(at, kind, kind.partition(".")[2]) for kind, at in ends if at is not None and incident.kind == "incident"
    ]


def _arrivals(incident: Incident) -> list[Delivery]:
    query = select(Delivery).where(
        Delivery.incident_id == incident.id, Delivery.kind.in_(ARRIVED), Delivery.state == "sent"
    )
    # Where nothing is set up for it, a delivery arrives without having opened anything.
    return [row for row in db.session.scalars(query.order_by(Delivery.id)) if row.outside_id or row.outside_url]


def _arrival(row: Delivery) -> Fact:
    # PagerDuty's answer holds no word for people; the channel's name and the addresses do.
    details = {**row.details, "place": row.outside_place, "url": row.outside_url}
    return Fact(row.delivered_at or row.created_at, row.kind, f"d{row.id}", details=details)


def _reports(ids: Iterable[Any]) -> dict[int, Report]:
    wanted = [one for one in ids if isinstance(one, int)]
    query = select(Report).where(Report.id.in_(wanted)).options(joinedload(Report.symptom))
    return {row.id: row for row in db.session.scalars(query)} if wanted else {}


def _questions(ids: Iterable[Any]) -> dict[int, Question]:
    wanted = [one for one in ids if isinstance(one, int)]
    query = select(Question).where(Question.id.in_(wanted)).options(selectinload(Question.answers))
    return {row.id: row for row in db.session.scalars(query)} if wanted else {}


def _names(ids: Iterable[Any]) -> dict[int, str]:
    wanted = [one for one in ids if isinstance(one, int)]
    query = select(Person.id, Person.name).where(Person.id.in_(wanted))
    return {row.id: row.name for row in db.session.execute(query)} if wanted else {}
