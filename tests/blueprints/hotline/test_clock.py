"""A report that nobody has taken says so, and who is told when: on its page, on the board, live."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from domain import hotline, hotline_clock
from domain.db import db, organisation, writing
from domain.people import Person
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def waiting(app: Flask) -> Iterator[None]:
    """A report of now, which stands in #hotline; Okamoto, then Ito are told."""
    before = organisation()
    times = (timedelta(minutes=5), timedelta(minutes=5))
    db.engine.update_execution_options(organisation=replace(before, reminders=times))
    with writing():
        db.session.get_one(Person, 6).slack_id = "U0ITO"
        report = hotline.file(key="k", by=db.session.get_one(Person, 4), at=NOW, body="QR")
        announced = hotline.announcement(report)
        assert announced is not None
        announced.succeed(NOW)
    yield
    db.engine.update_execution_options(organisation=before)


@pytest.mark.parametrize("path", ["/", "/reports/1"])
def test_it_says_who_is_told_when(sign_in, cast, clock, path) -> None:
    client = sign_in(cast.reader)
    clock.forward(minutes=4)
    page = client.get(path, headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "nobody is checking yet" in page
    assert "4 min ago" in page
    assert "10:47" in page
    assert "岡本\u00a0沙織" in page
    clock.forward(minutes=1)
    page = client.get(path, headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "10:52" in page
    assert "伊藤\u00a0航" in page
    clock.forward(minutes=5)
    page = client.get(path, headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "Everyone on duty for the system has been told" in page


@pytest.mark.parametrize("path", ["/", "/reports/1"])
def test_taken_it_says_it_no_more(sign_in, cast, path) -> None:
    sign_in(cast.responder).post("/reports/1/verdict", data={"verdict": "acknowledged"})
    assert "nobody is checking" not in sign_in(cast.reader).get(path).get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", "/reports/1"])
def test_where_nobody_is_told_by_the_clock_nothing_promises_it(sign_in, cast, path) -> None:
    db.engine.update_execution_options(organisation=replace(organisation(), reminders=None))
    assert "nobody is checking yet" not in sign_in(cast.reader).get(path).get_data(as_text=True)


@pytest.mark.parametrize("topic", ["board", "report-1"])
def test_the_live_page_changes_by_itself_when_the_next_one_is_told(app, topic, clock) -> None:
    _, until = app.extensions["live"].render(topic, "en", "reader")
    assert until == NOW + timedelta(seconds=15) or until == NOW + timedelta(minutes=5)
    with writing():
        hotline.announcement(hotline.open_suspicions()[0]).succeed(NOW)
    app.extensions["memo"].forget()
    _, until = app.extensions["live"].render(topic, "en", "reader")
    assert until == NOW + timedelta(minutes=5)


def test_what_became_of_it_says_who_was_told(sign_in, cast, clock) -> None:
    at = clock.forward(minutes=5)
    words = hotline_clock.look(at)
    with writing():
        hotline_clock.write_down(words, at)
    page = sign_in(cast.reader).get("/reports/1", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "Nobody had taken it" in page
    assert "was told in Slack" in page
