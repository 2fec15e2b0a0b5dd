"""What is typed or pasted into the timeline: a line each, with the wall-clock time at which it happened before it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from blueprints.shared.instants import parse_wall
from domain.errors import Refused
from domain.text import clean, is_blank
from domain.timeline import AHEAD, MOST
from domain.walltime import latest_past, readings

SOON = timedelta(days=30)
"""A date without a year that lies ahead by no more is one of this year, and refused: nobody means a year ago."""

CLOCK_AHEAD = timedelta(hours=2)
"""A time without a date that comes within this means a clock that is ahead, and is refused: not yesterday's."""

_NARROW = str.maketrans("０１２３４５６７８９：／．－＋\u3000ＴＺ", "0123456789:/.-+ TZ")
"""Full width to half width, a character for a character: the words after the time stay as they were typed."""

_NOW = re.compile(r"(?:今|いま|現在|now)(?=[\s、,:]|$)[\s、,:]*", re.I)
_AGO = re.compile(r"(\d{1,3})\s*(?:分前|min(?:ute)?s? ago)(?![^\s、,:にの])[\s、,:]*", re.I)
_TIME = re.compile(
    r"""[\[(]?
    (?:(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|\d{1,2}/\d{1,2}|\d{1,2}月\d{1,2}日)
       (?:\s*[(（]\w{1,3}[)）])?(?:T|\s*))?
    (?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?|時(?!間)(?:(?P<kanji>\d{1,2})分(?!間|前|後)|(?P<half>半))?)
    (?P<zone>\s?Z|\s?[+-]\d{2}:?\d{2}(?=\s|\]|\)|$))?
    (?![\d:])[\])]?
    (?:頃|ごろ)?(?:\s+[-–—:|]+(?=\s)|[、,:]|[〜~](?=\D))?\s*""",
    re.X,
)
_BULLET = re.compile(r"\s*(?:[-*•・]\s+)?")


@dataclass(frozen=True)
class _Stamp:
    """When a line happened, and the date of a line that named one: it holds for the lines after it."""

    at: datetime
    day: date | None = None


def read_lines(body: str, zone: ZoneInfo, now: datetime, default: datetime | None = None) -> list[tuple[datetime, str]]:
    """The lines of `body` with the instant of each (aware UTC); blank ones are left out.

    `14:05 DB再起動`: the nearest past 14:05 of `zone`, so at 0:10 it is yesterday's; what comes within two hours stays
    in the future, where nothing can be noted. `今`, `now`: now. `5分前`. A date
    may stand before it, and holds for the lines after it. A line without a time happened with the line above; the
    first one at `default`, or now.

    Raises:
        Refused: (`body`) a time that no clock shows, a time without words, or more than `MOST` lines.
    """
    found: list[tuple[datetime, str]] = []
    last = _Stamp(default or now)
    for number, line in _lines(body):
        if len(found) == MOST:
            raise Refused("body", "timeline_many", most=MOST)
        try:
            stamp, text = _line(line, zone, now, last)
        except (ValueError, OverflowError):
            raise Refused("body", "timeline_time_line", line=number, text=line[:30]) from None
        if is_blank(text):
            raise Refused("body", "timeline_missing_line", line=number, text=line[:30])
        found.append((stamp.at, text))
        last = stamp
    return found


def read_time(typed: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The instant that the field for the time means; None where it is empty. What a line may begin with is read.

    Raises:
        Refused: (`at`) it is no time.
    """
    text = clean(typed)[:100].strip()
    if not text:
        return None
    try:
        try:
            stamp, rest = _line(text, zone, now, None)
        except LookupError:
            return parse_wall(text, zone, now)
    except (ValueError, OverflowError):
        raise Refused("at", "timeline_time") from None
    if rest:
        raise Refused("at", "timeline_time")
    return stamp.at


def _lines(body: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(clean(body).split("\n"), start=1):
        if not is_blank(line):
            yield number, line.strip()


def _line(line: str, zone: ZoneInfo, now: datetime, last: _Stamp | None) -> tuple[_Stamp, str]:
    """When and what. `last` None: there must be a time.

    Raises:
        ValueError: no clock shows this time.
        LookupError: there is no time, and none before it.
    """
    bullet = _BULLET.match(line)
    start = bullet.end() if bullet else 0
    narrow = line.translate(_NARROW)
    kept = last.day if last else None
    if found := _NOW.match(narrow, start):
        return _Stamp(now, kept), line[found.end() :].strip()
    if found := _AGO.match(narrow, start):
        return _Stamp(now - timedelta(minutes=int(found[1])), kept), line[found.end() :].strip()
    if found := _TIME.match(narrow, start):
        return _stamp(found, zone, now, last), line[found.end() :].strip()
    if last is None:
        raise LookupError(line)
    return last, line[start:].strip()


def _stamp(found: re.Match[str], zone: ZoneInfo, now: datetime, last: _Stamp | None) -> _Stamp:
    minute = int(found["minute"] or found["kanji"] or (30 if found["half"] else 0))
    second = int(found["second"] or 0)
    whole = found["hour"] == "24" and not minute and not second
    shown = time(0 if whole else int(found["hour"]), minute, second)
    until = now + AHEAD
    if found["date"]:
        day = _date(found["date"], until.astimezone(zone).date()) + timedelta(days=whole)
        if found["zone"]:
            wall = datetime.combine(day, shown)
            return _Stamp(parse_wall(wall.isoformat() + found["zone"].strip(), zone, now), day)
        return _Stamp(_nearest(datetime.combine(day, shown), zone, until), day)
    if last is not None and last.day is not None:
        return _after(shown, last, zone, until)
    past, soon = latest_past(shown, until, zone), latest_past(shown, until + CLOCK_AHEAD, zone)
    # A time that comes soon is a clock that is ahead, or a slip: taken as it is, so that it is refused. Of an hour that
    # is shown twice the first has been.
    return _Stamp(soon if soon - past > timedelta(hours=12) else past)


def _date(text: str, today: date) -> date:
    """The date that is meant; without a year the last one that is not ahead, unless it is so soon that it is a slip."""
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if len(numbers) == 3:
        if not 1970 <= numbers[0] <= 2999:
            raise ValueError(f"no year that could be meant: {text!r}")
        return date(*numbers)
    for year in range(today.year, today.year - 9, -1):
        try:
            day = date(year, *numbers)
        except ValueError:  # the 29th of February is not in every year
            continue
        if day <= today + SOON:
            return day
    raise ValueError(f"no date: {text!r}")


def _nearest(wall: datetime, zone: ZoneInfo, until: datetime) -> datetime:
    """Of a time that clocks showed twice the later one, where it has been already."""
    found = readings(wall, zone)
    return max((one for one in found if one <= until), default=found[0])


def _after(shown: time, last: _Stamp, zone: ZoneInfo, until: datetime) -> _Stamp:
    """A time after a line with a date: of the same date, or of the next where it went over midnight."""
    assert last.day is not None
    before = last.at.astimezone(zone).replace(tzinfo=None)
    wall = datetime.combine(last.day, shown)
    if before - wall > timedelta(hours=12):
        wall += timedelta(days=1)
    return _Stamp(_nearest(wall, zone, until), wall.date())
