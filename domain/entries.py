"""What every entry of the roster keeps to: who is named is here, a span is one, nothing is recorded twice."""

from datetime import datetime
from typing import Any

from domain.errors import Refused
from domain.people import Person


def check_present(person: Person, field: str) -> None:
    """Raises `Refused` for somebody who left."""
    if person.deactivated_at is not None:
        raise Refused(field, "person_left", name=person.name)


def check_span(starts_at: datetime, ends_at: datetime | None, at: datetime, field: str = "ends_at") -> None:
    """Refuses a span that is never in force (R1) or already over."""
    if ends_at is None:
        return
    if ends_at <= starts_at:
        raise Refused(field, "ends_before_begin")
    if ends_at <= at:
        raise Refused(field, "ends_in_past")


def ends_no_earlier(known: datetime | None, wanted: datetime | None) -> bool:
    """Whether one end holds another; None is no end."""
    return known is None or (wanted is not None and known >= wanted)


def told(starts_at: datetime, ends_at: datetime | None) -> dict[str, Any]:
    """A span as an event keeps it."""
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat() if ends_at else None}
