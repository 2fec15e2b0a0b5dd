"""The line parser: wall-clock times as people write them, the nearest past day, clocks that are set back."""

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.incidents.lines import read_lines, read_time
from domain.errors import Refused
from domain.walltime import latest_past, readings

pytestmark = pytest.mark.one_database

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 8, 11, 5, 10, tzinfo=UTC)
"""14:10 in Tokyo."""


def read(body, now=NOW, zone=TOKYO, default=None):
    return [
        (at.astimezone(zone).strftime("%m-%d %H:%M:%S").removesuffix(":00"), text)
        for at, text in read_lines(body, zone, now, default)
    ]


@pytest.mark.parametrize(
    ("line", "at", "text"),
    [
        ("14:05 DB再起動", "08-11 14:05", "DB再起動"),
        ("14:05DB再起動", "08-11 14:05", "DB再起動"),
        ("１４：０５　ＤＢ再起動", "08-11 14:05", "ＤＢ再起動"),
        ("9:05 朝", "08-11 09:05", "朝"),
        ("14時05分 DB再起動", "08-11 14:05", "DB再起動"),
        ("14時 DB再起動", "08-11 14:00", "DB再起動"),
        ("13時半ごろ遅くなった", "08-11 13:30", "遅くなった"),
        ("14:05:33 DB", "08-11 14:05:33", "DB"),
        ("14:05:33,123 DB", "08-11 14:05:33", "DB"),
        ("[14:05] DB", "08-11 14:05", "DB"),
        ("- 14:05 DB", "08-11 14:05", "DB"),
        ("・ 14:05、DB", "08-11 14:05", "DB"),
        ("14:05 - DB", "08-11 14:05", "DB"),
        ("8/10 23:50 DB", "08-10 23:50", "DB"),
        ("8月10日（月） 23:50 DB", "08-10 23:50", "DB"),
        ("2026-08-09 23:50 DB", "08-09 23:50", "DB"),
        ("2026-08-11T05:01:02Z DB", "08-11 14:01:02", "DB"),
        ("2026-08-11 14:01 +09:00 DB", "08-11 14:01", "DB"),
        ("12/31 23:50 去年", "12-31 23:50", "去年"),
        ("23:50 昨日の夜", "08-10 23:50", "昨日の夜"),
        ("今 DB再起動", "08-11 14:10", "DB再起動"),
        ("now DB restarted", "08-11 14:10", "DB restarted"),
        ("Now: DB restarted", "08-11 14:10", "DB restarted"),
        ("5分前 DB再起動", "08-11 14:05", "DB再起動"),
        ("DB再起動", "08-11 14:10", "DB再起動"),
        ("nowhere to be seen", "08-11 14:10", "nowhere to be seen"),
        ("今日は祝日です", "08-11 14:10", "今日は祝日です"),
        ("3時間止まっていた", "08-11 14:10", "3時間止まっていた"),
        ("10分間待った", "08-11 14:10", "10分間待った"),
        ("500 errors", "08-11 14:10", "500 errors"),
        ("1:2 の比", "08-11 14:10", "1:2 の比"),
        ("<script>alert(1)</script>", "08-11 14:10", "<script>alert(1)</script>"),
    ],
)
def test_a_line_as_people_write_it(line, at, text):
    assert read(line) == [(at, text)]


def test_several_lines_and_one_without_a_time_belongs_to_the_one_above():
    assert read("14:05 DB再起動\r\n\n  接続が戻る\n14:07 監視") == [
        ("08-11 14:05", "DB再起動"), ("08-11 14:05", "接続が戻る"), ("08-11 14:07", "監視"),
    ]  # fmt: skip


def test_after_midnight_the_evening_is_yesterday():
    past_midnight = datetime(2026, 8, 11, 15, 30, tzinfo=UTC)
    assert read("23:50 前\n0:10 後", past_midnight) == [("08-11 23:50", "前"), ("08-12 00:10", "後")]


def test_a_date_holds_for_the_lines_after_it_and_goes_over_midnight():
    assert read("8/9 23:50 a\n0:10 b\n0:05 c") == [("08-09 23:50", "a"), ("08-10 00:10", "b"), ("08-10 00:05", "c")]


def test_a_clock_that_is_a_little_ahead_means_today():
    assert read("14:13 DB") == [("08-11 14:13", "DB")]


def test_a_clock_that_is_an_hour_ahead_does_not_mean_yesterday():
    assert read("15:10 DB") == [("08-11 15:10", "DB")]
    assert read("16:20 DB") == [("08-10 16:20", "DB")]


