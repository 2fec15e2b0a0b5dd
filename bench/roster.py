"""Measures the roster: who is on duty now, an area's four weeks, somebody's year; with 1, 5 and 10 years of history.

python -m bench.roster --years 1 5 10
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

PEOPLE, AREAS = 1_000, 50
OVERRIDES, ABSENCES, VERSIONS = 5_000, 2_000, 4
"""In a year; versions in each area."""
AHEAD = 500
"""Overrides and absences that are still to come."""
ROUNDS = 40
AT = datetime(2026, 8, 11, 1, 42, tzinfo=UTC)
CHANGES = count(1)
"""So that no change is one that is there already."""
YEAR = timedelta(days=365)
WEEKS = timedelta(days=28)
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "18:00"}


def main() -> int:
    """For each length of history a database of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--years", type=int, nargs="+", default=[1, 5, 10], help="years of history (default 1 5 10)")
    for years in options.parse_args().years:
        with tempfile.TemporaryDirectory() as folder, built(Path(folder), years):
            print(f"  {years:2} years, {OVERRIDES * years:6,} overrides, {ABSENCES * years:6,} absences", flush=True)
            report()
    return 0


@contextmanager
def built(folder: Path, years: int) -> Iterator[None]:
    """A migrated instance with `years` of history; its context is open, and memory is swept as where it is served."""
    from flask_migrate import upgrade

    from app import create_app
    from domain.db import db, writing
    from server.memory import collect_rarely

    app = create_app({"DATABASE_URL": f"sqlite:///{folder / 'noroshi.sqlite3'}", "SECRET_KEY": "bench"}, str(folder))
    with app.app_context():
        upgrade()
        with writing() as session:
            populate(session, years)
        collect_rarely()
        yield
        db.session.remove()
        db.engine.dispose()


def populate(session: Any, years: int) -> None:
    """A third of the areas with weekly turns, a third with a line for the office hours, a third standing."""
    from domain.people import Person
    from domain.roster import Absence, Area, Override, Plan, PlanSlot, Rotation, RotationMember

    dice = random.Random(years)
    begin = AT - years * YEAR
    made = {"created_at": begin}
    numbers = range(1, PEOPLE + 1)
    session.execute(
        insert(Person), [{"id": n, "email": f"p{n}@example.jp", "name": f"名前 {n}", **made} for n in numbers]
    )
    keys = [{"id": n, "key": f"area-{n}", "name": f"Area {n}", "position": n, **made} for n in range(1, AREAS + 1)]
    session.execute(insert(Area), keys)
    plans: list[Any] = []
    slots: list[Any] = []
    turns: list[Any] = []
    members: list[Any] = []
    for area in range(1, AREAS + 1):
        crew = crew_of(area)
        turns.append({"id": area, "name": f"r{area}", "start": "2010-01-04T10:00:00", "recorded_at": begin})
        members += [{"rotation_id": area, "position": n, "person_id": one} for n, one in enumerate(crew)]
        for version in range(VERSIONS * years):
            plan, starts = len(plans) + 1, begin + version * YEAR / VERSIONS
            rows = [[OFFICE], []] if area % 3 == 1 else [[]]
            plans.append({"id": plan, "area_id": area, "starts_at": starts, "recorded_at": starts, "windows": rows})
            for row in range(len(rows)):
                for rank in range(4):
                    person = None if area % 3 == 0 else crew[(version + row + rank) % len(crew)]
                    place = {"plan_id": plan, "row": row, "rank": rank, "person_id": person}
                    slots.append(place | {"rotation_id": None if person else area, "offset": rank})
    for kind, entries in ((Rotation, turns), (RotationMember, members), (Plan, plans), (PlanSlot, slots)):
        session.execute(insert(kind), entries)
    spans = [(begin + dice.random() * years * YEAR) for _ in range(OVERRIDES * years)]
    spans += [AT + dice.random() * YEAR for _ in range(AHEAD)]
    session.execute(insert(Override), [override(dice, start) for start in sorted(spans)])
    spans = [(begin + dice.random() * years * YEAR) for _ in range(ABSENCES * years)]
    spans += [AT + dice.random() * YEAR for _ in range(AHEAD)]
    session.execute(insert(Absence), [absence(dice, start) for start in sorted(spans)])


def crew_of(area: int) -> list[int]:
    """The eight people of an area; neighbouring areas share some."""
    return [(area * 6 + n) % PEOPLE + 1 for n in range(8)]


