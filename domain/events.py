"""What happened, by whom, when: the audit log. It feeds the timeline and says why things are as they are."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional, cast

from sqlalchemy import ForeignKey, String, Table, insert
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model, db

if TYPE_CHECKING:
    from domain.people import Person


class Event(Model):
    """One thing that happened. Never changed, never deleted."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)

    actor: Mapped[Optional["Person"]] = relationship()


WRITTEN = insert(cast(Table, Event.__table__))
"""Built once: every write of the portal writes one."""


def record(
    kind: str,
    *,
    by: "Person | None",
    at: datetime,
    report_id: int | None = None,
    incident_id: int | None = None,
    **details: Any,
) -> None:
    """Writes down what happened. `by` None is the system itself; `details` are JSON values, nothing secret."""
    row = {
        "at": at,
        "kind": kind,
        "actor_id": by.id if by else None,
        "report_id": report_id,
        "incident_id": incident_id,
        "details": details,
    }
    # Past the unit of work: nobody changes it any more.
    db.session.connection().execute(WRITTEN, row)
