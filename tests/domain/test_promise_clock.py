"""The promise by the clock: before its time the bridge, late the bridge, then the commander; each once, and not in vain."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from domain import incidents, promise_clock, promises
from domain.db import db, writing
from domain.events import Event
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area

MINUTE = timedelta(minutes=1)
OKAMOTO, TAKAHASHI, ITO = 2, 3, 6
BRIDGE = 4


@pytest.fixture(autouse=True)
def slack_ids(app):
    with writing():
        for number in (TAKAHASHI, ITO):
            db.session.get_one(Person, number).slack_id = f"U{number}"


@pytest.fixture
def incident(cast, now):
    return declare(cast.responder, now)


def declare(by, now, **more):
    given = {"key": "declared", "title": "予約できません", "severity": "major", "services": {}, "began_at": now, **more}
    with writing():
        return incidents.declare(by=by, at=now, holding_words={"situation": "調べています。"}, **given)


def tick(at):
    """One look, and what it finds written down: (which reminder, to whom)."""
    db.session.rollback()
    words = promise_clock.look(at)
    if not words:
        return []
    with writing():
        return [told(one) for one in promise_clock.write_down(words, at)]


def told(delivery):
    return delivery.details["stage"], delivery.details["person"]


def written():
    db.session.rollback()
    kinds = (promise_clock.KIND, "channel.promise")
    return db.session.query(Delivery).where(Delivery.kind.in_(kinds)).order_by(Delivery.id).all()


def publish(by, at, due, **more):
    given = {"key": "u1", "state": "investigating", "words": {"situation": "調べました。"}, **more}
    with writing():
        db.session.get_one(Incident, 1).publish(by=by, at=at, next_update_at=due, **given)


def test_without_an_open_promise_it_is_one_query(incident, now, count_queries):
    db.session.rollback()
    with count_queries() as queries:
        assert promise_clock.look(now) == []
    assert len(queries) == 1


def test_the_first_update_is_promised_five_minutes_after_the_declaration(incident, now):
    assert incident.next_update_at == now + 5 * MINUTE


def test_the_bridge_is_reminded_before_and_when_late_then_the_commander(incident, now):
    found = {minute / 2: tick(now + minute * MINUTE / 2) for minute in range(60)}
    assert {minute: one for minute, one in found.items() if one} == {
        3: [("soon", TAKAHASHI)],
        5: [("late", TAKAHASHI)],
        8: [("commander", OKAMOTO)],
    }
    assert {one.kind for one in written()} == {promise_clock.KIND}


def test_published_in_time_nobody_is_told_until_the_next_promise(cast, incident, now):
    publish(cast.bridge, now + 2 * MINUTE, now + 22 * MINUTE)
    assert [minute for minute in range(40) if tick(now + minute * MINUTE)] == [20, 22, 25]


def test_published_after_the_first_reminder_nobody_is_told_that_it_is_late(cast, incident, now):
    tick(now + 3 * MINUTE)
    publish(cast.bridge, now + 4 * MINUTE, now + 24 * MINUTE)
    assert [tick(now + minute * MINUTE) for minute in (5, 8)] == [[], []]


def test_published_between_the_look_and_the_writing_nobody_is_told(cast, incident, now):
    words = promise_clock.look(now + 5 * MINUTE)
    publish(cast.bridge, now + 5 * MINUTE, now + 24 * MINUTE)
    with writing():
        assert promise_clock.write_down(words, now + 5 * MINUTE) == []


def test_no_news_renews_the_promise(cast, incident, now):
    with writing():
        db.session.get_one(Incident, 1).publish_unchanged(
            key="n", by=cast.bridge, at=now + 4 * MINUTE, next_update_at=now + 20 * MINUTE
        )
    assert [minute for minute in range(22) if tick(now + minute * MINUTE)] == [18, 20]


def test_a_promise_for_the_next_two_minutes_is_not_reminded_of(cast, incident, now):
    publish(cast.bridge, now + MINUTE, now + 3 * MINUTE)
    assert tick(now + 2 * MINUTE) == []
    assert tick(now + 3 * MINUTE) == [("late", TAKAHASHI)]


@pytest.mark.parametrize("state", ["resolved_at", "closed_at"])
def test_over_nobody_waits(incident, now, state):
    with writing():
        setattr(db.session.get_one(Incident, 1), state, now)
    assert [tick(now + minute * MINUTE) for minute in (3, 5, 8)] == [[], [], []]


def test_without_a_next_update_nobody_is_told(cast, incident, now):
    publish(cast.bridge, now + MINUTE, None, next_update_reason="明朝、業者の回答を待ちます。")
    assert [minute for minute in range(40) if tick(now + minute * MINUTE)] == []


def test_whoever_took_the_bridge_is_told(cast, incident, now):
    with writing():
        db.session.get_one(Incident, 1).assign("bridge", cast.deputy, by=cast.deputy, at=now)
    assert tick(now + 3 * MINUTE) == [("soon", ITO)]


def test_who_is_both_was_told_so_the_channel_hears_it(cast, incident, now):
    with writing():
        db.session.get_one(Incident, 1).assign("bridge", cast.responder, by=cast.responder, at=now)
    assert tick(now + 8 * MINUTE) == [("late", OKAMOTO), ("commander", None)]
    assert [one.kind for one in written()] == [promise_clock.KIND, "channel.promise"]


def test_nobody_has_the_bridge_so_the_channel_hears_it(incident, now):
    with writing():
        db.session.get_one(Area, BRIDGE).retired_at = now
    assert tick(now + 3 * MINUTE) == [("soon", None)]
    assert [one.kind for one in written()] == ["channel.promise"]


def test_who_has_no_slack_id_is_called_in_the_channel(incident, now):
    with writing():
        db.session.get_one(Person, TAKAHASHI).slack_id = None
    assert tick(now + 3 * MINUTE) == [("soon", TAKAHASHI)]
    assert [one.kind for one in written()] == ["channel.promise"]


def test_a_drill_stays_in_the_drill_channel(cast, now):
    declare(cast.responder, now, drill=True)
    tick(now + 8 * MINUTE)
    assert [one.kind for one in written()] == ["channel.promise", "channel.promise"]


def test_any_number_of_workers_write_each_once(app, incident, now):
    at = now + 5 * MINUTE

    def work(_):
        with app.app_context():
            words = promise_clock.look(at)
            with writing():
                count = len(promise_clock.write_down(words, at))
            db.session.remove()
            return count

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(16))) == 1
    assert len(written()) == 1


def test_after_a_stop_what_is_still_missing_is_said_and_old_things_are_not(incident, now):
    assert tick(now + 12 * MINUTE) == [("late", TAKAHASHI), ("commander", OKAMOTO)]
    declare(db.session.get_one(Person, OKAMOTO), now, key="other", title="印刷できません")
    assert tick(now + 20 * MINUTE) == []


def test_without_any_channel_nobody_is_told_and_nothing_says_so(incident, now):
    with writing():
        db.session.get_one(Person, TAKAHASHI).slack_id = None
        db.session.query(Delivery).filter_by(kind="channel.create").one().succeed(now)
    assert tick(now + 3 * MINUTE) == []
    assert db.session.query(Event).filter_by(kind="incident.reminded").count() == 0


def test_it_stands_in_the_log(incident, now):
    tick(now + 3 * MINUTE)
    event = db.session.query(Event).filter_by(kind="incident.reminded").one()
    assert (event.actor_id, event.details) == (None, {"stage": "soon", "name": "高橋 由紀子"})


def test_for_two_hours_updates_lie_at_most_twenty_minutes_apart(incident, now):
    assert promises.longest(incident, now + 119 * MINUTE) == 20 * MINUTE
    assert promises.longest(incident, now + 120 * MINUTE) is None
