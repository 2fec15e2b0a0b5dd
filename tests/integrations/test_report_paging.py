"""PagerDuty for a report that nobody has taken: what rings, with which key, exactly once, and until when."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from domain import hotline_clock, paging
from domain.db import db, organisation, writing
from domain.people import Person
from domain.roster import Area
from domain.suspicion import Report
from integrations.dispatch import Dispatcher
from integrations.pagerduty import PagerDutySender
from integrations.slack import SlackSender
from integrations.wording import Wording
from local_services import LocalPagerDuty
from local_services.faulty import KINDS
from local_services.pagerduty import Alert
from server.watch import Watch
from tests.integrations.conftest import TOKYO, Hands, row
from tests.integrations.declaring import BASE, DRILL_KEY, KEY, rows

FAULTS = [kind for kind in KINDS if kind not in ("bad_request", "unauthorized")]


@pytest.fixture
def pager() -> Iterator[LocalPagerDuty]:
    with LocalPagerDuty() as running:
        yield running


@pytest.fixture(autouse=True)
def house(app: Flask) -> Iterator[None]:
    before = organisation()
    times = (timedelta(minutes=5), timedelta(minutes=5))
    db.engine.update_execution_options(organisation=replace(before, reminders=times, pages=True))
    yield
    db.engine.update_execution_options(organisation=before)


@pytest.fixture
def dispatcher(app: Flask, sender: SlackSender, pager: LocalPagerDuty, hands: Hands) -> Dispatcher:
    rings = PagerDutySender(KEY, DRILL_KEY, pager.events_url, BASE, Wording("en", TOKYO), time_limit=1.0)
    return Dispatcher({"slack": sender, "pagerduty": rings}, hands)


@pytest.fixture
def late(file: Callable[..., int], deliver: Callable[..., int], hands: Hands) -> int:
    """A report that nobody has taken for ten minutes; its alert is written down."""
    number = file()
    deliver()
    hands.forward(minutes=10)
    assert Watch(hands, of=hotline_clock)() == 2
    return number


def take(number: int, hands: Hands) -> None:
    with writing():
        db.session.get_one(Report, number).acknowledge(by=db.session.get_one(Person, 6), at=hands())


def alert(pager: LocalPagerDuty) -> Alert:
    (only,) = pager.alerts.values()
    return only


def test_it_says_what_is_waiting_for_whom(pager, late, deliver) -> None:
    deliver()
    rings = alert(pager)
    assert rings.routing_key == KEY
    assert rings.payload["summary"] == "Nobody has taken the report R-1: 入場ゲートでQRが読めません"
    assert rings.payload["severity"] == "error"
    assert rings.whole["links"] == [{"href": f"{BASE}/reports/1", "text": "R-1"}]


def test_the_area_s_own_key_comes_first(pager, late, deliver, cast, hands) -> None:
    with writing():
        paging.set_key(db.session.get_one(Area, 3), "A" * 32, by=cast.admin, at=hands())
    deliver()
    assert alert(pager).routing_key == "A" * 32


def test_taken_it_stops_ringing(pager, late, deliver, hands) -> None:
    deliver()
    take(late, hands)
    deliver()
    assert (alert(pager).state, alert(pager).events) == ("resolved", ["trigger", "resolve"])


def test_taken_before_it_was_sent_nothing_rings(pager, late, deliver, hands) -> None:
    take(late, hands)
    deliver()
    assert pager.alerts == {}
    assert [one.state for one in rows() if one.service == "pagerduty"] == ["dropped"]


def test_taken_while_pagerduty_is_away_nothing_rings(pager, late, dispatcher, deliver, hands) -> None:
    pager.fail("error_500", times=1)
    while dispatcher.next():
        pass
    take(late, hands)
    deliver()
    assert pager.alerts == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_rings_once_whatever_breaks(pager, late, deliver, fault) -> None:
    pager.fail(fault, times=2)
    deliver()
    assert alert(pager).state == "triggered"
    assert {one.state for one in rows() if one.service == "pagerduty"} == {"sent"}


def test_refused_it_says_so_and_the_direct_messages_go_on(pager, late, deliver, slack) -> None:
    pager.fail("bad_request", times=None)
    deliver()
    (page,) = [one for one in rows() if one.kind == "report.page"]
    assert page.state == "failed"
    assert "Check the routing key" in page.error
    assert [one.state for one in rows() if one.kind == hotline_clock.KIND] == ["sent"]


def test_slack_away_the_telephone_rings_all_the_same(pager, slack, file, dispatcher, hands) -> None:
    slack.faults.add("away")
    file()
    dispatcher.next()
    hands.forward(minutes=10)
    Watch(hands, of=hotline_clock)()
    while not pager.alerts:
        assert dispatcher.next()
    assert row(1).state == "waiting"
