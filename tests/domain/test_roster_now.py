"""Whoever asks again is told what is, not what was: after a commit, when the clock moves on, while writing."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, insert, select, update

from domain import planning, roster
from domain import roster_queries as queries
from domain.db import db, writing
from domain.people import Person
from domain.roster import Absence, Area, Override, Plan, PlanSlot, Rotation, RotationMember
from domain.roster_facts import REACH
from domain.roster_tables import Holiday, RosterSettings
from tests.conftest import NOW
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


def test_what_else_is_committed_changes_nothing_about_who_answers(cast, now, count_queries):
    first = said(roster.duty_now(now))
    with writing() as session:
        session.execute(update(Person).where(Person.id == cast.reader.id).values(name="佐藤 美咲希"))
    with count_queries() as queries:
        assert said(roster.duty_now(now)) == first
    assert len(queries) <= 3


def test_a_new_name_is_said_at_once(cast, now):
    roster.duty_now(now)
    with writing() as session:
        session.execute(update(Person).where(Person.id == cast.responder.id).values(name="岡本 彩"))
    assert names(roster.area_duty("system", now))[0] == "岡本 彩"


def test_whoever_leaves_answers_for_nothing_any_more(cast, now):
    roster.duty_now(now)
    with writing() as session:
        session.execute(update(Person).where(Person.id == cast.responder.id).values(deactivated_at=now))
    assert names(roster.area_duty("system", now)) == ["伊藤 航"]


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


def test_of_a_roster_that_was_changed_the_part_that_was_is_loaded(cast, now, count_queries):
    roster.duty_now(now)
    away(cast.responder, now, until=now + HOUR)
    db.session.remove()
    with count_queries() as asked:
        assert names(roster.area_duty("system", now)) == ["伊藤 航"]
    read = " ".join(asked)
    assert "FROM absences" in read
    assert not any(f"FROM {table}" in read for table in ("overrides", "plans", "plan_slots"))


def test_what_no_change_concerned_is_not_worked_out_again(cast, now, monkeypatch):
    roster.duty_now(now)
    stand_in(cast.reader, cast.responder, now, now + HOUR, key="system")
    asked, answer = [], roster.Facts.answer
    monkeypatch.setattr(roster.Facts, "answer", lambda facts, area: asked.append(area.key) or answer(facts, area))
    assert names(roster.area_duty("system", now))[0] == "佐藤 美咲"
    assert asked == ["system"]


def set_plan(cast, key, people, starts_at, at):
    with writing():
        latest = planning.latest_plan(area(key))
        planning.set_plan(area(key), people, starts_at=starts_at, seen=latest.id, by=cast.admin, at=at)


def cancel_something(dice, at):
    with writing() as session:
        entries = [one for kind in (Absence, Override) for one in session.scalars(select(kind).order_by(kind.id))]
        if entries:
            dice.choice(entries).cancelled_at = at


def leave_or_come_back(person, at):
    with writing() as session:
        found = session.get_one(Person, person.id)
        found.deactivated_at = None if found.deactivated_at else at


def test_kept_in_parts_it_says_what_is_worked_out_anew_whatever_was_changed(cast, now):
    """Every kind of change, in any order, while the clock goes on by up to three days."""
    dice, at = random.Random(11), now
    people = [cast.responder, cast.deputy, cast.bridge, cast.reader]
    changes = [
        lambda: away(dice.choice(people), at, since=at + dice.randint(0, 9) * HOUR, until=at + 10 * HOUR),
        lambda: away(dice.choice(people), at, until=None, weekly=[{"days": ["wed"], "start": "09:00", "end": "18:00"}]),
        lambda: stand_in(*dice.sample(people, 2), at, at + dice.randint(1, 30) * HOUR, key=dice.choice([None, "guest"])),
        lambda: set_plan(cast, dice.choice(["system", "bridge"]), dice.sample([cast.responder, cast.deputy, cast.admin], 2), at + dice.randint(0, 5) * HOUR, at),
        lambda: cancel_something(dice, at),
        lambda: leave_or_come_back(dice.choice([cast.bridge, cast.reader]), at),
    ]  # fmt: skip
    for _change in range(60):
        dice.choice(changes)()
        for _look in range(2):
            at += timedelta(minutes=dice.choice([0, 1, 30, 70]))
            assert said(roster.duty_now(at)) == anew(at)
            db.session.rollback()


def test_an_area_that_came_or_went_is_there_or_not(cast, now):
    roster.duty_now(now)
    with writing():
        area("guest").retired_at = now
    assert [duty.area.key for duty in roster.duty_now(now)] == ["partner", "system", "bridge"]


ROWS = {
    Absence: ({"person_id": 2, "starts_at": NOW, "recorded_at": NOW}, {"ends_at": NOW}),
    Area: ({"key": "shops", "kind": "other", "name": "店舗", "position": 9, "created_at": NOW}, {"position": 8}),
    Holiday: ({"day": date(2026, 8, 12), "name": "棚卸し", "is_off": True}, {"is_off": False}),
    Override: (
        {"kind": "take", "status": "agreed", "person_id": 2, "starts_at": NOW, "recorded_at": NOW},
        {"cancelled_at": NOW},
    ),
    Plan: ({"area_id": 1, "starts_at": NOW, "recorded_at": NOW, "windows": [[]]}, {"windows": []}),
    PlanSlot: ({"plan_id": 1, "row": 3, "rank": 0, "offset": 0}, {"offset": 1}),
    RosterSettings: ({"zone": "Europe/Berlin"}, {"zone": None}),
    Rotation: (
        {"name": "当番", "start": "2026-01-05T09:00:00", "unit": "week", "every": 1, "recorded_at": NOW},
        {"every": 2},
    ),
    RotationMember: ({"rotation_id": 1, "position": 7, "person_id": 2}, {"person_id": 3}),
}


PARTS = {
    Absence: "absences",
    Override: "overrides",
    **dict.fromkeys([Plan, PlanSlot, RosterSettings, Rotation, RotationMember], "plans"),
}


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__tablename__)
def test_every_change_of_what_answers_are_made_of_raises_the_revision_of_its_part(cast, now, kind):
    """Also one that is written past the domain: an import of rows, a hand in the database."""
    row, change = ROWS[kind]
    if kind is RotationMember:
        with writing() as session:
            session.execute(insert(Rotation).values(id=1, **ROWS[Rotation][0]))
    if kind is PlanSlot:
        row = row | {"plan_id": db.session.scalar(select(Plan.id).limit(1))}
    if kind is Plan:
        row = row | {"area_id": area("system").id}
    with writing() as session:
        revisions = [session.execute(queries.REVISION).one()]
        key = session.execute(insert(kind.__table__).values(**row)).inserted_primary_key
        this = [column == value for column, value in zip(kind.__table__.primary_key, key, strict=True)]
        revisions.append(session.execute(queries.REVISION).one())
        for statement in (update(kind.__table__).values(**change), delete(kind.__table__)):
            session.execute(statement.where(*this))
            revisions.append(session.execute(queries.REVISION).one())
    for before, after in pairwise(revisions):
        raised = {part for part, one in after._mapping.items() if one > before._mapping[part]}
        assert raised == {"number", PARTS.get(kind)} - {None}
