"""The formation by the clock: a hand-over of duty hands positions over, and open ones ask to be filled."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from domain import formation, mobilising, outbox, roster
from domain.db import db
from domain.events import Event, record
from domain.formation import ASKS, ROSTERED, Position
from domain.incidents import Incident
from domain.mobilising import ASKED, HANDED_OVER, Mobilisation
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import AreaDuty, Facts
from domain.roster_watch import Word

LATE = timedelta(minutes=15)
"""How long after a hand-over of duty it is still told."""

PATIENCE = timedelta(minutes=4)
"""How long after its time an ask is still made: after a stop of the portal they do not come all at once."""


@dataclass(frozen=True)
class Change:
    """The instant from which on somebody else, or nobody, holds a position by the roster."""

    position: str
    at: datetime
    before: Person | None
    after: Person | None


def look(at: datetime) -> list[Word]:
    """What is to be said at `at` (aware UTC) and was not yet. Reads only; one query while no incident is open."""
    open_ones = list(db.session.scalars(_open()))
    if not open_ones:
        return []
    facts = roster.facts(at, back=LATE)
    duties = facts.duties()
    past = _hand_overs(open_ones)
    found = list(_handings(open_ones, past, list(_changes(facts, duties))))
    known = outbox.known([word.key for word in found])
    return [word for word in found if word.key not in known] + list(_asks(open_ones, past, duties, at))


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Writes them into the outbox, but for those of others, and of positions that somebody was given meanwhile."""
    known = outbox.known([word.key for word in words])
    told = _told([word.details["incident"] for word in words])
    written = []
    for word in words:
        incident = db.session.get_one(Incident, word.details["incident"])
        if word.key in known or incident.closed_at is not None:
            continue
        written.append(_asked(word, incident, told, at) if word.kind == ASKED else _handed_over(word, incident, at))
    return [one for one in written if one is not None]


def _open() -> Select[Incident]:
    return (
        select(Incident)
        .join(Mobilisation, Mobilisation.incident_id == Incident.id)
        .where(Incident.kind == "incident", Incident.closed_at.is_(None), Incident.source == "")
        .options(selectinload(Incident.positions).joinedload(Position.person))
        .order_by(Incident.id)
    )


def _key(*cause: object) -> str:
    return hashlib.sha256("\n".join(str(part) for part in cause).encode()).hexdigest()[:32]


# Hand-overs of duty


def _changes(facts: Facts, duties: list[AreaDuty]) -> Iterator[Change]:
    """What has changed lately, and is so still. The first area of a kind that has somebody counts."""
    in_charge = formation.in_charge_of(duties)
    for position, kind in ROSTERED.items():
        now = in_charge.get(kind)
        for area in (one for one in facts.areas if one.kind == kind):
            # One second more: what lies at the end itself is seen.
            times = roster.stretches(facts, area, facts.at - LATE, facts.at + timedelta(seconds=1))
            for before, after in pairwise(times):
                is_so = after.person is None or (now is not None and now.id == after.person.id)
                if is_so and after.start <= facts.at and before.person != now:
                    yield Change(position, after.start, before.person, now)


def _handings(open_ones: list[Incident], past: dict[int, list[Event]], changes: list[Change]) -> Iterator[Word]:
    """The changes that an incident does not know: the position is given to nobody, and was not since."""
    for incident in open_ones:
        given = {one.position for one in incident.positions if one.until is None}
        for change in changes:
            since = [one.at for one in past[incident.id] if one.details.get("position") == change.position]
            if change.position not in given and change.at > max([incident.declared_at, *since]):
                yield _handing(incident, change)


def _handing(incident: Incident, change: Change) -> Word:
    details = {
        "incident": incident.id,
        "position": change.position,
        "before": change.before.name if change.before else "",
        "person": change.after.id if change.after else None,
        "at": change.at.isoformat(),
    }
    return Word(_key(HANDED_OVER, *details.values()), HANDED_OVER, "", details)


def _handed_over(word: Word, incident: Incident, at: datetime) -> Delivery | None:
    position, before = word.details["position"], word.details["before"]
    if any(one.position == position and one.until is None for one in incident.positions):
        return None
    number = word.details["person"]
    person = db.session.get(Person, number) if number else None
    name = person.name if person else ""
    record(
        "incident.assigned", by=None, at=at, incident_id=incident.id, position=position, person=number, before=before,
        name=name,
    )  # fmt: skip
    told = mobilising.handed_over(incident, position=position, before=before, name=name, by=None, at=at, key=word.key)
    mobilising.invite(incident, [person] if person else [], at=at)
    mobilising.refresh(incident, at)
    return told


# Open positions


def _asks(
    open_ones: list[Incident], past: dict[int, list[Event]], duties: list[AreaDuty], at: datetime
) -> Iterator[Word]:
    """One word for each incident in which positions ask now: what asks at the same time asks together."""
    missing = {one: formation.unfilled(one, formation.holders(one, duties)) for one in open_ones}
    open_still = [one for one, positions in missing.items() if positions]
    if not open_still:
        return
    told = _told([one.id for one in open_still])
    for incident in open_still:
        since = formation.emptied(past[incident.id])
        due = [
            [position, when.isoformat()]
            for position in missing[incident]
            for when in (since.get(position, incident.declared_at) + after for after in ASKS)
            if at - PATIENCE < when <= at and _may_ask(told, incident.id, position, when.isoformat())
        ]
        if due:
            yield Word(_key(ASKED, incident.id, due), ASKED, "", {"incident": incident.id, "asks": due})


def _asked(word: Word, incident: Incident, told: dict[tuple[int, str], set[str]], at: datetime) -> Delivery | None:
    given = {one.position for one in incident.positions if one.until is None}
    left = [
        [position, when]
        for position, when in word.details["asks"]
        if position not in given and _may_ask(told, incident.id, position, when)
    ]
    if not left or incident.resolved_at is not None:
        return None
    return mobilising.ask_for(incident, left, at=at, key=word.key)


def _may_ask(told: dict[tuple[int, str], set[str]], incident: int, position: str, when: str) -> bool:
    """At most three times, whatever happens to the position."""
    before = told[incident, position]
    return when not in before and len(before) < len(ASKS)


def _told(incidents: Collection[int]) -> dict[tuple[int, str], set[str]]:
    """(Incident, position) → when it was due what has been asked."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    for one in mobilising.asks(incidents):
        for position, when in one.details["asks"]:
            found[one.incident_id or 0, position].add(when)
    return found


def _hand_overs(open_ones: list[Incident]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    numbers = [one.id for one in open_ones]
    query = select(Event).where(Event.incident_id.in_(numbers), Event.kind == "incident.assigned")
    for event in db.session.scalars(query):
        found[event.incident_id or 0].append(event)
    return found
