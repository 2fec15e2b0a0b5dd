"""Actions: what is taken and what is refused, how far they have come, what is counted."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain import actions, incidents
from domain.actions import Filter
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.events import Event
from domain.incidents import Incident
from domain.people import Person
from domain.roster import Area
from tests.domain.learning import draft


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="declared", by=cast.responder, at=now, title="入場できない", severity="major", services={}, began_at=now,
            holding=False,
        ).id  # fmt: skip


@pytest.fixture
def add(incident, now):
    """`add(kind="detect")` writes one down and gives its id."""

    def adding(key="a1", at=now, **changes):
        with writing():
            found = db.session.get_one(Incident, incident)
            return actions.add(found, draft(**changes), key=key, by=db.session.get_one(Person, 2), at=at).id

    return adding


def move(number, state, at, note="", by=2):
    with writing():
        actions.found(number).move_on(state, by=db.session.get_one(Person, by), at=at, note=note)


def test_the_same_form_twice_is_one_action(add):
    assert add() == add()
    assert len(actions.of([1])) == 1


def test_the_same_key_with_other_words_is_no_double_tap(add):
    add()
    with pytest.raises(Conflict):
        add(body="別のこと")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("owner", {"owner": None}), ("owner", {"owner": 5}), ("kind", {"kind": "punish"}), ("body", {"body": " \u200b "}),
        ("body", {"body": "あ" * 501}), ("due_on", {"due_on": None}), ("due_on", {"due_on": date(2026, 8, 10)}),
        ("link", {"link": "javascript:alert(1)"}), ("link", {"link": "https://"}), ("link", {"link": "tracker/12"}),
        ("link", {"link": "http://[bad"}), ("link", {"link": "https://a b.example"}),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(add, field, changes):
    with pytest.raises(Refused) as refused:
        add(**changes)
    assert refused.value.field == field
    assert actions.of([1]) == []


def test_today_is_no_day_that_has_passed(add):
    assert add(due_on=date(2026, 8, 11))


def test_a_date_that_passed_may_stay_when_something_else_is_changed(add, now):
    number = add()
    with writing():
        later = now + timedelta(days=60)
        actions.found(number).change(draft(body="別の言葉"), by=db.session.get_one(Person, 2), at=later)
    assert actions.found(number).body == "別の言葉"


def test_what_changed_in_between_is_not_overwritten(add, now):
    number = add()
    seen = actions.found(number).mark
    with writing():
        actions.found(number).change(draft(body="先の変更"), by=db.session.get_one(Person, 2), at=now, seen=seen)
    with pytest.raises(Conflict), writing():
        actions.found(number).change(draft(body="後の変更"), by=db.session.get_one(Person, 2), at=now, seen=seen)
    assert actions.found(number).body == "先の変更"


def test_what_was_changed_is_kept_in_the_log(add, now):
    number = add()
    with writing():
        actions.found(number).change(draft(owner=6), by=db.session.get_one(Person, 2), at=now)
    event = db.session.scalar(select(Event).where(Event.kind == "action.changed"))
    assert event.details["before"] == {"owner_id": "2"}


def test_done_on_its_date_is_in_time_and_the_day_after_is_not(add, now):
    first, second = add("a1"), add("a2")
    move(first, "done", now.replace(day=31, hour=14))  # 23:00 in Tokyo
    move(second, "done", now.replace(day=31, hour=15))
    assert actions.found(first).in_time
    assert not actions.found(second).in_time


def test_deciding_against_needs_a_reason(add, now):
    number = add()
    with pytest.raises(Refused):
        move(number, "dropped", now)
    move(number, "dropped", now, "装置を入れ替えるため")
    assert actions.found(number).note == "装置を入れ替えるため"


def test_what_is_done_can_be_opened_again(add, now):
    number = add()
    move(number, "done", now)
    move(number, "doing", now)
    assert actions.found(number).is_open
    assert actions.found(number).ended_at is None


def test_late_is_what_is_open_after_its_date(add):
    number = add()
    assert not actions.found(number).is_late(date(2026, 8, 31))
    assert actions.found(number).is_late(date(2026, 9, 1))


def test_the_overview_counts_by_age_area_and_kind(add, now):
    add("a1", at=now - timedelta(days=40), area=db.session.get(Area, 3))
    add("a2", at=now - timedelta(days=7), kind="detect")
    move(add("a3"), "done", now)
    found = actions.overview(now + timedelta(days=30))
    assert (found.number, found.late) == (2, 2)
    assert found.by_age == {0: 0, 1: 0, 2: 2, 3: 0}
    assert found.by_area == {3: 1, 0: 1}
    assert found.by_kind == {"prevent": 1, "detect": 1, "mitigate": 0, "fix": 0}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), ["old", "new"]), (Filter(age=2), ["old"]), (Filter(age=0), ["new"]), (Filter(kind="detect"), ["new"]),
        (Filter(area=0), ["new"]), (Filter(area=3), ["old"]), (Filter(owner=6), []), (Filter(states=("done",)), ["done"]),
    ],
)  # fmt: skip
def test_actions_are_narrowed_down(add, now, wanted, expected):
    add("a1", at=now - timedelta(days=40), body="old", area=db.session.get(Area, 3))
    add("a2", body="new", kind="detect")
    move(add("a3", body="done"), "done", now)
    found, number = actions.listed(wanted, now)
    assert [one.body for one in found] == expected
    assert number == len(expected)
