"""Plans of rows, windows and rotations: kept as entered, continued without a jump, wrong ones refused."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from domain import cycles, planning, roster
from domain.cycles import Cycle
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.planning import Draft, Row, Turn
from domain.preview import preview
from domain.roster import Rotation
from domain.walltime import Window

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = datetime(2026, 8, 3, 9)  # noqa: DTZ001 (a wall time)
WEEK = timedelta(days=7)
NIGHT = Window(22 * 60, 6 * 60)


def system():
    return roster.area_by_key("system")


def on_duty(at):
    found = roster.area_duty("system", at)
    return found.in_charge.person.id if found.in_charge else None


@pytest.fixture
def weekly(cast):
    return Cycle("週番", (cast.responder, cast.deputy, cast.bridge), MONDAY)


def save(draft, by, at, **more):
    given = {"starts_at": at, "seen": planning.latest_plan(system()).id, "by": by, "at": at} | more
    with writing():
        return planning.set_plan(system(), draft, **given)


def test_rows_windows_and_turns_come_back_as_they_were_entered(cast, now, weekly):
    draft = Draft((Row((cast.bridge,), (NIGHT,)), Row((Turn(0), None, Turn(0, 1)))), (weekly,))
    kept = planning.draft_of(save(draft, cast.admin, now))
    assert kept == draft


def test_the_first_row_that_applies_counts(cast, now, weekly):
    save(Draft((Row((cast.bridge,), (NIGHT,)), Row((Turn(0), Turn(0, 1)))), (weekly,)), cast.admin, now)
    assert on_duty(now) == 6  # the second week
    assert on_duty(now + timedelta(hours=12)) == 3


def test_a_rotation_that_says_the_same_is_kept_once(cast, now, weekly):
    save(Draft((Row((Turn(0),)),), (weekly,)), cast.admin, now)
    again = Draft((Row((Turn(0), cast.bridge)),), (weekly.continued(now, TOKYO),))
    save(again, cast.admin, now + timedelta(hours=1))
    assert db.session.scalar(select(func.count(Rotation.id))) == 1


def test_a_changed_member_is_a_new_rotation_and_the_past_stays(cast, now, weekly):
    save(Draft((Row((Turn(0),)),), (weekly,)), cast.admin, now)
    before = [on_duty(now + n * WEEK / 7) for n in range(3)]
    later = now + timedelta(days=3)
    form = weekly.continued(later, TOKYO)
    save(Draft((Row((Turn(0),)),), (replace(form, members=(*form.members, cast.reader)),)), cast.admin, later)
    assert [on_duty(now + n * WEEK / 7) for n in range(3)] == before
    assert [on_duty(later + n * WEEK) for n in range(5)] == [6, 3, 2, 4, 6]


@pytest.mark.parametrize("unit", ["week", "day"])
@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("days", [None, frozenset({"mon", "thu"}), frozenset({"tue", "wed", "sun"})])
def test_a_continued_rotation_gives_the_same_turns_from_then_on(cast, now, weekly, unit, every, days):
    from domain import duty

    cycle = replace(weekly, unit=unit, every=every, days=days if unit == "day" else None)
    at = now + timedelta(days=24)
    known, again = cycle.as_duty(TOKYO), cycle.continued(at, TOKYO).as_duty(TOKYO)
    plan = duty.Plan(now, (duty.Row((duty.RotationSlot("x", 1),)),))
    for hours in range(0, 24 * 60, 7):
        then = at + timedelta(hours=hours)
        found = [
            duty.line(duty.Roster(TOKYO, {"area": duty.Area(TOKYO, (plan,))}, rotations={"x": one}), "area", then)
            for one in (known, again)
        ]
        assert found[0] == found[1]
    assert cycles.mark_of(cycle, at, TOKYO) == cycles.mark_of(cycle.continued(at, TOKYO), at, TOKYO)


def test_one_that_has_not_begun_stays_as_it_is(now, weekly):
    later = replace(weekly, start=datetime(2027, 1, 4, 9))  # noqa: DTZ001
    assert later.continued(now, TOKYO) == later


@pytest.mark.parametrize(
    ("field", "code", "make"),
    [
        ("person-0", "plan_nobody", lambda c, w: Draft((Row((None,)),))),
        ("row-1-person-0", "plan_row_nobody", lambda c, w: Draft((Row((c.bridge,), (NIGHT,)), Row(())))),
        ("person-4", "plan_too_long", lambda c, w: Draft((Row((c.admin, c.responder, c.bridge, c.reader, c.deputy, None, c.admin)),))),
        ("person-1", "plan_twice", lambda c, w: Draft((Row((c.bridge, c.bridge)),))),
        ("person-1", "plan_turn_twice", lambda c, w: Draft((Row((Turn(0), Turn(0))),), (w,))),
        ("person-0", "person_left", lambda c, w: Draft((Row((c.outsider,)),))),
        ("rotation-0-member-0", "rotation_nobody", lambda c, w: Draft((Row((Turn(0),)),), (replace(w, members=()),))),
        ("rotation-0-member-1", "person_left", lambda c, w: Draft((Row((Turn(0),)),), (replace(w, members=(c.admin, c.outsider)),))),
        ("rotation-0-name", "rotation_needs_name", lambda c, w: Draft((Row((Turn(0),)),), (replace(w, name=" "),))),
        ("rotation-0-name", "rotation_unused", lambda c, w: Draft((Row((c.bridge,)),), (w,))),
        ("rotation-0-every", "rotation_every", lambda c, w: Draft((Row((Turn(0),)),), (replace(w, every=0),))),
    ],
)  # fmt: skip
def test_what_cannot_be_a_plan_is_refused(cast, now, weekly, field, code, make):
    with pytest.raises(Refused) as refused:
        save(make(cast, weekly), cast.admin, now)
    assert (refused.value.field, refused.value.code) == (field, code)
    assert on_duty(now) == 2


def test_two_at_once_do_not_overwrite_each_others_rows(cast, now, weekly):
    seen = planning.latest_plan(system()).id
    draft = Draft((Row((Turn(0),)),), (weekly,))
    first = save(draft, cast.admin, now, seen=seen)
    assert save(draft, cast.admin, now, seen=seen).id == first.id
    with pytest.raises(Conflict):
        save(Draft((Row((Turn(0, 1),)),), (weekly,)), cast.admin, now, seen=seen)


def test_a_preview_shows_gaps_single_people_and_what_changes(cast, now):
    found = preview(system(), Draft((Row((cast.bridge,), (NIGHT,)),)), None, now)
    assert (len(found.gaps), len(found.alone)) == (28, 28)
    assert {(one.before.id, one.after.id if one.after else None) for one in found.changes} == {(2, None), (2, 3)}
    assert [person.id for person in found.joining] == [3]
    assert [person.id for person in found.leaving] == [2, 6]
    assert (found.parts[0].start, found.parts[-1].end) == (now, found.end)


def test_a_preview_writes_nothing(cast, now, weekly):
    preview(system(), Draft((Row((Turn(0),)),), (weekly,)), now + WEEK, now)
    db.session.rollback()
    assert db.session.scalar(select(func.count(Rotation.id))) == 0


@pytest.mark.parametrize(
    ("rows", "unused"),
    [
        ([(), (NIGHT,)], [(1, None)]),
        ([(Window(0, 1440, frozenset({"mon"})),), (Window(540, 600, frozenset({"mon"})),), ()], [(1, None)]),
        ([(NIGHT, Window(23 * 60, 24 * 60)), ()], [(0, 1)]),
        ([(NIGHT,), (Window(0, 1440, frozenset({"hol"})),), ()], []),
    ],
)
def test_a_row_that_never_applies_is_told(cast, now, rows, unused):
    draft = Draft(tuple(Row((cast.bridge,), windows) for windows in rows))
    assert preview(system(), draft, None, now).unused == unused
