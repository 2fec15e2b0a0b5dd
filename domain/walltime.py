"""Wall time: the one place where what a clock shows becomes an instant; windows of a day. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MIDNIGHT = 24 * 60
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """Part of a day, in minutes after midnight; `end` <= `start` ends on the next date (R5).

    `days`: the types of date on which it starts, mon to sun and hol; None: every date.
    """

    start: int
    end: int
    days: frozenset[str] | None = None


@lru_cache(maxsize=65_536)
def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The earliest instant at which the clock of `zone` shows `wall` (naive) or later, as aware UTC (R3).

    A time shown twice means the first; a skipped time means the moment the clocks jump. What lies outside
    the calendar in UTC becomes its first or last instant.
    """
    try:
        first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
        if first.astimezone(zone).replace(tzinfo=None) == wall:
            return first
        # Skipped: the two readings of PEP 495 lie on either side of the jump, whose moment is searched for.
        return _jump(min(first, second) - MINUTE, max(first, second) + MINUTE, wall, zone)
    except OverflowError:
        return BEGINNING if wall.year < 5000 else END


def readings(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which the clock of `zone` shows `wall` (naive), the earliest first: two where clocks were set
    back over it. For a skipped time the moment the clocks jump."""
    first = instant(wall, zone)
    try:
        second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
        shown = second.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return [first]
    return [first, second] if shown == wall and second > first else [first]


def latest_past(shown: time, until: datetime, zone: ZoneInfo) -> datetime:
    """The last instant not after `until` (aware) at which the clock of `zone` shows a time of day."""
    today = until.astimezone(zone).date()
    # A whole date may be skipped (where a zone crossed the date line), so days before yesterday are looked at too.
    past = [
        one
        for days in range(-1, 4)
        for one in readings(datetime.combine(today - days * DAY, shown), zone)
        if one <= until
    ]
    return max(past)


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
    days, rest = divmod(minute, MIDNIGHT)
    return instant(datetime.combine(day + days * DAY, time(rest // 60, rest % 60)), zone)


def day_type(day: date, holidays: frozenset[date]) -> str:
    """`hol` on a holiday whatever the weekday, else mon to sun (R6)."""
    return "hol" if day in holidays else DAYS[day.weekday()]


@lru_cache(maxsize=65_536)
def span_on(window: Window, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, end) of a window that starts on `day`; `end` = `start` is one full wall day (R5)."""
    end = window.end if window.end > window.start else window.end + MIDNIGHT
    return on_date(day, window.start, zone), on_date(day, end, zone)


def spans(
    window: Window, first: date, last: date, zone: ZoneInfo, holidays: frozenset[date]
) -> Iterator[tuple[datetime, datetime]]:
    """The spans of a window that start on the dates from `first` to `last`, both included (R5, R6)."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        if window.days is None or day_type(day, holidays) in window.days:
            yield span_on(window, day, zone)


def inside(window: Window, at: datetime, zone: ZoneInfo, holidays: frozenset[date]) -> bool:
    """Whether an instant lies in a window (R5)."""
    # By instants, never by wall times: in a repeated hour those cannot tell inside from outside.
    first, last = dates_around(at, at, zone)
    return any(start <= at < end for start, end in spans(window, first, last, zone, holidays))


def dates_around(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and last date whose windows can reach into [start, end]."""
    # A window from 24:00 to 24:00 reaches to the end of the next date; clocks set back over midnight add one.
    return start.astimezone(zone).date() - 2 * DAY, end.astimezone(zone).date() + DAY
