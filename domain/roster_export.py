"""The roster in the neutral form, such that another instance that takes it in gives the same answers."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from domain import holidays
from domain import roster_queries as queries
from domain.areas import RESERVED_KEYS
from domain.db import db
from domain.people import Person
from domain.roster_file import Json, text
from domain.roster_loading import settings, zone
from domain.roster_tables import (
    ALWAYS,
    Absence,
    Area,
    Attempt,
    Override,
    Plan,
    PlanSlot,
    RosterSettings,
    Rotation,
    RotationMember,
)

MADE_KEY = "area-"
"""How keys begin that an import made for names that can be none."""

YEARS_AHEAD = 5
"""How far a calendar's public holidays are written out for readers who do not know it."""


def export(at: datetime) -> Json:
    """The whole roster, instants in UTC. Beyond the neutral form, which readers may pass over:

    `calendar` and `working_days`, whose public holidays count and which of them are worked on; `names` of people
    who are written as emails, because several bear one name; names, kind and retirement of areas.
    """
    kept = settings()
    named = _Named(db.session.scalars(select(Person).order_by(Person.id)))
    turns = list(
        db.session.scalars(
            select(Rotation)
            .order_by(Rotation.id)
            .options(selectinload(Rotation.members).joinedload(RotationMember.person))
        )
    )
    turn_names = rotation_names(turns)
    plans = selectinload(Area.plans).selectinload(Plan.slots).joinedload(PlanSlot.person)
    areas = list(db.session.scalars(select(Area).order_by(Area.position, Area.id).options(plans)))
    attempts = db.session.scalars(select(Attempt).order_by(Attempt.at, Attempt.id).options(joinedload(Attempt.person)))
    found: Json = {
        "zone": zone(kept).key,
        "people": [],
        **_days_off(kept, at),
        "last_resort": [contact.name for contact in db.session.scalars(queries.LAST_RESORT)],
        "areas": {called(area): _area(area, named, turn_names) for area in areas},
        "rotations": {turn_names[turn.id]: _rotation(turn, named) for turn in turns},
        "overrides": _overrides(named),
        "absences": _absences(named),
        "attempts": [_attempt(one, named) for one in attempts],
    }
    found["people"] = sorted(named.used)
    emails = {email: person.name for email, person in named.used.items() if email != person.name}
    return found | ({"names": emails} if emails else {})


