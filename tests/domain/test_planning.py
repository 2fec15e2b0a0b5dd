"""Changing the roster: plans as versions, absences, covers, taking over. What is refused, and to whom."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import absences, overrides, planning, rights, roster
from domain.db import db, writing
from domain.errors import Conflict, NotAllowed, Refused
from domain.events import Event

HOUR = timedelta(hours=1)


def area(key):
    return roster.area_by_key(key)


def plan(people, cast, now, **more):
    given = {"starts_at": now, "seen": planning.latest_plan(area("system")).id, "by": cast.admin, "at": now} | more
    with writing():
        return planning.set_plan(area("system"), people, **given)


def absence(person, by, now, starts_at=None, ends_at=None):
    with writing():
        return absences.record_absence(person, starts_at=starts_at or now, ends_at=ends_at, by=by, at=now)


def cover(person, other, by, now, key="system", ends_at=None):
    with writing():
        return overrides.offer_cover(
            person, other, area(key) if key else None, starts_at=now, ends_at=ends_at or now + HOUR, by=by, at=now
        )


def in_charge(key, at):
    duty = roster.area_duty(key, at)
    return duty.in_charge.person if duty.in_charge else None


def events(kind):
    return list(db.session.scalars(select(Event).where(Event.kind == kind)))


def test_a_new_plan_is_a_new_version(cast, now):
    before = planning.latest_plan(area("system"))
    after = plan([cast.reader, None, cast.bridge], cast, now)
    assert after.id != before.id
    assert [slot.person for slot in before.slots] == [cast.responder, cast.deputy]
    assert [slot.person for slot in after.slots] == [cast.reader, None, cast.bridge]
    assert in_charge("system", now) == cast.reader
    assert events("plan_set")[0].actor == cast.admin


@pytest.mark.parametrize(
    ("people", "field", "code"),
    [
        ([], "person-0", "plan_nobody"),
        ([None, None], "person-0", "plan_nobody"),
        (["admin", "responder", "bridge", "reader", "deputy", "admin"], "person-4", "plan_too_long"),
        (["admin", "reader", "admin"], "person-2", "plan_twice"),
        (["admin", "outsider"], "person-1", "person_left"),
    ],
)
def test_what_cannot_be_a_plan_is_refused(cast, now, people, field, code):
    with pytest.raises(Refused) as refused:
        plan([getattr(cast, name) if name else None for name in people], cast, now)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_plan_does_not_begin_in_the_past(cast, now):
    with pytest.raises(Refused, match="plan_in_past"):
        plan([cast.reader], cast, now, starts_at=now - timedelta(days=1))


def test_the_time_a_form_took_means_now(cast, now):
    assert plan([cast.reader], cast, now, starts_at=now - timedelta(minutes=5)).starts_at == now


def test_two_administrators_at_once_do_not_overwrite_each_other(cast, now):
    seen = planning.latest_plan(area("system")).id
    plan([cast.reader], cast, now)
    with pytest.raises(Conflict, match="plan_changed"):
        plan([cast.bridge], cast, now, seen=seen)
    assert in_charge("system", now) == cast.reader


def test_the_same_plan_sent_twice_is_one_version(cast, now):
    seen = planning.latest_plan(area("system")).id
    first = plan([cast.reader], cast, now)
    again = plan([cast.reader], cast, now, seen=seen)
    assert (again.id, len(events("plan_set"))) == (first.id, 1)


def test_a_retired_area_takes_no_plan(cast, now):
    with writing():
        area("system").retired_at = now
    with pytest.raises(Conflict, match="area_retired"):
        plan([cast.reader], cast, now)


def test_anybody_records_their_own_absence(cast, now):
    recorded = absence(cast.responder, cast.responder, now, ends_at=now + HOUR)
    assert in_charge("system", now) == cast.deputy
    assert events("absence_recorded")[0].details["absence"] == recorded.id


def test_only_administrators_record_that_of_others(cast, now):
    with pytest.raises(NotAllowed):
        absence(cast.responder, cast.reader, now, ends_at=now + HOUR)
    absence(cast.responder, cast.admin, now, ends_at=now + HOUR)
    assert in_charge("system", now) == cast.deputy


def test_an_absence_ends_after_it_begins(cast, now):
    with pytest.raises(Refused, match="ends_before_begin"):
        absence(cast.responder, cast.responder, now, starts_at=now + HOUR, ends_at=now + HOUR)


def test_an_absence_that_is_over_is_refused(cast, now):
    with pytest.raises(Refused, match="ends_in_past"):
        absence(cast.responder, cast.responder, now, starts_at=now - 2 * HOUR, ends_at=now - HOUR)


def test_an_absence_that_began_before_it_was_recorded_changes_nothing_past(cast, now):
    absence(cast.responder, cast.responder, now, starts_at=now - HOUR, ends_at=now + HOUR)
    assert in_charge("system", now - timedelta(minutes=1)) == cast.responder
    assert in_charge("system", now) == cast.deputy


def test_an_absence_says_at_once_which_areas_are_left_uncovered(cast, now):
    recorded = absence(cast.deputy, cast.deputy, now, ends_at=now + HOUR)
    uncovered = absences.left_uncovered(recorded, now)
    assert [(gap.area.key, gap.start, gap.end) for gap in uncovered] == [
        ("guest", now, now + HOUR),
        ("partner", now, now + HOUR),
    ]


def test_a_gap_that_was_there_before_is_not_blamed_on_an_absence(cast, now):
    absence(cast.deputy, cast.deputy, now, ends_at=now + HOUR)
    other = absence(cast.reader, cast.reader, now, ends_at=now + HOUR)
    assert absences.left_uncovered(other, now) == []


def test_an_absence_shows_who_is_in_charge_meanwhile(cast, now):
    recorded = absence(cast.responder, cast.responder, now, ends_at=now + HOUR)
    touched, uncovered = absences.consequences(recorded, now)
    assert [(one.key, [stretch.person for stretch in stretches]) for one, stretches in touched] == [
        ("system", [cast.deputy])
    ]
    assert uncovered == []


def test_the_same_absence_twice_is_one(cast, now):
    first = absence(cast.responder, cast.responder, now, ends_at=now + HOUR)
    assert absence(cast.responder, cast.responder, now, ends_at=now + HOUR).id == first.id


def test_back_earlier_leaves_what_was(cast, now):
    recorded = absence(cast.responder, cast.responder, now, ends_at=now + 3 * HOUR)
    with writing():
        absences.cancel_absence(recorded, by=cast.responder, at=now + HOUR)
    assert in_charge("system", now) == cast.deputy
    assert in_charge("system", now + HOUR) == cast.responder


def test_an_absence_is_cancelled_once_and_not_by_others(cast, now):
    recorded = absence(cast.responder, cast.responder, now, ends_at=now + HOUR)
    with pytest.raises(NotAllowed), writing():
        absences.cancel_absence(recorded, by=cast.reader, at=now)
    with writing():
        absences.cancel_absence(recorded, by=cast.admin, at=now)
    with pytest.raises(Conflict), writing():
        absences.cancel_absence(recorded, by=cast.admin, at=now)


def test_whoever_stands_in_a_line_covers_by_recording_it(cast, now):
    assert cover(cast.bridge, cast.responder, cast.bridge, now).status == "agreed"
    assert in_charge("system", now) == cast.bridge


def test_nobody_gives_themselves_rights_by_a_cover(cast, now):
    with writing():
        offered = overrides.offer_cover(
            cast.reader, cast.bridge, None, starts_at=now, ends_at=now + HOUR, by=cast.reader, at=now
        )
    assert offered.status == "proposed"
    assert not rights.of(cast.reader, now).responder
    with pytest.raises(NotAllowed), writing():
        overrides.agree(offered, by=cast.reader, at=now)
    assert overrides.open_requests(cast.bridge, now) == [offered]
    with writing():
        overrides.agree(offered, by=cast.bridge, at=now)
    assert rights.of(cast.reader, now).bridge


def test_a_reader_arranges_nothing_between_others(cast, now):
    with pytest.raises(NotAllowed):
        cover(cast.deputy, cast.responder, cast.reader, now)


def test_an_administrator_agrees_for_both(cast, now):
    assert cover(cast.reader, cast.responder, cast.admin, now).status == "agreed"


def test_somebody_else_is_asked_first(cast, now):
    offered = cover(cast.reader, cast.responder, cast.responder, now)
    assert offered.status == "proposed"
    assert in_charge("system", now) == cast.responder
    assert overrides.open_requests(cast.reader, now) == [offered]
    with writing():
        overrides.agree(offered, by=cast.reader, at=now)
    assert in_charge("system", now) == cast.reader


def test_agreeing_later_does_not_work_backwards(cast, now):
    offered = cover(cast.reader, cast.responder, cast.responder, now, ends_at=now + 3 * HOUR)
    with writing():
        overrides.agree(offered, by=cast.reader, at=now + HOUR)
    assert in_charge("system", now) == cast.responder
    assert in_charge("system", now + HOUR) == cast.reader


def test_only_the_one_who_is_asked_answers(cast, now):
    offered = cover(cast.reader, cast.responder, cast.responder, now)
    for answer in (overrides.agree, overrides.decline):
        with pytest.raises(NotAllowed), writing():
            answer(offered, by=cast.responder, at=now)


def test_a_declined_cover_stays_declined(cast, now):
    offered = cover(cast.reader, cast.responder, cast.responder, now)
    with writing():
        overrides.decline(offered, by=cast.reader, at=now)
    with pytest.raises(Conflict), writing():
        overrides.agree(offered, by=cast.reader, at=now)
    assert overrides.open_requests(cast.reader, now) == []


@pytest.mark.parametrize(
    ("person", "other", "field", "code"),
    [
        ("reader", "reader", "person", "cover_oneself"),
        ("outsider", "responder", "person", "person_left"),
        ("responder", "reader", "for_person", "cover_no_effect"),
    ],
)
def test_a_cover_that_cannot_be_is_refused(cast, now, person, other, field, code):
    with pytest.raises(Refused) as refused:
        cover(getattr(cast, person), getattr(cast, other), cast.admin, now)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_stand_in_can_be_stood_in_for(cast, now):
    cover(cast.reader, cast.responder, cast.admin, now)
    cover(cast.bridge, cast.reader, cast.admin, now)
    assert in_charge("system", now) == cast.bridge


def test_the_same_cover_twice_is_one(cast, now):
    first = cover(cast.reader, cast.responder, cast.reader, now)
    assert cover(cast.reader, cast.responder, cast.reader, now).id == first.id


def test_a_cancelled_cover_leaves_what_was(cast, now):
    agreed = cover(cast.reader, cast.responder, cast.admin, now, ends_at=now + 3 * HOUR)
    with pytest.raises(NotAllowed), writing():
        overrides.cancel(agreed, by=cast.bridge, at=now)
    with writing():
        overrides.cancel(agreed, by=cast.responder, at=now + HOUR)
    assert in_charge("system", now) == cast.reader
    assert in_charge("system", now + HOUR) == cast.responder
    with pytest.raises(Conflict), writing():
        overrides.cancel(agreed, by=cast.responder, at=now + HOUR)


def take(person, now, until=None, key="system"):
    with writing():
        return overrides.take(area(key), until=until, by=person, at=now)


def test_taking_over_puts_one_in_charge_at_once(cast, now):
    take(cast.bridge, now, until=now + HOUR)
    duty = roster.area_duty("system", now)
    assert (duty.in_charge.person, duty.until, duty.next_person) == (cast.bridge, now + HOUR, cast.responder)
    assert events("duty_taken")[0].actor == cast.bridge


def test_whoever_is_in_charge_already_takes_nothing(cast, now):
    assert take(cast.responder, now) is None
    take(cast.bridge, now)
    assert take(cast.bridge, now) is None
    assert len(events("duty_taken")) == 1


def test_whoever_is_away_cannot_take_over(cast, now):
    absence(cast.bridge, cast.bridge, now, ends_at=now + HOUR)
    with pytest.raises(Conflict, match="you_are_absent"):
        take(cast.bridge, now)


def test_what_was_taken_can_be_handed_back(cast, now):
    taken = take(cast.bridge, now)
    with writing():
        overrides.cancel(taken, by=cast.bridge, at=now + HOUR)
    assert in_charge("system", now + HOUR) == cast.responder
