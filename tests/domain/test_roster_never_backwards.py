"""Whatever is entered later, an answer about the past never changes (R21): any sequence of the roster's verbs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from domain import absences, cycles, holidays, overrides, planning, roster
from domain.cycles import Cycle
from domain.db import db, writing
from domain.errors import DomainError
from domain.people import Person
from domain.planning import Draft, Row, Turn
from domain.roster import Absence, Override
from domain.walltime import Window
from tests.conftest import NOW

HOUR = timedelta(hours=1)
AREAS = ("system", "bridge")
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(("plan", "rows", "turns", "absence", "weekly", "cover", "swap", "take", "agree", "cancel", "back", "day")),
        st.integers(1, 6), st.integers(1, 6), st.sampled_from(AREAS),
        st.integers(-72, 96), st.one_of(st.none(), st.integers(-24, 96)), st.integers(1, 30),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


class _Undone(Exception):
    """The end of an example: nothing of it stays."""


def answers(at: datetime) -> list[object]:
    """Who was in charge over the four days before `at`, hour by hour: from an early look, so that all is loaded."""
    facts = roster.facts(NOW - timedelta(days=5), ahead=timedelta(days=60))
    start = NOW - timedelta(days=4)
    return [
        [(part.start, min(part.end or at, at), part.person.id if part.person else None) for part in parts]
        for area in facts.areas
        for parts in [roster.stretches(facts, area, start, at)]
    ]


def enter(entry: tuple[object, ...], at: datetime) -> None:
    """One verb; what the domain refuses is as good as not entered."""
    verb, one, two, key, start, length, days = entry
    who, other, area = db.session.get_one(Person, one), db.session.get_one(Person, two), roster.area_by_key(str(key))
    admin = db.session.get_one(Person, 1)
    starts_at = at + start * HOUR  # type: ignore[operator]
    ends_at = starts_at + length * HOUR if length is not None else None  # type: ignore[operator]
    window = Window(int(days) * 40 % 1440, 480, frozenset({"tue", "hol"}))  # type: ignore[call-overload]
    span = {"starts_at": starts_at, "ends_at": ends_at, "by": admin, "at": at}
    latest = planning.latest_plan(area)
    plan = {"starts_at": max(starts_at, at), "seen": latest.id if latest else None, "by": admin, "at": at}
    cycle = Cycle("x", (who, other), cycles.last_monday(at, ZoneInfo("Asia/Tokyo")), "day", 1 + int(days) % 3)  # type: ignore[call-overload]
    acts = {
        "plan": lambda: planning.set_plan(area, [who, other], **plan),
        "rows": lambda: planning.set_plan(area, Draft((Row((who,), (window,)), Row((other,)))), **plan),
        "turns": lambda: planning.set_plan(area, Draft((Row((Turn(0), Turn(0, 1))),), (cycle,)), **plan),
        "absence": lambda: absences.record_absence(who, **span),
        "weekly": lambda: absences.record_absence(who, weekly=[window], **span),
        "cover": lambda: overrides.offer_cover(who, other, area, **span),
        "swap": lambda: overrides.propose_swap(who, other, area, **span | {"by": who}),
        "take": lambda: overrides.take(area, until=ends_at, by=who, at=at, starts_at=starts_at),
        "agree": lambda: [overrides.agree(found, by=admin, at=at) for found in db.session.query(Override).limit(1)],
        "cancel": lambda: [overrides.cancel(found, by=admin, at=at) for found in db.session.query(Override).limit(1)],
        "back": lambda: [absences.cancel_absence(found, by=admin, at=at) for found in db.session.query(Absence).limit(1)],
        "day": lambda: holidays.keep(
            (starts_at + timedelta(days=2)).date(), "", True, by=admin, at=at, zone=ZoneInfo("Asia/Tokyo")
        ),
    }  # fmt: skip
    nested = db.session.begin_nested()
    try:
        acts[str(verb)]()
        nested.commit()
    except DomainError:
        nested.rollback()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES)
def test_what_is_entered_later_changes_no_answer_about_the_past(app, entries):
    with pytest.raises(_Undone), writing():
        at = NOW
        for entry in entries:
            before = answers(at)
            enter(entry, at)
            db.session.expire_all()
            assert answers(at) == before
            at += int(entry[-1]) * HOUR
        raise _Undone
