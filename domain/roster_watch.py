"""What the roster tells by itself: hand-overs, who belongs in a Slack group, gaps ahead. Looks, then writes down."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from domain import duty, outbox, roster
from domain.db import db, organisation
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area, Facts, Handover
from domain.walltime import DAY, on_date

EARLY = timedelta(hours=1)
"""How long before a hand-over whoever comes on duty is told."""

LATE = timedelta(minutes=15)
"""How long after a hand-over it is still worth telling."""

AHEAD = timedelta(days=14)
"""How far ahead gaps are looked for."""

BACK = DAY
"""How far back: a gap that began before is simply said to be there."""

FRESH = timedelta(hours=12)
"""How old a hand-over note may be to belong to a hand-over."""

MORNING = 9 * 60
"""Minutes after midnight, in the organisation's zone, from which on administrators are told of gaps, once a day."""

SOON, NOW, GROUP, GAPS = "roster.soon", "roster.now", "roster.group", "roster.gaps"


@dataclass(frozen=True)
class Word:
    """Something to be said. Its key follows from its cause, so that it is written down once, whoever looks.

    `after`: the newest delivery of its lane when it was found; what was written since makes it out of date.
    """

    key: str
    kind: str
    lane: str
    details: dict[str, Any] = field(default_factory=dict)
    after: int = 0


@dataclass(frozen=True)
class Handing:
    """The instant at which `comes` is in charge of an area from then on; `leaves` None: nobody was before."""

    area: Area
    at: datetime
    comes: Person
    leaves: Person | None


@dataclass(frozen=True)
class Missing:
    """A time without anybody in charge. `start` None: since longer than a day; `end` None: no end in sight."""

    area: Area
    start: datetime | None
    end: datetime | None

    @property
    def mark(self) -> list[str]:
        """What it is known by in a delivery's details."""
        return [self.area.key, self.start.isoformat() if self.start else ""]


def look(at: datetime) -> list[Word]:
    """What is to be said at `at` (aware UTC) and is not written down yet. Reads only."""
    facts = roster.facts(at, back=BACK, ahead=AHEAD)
    found = [*_handings(facts), *_groups(facts), *_gaps(facts)]
    known = outbox.known([word.key for word in found])
    return [word for word in found if word.key not in known]


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Writes them into the outbox, but for those that somebody else has written down in the meantime."""
    known = outbox.known([word.key for word in words])
    written = [_written(word, at) for word in words if word.key not in known]
    return [one for one in written if one is not None]


def _written(word: Word, at: datetime) -> Delivery | None:
    if word.kind == GROUP:
        last = outbox.last_of([word.lane]).get(word.lane)
        if (last.id if last else 0) != word.after:
            return None
        for old in outbox.of_lanes([word.lane], ("failed",)):
            old.drop(at)  # the newest state wins
        if last is not None and last.state == "waiting":
            last.details = word.details
            db.session.flush()
            return last
    return outbox.enqueue("slack", word.kind, at=at, details=word.details, lane=word.lane, key=word.key)


def _key(*cause: object) -> str:
    return hashlib.sha256("\n".join(str(part) for part in cause).encode()).hexdigest()[:32]


# Hand-overs


def handings(facts: Facts, start: datetime, end: datetime) -> Iterator[Handing]:
    """Every hand-over of every area in (start, end]. A standing order has none."""
    for area in facts.areas:
        # One second more: what lies at the end itself is seen.
        for before, after in pairwise(roster.stretches(facts, area, start, end + timedelta(seconds=1))):
            if after.person is not None and after.start <= end:
                yield Handing(area, after.start, after.person, before.person)


def _handings(facts: Facts) -> Iterator[Word]:
    at = facts.at
    for one in handings(facts, at - LATE - timedelta(seconds=1), at + EARLY):
        if not one.comes.slack_id or not one.comes.is_active:
            continue
        kind, until = (SOON, one.at) if one.at > at else (NOW, one.at + LATE)
        details = {
            "area": one.area.key,
            "person": one.comes.id,
            "name": one.comes.name,
            "at": one.at.isoformat(),
            "until": until.isoformat(),
        }
        key = _key(kind, one.area.key, one.at.isoformat(), one.comes.id)
        yield Word(key, kind, f"slack:{kind[7:]}-{one.comes.id}", details)


def handing(details: Mapping[str, Any], at: datetime) -> Handing | None:
    """The hand-over of a delivery's details, if it is still so as the roster stands at `at`."""
    begin = datetime.fromisoformat(details["at"])
    facts = roster.facts(at, back=max(at - begin, timedelta()) + LATE, ahead=max(begin - at, timedelta()) + EARLY)
    for one in handings(facts, begin - timedelta(seconds=1), begin):
        if (one.area.key, one.at, one.comes.id) == (details["area"], begin, details["person"]):
            return one
    return None