def test_the_field_for_the_time_counts_where_a_line_names_none():
    assert read("a\n14:05 b", default=NOW - timedelta(hours=1)) == [("08-11 13:10", "a"), ("08-11 14:05", "b")]


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("14:05 a\n25:61 b", "timeline_time_line", 2),
        ("14:75 a", "timeline_time_line", 1),
        ("2/30 14:05 a", "timeline_time_line", 1),
        ("0001-01-01 00:00 a", "timeline_time_line", 1),
        ("a\n\n14:05", "timeline_missing_line", 3),
        ("今", "timeline_missing_line", 1),
    ],
)
def test_what_cannot_be_read_is_named(body, code, line):
    with pytest.raises(Refused, match=code) as refused:
        read(body)
    assert refused.value.params["line"] == line


def test_ten_thousand_lines_are_read_and_no_more():
    assert len(read("14:05 行\n" * 10_000)) == 10_000
    with pytest.raises(Refused, match="timeline_many"):
        read("x\n" * 10_001)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("", None),
        ("今", "14:10"),
        ("now", "14:10"),
        ("14:05", "14:05"),
        ("１４：０５", "14:05"),
        ("2026-08-11T14:05", "14:05"),
        ("10分前", "14:00"),
    ],
)
def test_the_field_for_the_time(typed, at):
    found = read_time(typed, TOKYO, NOW)
    assert (found.astimezone(TOKYO).strftime("%H:%M") if found else None) == at


@pytest.mark.parametrize("typed", ["soon", "25:00", "14:05 DB", "99", "-"])
def test_what_is_no_time_is_refused(typed):
    with pytest.raises(Refused, match="timeline_time"):
        read_time(typed, TOKYO, NOW)


def test_of_an_hour_shown_twice_the_nearest_past_is_meant():
    """On 25 October 2026 at 3:00 the clocks of Berlin are set back to 2:00 (1:00 UTC)."""
    first, second = (datetime(2026, 10, 25, hour, 40, tzinfo=UTC) for hour in (0, 1))
    assert read_lines("2:40 x", BERLIN, first + timedelta(minutes=10))[0][0] == first
    assert read_lines("2:40 x", BERLIN, second + timedelta(minutes=1))[0][0] == second
    assert read_lines("10/25 2:40 x", BERLIN, second + timedelta(days=1))[0][0] == second


def test_a_skipped_time_is_when_the_clocks_jump():
    """On 29 March 2026 at 2:00 they are set forward to 3:00 (1:00 UTC)."""
    now = datetime(2026, 3, 29, 2, tzinfo=UTC)
    assert read_lines("2:30 x", BERLIN, now)[0][0] == datetime(2026, 3, 29, 1, tzinfo=UTC)


zones = st.sampled_from([TOKYO, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
instants = st.integers(631_152_000, 2_840_140_800).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(instants, zones, st.integers(0, 23), st.integers(0, 59))
@settings(deadline=None, max_examples=300)
def test_the_nearest_past_is_past_and_none_is_nearer(now, zone, hour, minute):
    found = latest_past(time(hour, minute), now, zone)
    assert now - timedelta(hours=27) < found <= now
    shown = found.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    if shown.time() == time(hour, minute):
        later = [one for one in readings(shown, zone) + readings(shown + timedelta(days=1), zone) if one > found]
        assert all(one > now for one in later)


@given(st.text(max_size=200), instants, zones)
@settings(deadline=None, max_examples=500)
def test_whatever_is_typed_is_read_or_refused(body, now, zone):
    try:
        found = read_lines(body, zone, now)
    except Refused:
        return
    assert all(text.strip() for _, text in found)


_pieces = st.sampled_from(
    ["14:05", "9:5", "24:00", "99:99", "今", "now", "5分前", "8/10", "2/29", "2026-08-11", "T", "Z", "+09:00", " ", "\n",
     "時", "半", "間", "-", "DB", "[", "]", "、", "１４：０５", "(火)", "12", ":"]
)  # fmt: skip


@given(st.lists(_pieces, max_size=30).map("".join), instants, zones)
@settings(deadline=None, max_examples=500)
def test_nearly_times_are_read_or_refused(body, now, zone):
    with suppress(Refused):
        read_lines(body, zone, now)
    with suppress(Refused):
        read_time(body, zone, now)


@given(st.lists(st.integers(0, 24 * 60 - 126), min_size=1, max_size=20), instants)
@settings(deadline=None)
def test_every_line_typed_in_the_hours_after_comes_back_as_typed(minutes_ago, now):
    now = now.replace(second=0, microsecond=0)
    wanted = [now - timedelta(minutes=ago) for ago in minutes_ago]
    body = "\n".join(f"{at.astimezone(TOKYO):%H:%M} 行{number}" for number, at in enumerate(wanted))
    assert read_lines(body, TOKYO, now) == [(at, f"行{number}") for number, at in enumerate(wanted)]


@given(st.integers(0, 125), instants)
@settings(deadline=None)
def test_what_is_ahead_by_two_hours_at_most_is_not_yesterday_s(minutes, now):
    now = now.replace(second=0, microsecond=0)
    soon = now + timedelta(minutes=minutes)
    assert read_lines(f"{soon.astimezone(TOKYO):%H:%M} x", TOKYO, now) == [(soon, "x")]