def override(dice: random.Random, start: datetime) -> dict[str, Any]:
    area = dice.randint(1, AREAS)
    person, other = dice.sample(crew_of(area), 2)
    kind = dice.choice(["cover", "cover", "swap", "take"])
    return {
        "kind": kind,
        "status": "agreed",
        "area_id": area,
        "person_id": person,
        "for_person_id": None if kind == "take" else other,
        "starts_at": start,
        "ends_at": start + timedelta(hours=dice.randint(1, 72)),
        "recorded_at": start - timedelta(days=2),
        "recorded_by_id": person,
    }


def absence(dice: random.Random, start: datetime) -> dict[str, Any]:
    span = {"starts_at": start, "ends_at": start + timedelta(hours=dice.randint(4, 240))}
    return {"person_id": dice.randint(1, PEOPLE), **span, "recorded_at": start - timedelta(days=9)}


def report() -> None:
    """Each question with its share of a fixed piece of work, which says how fast this machine is just now."""
    from domain import roster, timetable
    from domain.db import db
    from domain.people import Person

    def month() -> object:
        facts = roster.facts(AT, ahead=WEEKS)
        return roster.stretches(facts, facts.areas[2], AT, AT + WEEKS)

    def year() -> object:
        person = db.session.get_one(Person, 61)
        return timetable.own(roster.facts(AT, ahead=YEAR), person, AT, AT + YEAR)

    yardstick = measured(work)
    print(f"     yardstick              {yardstick:6.2f} ms", flush=True)
    for name, ask, before in (
        ("now, every area", lambda: roster.duty_now(AT), None),
        ("now, after a commit", lambda: roster.duty_now(AT), rename),
        ("now, a duty taken", lambda: roster.duty_now(AT), take),
        ("now, somebody away", lambda: roster.duty_now(AT), be_away),
        ("now, another plan", lambda: roster.duty_now(AT), plan),
        ("now, in a new process", lambda: roster.duty_now(AT), forget),
        ("an area's four weeks", month, None),
        ("somebody's year", year, None),
    ):
        taken = measured(ask, before)
        print(f"     {name:<24} {taken:6.2f} ms ({taken / yardstick:.1f} ×)", flush=True)


def rename() -> None:
    """A commit that is none of the roster's."""
    from domain.db import writing
    from domain.people import Person

    with writing() as session:
        session.execute(update(Person).where(Person.id == 1).values(name=Person.name + "."))


def take() -> None:
    """Somebody takes over a duty."""
    from domain import absences, overrides
    from domain.db import writing
    from domain.people import Person
    from domain.roster import Area

    with writing() as session:
        people = (session.get_one(Person, number % PEOPLE + 1) for number in CHANGES)
        person = next(one for one in people if not absences.is_absent(one, AT))
        overrides.take(session.get_one(Area, next(CHANGES) % AREAS + 1), until=AT + WEEKS, by=person, at=AT)


def be_away() -> None:
    """Somebody of a line falls ill."""
    from domain import absences
    from domain.db import writing
    from domain.people import Person

    with writing() as session:
        person = session.get_one(Person, crew_of(next(CHANGES) % AREAS + 1)[next(CHANGES) % 8])
        absences.record_absence(person, starts_at=AT, ends_at=AT + timedelta(days=next(CHANGES)), by=person, at=AT)


def plan() -> None:
    """An area gets another plan."""
    from domain import planning
    from domain.db import writing
    from domain.people import Person
    from domain.roster import Area

    with writing() as session:
        area = session.get_one(Area, next(CHANGES) % AREAS + 1)
        crew = [session.get_one(Person, next(CHANGES) * 7 % PEOPLE + 1) for _ in range(4)]
        latest = planning.latest_plan(area)
        planning.set_plan(area, crew, starts_at=AT, seen=latest.id if latest else None, by=crew[0], at=AT)


def forget() -> None:
    """Another pool of connections, as a process has it that begins; the first one is open."""
    from domain import roster
    from domain.db import db

    db.engine.dispose()
    roster.settings()


def work() -> int:
    return sum(number * number for number in range(50_000))


def measured(ask: Callable[[], object], before: Callable[[], None] | None = None) -> float:
    """Milliseconds of CPU, the median, each time in a session of its own as a page has it; `before` is not counted.
    What `before` changes, it changes through the domain.
    """
    from domain.db import db

    taken: list[float] = []
    began = time.monotonic()
    while len(taken) < ROUNDS and (len(taken) < 3 or time.monotonic() - began < 10):
        if before is not None:
            before()
        db.session.remove()
        start = time.process_time()
        ask()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())
