"""The clock of learning: owners are told before and after, once each, then weekly; postmortems to plan, and today."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain import actions, incidents, learning_clock, postmortem
from domain.actions import Draft
from domain.db import db, writing
from domain.incidents import Incident
from domain.learning_clock import DIGEST, LATE, MEETING, PLAN, SOON
from domain.people import Person

MADE = datetime(2026, 8, 3, 1, tzinfo=UTC)
DUE = date(2026, 8, 20)
"""A Thursday. Two working days before it is Tuesday the 18th, the working day after it Friday the 21st."""


def person(number):
    return db.session.get_one(Person, number)


def morning(day, month=8, hour=10, minute=0):
    """A time in Tokyo."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=9)


def tick(at):
    """A look, and what it wrote down: (kind, person)."""
    words = learning_clock.look(at)
    db.session.rollback()
    with writing():
        return [(one.kind, one.details["person"]) for one in learning_clock.write_down(words, at)]


@pytest.fixture
def incident(cast):
    with writing():
        return incidents.declare(
            key="a", by=person(2), at=MADE, title="入場できない", severity="major", services={}, began_at=MADE, holding=False,
        ).id  # fmt: skip


@pytest.fixture
def action(incident):
    with writing():
        draft = Draft("prevent", "試験を足す", person(2), DUE)
        return actions.add(db.session.get_one(Incident, incident), draft, key="a", by=person(2), at=MADE).id


def test_the_owner_is_told_once_before_and_once_after(action):
    told = []
    for day in range(4, 27):
        for hour in (9, 12, 17):
            told += [(day, *one) for one in tick(morning(day, hour=hour))]
    assert told == [(18, SOON, 2), (21, LATE, 2), (24, DIGEST, 2)]


def test_the_digest_comes_once_a_week(action):
    told = [tick(morning(day, month=9)) for day in range(1, 30)]
    assert [day for day, one in enumerate(told, start=1) if one] == [1, 7, 14, 24, 28]
    assert {one for found in told for one in found} == {(DIGEST, 2)}


@pytest.mark.parametrize(
    "at", [morning(18, hour=8, minute=59), morning(18, hour=18), morning(19, hour=3), morning(16), morning(11)]
)
def test_nobody_is_told_outside_of_working_hours(action, at):
    assert tick(at) == []


def test_nothing_is_asked_outside_of_working_hours(action, count_queries):
    with count_queries() as queries:
        learning_clock.look(morning(18, hour=20))
    assert queries == []


@pytest.mark.parametrize("state", ["done", "dropped"])
def test_what_is_ended_is_not_told(action, state):
    with writing():
        actions.found(action).move_on(state, by=person(2), at=MADE, note="理由")
    assert tick(morning(18)) == tick(morning(21)) == tick(morning(24)) == []


def test_a_new_date_has_reminders_of_its_own(action):
    assert tick(morning(18)) == [(SOON, 2)]
    with writing():
        draft = Draft("prevent", "試験を足す", person(2), date(2026, 8, 28))
        actions.found(action).change(draft, by=person(2), at=morning(19))
    assert tick(morning(21)) == []
    assert tick(morning(26)) == [(SOON, 2)]
    assert tick(morning(31)) == [(LATE, 2)]


def test_a_new_owner_is_told_and_the_old_one_is_not(action, incident):
    with writing():
        person(6).slack_id = "U0ITO"
        actions.found(action).change(Draft("prevent", "試験", person(6), DUE), by=person(2), at=MADE)
    assert tick(morning(18)) == [(SOON, 6)]


def test_who_has_left_is_not_told(action):
    with writing():
        person(2).deactivated_at = MADE
    assert tick(morning(18)) == []


def test_who_is_not_in_slack_gets_a_mail(action):
    with writing():
        person(2).slack_id = None
    (word,) = learning_clock.look(morning(18))
    db.session.rollback()
    with writing():
        (row,) = learning_clock.write_down([word], morning(18))
        assert (row.service, row.lane) == ("mail", "mail:person-2")


def test_who_wrote_it_down_today_knows(incident):
    with writing():
        draft = Draft("fix", "あす", person(2), date(2026, 8, 19))
        actions.add(db.session.get_one(Incident, incident), draft, key="x", by=person(2), at=morning(18, hour=9))
    assert tick(morning(18, hour=12)) == []
    assert tick(morning(19)) == [(SOON, 2)]


def test_after_a_long_stop_old_ones_come_in_the_digest_alone(action):
    assert tick(morning(15, month=9)) == [(DIGEST, 2)]


def test_a_digest_is_one_message_for_each_owner(incident):
    with writing():
        person(6).slack_id = "U0ITO"
        for number, owner in enumerate((2, 2, 6)):
            draft = Draft("fix", f"対策{number}", person(owner), DUE)
            actions.add(db.session.get_one(Incident, incident), draft, key=str(number), by=person(2), at=MADE)
    words = learning_clock.look(morning(7, month=9))
    assert [(word.kind, word.details["person"], len(word.details["actions"])) for word in words] == [
        (DIGEST, 2, 2), (DIGEST, 6, 1),
    ]  # fmt: skip


def test_a_postmortem_that_nobody_plans_is_asked_for_three_times(incident):
    with writing():
        db.session.get_one(Incident, incident).closed_at = MADE  # a Monday: due on the 10th
    told = []
    for day in range(3, 30):
        told += [(day, *one) for one in tick(morning(day))]
    assert told == [(6, PLAN, 2), (10, PLAN, 2), (12, PLAN, 2)]


@pytest.mark.parametrize("why", ["planned", "held", "drill", "moved in", "merged", "open"])
def test_what_needs_no_planning_is_not_asked_for(incident, why):
    with writing():
        found = db.session.get_one(Incident, incident)
        found.closed_at = None if why == "open" else MADE
        found.drill = why == "drill"
        found.source = "GitHub" if why == "moved in" else ""
        found.outcome = "merged" if why == "merged" else ""
        if why == "planned":
            postmortem.begun(found).plan(morning(20), host=None, place="", by=person(2), at=MADE)
        if why == "held":
            postmortem.begun(found).hold(True, by=person(2), at=MADE)
    assert tick(morning(10)) == []


def test_on_the_day_everybody_who_had_a_position_is_told_once(incident):
    with writing():
        person(6).slack_id = "U0ITO"
        found = db.session.get_one(Incident, incident)
        found.assign("scribe", person(6), by=person(2), at=MADE)
        found.assign("impact", person(6), by=person(2), at=MADE)
        found.closed_at = MADE
        postmortem.begun(found).plan(morning(7, hour=15), host=person(3), place="A", by=person(2), at=MADE)
    assert tick(morning(6)) == []
    assert sorted(tick(morning(7))) == [(MEETING, 2), (MEETING, 3), (MEETING, 6)]
    assert tick(morning(7, hour=11)) == tick(morning(7, hour=16)) == []


def test_two_that_look_at_the_same_time_write_it_down_once(action):
    words = learning_clock.look(morning(18))
    db.session.rollback()
    for expected in (1, 0):
        with writing():
            assert len(learning_clock.write_down(words, morning(18))) == expected


def test_the_look_costs_the_same_however_much_there_is(incident, action, count_queries):
    counts = []
    for number in range(2):
        with count_queries() as queries:
            learning_clock.look(morning(18))
        counts.append(len(queries))
        with writing():
            for more in range(20):
                draft = Draft("fix", f"{number}{more}", person(2), DUE)
                actions.add(
                    db.session.get_one(Incident, incident), draft, key=f"{number}-{more}", by=person(2), at=MADE
                )
    assert counts[0] == counts[1] <= 6
