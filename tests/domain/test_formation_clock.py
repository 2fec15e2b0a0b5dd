"""A hand-over of duty hands positions over; open positions ask to be filled, and stop asking."""

from datetime import timedelta

import pytest

from domain import formation, formation_clock, incidents
from domain.db import db, writing
from domain.events import Event
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.roster import Area, Override

MINUTE = timedelta(minutes=1)
SYSTEM, BRIDGE = 3, 4


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="declared", by=cast.responder, at=now, title="予約できません", severity="major", services={},
            began_at=now, holding_words={"situation": "調べています。"},
        )  # fmt: skip


def tick(at):
    """One look, and what it finds written down: its kinds."""
    db.session.rollback()
    words = formation_clock.look(at)
    if not words:
        return []
    with writing():
        return [one.kind for one in formation_clock.write_down(words, at)]


def told(kind):
    return [one.details for one in db.session.query(Delivery).filter_by(kind=kind).order_by(Delivery.id)]


def asked():
    return [[position for position, _ in one["asks"]] for one in told("channel.ask")]


def stand_in(area, person, start, end, now):
    with writing() as session:
        session.add(
            Override(
                kind="take", person_id=person.id, area_id=area, starts_at=start, ends_at=end, recorded_at=now,
                recorded_by_id=1,
            )
        )  # fmt: skip


def nobody_is_in_charge_of(area, at):
    with writing():
        db.session.get_one(Area, area).retired_at = at


def test_without_an_open_incident_it_is_one_query(app, now, count_queries):
    with count_queries() as queries:
        assert formation_clock.look(now) == []
    assert len(queries) == 1


def test_the_scribe_is_asked_for_three_times_and_no_more(incident, now):
    moments = [minute for minute in range(60) if tick(now + minute * MINUTE)]
    assert moments == [5, 10, 20]
    assert asked() == [["scribe"]] * 3


def test_what_asks_at_the_same_time_asks_together(incident, now):
    nobody_is_in_charge_of(BRIDGE, now)
    tick(now + 5 * MINUTE)
    assert asked() == [["bridge", "scribe"]]


def test_the_other_positions_never_ask(incident, now):
    with writing():
        for area in (1, 2, SYSTEM, BRIDGE):
            db.session.get_one(Area, area).retired_at = now
    tick(now + 5 * MINUTE)
    assert asked() == [["commander", "bridge", "scribe"]]


def test_taken_it_asks_no_more(cast, incident, now):
    tick(now + 5 * MINUTE)
    with writing():
        incident.assign("scribe", cast.deputy, by=cast.deputy, at=now + 6 * MINUTE)
    assert [tick(now + minute * MINUTE) for minute in (10, 20)] == [[], []]


def test_given_up_later_it_asks_again_but_never_more_than_three_times(cast, incident, now):
    with writing():
        incident.assign("scribe", cast.deputy, by=cast.deputy, at=now)
    with writing():
        formation.relieve(db.session.get_one(Incident, 1), "scribe", by=cast.deputy, at=now + 60 * MINUTE)
    assert [minute for minute in range(120) if tick(now + minute * MINUTE)] == [65, 70, 80]


def test_two_workers_ask_once(incident, now):
    at = now + 5 * MINUTE
    words = formation_clock.look(at)
    for _ in range(2):
        with writing():
            formation_clock.write_down(words, at)
    assert asked() == [["scribe"]]


def test_taken_between_the_look_and_the_writing_nobody_is_asked(cast, incident, now):
    at = now + 5 * MINUTE
    words = formation_clock.look(at)
    with writing():
        incident.assign("scribe", cast.deputy, by=cast.deputy, at=at)
    with writing():
        assert formation_clock.write_down(words, at) == []


def test_after_a_stop_the_asks_do_not_come_all_at_once(incident, now):
    assert tick(now + 60 * MINUTE) == []


def test_restored_or_planned_nothing_asks(cast, incident, now):
    with writing():
        incident.resolved_at = now
    assert tick(now + 5 * MINUTE) == []


def test_a_hand_over_of_duty_hands_the_position_over_once(cast, incident, now):
    stand_in(SYSTEM, cast.deputy, now + 30 * MINUTE, now + 90 * MINUTE, now)
    assert tick(now + 29 * MINUTE) == []
    assert tick(now + 30 * MINUTE) == ["channel.handover"]
    assert tick(now + 31 * MINUTE) == []
    (said,) = told("channel.handover")
    assert (said["position"], said["before"], said["name"]) == ("commander", "岡本 沙織", "伊藤 航")
    event = db.session.query(Event).filter_by(kind="incident.assigned").one()
    assert (event.actor_id, event.details["person"]) == (None, 6)
    assert told("channel.changed") or told("channel.first")


def test_and_back_again(cast, incident, now):
    stand_in(SYSTEM, cast.deputy, now + 30 * MINUTE, now + 90 * MINUTE, now)
    kinds = [tick(now + minute * MINUTE) for minute in (30, 60, 90)]
    assert kinds == [["channel.handover"], [], ["channel.handover"]]
    assert told("channel.handover")[1]["name"] == "岡本 沙織"


def test_what_was_given_to_somebody_does_not_follow_the_roster(cast, incident, now):
    with writing():
        incident.assign("commander", cast.bridge, by=cast.responder, at=now)
    stand_in(SYSTEM, cast.deputy, now + 30 * MINUTE, now + 90 * MINUTE, now)
    assert tick(now + 30 * MINUTE) == []


def test_a_hand_over_before_the_declaration_is_no_news(cast, incident, now):
    stand_in(SYSTEM, cast.deputy, now - 5 * MINUTE, now + 90 * MINUTE, now - 10 * MINUTE)
    assert tick(now + MINUTE) == []


def test_a_closed_incident_hears_of_nothing(cast, incident, now):
    with writing():
        incident.resolved_at = incident.closed_at = now
    stand_in(SYSTEM, cast.deputy, now + 30 * MINUTE, now + 90 * MINUTE, now)
    assert tick(now + 30 * MINUTE) == []


def test_a_look_takes_as_many_queries_for_five_incidents_as_for_one(cast, incident, now, count_queries):
    def queries():
        db.session.rollback()
        db.session.expire_all()
        with count_queries() as found:
            formation_clock.look(now + 5 * MINUTE)
        return len(found)

    one = queries()
    for number in range(4):
        with writing():
            incidents.declare(
                key=f"k{number}", by=cast.responder, at=now, title=f"予約{number}", severity="minor", services={},
                began_at=now, holding_words={"situation": "調べています。"},
            )  # fmt: skip
    assert queries() == one
