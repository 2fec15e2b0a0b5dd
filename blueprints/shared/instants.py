"""Typed wall-clock text becomes an instant here, and nowhere else. What is typed is the organisation's time."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from blueprints.shared import words
from domain.errors import Refused
from domain.walltime import instant

FARTHEST = timedelta(days=7)
"""A promise farther away than this is a slip of the finger."""

LONGEST = 100
"""Characters that are looked at: no time is longer."""

_OLDEST, _NEWEST = 1970, 2999
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.\d+)?)?|時(?:(\d{1,2})分?)?)")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_ZONE = re.compile(r"(?<=\d)\s*(Z|z|[+-]\d{2}:?\d{2})$")
_LENGTH = re.compile(r"(?:(\d{1,3})\s*(?:h|hours?|時間))?\s*(?:(\d{1,5})\s*(?:m|min|minutes?|分)(?:後)?)?", re.I)

words.say(
    {
        "next_update_missing": _l("Please choose when the next update comes."),
        "next_update_unreadable": _l("Please write a time like 14:30, or a span like 30m."),
        "next_update_past": _l("Please choose a time after now for the next update."),
        "next_update_far": _l("Please choose a time within the next 7 days."),
    }
)


def _plain(text: str | None) -> str:
    return unicodedata.normalize("NFKC", (text or "").strip()[:LONGEST]).strip()


def parse_wall(text: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    """The instant (UTC, whole seconds) that a typed time means: `2026-08-11T09:52`, `2026-08-11 9:52`, `14:30` (today).

    Full-width digits are read too; a text with an offset or Z is absolute, any other is wall-clock time of `zone`:
    a time shown twice means the first, a skipped one the moment the clocks jump (roster rule R3).

    Raises:
        ValueError: it is not a time, or of no year between 1970 and 2999.
    """
    plain = _plain(text)
    offset = _ZONE.search(plain) if _DATE.match(plain) else None
    bare = plain[: offset.start()] if offset else plain
    wall = _wall(bare.strip(), now.astimezone(zone).replace(tzinfo=None))
    if not _OLDEST <= wall.year <= _NEWEST:
        raise ValueError(f"no year that could be meant: {text!r}")
    if offset is None:
        return instant(wall, zone)
    return datetime.fromisoformat(wall.isoformat() + offset[1].upper()).astimezone(UTC)


def _wall(text: str, today: datetime) -> datetime:
    date = _DATE.match(text)
    if date:
        year, month, day = (int(part) for part in date.groups() if part is not None)
        text = re.sub(r"^(?:[Tt]|\s+)", "", text[date.end() :])
    else:
        year, month, day = today.year, today.month, today.day
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError(f"not a time: {text!r}")
    hour, minute, second = int(clock[1]), int(clock[2] or clock[4] or 0), int(clock[3] or 0)
    if (hour, minute, second) == (24, 0, 0):  # R3: 24:00 is 00:00 of the next date
        return datetime(year, month, day) + timedelta(days=1)  # noqa: DTZ001 (naive: a wall)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (naive: a wall)


def parse_next_update(text: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the next update comes: `30m`, `90m`, `1h`, `14:30`, a date and time, or None for `none`.

    A time of day that is more than 12 hours ago means tomorrow: `0:30` typed at 23:50.

    Raises:
        Refused: (`next_update`) nothing chosen, not readable, not after now, or more than 7 days ahead.
    """
    plain = _plain(text)
    if not plain:
        raise Refused("next_update", "next_update_missing")
    if plain.casefold() == "none":
        return None
    due = _due(plain, zone, now)
    if due <= now:
        raise Refused("next_update", "next_update_past")
    if due > now + FARTHEST:
        raise Refused("next_update", "next_update_far")
    return due


def _due(plain: str, zone: ZoneInfo, now: datetime) -> datetime:
    length = _LENGTH.fullmatch(plain)
    if length and (length[1] or length[2]):
        return now + timedelta(hours=int(length[1] or 0), minutes=int(length[2] or 0))
    try:
        due = parse_wall(plain, zone, now)
        if not _DATE.match(plain) and now - due > timedelta(hours=12):
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            due = parse_wall(f"{tomorrow.isoformat()} {plain}", zone, now)
    except (ValueError, OverflowError) as error:
        raise Refused("next_update", "next_update_unreadable") from error
    return due
