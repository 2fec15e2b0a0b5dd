"""The record's mirror in Confluence: a page for each incident from its declaration, written once a minute at most."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from domain import outbox
from domain.db import db
from domain.events import Event
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.record_tables import Mirror, Section
from domain.roster_watch import Word

SERVICE = "confluence"
PAGE = "record.page"
"""The delivery that makes the page, or brings it up to date: the newest state wins."""

EVERY = timedelta(seconds=5)
"""Between two looks at least."""

PAUSE = timedelta(minutes=1)
"""Between two writings of one page at least."""

REFUSED_PAUSE = timedelta(minutes=30)
"""After a refusal: what is written in the meantime is all in the next try."""

FORGOTTEN = timedelta(days=7)
"""What was finished longer ago is not looked at any more."""


def look(at: datetime) -> list[Word]:
    """What is to be written at `at` (aware UTC): three queries."""
    found = _looked_at(at)
    last = outbox.last_of([_lane(number) for number in found])
    return [
        Word(f"record:{number}:{int(at.timestamp()) // 60}", PAGE, _lane(number), {"incident": number})
        for number, changed in found.items()
        if _is_due(last.get(_lane(number)), changed, at)
    ]


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Writes it into the outbox, but for what somebody else has written down in the meantime."""
    known = outbox.known([word.key for word in words])
    made = []
    for word in words:
        if word.key in known:
            continue
        number = int(word.details["incident"])
        if db.session.get(Mirror, number) is None:
            db.session.add(Mirror(incident_id=number))
        made.append(outbox.enqueue(SERVICE, PAGE, at=at, incident_id=number, lane=word.lane, key=word.key))
    return made


def where(incident: Incident) -> Delivery | None:
    """The last writing that arrived: `outside_id` is the page, `outside_url` its address."""
    return db.session.scalar(
        select(Delivery)
        .where(Delivery.incident_id == incident.id, Delivery.service == SERVICE, Delivery.state == "sent")
        .order_by(Delivery.id.desc())
        .limit(1)
    )


def _lane(number: int) -> str:
    return f"{SERVICE}:incident-{number}"


def _looked_at(at: datetime) -> dict[int, datetime]:
    """By incident when something last changed that its page says."""
    told = (
        select(func.max(Event.at)).where(Event.incident_id == Incident.id, Event.kind != "delivery.failed")
    ).scalar_subquery()
    written = select(func.max(Section.updated_at)).where(Section.incident_id == Incident.id).scalar_subquery()
    rows = db.session.execute(
        select(Incident.id, Incident.declared_at, told, written, Mirror.changed_at)
        .outerjoin(Mirror, Mirror.incident_id == Incident.id)
        .where(
            Incident.kind == "incident", Incident.source.is_(None) | (Incident.source == ""),
            Incident.declared_at <= at,
            or_(Incident.closed_at.is_(None), Incident.closed_at > at - FORGOTTEN, Mirror.changed_at > at - FORGOTTEN),
        )
    )  # fmt: skip
    return {number: max(one for one in instants if one is not None) for number, *instants in rows}


def _is_due(last: Delivery | None, changed: datetime, at: datetime) -> bool:
    if last is None:
        return True
    if last.state in outbox.OPEN or last.created_at > at - PAUSE:
        return False
    if last.state == "failed" and last.created_at > at - REFUSED_PAUSE:
        return False
    # What people write is kept in whole seconds: what came in the same second may have come after.
    return last.state == "failed" or changed >= (last.sent_at or last.created_at).replace(microsecond=0)
