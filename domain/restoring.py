"""Restored, or not after all: whoever was told of the beginning is told of the end."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from domain import followers
from domain.db import db
from domain.outbox import Delivery, enqueue
from domain.people import Person
from domain.updates import Update

if TYPE_CHECKING:
    from domain.lifecycle import Incident


def tell(incident: "Incident", update: Update, *, by: Person, at: datetime) -> None:
    """The threads of the announcements and of the reports; the hotline and the followers are told of every update."""
    announce(incident, update, at)
    over = incident.resolved_at is not None
    for report in incident.reports:
        report.hear("restored" if over else "went_on", incident, by=by, at=at)


def announce(incident: "Incident", update: Update, at: datetime) -> None:
    """In the threads of the announcements: whoever was told of the beginning there is told of the end."""
    for row in _announcements(incident):
        enqueue(
            "slack", "incident.updated", at=at, incident_id=incident.id, needs=row, details={"update": update.id},
            lane=f"slack:incident-{incident.id}:end-{row.id}",
        )  # fmt: skip


def audience(incident: "Incident") -> dict[str, int]:
    """Who will be told of the end, by kind: `channels`, `reports` with a thread, `followers`."""
    return {
        "channels": len(_announcements(incident)),
        "reports": sum(report.status in ("incident", "duplicate") for report in incident.reports),
        "followers": len(followers.followers(incident)),
    }


def _announcements(incident: "Incident") -> list[Delivery]:
    query = select(Delivery).where(Delivery.incident_id == incident.id, Delivery.kind == "incident.announced")
    return list(db.session.scalars(query.order_by(Delivery.id)))
