"""Whoever asks again is told what is, not what was: after a commit, when the clock moves on, while writing."""

import random
from datetime import timedelta

from domain import roster
from domain.db import db, writing
from domain.roster import Override
from domain.roster_facts import REACH
from tests.domain.test_roster import HOUR, area, away, names, stand_in


def said(duties):
    return [
        (
            duty.area.key,
            [(one.person.id, one.standing_in_for and one.standing_in_for.id, one.rank) for one in duty.people],
            duty.until,
            duty.next_person and duty.next_person.id,
            duty.gap,
            [one.id for one in duty.last_resort],
            duty.warnings,
        )
        for duty in duties
    ]


def anew(at):
    return said(roster.facts(at).duties())


def test_asked_again_the_same_is_said_with_fewer_queries(cast, now, count_queries):
    first = said(roster.duty_now(now))
    with count_queries() as queries:
        assert said(roster.duty_now(now)) == first
    assert len(queries) <= 3


def test_a_commit_is_seen_at_once(cast, now):
    roster.duty_now(now)
    away(cast.responder, now, until=now + HOUR)
    assert names(roster.area_duty("system", now)) == ["伊藤 航"]


def test_what_is_being_written_is_seen_by_whoever_writes_it_and_by_nobody_after_it_failed(cast, now):
    before = said(roster.duty_now(now))
    try:
        with writing() as session:
            session.add(roster.Absence(person_id=cast.responder.id, starts_at=now, recorded_at=now))
            session.flush()
            assert names(roster.area_duty("system", now)) == ["伊藤 航"]
            raise LookupError
    except LookupError:
        pass
    assert said(roster.duty_now(now)) == before


def test_the_clock_alone_changes_an_answer(cast, now):
    away(cast.responder, now, since=now + HOUR, until=now + 2 * HOUR)
    heads = [names(roster.area_duty("system", now + hours * HOUR))[0] for hours in (0, 1, 2)]
    assert heads == ["岡本 沙織", "伊藤 航", "岡本 沙織"]


def test_asked_for_an_earlier_instant_it_is_worked_out_for_that(cast, now):
    away(cast.responder, now, since=now + HOUR, until=now + 2 * HOUR)
    assert names(roster.area_duty("system", now + HOUR)) == ["伊藤 航"]
    assert names(roster.area_duty("system", now))[0] == "岡本 沙織"


def test_a_change_comes_within_reach_while_the_answer_is_kept(cast, now):
    change = now + REACH + HOUR
    stand_in(cast.reader, cast.responder, now, None)
    with writing() as session:
        one = session.query(Override).one()
        one.starts_at = change
    assert roster.area_duty("system", now).until is None
    found = roster.area_duty("system", now + HOUR)
    assert (found.until, found.next_person) == (change, cast.reader)
    assert roster.area_duty("system", now + HOUR - timedelta(seconds=1)).next_person is None


def test_at_any_time_after_any_change_it_says_what_is_worked_out_anew(cast, now):
    dice = random.Random(7)
    people = [cast.responder, cast.deputy, cast.bridge, cast.reader]
    for _change in range(12):
        start = now + dice.randint(0, 30) * HOUR
        if dice.random() < 0.5:
            away(dice.choice(people), now, since=start, until=start + dice.randint(1, 9) * HOUR)
        else:
            key = dice.choice(["system", "guest", None])
            person, other = dice.sample(people, 2)
            stand_in(person, other, start, start + dice.randint(1, 9) * HOUR, key=key)
        for _look in range(6):
            at = now + timedelta(minutes=dice.randint(0, 60 * 40))
            assert said(roster.duty_now(at)) == anew(at)
            db.session.rollback()


def test_an_area_that_came_or_went_is_there_or_not(cast, now):
    roster.duty_now(now)
    with writing():
        area("guest").retired_at = now
    assert [duty.area.key for duty in roster.duty_now(now)] == ["partner", "system", "bridge"]
