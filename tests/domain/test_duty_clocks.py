"""Clocks that jump: skipped and repeated hours in New York, Berlin, Lord Howe, and a day that Samoa left out."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain import duty, roster_file
from domain.walltime import BEGINNING, END, instant

pytestmark = pytest.mark.one_database


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def roster(zone: str, window: dict[str, Any]) -> duty.Roster:
    rows = [{"slots": ["Aki"], "windows": [window]}]
    return roster_file.parse({"zone": zone, "areas": {"a": {"plans": [{"from": "2011-01-01T00:00", "rows": rows}]}}})


def duties(zone: str, start: str, end: str, window: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    parts = duty.timeline(roster(zone, window), "a", utc(start), utc(end))
    return [(left, right) for left, right, person in parts if person]


@pytest.mark.parametrize(
    ("zone", "wall", "meant"),
    [
        ("America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00"),
        ("Asia/Tokyo", "2026-02-03T12:00", "2026-02-03T03:00"),
    ],
)
def test_a_wall_time_is_the_first_instant_that_shows_it_or_later(zone: str, wall: str, meant: str) -> None:
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == utc(meant)


@pytest.mark.parametrize(("wall", "meant"), [("0001-01-01T00:00", BEGINNING), ("9999-12-31T23:59", END)])
def test_the_ends_of_the_calendar_hold(wall: str, meant: datetime) -> None:
    zone = "Asia/Tokyo" if meant == BEGINNING else "America/New_York"
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == meant


def test_a_window_inside_the_skipped_hour_is_never_in_force() -> None:
    window = {"start": "02:15", "end": "02:45"}
    assert duties("America/New_York", "2026-03-08T05:00", "2026-03-09T05:00", window) == []


def test_a_window_that_starts_in_the_skipped_hour_starts_at_the_jump() -> None:
    found = duties("America/New_York", "2026-03-08T05:00", "2026-03-09T04:00", {"start": "02:30", "end": "05:00"})
    assert found == [(utc("2026-03-08T07:00"), utc("2026-03-08T09:00"))]


def test_a_window_inside_the_repeated_hour_is_in_force_once() -> None:
    found = duties("America/New_York", "2026-11-01T04:00", "2026-11-02T05:00", {"start": "01:15", "end": "01:45"})
    assert found == [(utc("2026-11-01T05:15"), utc("2026-11-01T05:45"))]


def test_a_window_across_the_repeated_hour_is_an_hour_longer() -> None:
    found = duties("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T12:00", {"start": "02:30", "end": "03:30"})
    assert found == [(utc("2026-10-25T00:30"), utc("2026-10-25T02:30"))]


def test_a_night_in_lord_howe_is_half_an_hour_shorter() -> None:
    found = duties("Australia/Lord_Howe", "2026-10-03T06:00", "2026-10-04T06:00", {"start": "21:00", "end": "05:00"})
    assert found == [(utc("2026-10-03T10:30"), utc("2026-10-03T18:00"))]


def test_a_full_wall_day_has_25_hours_when_clocks_go_back() -> None:
    window = {"days": ["sun"], "start": "00:00", "end": "24:00"}
    found = duties("America/New_York", "2026-10-31T00:00", "2026-11-03T00:00", window)
    assert found == [(utc("2026-11-01T04:00"), utc("2026-11-02T05:00"))]


def test_the_date_that_samoa_left_out_has_no_duty() -> None:
    window = {"days": ["fri"], "start": "00:00", "end": "24:00"}
    assert duties("Pacific/Apia", "2011-12-29T12:00", "2012-01-01T00:00", window) == []


def test_a_daily_window_leaves_no_gap_and_no_overlap_over_a_year() -> None:
    found = duties("Europe/Berlin", "2026-01-01T00:00", "2027-01-01T00:00", {"start": "02:30", "end": "02:30"})
    assert found == [(utc("2026-01-01T00:00"), utc("2027-01-01T00:00"))]


def test_a_rotation_hands_over_at_the_jump_in_its_own_zone() -> None:
    source = {
        "zone": "Asia/Tokyo",
        "areas": {"a": {"plans": [{"from": "2026-01-01", "rows": [{"slots": [{"rotation": "r"}]}]}]}},
        "rotations": {"r": {"members": ["A", "B"], "start": "2026-03-01T02:30", "zone": "America/New_York"}},
    }
    found = duty.answer(roster_file.parse(source), "a", utc("2026-03-07T00:00"))
    assert (found.since, found.until, found.next) == (utc("2026-03-01T07:30"), utc("2026-03-08T07:00"), "B")
