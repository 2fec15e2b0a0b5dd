"""The clock on a report that nobody has taken: who is told when, each once, and when it stops."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from domain import hotline, hotline_clock, paging
from domain.db import db, organisation, writing
from domain.events import Event
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area, Plan, PlanSlot
from domain.suspicion import Report
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)
OKAMOTO, ITO = 2, 6


@pytest.fixture(autouse=True)
def reminders(app: Flask) -> Iterator[Callable[[float, float], None]]:
    """Five minutes, then five more; the test may say otherwise. Ito has a Slack id, too."""
    before = organisation()

    def after(first: float, following: float) -> None:
        times = (first * MINUTE, following * MINUTE)
        db.engine.update_execution_options(organisation=replace(before, reminders=times))

    after(5, 5)
    with writing():
        db.session.get_one(Person, ITO).slack_id = "U0ITO"
    yield after
    db.engine.update_execution_options(organisation=before)


def file(at: datetime = NOW, key: str = "k") -> int:
    with writing():
        return hotline.file(key=key, by=db.session.get_one(Person, 4), at=at, body="QR").id


def tick(at: datetime) -> list[tuple[int, int]]:
    """One look at an instant; who is told, and which reminder it is."""
    words = hotline_clock.look(at)
    db.session.rollback()
    if not words:
        return []
    with writing():
        written = hotline_clock.write_down(words, at)
        return [(one.details["person"], one.details["number"]) for one in written]


def reminded() -> list[Delivery]:
    db.session.rollback()
    return db.session.query(Delivery).filter_by(kind=hotline_clock.KIND).order_by(Delivery.id).all()


def test_after_five_minutes_whoever_is_in_charge_is_told_then_the_next_in_line() -> None:
    file()
    assert tick(NOW + 4.9 * MINUTE) == []
    assert tick(NOW + 5 * MINUTE) == [(OKAMOTO, 1)]
    assert tick(NOW + 9.9 * MINUTE) == []
    assert tick(NOW + 10 * MINUTE) == [(ITO, 2)]
    # Everybody was told.
    assert tick(NOW + 15 * MINUTE) == []
    assert [one.report_id for one in reminded()] == [1, 1]


def test_the_times_are_settings(reminders) -> None:
    reminders(2, 1)
    file()
    assert tick(NOW + 2 * MINUTE) == [(OKAMOTO, 1)]
    assert tick(NOW + 3 * MINUTE) == [(ITO, 2)]


@pytest.mark.parametrize("verdict", ["acknowledged", "no_incident"])
def test_it_stops_as_soon_as_somebody_has_taken_it(verdict: str) -> None:
    number = file()
    with writing():
        report = db.session.get_one(Report, number)
        report.judge(verdict, by=db.session.get_one(Person, ITO), at=NOW + MINUTE)
    assert tick(NOW + 5 * MINUTE) == []


def test_what_is_taken_between_the_look_and_the_writing_tells_nobody() -> None:
    number = file()
    words = hotline_clock.look(NOW + 5 * MINUTE)
    with writing():
        db.session.get_one(Report, number).acknowledge(by=db.session.get_one(Person, ITO), at=NOW)
    with writing():
        assert hotline_clock.write_down(words, NOW + 5 * MINUTE) == []


def test_any_number_of_workers_write_each_once(app: Flask) -> None:
    file()
    at = NOW + 5 * MINUTE

    def work(_: int) -> int:
        with app.app_context():
            words = hotline_clock.look(at)
            with writing():
                count = len(hotline_clock.write_down(words, at))
            db.session.remove()
            return count

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(16))) == 1
    assert len(reminded()) == 1


def test_opened_again_the_clock_begins_anew() -> None:
    number = file()
    tick(NOW + 5 * MINUTE)
    later = NOW + 60 * MINUTE
    with writing():
        report = db.session.get_one(Report, number)
        report.no_incident(by=db.session.get_one(Person, ITO), at=NOW + 6 * MINUTE)
        report.add_voice(by=db.session.get_one(Person, 3), at=later)
    assert tick(later + 4 * MINUTE) == []
    assert tick(later + 5 * MINUTE) == [(OKAMOTO, 1)]


def test_whoever_cannot_be_told_in_slack_is_passed_over() -> None:
    with writing():
        db.session.get_one(Person, OKAMOTO).slack_id = None
    file()
    assert tick(NOW + 5 * MINUTE) == [(ITO, 1)]
    assert tick(NOW + 10 * MINUTE) == []


def test_nobody_can_be_told() -> None:
    with writing():
        for number in (OKAMOTO, ITO):
            db.session.get_one(Person, number).slack_id = None
    number = file()
    assert tick(NOW + 5 * MINUTE) == []
    waiting = hotline_clock.of(db.session.get_one(Report, number), NOW + MINUTE)
    assert waiting is not None
    assert (waiting.following, waiting.line) == (None, ())


def test_the_line_of_that_moment_counts_and_nobody_is_told_twice() -> None:
    file()
    tick(NOW + 5 * MINUTE)
    with writing():
        since = NOW + 6 * MINUTE
        plan = Plan(area_id=3, starts_at=since, recorded_at=since, recorded_by_id=1)
        plan.slots = [PlanSlot(rank=0, person_id=ITO), PlanSlot(rank=1, person_id=OKAMOTO)]
        db.session.add(plan)
    # Ito is in charge now; Okamoto, next in line, was told already.
    assert tick(NOW + 10 * MINUTE) == [(ITO, 2)]
    assert tick(NOW + 15 * MINUTE) == []


def test_after_a_pause_of_the_workers_the_next_ones_are_told_at_once_each_once() -> None:
    file()
    assert tick(NOW + 12 * MINUTE) == [(OKAMOTO, 1), (ITO, 2)]
    assert tick(NOW + 12 * MINUTE) == []


def test_what_lay_for_days_wakes_nobody() -> None:
    file(at=NOW - timedelta(days=3))
    assert tick(NOW) == []


def test_without_slack_nobody_is_told_and_nothing_promises_it() -> None:
    db.engine.update_execution_options(organisation=replace(organisation(), reminders=None))
    number = file()
    assert tick(NOW + 5 * MINUTE) == []
    assert hotline_clock.of(db.session.get_one(Report, number), NOW) is None


def test_it_is_written_into_what_became_of_it() -> None:
    number = file()
    tick(NOW + 5 * MINUTE)
    event = db.session.query(Event).filter_by(report_id=number, kind="report.reminded").one()
    assert (event.actor_id, event.details) == (None, {"name": "岡本 沙織", "number": 1})


def test_what_is_shown_says_who_is_next() -> None:
    number = file()
    report = db.session.get_one(Report, number)
    first = hotline_clock.of(report, NOW + MINUTE)
    assert first is not None
    assert first.following == hotline_clock.Turn(1, NOW + 5 * MINUTE, "岡本 沙織")
    second = hotline_clock.of(report, NOW + 5 * MINUTE)
    assert second is not None
    assert second.following == hotline_clock.Turn(2, NOW + 10 * MINUTE, "伊藤 航")
    last = hotline_clock.of(report, NOW + 11 * MINUTE)
    assert last is not None
    assert (last.following, last.line) == (None, ("岡本 沙織", "伊藤 航"))


def test_while_nothing_is_due_a_look_is_one_query(count_queries) -> None:
    file()
    db.session.rollback()
    with count_queries() as queries:
        hotline_clock.look(NOW + MINUTE)
    assert len(queries) == 1


# PagerDuty


@pytest.fixture
def pagerduty(reminders: Callable[[float, float], None]) -> None:
    db.engine.update_execution_options(organisation=replace(organisation(), pages=True))


def rung(at: datetime) -> list[str]:
    """One look; the alerts that it writes down."""
    words = hotline_clock.look(at)
    db.session.rollback()
    if not words:
        return []
    with writing():
        return [one.kind for one in hotline_clock.write_down(words, at) if one.service == "pagerduty"]


def minutes_of(begun: datetime) -> list[int]:
    """At which minutes of a clock it rings."""
    return [minute for minute in range(40) if rung(begun + minute * MINUTE)]


NIGHT = NOW + timedelta(hours=13)
"""23:42 in Tokyo."""


@pytest.mark.usefixtures("pagerduty")
@pytest.mark.parametrize(
    ("begun", "minute"), [(NOW, 10), (NIGHT, 5), (NIGHT - 108 * MINUTE, 10), (NIGHT - 107 * MINUTE, 5)]
)
def test_at_night_it_rings_with_the_first_reminder_by_day_when_that_was_not_answered(
    begun: datetime, minute: int
) -> None:
    file(at=begun)
    assert minutes_of(begun) == [minute]


@pytest.mark.usefixtures("pagerduty")
def test_it_rings_at_once_where_nobody_can_be_told_in_slack() -> None:
    with writing():
        for number in (OKAMOTO, ITO):
            db.session.get_one(Person, number).slack_id = None
    file()
    assert minutes_of(NOW) == [5]


def test_without_pagerduty_nothing_rings_and_nothing_fails() -> None:
    file(at=NIGHT)
    assert minutes_of(NIGHT) == []


def test_a_key_of_the_area_alone_is_enough(cast) -> None:
    with writing():
        paging.set_key(db.session.get_one(Area, 3), "A" * 32, by=cast.admin, at=NOW)
    file()
    assert minutes_of(NOW) == [10]


@pytest.mark.usefixtures("pagerduty")
def test_taken_before_it_rings_nothing_rings() -> None:
    number = file()
    rung(NOW + 5 * MINUTE)
    with writing():
        db.session.get_one(Report, number).acknowledge(by=db.session.get_one(Person, ITO), at=NOW + 6 * MINUTE)
    assert rung(NOW + 10 * MINUTE) == []


@pytest.mark.usefixtures("pagerduty")
@pytest.mark.parametrize("verdict", ["acknowledged", "no_incident"])
def test_taken_it_is_resolved_once(verdict: str) -> None:
    number = file()
    rung(NOW + 10 * MINUTE)
    with writing():
        db.session.query(Delivery).filter_by(kind="report.page").one().succeed(NOW)
    for later in (verdict, "no_incident"):
        with writing():
            by = db.session.get_one(Person, ITO)
            db.session.get_one(Report, number).judge(later, by=by, at=NOW + 11 * MINUTE)
    (end,) = db.session.query(Delivery).filter_by(kind="report.page_resolve")
    (page,) = db.session.query(Delivery).filter_by(kind="report.page")
    assert end.details["dedup"] == page.details["dedup"]
    assert end.lane == page.lane


@pytest.mark.usefixtures("pagerduty")
def test_opened_again_it_may_ring_again() -> None:
    number = file()
    rung(NOW + 10 * MINUTE)
    later = NOW + 60 * MINUTE
    with writing():
        report = db.session.get_one(Report, number)
        report.no_incident(by=db.session.get_one(Person, ITO), at=NOW + 11 * MINUTE)
        report.add_voice(by=db.session.get_one(Person, 3), at=later)
    assert minutes_of(later) == [10]
    keys = {one.details["dedup"] for one in db.session.query(Delivery).filter_by(kind="report.page")}
    assert len(keys) == 2


@pytest.mark.usefixtures("pagerduty")
def test_any_number_of_workers_ring_once(app: Flask) -> None:
    file(at=NIGHT)
    at = NIGHT + 5 * MINUTE

    def work(_: int) -> None:
        with app.app_context():
            words = hotline_clock.look(at)
            with writing():
                hotline_clock.write_down(words, at)
            db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert db.session.query(Delivery).filter_by(kind="report.page").count() == 1
