"""Telling one person: a direct message in Slack or a mail, one for each cause and person, edited when it changes."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from domain.db import db
from domain.outbox import Delivery, enqueue, known
from domain.people import Person

DIRECT, MAIL = "direct", "mail"
"""The services that reach one person. Each has a worker of its own: many to be told hold up no report."""

CHANGED = "told.changed"
PART = 500
"""Keys that are asked for at once: SQLite takes no statement with too many."""


@dataclass(frozen=True)
class Word:
    """Something for one person. The key follows from kind, cause and person: whoever writes it down, it is one."""

    kind: str
    person: Person
    cause: tuple[object, ...]
    service: str = DIRECT
    incident_id: int | None = None
    report_id: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None

    @property
    def key(self) -> str:
        return key_of(self.kind, self.cause, self.person.id)

    @property
    def lane(self) -> str:
        """What has to wait for the morning has a lane of its own: it must not hold up what is said at once."""
        lane = f"{self.service}:person-{self.person.id}"
        return f"{lane}:{self.not_before:%m%d%H%M}" if self.not_before else lane


def key_of(kind: str, cause: tuple[object, ...], person: int) -> str:
    """The key of what a person is told of a cause."""
    return hashlib.sha256("\n".join(map(str, (kind, *cause, person))).encode()).hexdigest()[:32]


def written(keys: Collection[str]) -> dict[str, Delivery]:
    """What is written down already, by its key."""
    wanted = list(keys)
    parts = (wanted[start : start + PART] for start in range(0, len(wanted), PART))
    rows = (db.session.scalars(select(Delivery).where(Delivery.key.in_(part))) for part in parts)
    return {row.key: row for found in rows for row in found}


def tell(words: Sequence[Word], at: datetime) -> int:
    """Writes down what is not written down yet, in one statement; how many. `at`: aware UTC."""
    new = {word.key: word for word in words}
    for start in range(0, len(new), PART):
        for key in known(list(new)[start : start + PART]):
            del new[key]
    rows = [
        {
            "key": key, "service": word.service, "kind": word.kind, "lane": word.lane, "report_id": word.report_id,
            "incident_id": word.incident_id, "details": {"person": word.person.id, **word.details},
            "state": "waiting", "created_at": at, "attempts": 0, "error": "", "next_at": word.not_before,
        }
        for key, word in new.items()
    ]  # fmt: skip
    if rows:
        db.session.flush()
        db.session.execute(insert(Delivery), rows)
    return len(rows)


def change(first: Delivery, details: dict[str, Any], at: datetime) -> None:
    """What was told has changed. What still waits says the new at once; what has arrived is edited, in the same place.

    A mail cannot be edited: the change is a mail of its own.
    """
    said = {**first.details, **details}
    if first.state == "waiting" and not first.attempts:
        first.details = said
        return
    if first.state in ("failed", "dropped"):
        # Nothing is there to be edited.
        enqueue(
            first.service, first.kind, at=at, incident_id=first.incident_id, report_id=first.report_id, details=said,
            lane=first.lane,
        )  # fmt: skip
        return
    query = select(Delivery).where(Delivery.needs_id == first.id, Delivery.kind == CHANGED)
    for edit in db.session.scalars(query):
        if edit.state == "waiting" and not edit.attempts:
            edit.details = said
            return
    said["of"] = first.kind
    enqueue(
        first.service, CHANGED, at=at, incident_id=first.incident_id, report_id=first.report_id, needs=first,
        details=said, lane=first.lane,
    )  # fmt: skip
