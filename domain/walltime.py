"""Wall time: the one place where what a clock shows becomes an instant (R3). Standard library only."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=65_536)
def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The earliest instant at which the local clock of `zone` shows `wall` (naive) or later, as aware UTC (R3).

    A time shown twice means the first; a skipped time means the moment the clocks jump.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return min(first, second) if second.astimezone(zone).replace(tzinfo=None) == wall else first
    # Skipped: PEP 495 puts the two readings on either side of the jump, which is where the clock first shows later.
    return _jump(min(first, second) - MINUTE, max(first, second) + MINUTE, wall, zone)


def _jump(before: datetime, after: datetime, wall: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second between two instants at which the clock shows `wall` or later."""
    low, high = int(before.timestamp()), int(after.timestamp())
    while low < high:
        middle = (low + high) // 2
        shown = datetime.fromtimestamp(middle, zone).replace(tzinfo=None)
        low, high = (low, middle) if shown >= wall else (middle + 1, high)
    return datetime.fromtimestamp(low, UTC)


def on_date(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant of `minute` minutes after wall midnight of a date; 1440 is 00:00 of the next date (R3)."""
    if minute >= 1440:
        return on_date(day + timedelta(days=1), minute - 1440, zone)
    return instant(datetime.combine(day, time(minute // 60, minute % 60)), zone)
