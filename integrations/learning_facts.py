"""What somebody is told about actions and postmortems: read when it is sent, so that it says how things stand then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain import learning_clock, postmortem
from domain.actions import Action, of_numbers
from domain.db import db
from domain.incidents import Incident
from domain.people import Person


@dataclass(frozen=True)
class ActionFacts:
    """An action that is still to be done."""

    id: int
    body: str
    code: str
    due_on: date
    link: str = ""


@dataclass(frozen=True)
class LearningFacts:
    """`actions`: those that are meant and still open. `needless`: there is nothing to be said any more."""

    actions: tuple[ActionFacts, ...] = ()
    code: str = ""
    title: str = ""
    due_on: date | None = None
    meets_at: datetime | None = None
    place: str = ""
    needless: bool = False
    drill: bool = False


def load_learning(kind: str, details: Mapping[str, Any], person: Person) -> LearningFacts:
    """The facts of a delivery of one of the clock's kinds."""
    if kind in (learning_clock.PLAN, learning_clock.MEETING):
        return _postmortem(kind, details)
    numbers = details["actions"] if kind == learning_clock.DIGEST else [details["action"]]
    left = [one for one in of_numbers(numbers) if one.is_open and one.owner_id == person.id]
    if kind != learning_clock.DIGEST:
        # Moved to another date it has another reminder.
        left = [one for one in left if one.due_on.isoformat() == details["due"]]
    drill = bool(left) and all(one.incident.drill for one in left)
    return LearningFacts(tuple(_action(one) for one in left), needless=not left, drill=drill)


def _action(one: Action) -> ActionFacts:
    return ActionFacts(one.id, one.body, one.incident.code, one.due_on, one.link)


def _postmortem(kind: str, details: Mapping[str, Any]) -> LearningFacts:
    incident = db.session.get_one(Incident, details["incident"])
    known = postmortem.of(incident)
    meets_at = known.meets_at if known else None
    held = known is not None and known.held_at is not None
    if kind == learning_clock.MEETING:
        needless = held or meets_at is None or meets_at.isoformat() != details["at"]
    else:
        needless = held or meets_at is not None or incident.closed_at is None
    due = date.fromisoformat(details["due"]) if "due" in details else None
    place = known.place if known else ""
    return LearningFacts((), incident.code, incident.title, due, meets_at, place, needless)
