"""The forms of the roster room, and how what was typed becomes people, areas, instants and telephone numbers."""

from datetime import datetime
from typing import Any

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


class AbsenceForm(Form):
    person = StringField(filters=[one_line_filter])
    starts_at = StringField(filters=[one_line_filter])
    ends_at = StringField(filters=[one_line_filter])


class CoverForm(AbsenceForm):
    for_person = StringField(filters=[one_line_filter])
    area = StringField(filters=[one_line_filter])


class AreaForm(Form):
    name = StringField(filters=[one_line_filter])
    name_en = StringField(filters=[one_line_filter])
    kind = StringField(filters=[one_line_filter], default="other")


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
