"""The load: hours in charge, worked out from the timeline."""

from datetime import timedelta

from domain import absences, areas, overrides, roster
from domain.db import writing
from domain.load import load

HOUR = timedelta(hours=1)


def hours(found):
    return {
        share.person.id: {number: length / HOUR for number, length in share.by_area.items()} for share in found.shares
    }


def test_hours_follow_covers_and_absences(cast, now):
    with writing():
        overrides.offer_cover(
            cast.bridge, cast.responder, roster.area_by_key("system"),
            starts_at=now + HOUR, ends_at=now + 4 * HOUR, by=cast.admin, at=now,
        )  # fmt: skip
        absences.record_absence(cast.deputy, starts_at=now, ends_at=now + 2 * HOUR, by=cast.deputy, at=now)
    found = load(now, now + 24 * HOUR)
    assert hours(found) == {2: {3: 21}, 3: {3: 3, 4: 24}, 6: {1: 22, 2: 22}}
    assert {number: gap / HOUR for number, gap in found.gaps.items()} == {1: 2, 2: 2}
    assert [share.person.id for share in found.shares] == [6, 3, 2]
    assert found.shares[0].total == 44 * HOUR


def test_a_retired_area_counts_as_long_as_it_was_used(cast, now):
    with writing():
        areas.retire_area(roster.area_by_key("system"), by=cast.admin, at=now + 6 * HOUR)
    assert hours(load(now, now + 24 * HOUR))[2] == {3: 6}


def test_nothing_counts_before_there_was_an_area(now):
    assert load(now - timedelta(days=400), now - timedelta(days=390)).shares == []
