"""PURE: rotations: whose turn it is by the calendar, and when turns change (R8)."""

from bisect import bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.walltime import DAY, DAYS, instant

_BEFORE = 15 * DAY
"""So long before a date every rotation has handed over more than once."""

_AFTER = 2 * DAY
"""No wall time later than this after a date can be an instant of that date."""


@dataclass(frozen=True)
class Rotation:
    """Members take turns by the calendar: each for `every` handovers, weekly or daily on `days` (R8)."""

    members: tuple[Hashable, ...]
    start: datetime
    """Wall time of handover 0, naive."""
    zone: ZoneInfo
    unit: str = "week"
    every: int = 1
    days: frozenset[str] | None = None


def handovers(rotation: Rotation, around: date) -> Iterator[tuple[int, datetime]]:
    """(k, instant) of the handovers from before `around` on; more than one of them lies before it (R8)."""
    yield from _handovers(rotation.start, rotation.zone, rotation.unit, rotation.days, around)


def handed_over(rotation: Rotation, at: datetime) -> int:
    """How many handovers have been by `at`."""
    day = at.astimezone(rotation.zone).date()
    first, times = _times_around(rotation.start, rotation.zone, rotation.unit, rotation.days, day)
    return first + bisect_right(times, at)


def edges(rotation: Rotation, left: datetime, right: datetime) -> set[datetime]:
    """The handovers of (left, right]."""
    found: set[datetime] = set()
    for _number, handover in handovers(rotation, left.astimezone(rotation.zone).date()):
        if handover > right:
            break
        if handover > left:
            found.add(handover)
    return found


def _handovers(
    start: datetime, zone: ZoneInfo, unit: str, days: frozenset[str] | None, around: date
) -> Iterator[tuple[int, datetime]]:
    first = start.date()
    weeks = max(0, (around - _BEFORE - first).days // 7)
    on = {DAYS[first.weekday()]} if unit == "week" else days or frozenset(DAYS)
    number, day = weeks * len(on), first + weeks * 7 * DAY
    step = 7 * DAY if unit == "week" else DAY
    while True:
        if DAYS[day.weekday()] in on:
            yield number, instant(datetime.combine(day, start.time()), zone)
            number += 1
        day += step


@lru_cache(maxsize=4096)
def _times_around(
    start: datetime, zone: ZoneInfo, unit: str, days: frozenset[str] | None, day: date
) -> tuple[int, list[datetime]]:
    """How many handovers lie before those around a date, and these: kept, since every look at a day asks for them."""
    last = instant(datetime.combine(day + _AFTER, start.time()), zone)
    first = 0
    times: list[datetime] = []
    for number, handover in _handovers(start, zone, unit, days, day):
        if handover > last:
            break
        first = first if times else number
        times.append(handover)
    return first, times