def note(of: Handing, at: datetime) -> Handover | None:
    """The newest note for a hand-over: of the last twelve hours, by anybody but whoever comes."""
    query = select(Handover).where(
        Handover.area_id == of.area.id,
        Handover.by_id != of.comes.id,
        Handover.at > of.at - FRESH,
        Handover.at <= at,
    )
    return db.session.scalar(query.order_by(Handover.at.desc(), Handover.id.desc()).limit(1))


# Who belongs in a Slack group


def _groups(facts: Facts) -> Iterator[Word]:
    """Whoever is on duty, alone, is the group of an area: a mention reaches the one person who answers."""
    areas = {f"slack:group-{area.id}": area for area in facts.areas if area.slack_group}
    latest = outbox.last_of(list(areas))
    for lane, area in areas.items():
        line = duty.line(facts.of(area), area.key, facts.at)
        person = facts.people[line[0].holder] if line else None
        users = [person.slack_id] if person and person.slack_id else []
        details = {
            "area": area.key,
            "group": area.slack_group,
            "name": person.name if person else "",
            "users": users,
        }
        last = latest.get(lane)
        if last is None or last.details != details:
            after = last.id if last else 0
            key = _key(GROUP, area.key, after, area.slack_group, details["name"], *users)
            yield Word(key, GROUP, lane, details, after)


# Gaps ahead


def missing(facts: Facts) -> list[Missing]:
    """The times from `at` on in which nobody is in charge, for two weeks."""
    begin, end = facts.at - BACK, facts.at + AHEAD
    return [
        Missing(gap.area, gap.start if gap.start > begin else None, gap.end)
        for gap in roster.gaps(facts, begin, end)
        if gap.end is None or gap.end > facts.at
    ]


def _gaps(facts: Facts) -> Iterator[Word]:
    """Once a day all of them; before that at once what would begin before the next morning and is news."""
    gaps, people = missing(facts), _administrators()
    if not gaps or not people:
        return
    at, zone = facts.at, organisation().zone
    today = at.astimezone(zone).date()
    morning = on_date(today, MORNING, zone)
    following = morning if at < morning else on_date(today + DAY, MORNING, zone)
    daily = {person.id: _key(GAPS, today, person.id) for person in people}
    known, told = outbox.known(list(daily.values())), _told(people, at)
    for person in people:
        if at >= morning and daily[person.id] not in known:
            yield _told_of(gaps, person, daily[person.id], at)
            continue
        urgent = [gap for gap in gaps if gap.start and gap.start < following and tuple(gap.mark) not in told[person.id]]
        if urgent:
            yield _told_of(urgent, person, _key(GAPS, person.id, *(gap.mark for gap in urgent)), at)


def _told_of(gaps: list[Missing], person: Person, key: str, at: datetime) -> Word:
    details = {
        "person": person.id,
        "name": person.name,
        "gaps": [gap.mark for gap in gaps],
        "until": (at + DAY).isoformat(),
    }
    return Word(key, GAPS, _gaps_lane(person), details)


def _gaps_lane(person: Person) -> str:
    return f"slack:gaps-{person.id}"


def _told(people: list[Person], at: datetime) -> dict[int, set[tuple[str, ...]]]:
    """Person id → the gaps that they were told of lately."""
    found: dict[int, set[tuple[str, ...]]] = {person.id: set() for person in people}
    for one in outbox.of_lanes([_gaps_lane(person) for person in people], since=at - 2 * BACK):
        found[one.details["person"]] |= {tuple(mark) for mark in one.details["gaps"]}
    return found


def _administrators() -> list[Person]:
    query = select(Person).where(Person.is_admin, Person.deactivated_at.is_(None), Person.slack_id.is_not(None))
    return [person for person in db.session.scalars(query.order_by(Person.id)) if person.slack_id]


def still_missing(details: Mapping[str, Any], at: datetime) -> list[Missing]:
    """The gaps of a delivery's details that are still open as the roster stands at `at`."""
    marks = [list(mark) for mark in details["gaps"]]
    keys = {area for area, _ in marks}
    # What has become older than a day since it was written down has lost its beginning.
    return [
        gap
        for gap in missing(roster.facts(at, back=BACK, ahead=AHEAD))
        if gap.mark in marks or (gap.start is None and gap.area.key in keys)
    ]