class _Named:
    """What the form calls people: their names, or emails where several bear one name. Remembers who was named."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = list(people)
        self._count = Counter(person.name for person in self.people)
        self.used: dict[str, Person] = {}

    def __call__(self, person: Person | None) -> str | None:
        if person is None:
            return None
        name = person.name if self._count[person.name] == 1 and person.name.strip() else person.email
        self.used[name] = person
        return name


def _days_off(kept: RosterSettings | None, at: datetime) -> Json:
    country = holidays.country(kept)
    own = {one.day: one.is_off for one in holidays.own_days()}
    first = db.session.scalar(select(Plan.starts_at).where(Plan.starts_at > ALWAYS).order_by(Plan.starts_at).limit(1))
    begin = min(max(first or at, at.replace(year=at.year - 20, day=1)), at)
    days: set[date] = {day for day, off in own.items() if off}
    for year in range(begin.year, at.year + YEARS_AHEAD + 1):
        days |= {day for day in holidays.public(country, year) if own.get(day, True)}
    found: Json = {"holidays": [day.isoformat() for day in sorted(days)]}
    worked = [day.isoformat() for day, off in own.items() if not off]
    return found | ({"calendar": country} if country else {}) | ({"working_days": worked} if worked else {})


def _area(area: Area, named: Callable[[Person | None], str | None], turns: dict[int, str]) -> Json:
    found: Json = {"zone": area.zone} if area.zone else {}
    known = {"name": area.name, "name_en": area.name_en, "kind": area.kind}
    usual = {"name": called(area), "name_en": "", "kind": called(area)}
    found |= {key: value for key, value in known.items() if value != usual[key]}
    found |= {"retired_at": text(area.retired_at)} if area.retired_at else {}
    return found | {"plans": [_plan(plan, named, turns) for plan in area.plans]}


def _plan(plan: Plan, named: Callable[[Person | None], str | None], turns: dict[int, str]) -> Json:
    rows: list[Json] = [{"windows": windows, "slots": []} if windows else {"slots": []} for windows in plan.windows]
    for slot in plan.slots:
        if slot.rotation_id is not None:
            place: Any = {"rotation": turns[slot.rotation_id]} | ({"offset": slot.offset} if slot.offset else {})
        else:
            place = named(slot.person)
        rows[slot.row]["slots"].append(place)
    for row in rows:
        row["slots"] = row["slots"] or [None]
    return {"from": text(plan.starts_at), **_recorded(plan), "rows": rows}


def _rotation(turn: Rotation, named: Callable[[Person | None], str | None]) -> Json:
    found: Json = {
        "members": [named(member.person) for member in turn.members],
        "unit": turn.unit,
        "every": turn.every,
        "start": turn.start,
    }
    return found | ({"days": turn.days} if turn.days else {}) | ({"zone": turn.zone} if turn.zone else {})


def _recorded(row: Any) -> Json:
    return {} if row.recorded_at <= ALWAYS else {"recorded_at": text(row.recorded_at)}


def _span(row: Any) -> Json:
    found: Json = {} if row.starts_at <= ALWAYS else {"start": text(row.starts_at)}
    found |= {"end": text(row.ends_at)} if row.ends_at else {}
    return found | _recorded(row) | ({"cancelled_at": text(row.cancelled_at)} if row.cancelled_at else {})


def _overrides(named: Callable[[Person | None], str | None]) -> list[Json]:
    wanted = [joinedload(Override.person), joinedload(Override.for_person), joinedload(Override.area)]
    found: list[Json] = []
    for one in db.session.scalars(select(Override).order_by(Override.id).options(*wanted)):
        entry: Json = {"kind": one.kind, "person": named(one.person)}
        entry |= {"for": named(one.for_person)} if one.for_person else {}
        entry |= {"areas": [called(one.area)]} if one.area else {}
        entry |= {"status": one.status} if one.status != "agreed" else {}
        found.append(entry | {"start": text(one.starts_at)} | _span(one))
    return found


def _absences(named: _Named) -> list[Json]:
    """Absences; whoever left is absent from then on (R24)."""
    query = select(Absence).order_by(Absence.id).options(joinedload(Absence.person))
    found = [
        {"person": named(one.person), **_span(one)} | ({"weekly": one.weekly} if one.weekly else {})
        for one in db.session.scalars(query)
    ]
    part = {person.id for person in named.used.values()}
    gone = [person for person in named.people if person.id in part and person.deactivated_at]
    return found + [{"person": named(one), "start": text(one.deactivated_at)} for one in gone]


def _attempt(one: Attempt, named: Callable[[Person | None], str | None]) -> Json:
    person = {"person": named(one.person)} if one.person else {}
    return {"incident": one.incident, **person, "at": text(one.at), "result": one.result}


def usable(name: str) -> bool:
    """Whether an area's name can be its key, which addresses carry."""
    plain = len(name) <= 40 and name.isprintable() and name == name.strip() and not set(name) & set("/\\")
    return plain and name not in (*RESERVED_KEYS, ".", "..")


def called(area: Area) -> str:
    """What the neutral form calls an area: its key, unless that was made because its name can be none."""
    return area.name if area.key.startswith(MADE_KEY) and not usable(area.name) else area.key


def rotation_names(rows: Iterable[Rotation]) -> dict[int, str]:
    """What the neutral form calls rotations: their names, with a number where several bear one."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for row in rows:
        name, number = row.name, 1
        while name in taken:
            number += 1
            name = f"{row.name} ({number})"
        taken.add(name)
        found[row.id] = name
    return found
