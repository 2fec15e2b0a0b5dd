"""PagerDuty for a report that nobody has taken: one alert each time its clock runs, resolved as soon as it is taken."""

import hashlib
from datetime import datetime

from sqlalchemy import select

from domain import outbox, roster
from domain.db import db, organisation
from domain.events import record
from domain.outbox import Delivery
from domain.paging import SERVICE, PagingKey
from domain.roster import Area

TRIGGER, RESOLVE = "report.page", "report.page_resolve"


def key(report_id: int, since: datetime) -> str:
    """What the alert of a report is known by, whose clock began at `since`: the same whoever writes it down."""
    cause = f"{TRIGGER}\n{report_id}\n{since.isoformat()}"
    return hashlib.sha256(cause.encode()).hexdigest()[:32]


def area() -> Area | None:
    """Whom it is for: the system area. None where there is none, or no routing key that would reach it."""
    found = next((one for one in roster.areas() if one.kind == "system"), None)
    if found is None:
        return None
    reachable = organisation().pages or db.session.get(PagingKey, found.id) is not None
    return found if reachable else None


def trigger(report_id: int, since: datetime, of: Area, *, at: datetime) -> Delivery:
    """Rings. Ask `outbox.known` for its key first."""
    own = key(report_id, since)
    record("report.paged", by=None, at=at, report_id=report_id, area=of.key)
    return outbox.enqueue(
        SERVICE, TRIGGER, at=at, report_id=report_id, details={"area": of.key, "dedup": f"noroshi-{own}"},
        lane=_lane(report_id), key=own,
    )  # fmt: skip


def end(report_id: int, *, at: datetime) -> None:
    """Somebody has it in hand: what rings is resolved, what was not sent yet never is. Again changes nothing."""
    query = select(Delivery).where(Delivery.report_id == report_id, Delivery.kind.in_((TRIGGER, RESOLVE)))
    rows = list(db.session.scalars(query.order_by(Delivery.id)))
    over = {one.details["dedup"] for one in rows if one.kind == RESOLVE}
    for one in rows:
        if one.kind == TRIGGER and one.state == "waiting" and not one.attempts:
            one.drop(at)
        elif one.kind == TRIGGER and one.state in ("sent", *outbox.OPEN) and one.details["dedup"] not in over:
            details = dict(one.details)
            outbox.enqueue(SERVICE, RESOLVE, at=at, report_id=report_id, details=details, lane=_lane(report_id))


def _lane(report_id: int) -> str:
    """One of its own: an alert is never resolved before it was triggered."""
    return f"{SERVICE}:report-{report_id}"
