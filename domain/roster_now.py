"""Who answers for every area now, worked out anew only where the roster was changed or the clock changes an answer.

What was loaded and answered is kept for everybody who asks this database, under the revision of the roster that it was
read at: nothing older is said, what else is committed during an incident costs nothing here, and of a roster that was
changed only the part that was is loaded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, Row

from domain import duty
from domain import roster_queries as queries
from domain.db import db, is_writing
from domain.roster_facts import REACH, AreaDuty, Facts, met, shown
from domain.roster_loading import facts, renewed
from domain.roster_tables import Area
from domain.walltime import DAY

Revision = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class _Answered:
    """What an area answers out of these facts, from an instant on."""

    since: datetime
    concerns: tuple[Any, ...]
    answer: duty.Answer

    def holds(self, at: datetime) -> bool:
        """Whether the clock has not changed it."""
        return self.since <= at and (self.answer.holds_until is None or at < self.answer.holds_until)


@dataclass(frozen=True)
class _Kept:
    """What those who see this revision are told: the facts without the areas, and what each area's id answers."""

    revision: Revision
    facts: Facts
    areas: dict[int, _Answered]

    def reaches(self, at: datetime) -> bool:
        """Whether the facts say all that matters then: they were asked for with a day more than an answer looks."""
        return self.facts.begin <= at < self.facts.begin + DAY

    def changed(self, revision: Revision) -> set[str]:
        """The parts of the roster that are others at this revision."""
        parts = zip(queries.REVISION.selected_columns.keys(), self.revision, revision, strict=True)
        return {part for part, before, now in parts if before != now}


_kept: WeakKeyDictionary[Pool, _Kept] = WeakKeyDictionary()
"""By the pool of connections: an engine that was disposed of has another one, and maybe another database."""


def duty_now(at: datetime) -> list[AreaDuty]:
    """Who answers for every area at an instant (aware UTC), in the areas' order."""
    revision, kept = db.session.execute(queries.REVISION).first(), _kept.get(db.engine.pool)
    if revision is None:
        return facts(at).duties()
    if kept is not None and not kept.reaches(at):
        kept = None
    if kept is not None and kept.revision == revision and all(one.holds(at) for one in kept.areas.values()):
        return _shown(db.session.scalars(queries.AREAS).all(), kept.areas, at)
    found = renewed(kept.facts, at, kept.changed(revision)) if kept else facts(at, ahead=REACH + DAY)
    areas = {area.id: _answered(found, area, kept) for area in found.areas}
    if not is_writing():  # rolled back, the same number would come to mean something else
        _kept[db.engine.pool] = _Kept(revision, replace(found, areas=[]), areas)
    return _shown(found.areas, areas, at)


def _answered(found: Facts, area: Area, kept: _Kept | None) -> _Answered:
    concerns, before = found.concerns(area), kept and kept.areas.get(area.id)
    if before and before.holds(found.at) and before.concerns == concerns:
        return before
    return _Answered(found.at, concerns, found.answer(area))


def _shown(areas: Iterable[Area], answered: dict[int, _Answered], at: datetime) -> list[AreaDuty]:
    answers = {number: one.answer for number, one in answered.items()}
    people = met({one for answer in answers.values() for one in _named(answer)})
    needed = any(answer.gap for answer in answers.values())
    last_resort = list(db.session.scalars(queries.LAST_RESORT).all()) if needed else []
    return [shown(area, answers[area.id], at, people, last_resort if answers[area.id].gap else []) for area in areas]


def _named(answer: duty.Answer) -> Iterable[Any]:
    for place in answer.places:
        yield from place.memory
    if answer.next is not None:
        yield answer.next
