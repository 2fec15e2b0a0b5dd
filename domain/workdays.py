"""PURE: working days: Monday to Friday, but for days off. Dates alone, no instants."""

from collections.abc import Collection
from datetime import date

from domain.walltime import DAY

FRIDAY = 4


def is_workday(day: date, days_off: Collection[date]) -> bool:
    """Whether people are at work on a date: neither at a weekend nor on a day off."""
    return day.weekday() <= FRIDAY and day not in days_off


def on_or_after(day: date, days_off: Collection[date]) -> date:
    """The first working day that is not before a date."""
    while not is_workday(day, days_off):
        day += DAY
    return day


def after(day: date, number: int, days_off: Collection[date]) -> date:
    """The date `number` (1 or more) working days after a date, which itself does not count."""
    for _ in range(number):
        day = on_or_after(day + DAY, days_off)
    return day


def before(day: date, number: int, days_off: Collection[date]) -> date:
    """The date `number` (1 or more) working days before a date, which itself does not count."""
    for _ in range(number):
        day -= DAY
        while not is_workday(day, days_off):
            day -= DAY
    return day
