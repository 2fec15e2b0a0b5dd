"""Who answers for every area now, worked out anew only when the roster was changed or the clock changes an answer.

The answers are kept for everybody who asks this database, under the revision of the roster that they were read at:
nothing older is said, and what else is committed during an incident costs nothing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Pool

from domain import duty
from domain import roster_queries as queries
from domain.db import db, is_writing
from domain.roster_facts import REACH, AreaDuty, facts, shown
from domain.walltime import DAY


@dataclass(frozen=True)
class _Kept:
    """Answers by area id that hold in [since, until), for those who see this revision."""

    revision: int
    since: datetime
    until: datetime
    answers: dict[int, duty.Answer]


_kept: WeakKeyDictionary[Pool, _Kept] = WeakKeyDictionary()
"""By the pool of connections: an engine that was disposed of has another one, and maybe another database."""


def duty_now(at: datetime) -> list[AreaDuty]:
    """Who answers for every area at an instant (aware UTC), in the areas' order."""
    revision, kept = db.session.scalar(queries.REVISION), _kept.get(db.engine.pool)
    if kept is not None and kept.revision == revision and kept.since <= at < kept.until:
        return _with_people(kept.answers, at)
    found = facts(at, ahead=REACH + DAY)  # a day more, since whoever asks later that day reaches further
    answers = found.answers()
    if revision is not None and not is_writing():  # rolled back, the same number would come to mean something else
        changes = (one.holds_until for one in answers.values() if one.holds_until)
        _kept[db.engine.pool] = _Kept(revision, at, min([at + DAY, *changes]), answers)
    return [found.shown(area, answers[area.id]) for area in found.areas]


def _with_people(answers: dict[int, duty.Answer], at: datetime) -> list[AreaDuty]:
    named: set[Any] = {one for answer in answers.values() for one in _named(answer)}
    people = {one.id: one for one in db.session.scalars(queries.PEOPLE, {"people": sorted(named)}).all()}
    needed = any(answer.gap for answer in answers.values())
    last_resort = list(db.session.scalars(queries.LAST_RESORT).all()) if needed else []
    areas = db.session.scalars(queries.AREAS).all()
    return [shown(area, answers[area.id], at, people, last_resort if answers[area.id].gap else []) for area in areas]


def _named(answer: duty.Answer) -> Iterable[Any]:
    for place in answer.places:
        yield from place.memory
    if answer.next is not None:
        yield answer.next
