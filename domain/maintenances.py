"""Planned work: visible beforehand, its state told by the clock unless somebody says otherwise."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, and_, or_, select

from domain.catalog import Facility, Service
from domain.db import db
from domain.errors import Conflict, Refused
from domain.events import record
from domain.lifecycle import Incident, good_title
from domain.people import Person
from domain.text import fold
from domain.updates import Update, kept_words, parted

LONGEST = timedelta(days=31)


def plan_maintenance(
    *,
    key: str,
    by: Person,
    at: datetime,
    title: str,
    began_at: datetime,
    ends_at: datetime,
    services: Mapping[Service, str],
    words: Mapping[str, str],
    facilities: list[Facility] | None = None,
    wrote_as: str = "responder",
) -> Incident:
    """Announces planned work; the same `key` again gives the same. `facilities` None means all.

    Raises:
        Conflict: the key was used for something else.
        Refused: title, words, or a span that is empty, over, or longer than a month.
    """
    title, said = good_title(title), kept_words(words)
    if earlier := db.session.scalar(select(Incident).where(Incident.key == key)):
        if (earlier.kind, earlier.title) != ("maintenance", title):
            raise Conflict("key_used")
        return earlier
    if ends_at <= began_at:
        raise Refused("ends_at", "ends_before_begin")
    if ends_at <= at:
        raise Refused("ends_at", "ends_in_past")
    if ends_at - began_at > LONGEST:
        raise Refused("ends_at", "maintenance_long")
    work = Incident(
        key=key, kind="maintenance", title=title, severity="none", state="scheduled", began_at=began_at,
        ends_at=ends_at, declared_at=at, declared_by_id=by.id, all_facilities=facilities is None,
        facilities=list(facilities or []),
    )  # fmt: skip
    work.touch(services)
    work.search = " ".join(fold(text) for text in (title, *parted(said)[0].values()))[:8000]
    db.session.add(work)
    db.session.flush()
    public, whole = parted(said)
    update = Update(
        key=f"{key[:55]}:planned", incident=work, kind="published", state="scheduled", published_at=at,
        published_by_id=by.id, wrote_as=wrote_as, **public, internal=whole,
        services={str(service.id): state for service, state in services.items()},
    )  # fmt: skip
    db.session.add(update)
    db.session.flush()
    record("maintenance.planned", by=by, at=at, incident_id=work.id)
    return work


class Timed(Protocol):
    """What the clock decides by: planned work, or a row of its columns."""

    @property
    def state(self) -> str: ...
    @property
    def began_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...


def is_under_way(work: Timed, at: datetime) -> bool:
    """Whether planned work is being done, or checked after it, at an instant."""
    return state_at(work, at) in ("in_progress", "verifying")


def state_at(work: Timed, at: datetime) -> str:
    """The state of planned work at an instant: by the clock, until somebody publishes another.

    Work that somebody has begun stays under way until somebody says that it is finished: it may overrun.
    """
    if work.state != "scheduled" or at < work.began_at:
        return work.state
    return "in_progress" if work.ends_at is None or at < work.ends_at else "completed"


def upcoming(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """The same as a condition: work that is still to come, under way or being checked."""
    return and_(
        Incident.kind == "maintenance",
        or_(
            Incident.state.in_(("in_progress", "verifying")),
            and_(
                Incident.state == "scheduled",
                or_(Incident.began_at > at, Incident.ends_at.is_(None), Incident.ends_at > at),
            ),
        ),
    )
