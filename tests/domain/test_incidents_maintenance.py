"""Planned work: visible beforehand, told by the clock, overrunning until somebody says that it is done."""

from datetime import timedelta

import pytest

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Refused

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(cast, now):
    def of(begins=HOUR, ends=3 * HOUR, key="m1"):
        with writing():
            return incidents.plan_maintenance(
                key=key, by=cast.responder, at=now, title="決済の点検", began_at=now + begins, ends_at=now + ends,
                services={db.session.get(Service, 2): "under_maintenance"}, words={"situation": "点検します。"},
            )  # fmt: skip

    return of


def test_it_is_visible_beforehand_and_touches_nothing_yet(plan, now):
    work = plan()
    assert incidents.upcoming_maintenances(now) == [work]
    assert incidents.open_incidents(now) == []
    assert incidents.service_states(now) == {}


def test_the_clock_begins_and_ends_it(plan, now):
    work = plan()
    states = [
        incidents.state_at(work, now + span) for span in (0 * HOUR, HOUR, 3 * HOUR - timedelta(seconds=1), 3 * HOUR)
    ]
    assert states == ["scheduled", "in_progress", "in_progress", "completed"]
    assert incidents.service_states(now + HOUR) == {2: ("under_maintenance", [work.code])}
    assert incidents.service_states(now + 3 * HOUR) == {}
    assert incidents.upcoming_maintenances(now + 3 * HOUR) == []


def test_work_that_somebody_began_overruns_until_somebody_ends_it(plan, cast, now):
    work = plan()
    with writing():
        work.publish(key="u1", by=cast.bridge, at=now, state="in_progress", words={"situation": "始めました。"})
    assert incidents.upcoming_maintenances(now + 5 * HOUR) == [work]
    with writing():
        work.publish(
            key="u2", by=cast.bridge, at=now + 5 * HOUR, state="completed", words={"situation": "終わりました。"}
        )
    assert (work.closed_at, incidents.upcoming_maintenances(now + 5 * HOUR)) == (now + 5 * HOUR, [])


def test_planning_twice_with_one_key_is_one(plan):
    assert plan().id == plan().id


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        (2, 1, "ends_before_begin"),
        (1, 1, "ends_before_begin"),
        (-3, -1, "ends_in_past"),
        (1, 24 * 40, "maintenance_long"),
    ],
)
def test_a_span_that_cannot_be_is_refused(plan, begins, ends, code):
    with pytest.raises(Refused, match=code):
        plan(begins * HOUR, ends * HOUR)
