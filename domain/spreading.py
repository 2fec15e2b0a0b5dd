"""An update goes outside: one message in each channel, edited when the update is corrected."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from domain import mobilising
from domain.db import db, organisation
from domain.outbox import OPEN, Delivery, enqueue
from domain.updates import Update

if TYPE_CHECKING:
    from domain.lifecycle import Incident

THREAD, CHANNEL, CUSTOMER = "incident.updated", "update.channel", "update.customer"
"""In the thread of the declaration; in the incident's channel, whole; in the channel of the customer side, with what is
said to guests and to partners, each by itself."""

CHANGED = "update.changed"
"""One of these is edited."""


def spread(incident: "Incident", update: Update, at: datetime) -> None:
    """Writes down who hears of an update in Slack. A correction edits what the corrected one has told.

    The holding text of a declaration goes to the customer side only: everybody else reads the declaration.
    """
    root = update.root
    told = _told(incident, root) if update.corrects_id is not None else []
    there = {(row.kind, row.needs_id is None) for row in told}
    for row in told:
        _edit(row, at)
    details = {"update": root}
    if update.kind != "declared":
        if (THREAD, True) not in there:
            enqueue("slack", THREAD, at=at, incident_id=incident.id, details=details)
        if CHANNEL not in {row.kind for row in told} and (made := mobilising.channel(incident)) is not None:
            enqueue(
                "slack", CHANNEL, at=at, incident_id=incident.id, needs=made, details=details,
                lane=f"slack:incident-{incident.id}:updates",
            )  # fmt: skip
    name = organisation().customer_channel
    if name and (CUSTOMER, True) not in there and incident.kind == "incident":
        enqueue(
            "slack", CUSTOMER, at=at, incident_id=incident.id, details={**details, "channel": name},
            lane=f"slack:incident-{incident.id}:customers",
        )  # fmt: skip


def newest(root: int) -> Update:
    """The update that counts of those that correct `root`: the last correction, or itself. One query a correction."""
    found = db.session.get_one(Update, root)
    while True:
        query = select(Update).where(Update.corrects_id == found.id).order_by(Update.id.desc()).limit(1)
        later = db.session.scalar(query)
        if later is None:
            return found
        found = later


def _told(incident: "Incident", root: int) -> list[Delivery]:
    query = select(Delivery).where(
        Delivery.incident_id == incident.id, Delivery.kind.in_((THREAD, CHANNEL, CUSTOMER))
    )  # fmt: skip
    return [row for row in db.session.scalars(query.order_by(Delivery.id)) if row.details.get("update") == root]


def _edit(first: Delivery, at: datetime) -> None:
    """What waits says the newest by itself, and so does an edit that waits."""
    if first.state == "waiting" and not first.attempts:
        return
    query = select(Delivery).where(Delivery.needs_id == first.id, Delivery.kind == CHANGED, Delivery.state.in_(OPEN))
    if any(not row.attempts for row in db.session.scalars(query)):
        return
    enqueue(
        "slack", CHANGED, at=at, incident_id=first.incident_id, needs=first,
        details={**first.details, "of": first.kind}, lane=first.lane,
    )  # fmt: skip
