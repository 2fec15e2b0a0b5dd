"""Hand-over notes: who leaves one, what is refused, how long it is shown."""

from datetime import timedelta

import pytest

from domain import handovers, planning, roster
from domain.db import writing
from domain.errors import Conflict, NotAllowed, Refused

DAY = timedelta(days=1)


def leave(person, now, body="決済が遅めです", key="system"):
    with writing():
        return handovers.leave(roster.area_by_key(key), body, by=person, at=now)


@pytest.mark.parametrize("who", ["responder", "deputy", "admin"])
def test_who_is_in_charge_deputies_and_administrators_leave_a_note(cast, now, who):
    note = leave(getattr(cast, who), now)
    assert handovers.notes(roster.area_by_key("system"), now) == [note]


@pytest.mark.parametrize("who", ["bridge", "reader"])
def test_others_do_not(cast, now, who):
    with pytest.raises(NotAllowed):
        leave(getattr(cast, who), now)


def test_whoever_was_in_charge_before_may_for_a_week(cast, now):
    with writing():
        planning.set_plan(roster.area_by_key("system"), [cast.bridge], starts_at=now, seen=3, by=cast.admin, at=now)
    assert leave(cast.responder, now + DAY)
    with pytest.raises(NotAllowed):
        leave(cast.deputy, now + DAY)
    with pytest.raises(NotAllowed):
        leave(cast.responder, now + 8 * DAY)


@pytest.mark.parametrize(("body", "code"), [(" 　", "handover_needs_words"), ("x" * 1001, "handover_long")])
def test_what_is_no_note_is_refused(cast, now, body, code):
    with pytest.raises(Refused) as refused:
        leave(cast.responder, now, body)
    assert (refused.value.field, refused.value.code) == ("handover", code)


def test_a_double_tap_is_one_note(cast, now):
    assert leave(cast.responder, now).id == leave(cast.responder, now).id
    assert leave(cast.responder, now).id != leave(cast.responder, now + DAY).id


def test_a_note_is_shown_for_seven_days(cast, now):
    leave(cast.responder, now)
    system = roster.area_by_key("system")
    assert [len(handovers.notes(system, now + n * DAY)) for n in (0, 6, 7)] == [1, 1, 0]


def test_a_retired_area_takes_none(cast, now):
    from domain import areas

    with writing():
        areas.retire_area(roster.area_by_key("system"), by=cast.admin, at=now)
    with pytest.raises(Conflict):
        leave(cast.admin, now)
