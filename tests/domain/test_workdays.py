"""Working days: weekends and days off do not count."""

from datetime import date

import pytest

from domain import workdays

OFF = {date(2026, 8, 11)}
"""Tuesday, 11 August 2026: Mountain Day."""

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        (date(2026, 8, 7), 1, date(2026, 8, 10)), (date(2026, 8, 7), 5, date(2026, 8, 17)),
        (date(2026, 8, 10), 1, date(2026, 8, 12)), (date(2026, 8, 8), 1, date(2026, 8, 10)),
    ],
)  # fmt: skip
def test_days_after_pass_over_weekends_and_days_off(day, number, expected):
    assert workdays.after(day, number, OFF) == expected


def test_days_before_do_so_too():
    assert workdays.before(date(2026, 8, 12), 1, OFF) == date(2026, 8, 10)
    assert workdays.before(date(2026, 8, 12), 2, OFF) == date(2026, 8, 7)


def test_a_day_off_is_followed_by_the_next_working_day():
    assert workdays.on_or_after(date(2026, 8, 11), OFF) == date(2026, 8, 12)
    assert workdays.on_or_after(date(2026, 8, 12), OFF) == date(2026, 8, 12)
