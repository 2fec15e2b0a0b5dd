"""What is proposed about paging and why; who may be paged; routing keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain import incidents, paging, roster
from domain.business_hours import parse
from domain.db import db, organisation, writing
from domain.errors import Conflict, Refused
from domain.events import Event
from domain.outbox import Delivery

NIGHT = datetime(2026, 8, 9, 12, 40, tzinfo=UTC)
"""A Sunday, 21:40 in Tokyo."""


@pytest.fixture
def hours(app, monkeypatch):
    house = replace(organisation(), business_hours=parse("mon-fri 9:00-17:00; sat,sun,hol 9:00-18:00"))
    monkeypatch.setattr(paging, "organisation", lambda: house)
    return house


@pytest.fixture
def incident(app, cast, now):
    with writing():
        return incidents.declare(
            key="d",
            by=cast.responder,
            at=now,
            title="止まった",
            severity="critical",
            services={},
            began_at=now,
            page=False,
            holding=False,
        )


def triggers():
    return list(db.session.scalars(select(Delivery).where(Delivery.kind == paging.TRIGGER)))


@pytest.mark.parametrize(
    ("severity", "at", "page"),
    [
        ("critical", NIGHT, True), ("major", NIGHT, False), ("", NIGHT, False),
        ("critical", NIGHT - timedelta(hours=4), False), ("critical", NIGHT - timedelta(hours=3, minutes=40), True),
    ],
)  # fmt: skip
def test_outside_business_hours_and_large_proposes_to_page(hours, severity, at, page):
    assert paging.proposal(severity, at).page is page


def test_a_proposal_says_why(hours):
    why = paging.proposal("critical", NIGHT)
    assert (why.weekday, why.time, why.hours, why.outside, why.large) == ("sun", "21:40", ((540, 1080),), True, True)


def test_a_public_holiday_has_the_hours_of_holidays(hours):
    # 11 August is Mountain Day in Japan; 17:30.
    why = paging.proposal("critical", datetime(2026, 8, 11, 8, 30, tzinfo=UTC))
    assert (why.holiday, why.outside) == (True, False)


def test_what_is_large_is_a_setting(hours, monkeypatch):
    monkeypatch.setattr(paging, "organisation", lambda: replace(hours, page_from="major"))
    assert paging.proposal("major", NIGHT).page
    assert not paging.proposal("minor", NIGHT).page


def test_the_decision_is_recorded_with_the_proposal(incident):
    event = db.session.scalar(select(Event).where(Event.kind == "incident.page_decided"))
    assert event.details["page"] is False
    assert event.details["proposal"]["severity"] == "critical"


def test_nobody_is_paged_unless_it_was_decided(incident):
    assert triggers() == []


def test_pressed_twice_is_paged_once(incident, cast, now):
    for seconds in (0, 5):
        with writing():
            paging.page_areas(incident, roster.areas()[:1], by=cast.responder, at=now + timedelta(seconds=seconds))
    assert len(triggers()) == 1
    with writing():
        paging.page_areas(incident, roster.areas()[:1], by=cast.responder, at=now + timedelta(minutes=5))
    assert len({one.details["dedup"] for one in triggers()}) == 2, "paged anew on purpose it rings anew"


def test_a_person_is_paged_through_their_area(incident, cast, now):
    with writing():
        paging.page_person(incident, cast.bridge, by=cast.responder, at=now)
    assert [(one.details["area"], one.details["person"]) for one in triggers()] == [("bridge", 3)]


def test_who_stands_in_no_line_cannot_be_paged(incident, cast, now):
    with pytest.raises(Conflict, match="not_in_line"), writing():
        paging.page_person(incident, cast.reader, by=cast.responder, at=now)


def test_for_what_is_restored_nobody_is_paged(incident, cast, now):
    with writing():
        incident.publish(key="r", by=cast.bridge, at=now, state="resolved", words={"situation": "戻りました"})
    with pytest.raises(Conflict, match="incident_over"), writing():
        paging.page_everybody(incident, by=cast.responder, at=now)


@pytest.mark.parametrize("key", ["short", "x" * 33, "あ" * 32, "a b" * 11])
def test_a_key_that_is_none_is_refused(app, cast, now, key):
    with pytest.raises(Refused, match="pagerduty_key_wrong"), writing():
        paging.set_key(roster.areas()[0], key, by=cast.admin, at=now)


def test_a_key_is_never_written_into_the_log(app, cast, now):
    with writing():
        paging.set_key(roster.areas()[0], "K1" * 16, by=cast.admin, at=now)
    assert paging.key_ending(roster.areas()[0]) == "K1K1"
    assert "K1K1" not in str([one.details for one in db.session.scalars(select(Event))])
