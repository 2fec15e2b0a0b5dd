"""Hand-over notes: a line from who leaves a duty to who comes."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from domain import duty, events, roster
from domain.db import db
from domain.errors import Conflict, NotAllowed, Refused
from domain.people import Person
from domain.roster import Area, AreaDuty, Handover
from domain.text import is_blank

SHOWN = timedelta(days=7)
"""How long a note is shown, and how long ago somebody may have been in charge who leaves one."""

TWICE = timedelta(minutes=10)
"""The same words of the same person within this time are a double tap."""

LONGEST = 1000


def leave(area: Area, body: str, *, by: Person, at: datetime) -> Handover:
    """A note on an area, for whoever comes.

    Raises:
        NotAllowed: somebody who is not and was not last in charge there, is no deputy and no administrator.
        Refused: no words, or too many.
        Conflict: the area is retired.
    """
    if area.retired_at is not None:
        raise Conflict("area_retired")
    if not may_leave(area, by, at):
        raise NotAllowed("handover_of_others")
    if is_blank(body):
        raise Refused("handover", "handover_needs_words")
    if len(body) > LONGEST:
        raise Refused("handover", "handover_long")
    same = select(Handover).where(Handover.area_id == area.id, Handover.by_id == by.id, Handover.body == body)
    known = db.session.scalar(same.where(Handover.at > at - TWICE).order_by(Handover.id.desc()).limit(1))
    if known is not None:
        return known
    note = Handover(area_id=area.id, at=at, by_id=by.id, body=body)
    db.session.add(note)
    db.session.flush()
    events.record("handover_left", by=by, at=at, area=area.key, handover=note.id)
    return note


def may_leave(area: Area, person: Person, at: datetime) -> bool:
    """Whoever is in charge, a deputy, whoever was in charge before (within a week), and administrators."""
    if person.is_admin:
        return True
    facts = roster.facts(at, back=SHOWN)
    if all(one.id != area.id for one in facts.areas):
        return False
    known = facts.of(area)
    if any(place.holder == person.id for place in duty.line(known, area.key, at)):
        return True
    past = [one for _, _, one in duty.timeline(known, area.key, at - SHOWN, at) if one is not None]
    now = duty.line(known, area.key, at)
    before = [one for one in past if not now or one != now[0].holder]
    return bool(before) and before[-1] == person.id


def notes(area: Area, at: datetime) -> list[Handover]:
    """The notes of the last week, the newest first."""
    query = select(Handover).where(Handover.area_id == area.id, Handover.at > at - SHOWN, Handover.at <= at)
    return list(db.session.scalars(query.options(joinedload(Handover.by)).order_by(Handover.at.desc())))


def is_for(duty_now: AreaDuty, person: Person) -> bool:
    """Whether the person comes next, or has come: the notes are for them whatever else they may read."""
    comes = duty_now.next_person
    return (comes is not None and comes.id == person.id) or any(p.person.id == person.id for p in duty_now.people)
