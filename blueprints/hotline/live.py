"""The live topic `report-<id>`: one report and what became of it, for one language and class of rights."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from blueprints.shared import live
from blueprints.shared.language import now
from blueprints.shared.who import my_rights
from domain import hotline, hotline_clock, incidents, roster
from domain.db import db
from domain.hotline import Report, Step
from domain.hotline_clock import Waiting
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.roster import AreaDuty

PATIENCE = timedelta(seconds=15)
"""How long a report may be on its way to Slack before its reporter is told to call."""


@dataclass(frozen=True)
class Arrival:
    """How far the report is on its way to #hotline. `state`: sent, sending, retrying, held or failed."""

    state: str
    delivery: Delivery | None

    @property
    def away(self) -> bool:
        return self.state not in ("sent", "sending")


def arrival_of(delivery: Delivery | None, at: datetime) -> Arrival:
    """Away as soon as one try has failed, or nothing has happened for a while: a reporter must not wait in vain."""
    if delivery is None or delivery.state == "sent":
        return Arrival("sent", delivery)
    if delivery.state == "failed":
        return Arrival("failed", delivery)
    if not current_app.config["SLACK_BOT_TOKEN"]:
        return Arrival("held", delivery)
    late = at - delivery.created_at >= PATIENCE
    return Arrival("retrying" if delivery.error or late else "sending", delivery)


def found(number: int) -> Report | None:
    """A report with what its page shows; None where there is none."""
    if number >= 2**31:
        return None
    query = (
        select(Report)
        .options(
            joinedload(Report.reporter),
            joinedload(Report.acknowledged_by),
            joinedload(Report.judged_by),
            joinedload(Report.symptom),
            joinedload(Report.service),
            joinedload(Report.facility),
            joinedload(Report.incident).joinedload(Incident.latest),
            joinedload(Report.duplicate_of).joinedload(Report.symptom),
            selectinload(Report.voices),
            selectinload(Report.photos),
        )
        .where(Report.id == number)
    )
    return db.session.scalar(query)


def shown(report: Report) -> dict[str, Any]:
    """What the live part of the page needs. A constant number of queries."""
    level = my_rights().level
    arrival = arrival_of(hotline.announcement(report), now())
    judging = level != "reader" and report.is_open
    return {
        "report": report,
        "root": report.root,
        "steps": hotline.fate(report),
        "arrival": arrival,
        "duty": system_duty() if arrival.away and report.status == "received" else None,
        "waiting": hotline_clock.of(report, now()),
        "level": level,
        "open_incidents": [one for one in incidents.open_incidents(now()) if not one.drill] if judging else [],
        "others": [one for one in hotline.open_suspicions() if one.id != report.id] if judging else [],
    }


def system_duty() -> AreaDuty | None:
    """Who answers for the system now: whom a report concerns first."""
    return next((duty for duty in roster.duty_now(now()) if duty.area.kind == "system"), None)


@live.topic("report")
def report_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """The page's live part; None where there is no such report."""
    report = found(int(subject)) if subject.isascii() and subject.isdecimal() and len(subject) < 11 else None
    if report is None:
        return None
    context = shown(report)
    html = live.swap(f"report-{report.id}", "hotline/_report.html", **context)
    if context["level"] != "reader":
        html += live.swap(f"verdict-{report.id}", "hotline/_verdict.html", errors={}, typed={}, **context)
    return html, changes_at(context["arrival"], context["duty"], context["waiting"])


def changes_at(arrival: Arrival, duty: AreaDuty | None, waiting: Waiting | None = None) -> datetime | None:
    """When the clock alone changes what is shown: patience ends, whom to call changes, the next one is told."""
    instants = [duty.until if duty else None, waiting.following.at if waiting and waiting.following else None]
    if arrival.state == "sending" and arrival.delivery is not None:
        instants.append(arrival.delivery.created_at + PATIENCE)
    return min((one for one in instants if one), default=None)


def with_arrival(steps: list[Step], arrival: Arrival) -> list[Step]:
    """The steps with the one of Slack among them, where it belongs in time."""
    delivery = arrival.delivery
    if delivery is None:
        return steps
    at = delivery.delivered_at or delivery.created_at
    place = next((number for number, step in enumerate(steps) if step.at <= at), len(steps))
    return [*steps[:place], Step(at, "arrival", None), *steps[place:]]
