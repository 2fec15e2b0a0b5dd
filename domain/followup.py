"""After the restoration: who still needs help. The customer side ticks it off before it closes the incident."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain.db import Model, db
from domain.errors import Conflict, Refused
from domain.events import record
from domain.people import Person
from domain.text import is_blank, one_line

if TYPE_CHECKING:
    from domain.lifecycle import Incident

LONGEST = 300
MOST = 200
"""Lines of one incident."""


class FollowUp(Model):
    """Somebody who still needs help, in free words: a customer, a facility, a colleague who still apologises."""

    __tablename__ = "follow_ups"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    body: Mapped[str] = mapped_column(String(300))
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    added_by: Mapped[Person] = relationship(foreign_keys=[added_by_id])
    done_by: Mapped[Person | None] = relationship(foreign_keys=[done_by_id])

    def tick(self, done: bool, *, by: Person, at: datetime) -> None:
        """Helped, or (`done` False) not after all; again changes nothing."""
        if (self.done_at is not None) == done:
            return
        self.done_at, self.done_by_id = (at, by.id) if done else (None, None)
        kind = "followup.done" if done else "followup.undone"
        record(kind, by=by, at=at, incident_id=self.incident_id, line=self.id)


def of(incident: "Incident") -> list[FollowUp]:
    """The list of an incident: what is not done first."""
    query = (
        select(FollowUp)
        .options(joinedload(FollowUp.added_by), joinedload(FollowUp.done_by))
        .where(FollowUp.incident_id == incident.id)
        .order_by(FollowUp.done_at.is_not(None), FollowUp.id)
    )
    return list(db.session.scalars(query))


def number_left(incident: "Incident") -> int:
    """How many still need help."""
    left = select(func.count(FollowUp.id)).where(FollowUp.incident_id == incident.id, FollowUp.done_at.is_(None))
    return db.session.scalar(left) or 0


def found(incident: "Incident", number: int) -> FollowUp | None:
    """The line of an incident with this id, or None."""
    return db.session.scalar(select(FollowUp).where(FollowUp.id == number, FollowUp.incident_id == incident.id))


def add(incident: "Incident", body: str, *, by: Person, at: datetime) -> FollowUp:
    """Somebody still needs help. The same words that are not done yet are the same line.

    Raises:
        Conflict: the incident is closed.
        Refused: no words, too many of them, or too many lines.
    """
    body = one_line(body)
    if incident.closed_at is not None:
        raise Conflict("incident_closed", incident=incident.code)
    if is_blank(body):
        raise Refused("body", "follow_up_missing")
    if len(body) > LONGEST:
        raise Refused("body", "words_long", most=LONGEST)
    lines = of(incident)
    if same := next((one for one in lines if one.body == body and one.done_at is None), None):
        return same
    if len(lines) >= MOST:
        raise Refused("body", "follow_ups_many", most=MOST)
    line = FollowUp(incident_id=incident.id, body=body, added_at=at, added_by_id=by.id)
    db.session.add(line)
    db.session.flush()
    record("followup.added", by=by, at=at, incident_id=incident.id, line=line.id)
    return line


def move(incident: "Incident", into: "Incident") -> None:
    """Who needs help because of the one is on the list of the other."""
    for line in of(incident):
        line.incident_id = into.id
    db.session.flush()
