"""PURE: business hours by type of day, as the setting writes them; no weekday is taken for granted."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.walltime import DAYS, Window, day_type, inside

Hours = tuple[Window, ...]
TYPES = (*DAYS, "hol")
DEFAULT_TEXT = "daily 9:00-18:00"
_SPAN = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)")
_RULE = re.compile(r"(\S+(?:\s*,\s*\S+)*?)\s+(\d.*)")


def parse(text: str) -> Hours:
    """`mon-fri 9:00-18:00; sat,sun,hol 8:30-19:00`: days, then one or more spans with commas between.

    `daily` is every day, holidays too. A type of day that is not named has no business hours: a holiday counts as
    `hol` and not as its weekday. A span that ends before it begins ends on the next date.

    Raises:
        ValueError: the part that cannot be read.
    """
    found: list[Window] = []
    for part in text.split(";"):
        rule = part.strip().casefold()
        if not rule:
            continue
        match = _RULE.fullmatch(rule)
        if match is None:
            raise ValueError(part.strip())
        days = _days(match[1], part.strip())
        found += [_window(span.strip(), days, part.strip()) for span in match[2].split(",")]
    return tuple(found)


def _days(text: str, part: str) -> frozenset[str]:
    found: set[str] = set()
    for word in (one.strip() for one in text.split(",")):
        first, dash, last = word.partition("-")
        if word == "daily":
            found |= set(TYPES)
        elif word in TYPES:
            found.add(word)
        elif dash and first in DAYS and last in DAYS:
            start, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7
            found |= {DAYS[(start + step) % 7] for step in range(count + 1)}
        else:
            raise ValueError(part)
    return frozenset(found)


def _window(text: str, days: frozenset[str], part: str) -> Window:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(part)
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if start >= 24 * 60 or end > 24 * 60:
        raise ValueError(part)
    return Window(start, end, days)


def is_open(hours: Hours, at: datetime, zone: ZoneInfo, days_off: frozenset[date]) -> bool:
    """Whether an instant (aware) lies in business hours."""
    return any(inside(window, at, zone, days_off) for window in hours)


def of_day(hours: Hours, day: date, days_off: frozenset[date]) -> list[Window]:
    """The hours that begin on a date, in their order."""
    kind = day_type(day, days_off)
    return sorted((one for one in hours if one.days is None or kind in one.days), key=lambda one: one.start)


DEFAULT = parse(DEFAULT_TEXT)
