"""Typed times: every form people use, changes of clocks, and what is no time at all."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.shared.instants import parse_next_update, parse_wall
from domain.errors import Refused

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 8, 11, 1, 0, tzinfo=UTC)  # 10:00 in Tokyo


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-08-11T09:52", at(2026, 8, 11, 0, 52)),
        ("2026-08-11 9:52", at(2026, 8, 11, 0, 52)),
        ("2026/8/11 9:52", at(2026, 8, 11, 0, 52)),
        ("2026年8月11日 9時52分", at(2026, 8, 11, 0, 52)),
        ("２０２６-08-11　９：５２", at(2026, 8, 11, 0, 52)),
        ("2026-08-11T09:52:30", at(2026, 8, 11, 0, 52, 30)),
        ("14:30", at(2026, 8, 11, 5, 30)),
        ("9時", at(2026, 8, 11, 0, 0)),
        ("24:00", at(2026, 8, 11, 15, 0)),
        ("2026-08-11T09:52Z", at(2026, 8, 11, 9, 52)),
        ("2026-08-11T09:52+02:00", at(2026, 8, 11, 7, 52)),
        ("2026-08-11T09:52:01-0530", at(2026, 8, 11, 15, 22, 1)),
    ],
)
def test_it_reads_every_form_that_people_type(typed, meant):
    assert parse_wall(typed, TOKYO, NOW) == meant


@pytest.mark.parametrize(
    "typed",
    [
        None,
        "",
        "soon",
        "25:00",
        "9:60",
        "2026-02-30 9:00",
        "0001-01-01 0:00",
        "9999-12-31 23:59",
        "14:30Z",
        "１",
        "\x00",
    ],
)
def test_it_refuses_what_is_no_time(typed):
    with pytest.raises(ValueError):
        parse_wall(typed, TOKYO, NOW)


def test_it_takes_a_skipped_time_as_the_moment_the_clocks_jump():
    assert parse_wall("2026-03-29 02:30", BERLIN, NOW) == at(2026, 3, 29, 1, 0)


def test_it_takes_a_repeated_time_as_the_first():
    assert parse_wall("2026-10-25 02:30", BERLIN, NOW) == at(2026, 10, 25, 0, 30)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("30m", at(2026, 8, 11, 1, 30)),
        ("90m", at(2026, 8, 11, 2, 30)),
        ("1h", at(2026, 8, 11, 2, 0)),
        ("1時間30分", at(2026, 8, 11, 2, 30)),
        ("３０分", at(2026, 8, 11, 1, 30)),
        ("14:30", at(2026, 8, 11, 5, 30)),
        ("2026-08-12T09:00", at(2026, 8, 12, 0, 0)),
        ("none", None),
    ],
)
def test_it_reads_when_the_next_update_comes(typed, meant):
    assert parse_next_update(typed, TOKYO, NOW) == meant


def test_it_takes_a_time_after_midnight_as_tomorrow():
    assert parse_next_update("0:30", TOKYO, at(2026, 8, 11, 14, 50)) == at(2026, 8, 11, 15, 30)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "next_update_missing"),
        ("9:30", "next_update_past"),
        ("0m", "next_update_past"),
        ("2026-08-10T09:00", "next_update_past"),
        ("99999m", "next_update_far"),
        ("2026-08-19T09:00", "next_update_far"),
        ("later", "next_update_unreadable"),
        ("9" * 400 + "m", "next_update_unreadable"),
    ],
)
def test_it_refuses_a_promise_that_cannot_be_kept(typed, code):
    with pytest.raises(Refused) as refused:
        parse_next_update(typed, TOKYO, NOW)
    assert (refused.value.field, refused.value.code) == ("next_update", code)


@given(st.text())
def test_it_never_breaks_on_any_text(text):
    with suppress(ValueError):
        assert parse_wall(text, TOKYO, NOW).tzinfo is not None


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 (walls)
def test_the_clock_shows_the_time_that_was_meant_or_a_later_one(wall):
    wall = wall.replace(microsecond=0)
    meant = parse_wall(wall.isoformat(), BERLIN, NOW)
    assert meant.astimezone(BERLIN).replace(tzinfo=None) >= wall
