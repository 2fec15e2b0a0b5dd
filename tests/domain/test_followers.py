"""Followers: who is told of an update, by what, when; each once; and who is not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import followers, incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person

READER, DEPUTY, BRIDGE, RESPONDER = 4, 6, 3, 2


def person(number):
    return db.session.get_one(Person, number)


def declare(now, *, service=1, drill=False, **words):
    with writing():
        said = {"situation": "調べています。", **words}
        return incidents.declare(
            key=f"d{service}{drill}{words}"[:40], by=person(RESPONDER), at=now, title="入場できない", severity="major", began_at=now,
            services={db.session.get_one(Service, service): "partial_outage"}, holding_words=said, drill=drill,
        ).id  # fmt: skip


def publish(number, at, key="u", **more):
    with writing():
        incident = db.session.get_one(Incident, number)
        given = {
            "state": "investigating",
            "words": {"situation": key},
            "next_update_at": at + timedelta(minutes=9),
            **more,
        }
        return incident.publish(key=key, by=person(BRIDGE), at=at, **given).id


def follow(now, *things, who=READER):
    with writing():
        for kind, subject in things:
            followers.follow(person(who), kind, subject, at=now)


def told(service=None):
    db.session.rollback()
    query = select(Delivery).where(Delivery.kind.like("told.%")).order_by(Delivery.id)
    rows = db.session.scalars(query)
    return [(row.kind, row.details["person"]) for row in rows if service in (None, row.service)]


@pytest.mark.parametrize(
    ("kind", "subject", "is_told"),
    [
        ("all", 0, True), ("service", 1, True), ("service", 2, False), ("area", 1, False), ("area", 2, True),
        ("area", 3, True),
    ],
)  # fmt: skip
def test_what_is_followed_is_told_and_nothing_else(app, now, kind, subject, is_told):
    follow(now, (kind, subject))
    declare(now, partner_notice="案内です。")
    assert told() == ([("told.update", READER)] if is_told else [])


def test_one_incident_is_followed(app, now):
    first, second = declare(now), declare(now, service=2)
    follow(now, ("incident", first))
    publish(second, now, "a")
    assert told() == []
    publish(first, now, "b")
    assert told() == [("told.update", READER)]


def test_many_rules_are_one_message(app, now):
    follow(now, ("all", 0), ("service", 1), ("area", 3), ("all", 0))
    declare(now)
    assert told() == [("told.update", READER)]


def test_a_drill_reaches_nobody(app, now):
    follow(now, ("all", 0))
    number = declare(now, drill=True)
    publish(number, now)
    assert told() == []


def test_that_nothing_is_new_is_told_to_nobody(app, now):
    number = declare(now)
    follow(now, ("all", 0))
    with writing():
        db.session.get_one(Incident, number).publish_unchanged(
            key="n", by=person(BRIDGE), at=now, next_update_at=now + timedelta(minutes=9)
        )
    assert told() == []


def test_who_wrote_it_is_not_told(app, now):
    follow(now, ("all", 0), who=BRIDGE)
    number = declare(now)
    assert told() == [("told.update", BRIDGE)]
    publish(number, now)
    assert told() == [("told.update", BRIDGE)]


def test_who_has_left_is_not_told(app, now):
    follow(now, ("all", 0))
    with writing():
        person(READER).deactivated_at = now
    declare(now)
    assert told() == []


def test_who_stopped_is_not_told(app, now):
    follow(now, ("all", 0))
    with writing():
        followers.unfollow(person(READER), "all", 0, at=now)
    declare(now)
    assert told() == []


@pytest.mark.parametrize(
    ("way", "slack_id", "service"),
    [
        ("", "U4", "direct"),
        ("", None, "mail"),
        ("mail", "U4", "mail"),
        ("slack", None, "mail"),
        ("slack", "U4", "direct"),
    ],
)
def test_each_is_told_by_what_they_chose(app, now, way, slack_id, service):
    follow(now, ("all", 0))
    with writing():
        person(READER).slack_id = slack_id
        followers.choose(person(READER), way=way, at_night=False)
    declare(now)
    assert told(service) == [("told.update", READER)]


NIGHT = timedelta(hours=14)  # 0:42 in Tokyo


def test_at_night_one_summary_waits_for_the_morning(app, now):
    follow(now, ("all", 0))
    number = declare(now + NIGHT)
    publish(number, now + NIGHT + timedelta(hours=1))
    assert told() == [("told.night", READER)]
    row = db.session.scalars(select(Delivery).where(Delivery.kind == "told.night")).one()
    assert row.next_at is not None
    assert row.next_at.astimezone(followers.organisation().zone).strftime("%H:%M") == "07:00"
    assert len(row.details["updates"]) == 2


def test_who_wants_to_is_woken(app, now):
    follow(now, ("all", 0))
    with writing():
        followers.choose(person(READER), way="", at_night=True)
    declare(now + NIGHT)
    assert told() == [("told.update", READER)]


def test_whoever_holds_a_position_is_always_told(app, now):
    number = declare(now)
    with writing():
        db.session.get_one(Incident, number).assign("scribe", person(READER), by=person(BRIDGE), at=now)
    publish(number, now + NIGHT)
    assert told() == [("told.update", READER)]


def test_whoever_commands_by_the_roster_is_told_at_night_too(app, now):
    night = now.replace(hour=15)
    number = declare(now)
    for who in (RESPONDER, READER):
        follow(now, ("all", 0), who=who)
    publish(number, night)
    assert told() == [("told.update", RESPONDER), ("told.night", READER)]


@pytest.mark.parametrize(
    ("hour", "minute", "night"), [(21, 59, False), (22, 0, True), (0, 0, True), (6, 59, True), (7, 0, False)]
)
def test_when_it_is_night(app, now, hour, minute, night):
    local = now.astimezone(followers.organisation().zone).replace(hour=hour, minute=minute)
    assert followers.is_night(local) is night


def test_only_the_newest_of_each_incident_is_news(app, now):
    number = declare(now)
    ids = [publish(number, now, key) for key in ("a", "b")]
    other = declare(now, service=2)
    later = publish(other, now, "c")
    assert [one.id for one in followers.news([*ids, later])] == [ids[1], later]
    assert followers.news(ids[:1]) == []


def test_ending_all_drops_what_waits_for_the_morning(app, now):
    follow(now, ("all", 0), ("service", 1))
    declare(now + NIGHT)
    with writing():
        followers.end_all(person(READER), at=now + NIGHT)
    db.session.rollback()
    assert followers.followed_by(person(READER)) == []
    assert db.session.scalars(select(Delivery.state).where(Delivery.kind == "told.night")).all() == ["dropped"]


@pytest.mark.parametrize(("kind", "subject"), [("service", 99), ("area", 99), ("incident", 99), ("moon", 1)])
def test_what_is_not_there_cannot_be_followed(app, now, kind, subject):
    with pytest.raises(Refused, match="nothing_to_follow"):
        follow(now, (kind, subject))


def test_a_closed_incident_cannot_be_followed(app, now):
    number = declare(now)
    publish(number, now, state="resolved", next_update_at=None)
    with writing():
        db.session.get_one(Incident, number).close(by=person(BRIDGE), at=now)
    with pytest.raises(Conflict, match="incident_closed"):
        follow(now, ("incident", number))


def test_a_thousand_followers_cost_few_statements(app, now, count_queries):
    with writing() as session:
        for number in range(1000):
            one = Person(email=f"p{number}@example.jp", name=f"P{number}", created_at=now)
            session.add(one)
        session.flush()
        for one in session.scalars(select(Person).where(Person.email.like("p%@example.jp"))):
            session.add(followers.Follow(person_id=one.id, kind="all", subject=0, since=now))
    with count_queries() as queries:
        declare(now)
    assert len(told()) == 1000
    assert len(queries) < 60
