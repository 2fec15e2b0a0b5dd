"""The promise of an update by the clock: the bridge is reminded before and when late, then the commander; each once."""

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select

from domain import formation, mobilising, outbox
from domain.db import db
from domain.events import record
from domain.incidents import Incident, Update
from domain.mobilising import Mobilisation
from domain.outbox import Delivery
from domain.people import Person
from domain.roster_watch import Word

KIND = "promise.reminder"
"""A direct message. Who has no Slack id, or nobody in particular, is told in the incident's channel."""

SOON, LATE, COMMANDER = "soon", "late", "commander"

BEFORE = timedelta(minutes=2)
"""How long before its time the bridge is reminded."""

COMMANDER_AFTER = timedelta(minutes=3)
"""How long after its time the commander is told that it is still missing."""

PATIENCE = timedelta(minutes=15)
"""How long after its time a reminder is still written down: after a stop of the portal nobody is told of old things."""


def look(at: datetime) -> list[Word]:
    """Which reminders are due at `at` (aware UTC) and are not written down yet. Reads only; one query while none is."""
    found = [_word(*one) for one in _due(at)]
    known = outbox.known([word.key for word in found])
    return [word for word in found if word.key not in known]


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Writes them into the outbox, but for those of others, and of promises that were kept or renewed meanwhile."""
    known = outbox.known([word.key for word in words])
    written = []
    for word in words:
        incident = db.session.get_one(Incident, word.details["incident"], populate_existing=True)
        if word.key not in known and is_open(incident, word.details["due"]):
            written.append(_remind(incident, word, at))
    return [one for one in written if one is not None]


def is_open(incident: Incident, due: str) -> bool:
    """Whether the promise for `due` (ISO) still waits: no update, no restoration and no other promise came since."""
    promised = incident.next_update_at
    over = incident.resolved_at is not None or incident.closed_at is not None
    return promised is not None and promised.isoformat() == due and not over


def until(stage: str, due: datetime) -> datetime:
    """Until when it is of use to anybody: before its time it says something else than after."""
    return due if stage == SOON else due + timedelta(hours=1)


def _due(at: datetime) -> Iterator[tuple[int, datetime, str]]:
    """Every reminder whose time has come: the incident's id, what was promised, which of them it is."""
    said = select(func.max(Update.published_at)).where(Update.incident_id == Incident.id).correlate(Incident)
    since = func.coalesce(said.scalar_subquery(), Incident.declared_at, type_=Incident.declared_at.type)
    query = (
        select(Incident.id, Incident.next_update_at, since)
        .join(Mobilisation, Mobilisation.incident_id == Incident.id)
        .where(
            Incident.kind == "incident",
            Incident.resolved_at.is_(None),
            Incident.closed_at.is_(None),
            Incident.next_update_at > at - PATIENCE,
            Incident.next_update_at <= at + BEFORE,
        )
        .order_by(Incident.id)
    )
    for number, due, promised_at in db.session.execute(query):
        assert due is not None
        if due > at:
            # Who has promised something for the next two minutes knows.
            if due - promised_at > BEFORE:
                yield number, due, SOON
            continue
        yield number, due, LATE
        if due + COMMANDER_AFTER <= at:
            yield number, due, COMMANDER


def _word(number: int, due: datetime, stage: str) -> Word:
    details = {"incident": number, "due": due.isoformat(), "stage": stage}
    key = hashlib.sha256("\n".join(map(str, (KIND, *details.values()))).encode()).hexdigest()[:32]
    return Word(key, KIND, f"slack:promise-{number}", details)


def _remind(incident: Incident, word: Word, at: datetime) -> Delivery | None:
    """A drill's goes to the drill channel, like everything of it."""
    stage = word.details["stage"]
    person, bridge = _whom(incident, stage, at)
    details = {**word.details, "person": person.id if person else None, "bridge": bridge.name if bridge else ""}
    if person is None or not person.slack_id or incident.drill:
        written = mobilising.remind(incident, details, at=at, key=word.key)
    else:
        written = outbox.enqueue(
            "slack", KIND, at=at, incident_id=incident.id, details=details, lane=word.lane, key=word.key
        )
    if written is not None:
        name = person.name if person else ""
        record("incident.reminded", by=None, at=at, incident_id=incident.id, stage=stage, name=name)
    return written


def _whom(incident: Incident, stage: str, at: datetime) -> tuple[Person | None, Person | None]:
    """Who is told, and who the bridge is. Who is both commander and bridge was told: then everybody in the channel."""
    held = formation.now_held(incident, at)
    bridge, commander = (held[one].person if one in held else None for one in ("bridge", "commander"))
    if stage != COMMANDER:
        return bridge, bridge
    return (None if commander == bridge else commander), bridge
