"""Swaps, opposite covers that were meant as one, entries that change nothing, weekly absences."""

from datetime import timedelta

import pytest

from domain import absences, overrides, roster
from domain.db import writing
from domain.errors import Conflict, NotAllowed, Refused
from domain.walltime import Window

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def line(at, key="system"):
    return [place.person.id for place in roster.area_duty(key, at).people]


def swap(person, other, by, now, *, area="system", ends_at=None, starts_at=None):
    with writing():
        return overrides.propose_swap(
            person, other, roster.area_by_key(area) if area else None,
            starts_at=starts_at or now, ends_at=ends_at, by=by, at=now,
        )  # fmt: skip


def cover(person, other, by, now, *, area="system", starts_at=None, ends_at=None):
    with writing():
        return overrides.offer_cover(
            person, other, roster.area_by_key(area), starts_at=starts_at or now, ends_at=ends_at, by=by, at=now
        )


def test_a_swap_counts_once_the_other_agrees(cast, now):
    proposed = swap(cast.responder, cast.deputy, cast.responder, now, ends_at=now + DAY)
    assert (proposed.status, proposed.asked_id, line(now)) == ("proposed", 6, [2, 6])
    assert overrides.open_requests(cast.deputy, now) == [proposed]
    with writing():
        overrides.agree(proposed, by=cast.deputy, at=now + HOUR)
    assert (line(now), line(now + HOUR), line(now + DAY)) == ([2, 6], [6, 2], [2, 6])


def test_whoever_proposes_does_not_agree_for_the_other(cast, now):
    proposed = swap(cast.responder, cast.deputy, cast.responder, now)
    for act in (overrides.agree, overrides.decline):
        with pytest.raises(NotAllowed):
            act(proposed, by=cast.responder, at=now)


def test_a_declined_swap_changes_nothing(cast, now):
    proposed = swap(cast.responder, cast.deputy, cast.responder, now)
    with writing():
        overrides.decline(proposed, by=cast.deputy, at=now)
    assert line(now + HOUR) == [2, 6]


def test_nobody_arranges_a_swap_between_others_but_administrators(cast, now):
    for by in (cast.reader, cast.bridge):
        with pytest.raises(NotAllowed):
            swap(cast.responder, cast.deputy, by, now)
    assert swap(cast.responder, cast.deputy, cast.admin, now).status == "agreed"
    assert line(now) == [6, 2]


@pytest.mark.parametrize(
    ("person", "other", "field", "code"),
    [
        ("deputy", "deputy", "person", "swap_oneself"),
        ("outsider", "deputy", "person", "person_left"),
        ("deputy", "outsider", "for_person", "person_left"),
        ("reader", "bridge", "for_person", "swap_no_effect"),
    ],
)
def test_a_swap_that_cannot_be_is_refused(cast, now, person, other, field, code):
    with pytest.raises(Refused) as refused:
        swap(getattr(cast, person), getattr(cast, other), cast.admin, now)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_the_same_swap_said_the_other_way_round_is_one(cast, now):
    first = swap(cast.responder, cast.deputy, cast.responder, now, ends_at=now + DAY)
    assert swap(cast.deputy, cast.responder, cast.deputy, now, ends_at=now + DAY).id == first.id


def test_opposite_covers_are_offered_as_a_swap(cast, now):
    one = cover(cast.responder, cast.deputy, cast.responder, now, ends_at=now + 4 * HOUR)
    other = cover(cast.deputy, cast.responder, cast.deputy, now, starts_at=now + HOUR, ends_at=now + 6 * HOUR)
    assert overrides.opposite(one, now).id == other.id
    with writing():
        made = overrides.make_swap(one, by=cast.responder, at=now)
    assert (made.kind, made.status, made.starts_at, made.ends_at) == ("swap", "agreed", now + HOUR, now + 4 * HOUR)
    assert [line(now + n * HOUR + HOUR / 2) for n in (0, 2, 5, 7)] == [[2], [6, 2], [6], [2, 6]]
    assert overrides.opposite(one, now) is None


def test_covers_at_different_times_are_no_swap(cast, now):
    one = cover(cast.responder, cast.deputy, cast.responder, now, ends_at=now + HOUR)
    cover(cast.deputy, cast.responder, cast.deputy, now, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    assert overrides.opposite(one, now) is None
    with pytest.raises(Conflict):
        overrides.make_swap(one, by=cast.responder, at=now)


def test_others_make_no_swap_of_two_covers(cast, now):
    one = cover(cast.responder, cast.deputy, cast.responder, now)
    cover(cast.deputy, cast.responder, cast.deputy, now)
    with pytest.raises(NotAllowed):
        overrides.make_swap(one, by=cast.bridge, at=now)


def test_a_cover_whose_person_has_left_the_plan_changes_nothing(cast, now):
    from domain import planning

    kept = cover(cast.bridge, cast.responder, cast.admin, now, starts_at=now + DAY, ends_at=now + 2 * DAY)
    assert overrides.idle(roster.facts(now), [kept]) == set()
    with writing():
        planning.set_plan(roster.area_by_key("system"), [cast.deputy], starts_at=now, seen=3, by=cast.admin, at=now)
    assert overrides.idle(roster.facts(now), [kept]) == {kept.id}


def away(person, now, **more):
    given = {"starts_at": now, "ends_at": None, "by": person, "at": now} | more
    with writing():
        return absences.record_absence(person, **given)


def test_a_weekly_absence_counts_inside_its_windows_alone(cast, now):
    away(cast.responder, now, weekly=[Window(12 * 60, 13 * 60, frozenset({"wed"}))])
    noon = now - timedelta(minutes=42) + timedelta(hours=2)  # Tuesday, a holiday, 12:00 in Tokyo
    assert [line(noon + n * DAY) for n in range(3)] == [[2, 6], [6], [2, 6]]


def test_whoever_is_away_on_other_days_can_take_over(cast, now):
    away(cast.responder, now, weekly=[Window(0, 1440, frozenset({"wed"}))])
    with writing():
        taken = overrides.take(roster.area_by_key("bridge"), until=now + HOUR, by=cast.responder, at=now)
        with pytest.raises(Conflict):
            overrides.take(
                roster.area_by_key("bridge"), starts_at=now + DAY, until=now + DAY + HOUR, by=cast.responder, at=now
            )
    assert taken is not None


def test_the_same_weekly_absence_twice_is_one(cast, now):
    window = Window(540, 600, frozenset({"mon", "fri"}))
    assert away(cast.reader, now, weekly=[window]).id == away(cast.reader, now, weekly=[window]).id
    assert away(cast.reader, now, weekly=[Window(600, 660)]).id != away(cast.reader, now, weekly=[window]).id


def test_who_leaves_shows_before_what_becomes_uncovered_and_after(cast, now):
    before = absences.if_gone(cast.deputy, now)
    with writing():
        cast.deputy.deactivate(by=cast.admin, at=now)
    after = absences.since_gone(cast.deputy, now + HOUR)
    assert [gap.area.key for gap in before[1]] == [gap.area.key for gap in after[1]] == ["guest", "partner"]
    assert absences.since_gone(cast.bridge, now) == ([], [])
