"""The forms of the roster room, and how what was typed becomes people, areas, instants and telephone numbers."""

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import current_app, render_template
from wtforms import Form, StringField

from blueprints.shared import words
from blueprints.shared.instants import parse_wall
from blueprints.shared.language import now, zone
from blueprints.shared.pages import one_line_filter
from blueprints.shared.security import MOST_ID
from domain import roster
from domain.contacts import read_phone
from domain.db import db
from domain.errors import Refused
from domain.people import Person
from domain.roster import Area

UTC_ZONE = ZoneInfo("UTC")


class AbsenceForm(Form):
    person = StringField(filters=[one_line_filter])
    starts_at = StringField(filters=[one_line_filter])
    ends_at = StringField(filters=[one_line_filter])
    from_date = StringField(filters=[one_line_filter])
    to_date = StringField(filters=[one_line_filter])
    weekly_start = StringField(filters=[one_line_filter])
    weekly_end = StringField(filters=[one_line_filter])


class CoverForm(Form):
    kind = StringField(filters=[one_line_filter], default="cover")
    person = StringField(filters=[one_line_filter])
    for_person = StringField(filters=[one_line_filter])
    area = StringField(filters=[one_line_filter])
    starts_at = StringField(filters=[one_line_filter])
    ends_at = StringField(filters=[one_line_filter])


class AreaForm(Form):
    name = StringField(filters=[one_line_filter])
    name_en = StringField(filters=[one_line_filter])
    kind = StringField(filters=[one_line_filter], default="other")
    zone = StringField(filters=[one_line_filter])
    slack_group = StringField(filters=[one_line_filter])
    slack_group = StringField(filters=[one_line_filter])


class ContactForm(Form):
    last_resort_name = StringField(filters=[one_line_filter])
    phone = StringField(filters=[one_line_filter])


def instant(text: str | None, field: str) -> datetime | None:
    """The instant of a typed wall-clock time of the organisation; None when nothing was typed.

    Raises:
        Refused: it is not a time.
    """
    if not text:
        return None
    try:
        return parse_wall(text, zone(), now())
    except (ValueError, OverflowError) as error:
        raise Refused(field, "time_unreadable") from error


def wall(text: str | None, field: str) -> datetime:
    """A typed wall time as it is, naive, for what ticks by a calendar. Raises `Refused` when it is none."""
    try:
        return parse_wall(text, UTC_ZONE, now()).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise Refused(field, "time_unreadable") from error


def day(text: str | None, field: str) -> date | None:
    """A typed date; None when nothing was typed. Raises `Refused` when it is none."""
    if not text:
        return None
    return wall(f"{unicodedata.normalize('NFKC', text)[:40]} 0:00", field).date()


CLOCK = re.compile(r"(\d{1,2})(?::(\d{2})(?::00)?|時(?:(\d{1,2})分)?)?", re.ASCII)


def minute(text: str | None, field: str) -> int:
    """Minutes after midnight of a typed time of day, `9:00` to `24:00`. Raises `Refused` when it is none."""
    found = CLOCK.fullmatch(unicodedata.normalize("NFKC", text or "")[:20].strip())
    minutes = int(found[1]) * 60 + int(found[2] or found[3] or 0) if found else -1
    if found is None or minutes > 24 * 60 or int(found[2] or found[3] or 0) > 59:
        raise Refused(field, "clock_unreadable")
    return minutes


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The names of all time zones, in order."""
    return sorted(available_timezones() - {"localtime", "posixrules", "Factory"})


def zone_name(text: str | None, field: str) -> str | None:
    """A time zone's name; None when nothing was typed. Raises `Refused` for an unknown one."""
    if not text:
        return None
    if text not in zones():
        raise Refused(field, "zone_unknown")
    return text


def person(text: str | None, field: str) -> Person:
    """The person of a select's value. Raises `Refused` when there is none."""
    number = identity(text)
    found = db.session.get(Person, number) if number else None
    if found is None:
        raise Refused(field, "person_unknown")
    return found


def identity(text: str | None) -> int | None:
    """A number that can be an id, or None."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 10:
        return None
    number = int(text)
    return number if 0 < number <= MOST_ID else None


def area(key: str | None) -> Area | None:
    """The area of a select's value; None: all of them. Raises `Refused` when there is none with this key."""
    if not key:
        return None
    found = roster.area_by_key(key)
    if found is None:
        raise Refused("area", "area_unknown")
    return found


def phone(text: str | None) -> str:
    """A typed number in E.164. Raises `Refused` when there is none, or none that can be called."""
    number = read_phone(text, current_app.config["PHONE_REGION"])
    if number is None:
        raise Refused("phone", "phone_bad")
    return number


def short(text: str | None, field: str, code: str, length: int) -> str:
    """The text, or `Refused(field, code)` when it is longer than its place."""
    if len(text or "") > length:
        raise Refused(field, code)
    return text or ""


def refused(template: str, error: Refused, **context: Any) -> tuple[str, int]:
    """The form again with what was typed, and what must change in words (422)."""
    return render_template(template, errors={error.field: [words.sentence(error)]}, **context), 422
