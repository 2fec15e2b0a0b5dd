"""The outbox: words to the outside, written down with the fact that caused them, carried out later, exactly once."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from domain.db import Model, db

STATES = ("waiting", "sending", "sent", "failed")


class DeliveryError(Exception):
    """A service did not take a delivery. `permanent`: trying again the same way is no use.

    `retry_after` is the pause in seconds that the service asked for.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after


class Delivery(Model):
    """One word to one service. Its subject is a report or an incident; the sender builds the message from it.

    `outside_id` (Slack's `ts`), `outside_place` (channel id) and `outside_url` (permalink) are kept, so that
    later deliveries edit the same message. `needs_id` names the delivery whose outside id this one needs.
    `lane` keeps the order: one service's deliveries about one subject go one after the other.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_open", "state", "lane", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    service: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(60))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    needs_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    outside_id: Mapped[str | None] = mapped_column(String(100))
    outside_place: Mapped[str | None] = mapped_column(String(100))
    outside_url: Mapped[str | None] = mapped_column(Text)


def enqueue(
    service: str,
    kind: str,
    *,
    at: datetime,
    report_id: int | None = None,
    incident_id: int | None = None,
    needs: Delivery | None = None,
    details: dict[str, Any] | None = None,
) -> Delivery:
    """Writes a word to the outside down, in the transaction of its cause. `at`: aware UTC."""
    subject = f"report-{report_id}" if report_id else f"incident-{incident_id}"
    delivery = Delivery(
        key=secrets.token_hex(16),
        service=service,
        kind=kind,
        lane=f"{service}:{subject}",
        report_id=report_id,
        incident_id=incident_id,
        needs_id=needs.id if needs else None,
        details=details or {},
        state="waiting",
        created_at=at,
        attempts=0,
        error="",
    )
    db.session.add(delivery)
    db.session.flush()
    return delivery
