"""Business hours: as they are written, and whether an instant lies in them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.business_hours import DEFAULT, is_open, of_day, parse

pytestmark = pytest.mark.one_database
TOKYO = ZoneInfo("Asia/Tokyo")
HOURS = parse("mon-fri 9:00-18:00; sat,sun,hol 8:30-19:00")
OFF = frozenset({date(2026, 8, 11)})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-08-10 08:59", False), ("2026-08-10 09:00", True), ("2026-08-10 17:59", True),
        ("2026-08-10 18:00", False), ("2026-08-11 18:30", True), ("2026-08-11 08:30", True),
        ("2026-08-12 18:30", False), ("2026-08-09 08:29", False), ("2026-08-09 18:59", True),
        ("2026-08-09 21:40", False),
    ],
)  # fmt: skip
def test_weekdays_weekends_and_holidays_have_hours_of_their_own(moment: str, wanted: bool) -> None:
    assert is_open(HOURS, at(moment), TOKYO, OFF) is wanted


def test_a_holiday_that_is_not_named_has_no_hours() -> None:
    assert not is_open(parse("mon-fri 9:00-18:00"), at("2026-08-11 10:00"), TOKYO, OFF)
    assert of_day(parse("mon-fri 9:00-18:00"), date(2026, 8, 11), OFF) == []


def test_hours_over_midnight_and_a_break_at_noon() -> None:
    hours = parse("fri-mon 9:00-12:00, 13:00-2:00")
    assert is_open(hours, at("2026-08-08 01:59"), TOKYO, frozenset())
    assert not is_open(hours, at("2026-08-08 12:30"), TOKYO, frozenset())
    assert is_open(hours, at("2026-08-11 01:00"), TOKYO, frozenset()), "Monday's end on Tuesday"
    assert not is_open(hours, at("2026-08-11 10:00"), TOKYO, frozenset())


def test_all_day() -> None:
    assert is_open(parse("daily 0:00-24:00"), at("2026-08-11 23:59"), TOKYO, OFF)


def test_without_the_setting_every_day_counts_alike() -> None:
    for day in range(9, 16):
        assert is_open(DEFAULT, at(f"2026-08-{day:02d} 10:00"), TOKYO, OFF)


@pytest.mark.parametrize("text", ["mon", "mon-fri", "9:00-18:00", "funday 9:00-18:00", "mon 9-18", "mon 9:00-25:00"])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text[:3]):
        parse(f"daily 9:00-10:00; {text}")
