"""How people are reached, as they type it: email, name, telephone, Slack id understood once, or refused in words."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

import phonenumbers

from domain.errors import Refused
from domain.text import has_words, is_blank, one_line

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_SLACK_ID = re.compile(r"[UW][A-Z0-9]{5,19}")
_DIAL = re.compile(r"\+?[0-9 ().\-/]+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー・", "-"))


@dataclass(frozen=True)
class Details:
    """What administrators keep about a person, as it is stored: the phone in E.164, the email folded."""

    email: str
    name: str
    reading: str = ""
    department: str = ""
    phone: str | None = None
    slack_id: str | None = None
    is_admin: bool = False

    def differences(self, other: "Details") -> dict[str, tuple[Any, Any]]:
        """Per field that differs: the value here, the value there."""
        here, there = asdict(self), asdict(other)
        return {name: (here[name], there[name]) for name in here if here[name] != there[name]}


def normal_email(email: str | None) -> str:
    """Addresses are compared without case, spaces around them and full-width letters."""
    return unicodedata.normalize("NFKC", one_line(email)).strip().casefold()


def read_email(text: str | None) -> str:
    """A typed address as it is kept. Raises `Refused`: email_missing, email_bad."""
    email = normal_email(text)
    if not email:
        raise Refused("email", "email_missing")
    if len(email) > 254 or not _EMAIL.fullmatch(email) or not email.isprintable():
        raise Refused("email", "email_bad")
    return email


def read_line(field: str, text: str | None) -> str:
    """A typed reading or department as it is kept. Raises `Refused`: too_long."""
    line = "" if is_blank(text) else one_line(text)
    if len(line) > 100:
        raise Refused(field, "too_long", most=100)
    return line


def read_name(text: str | None) -> str:
    """A typed name as it is kept. Raises `Refused`: name_missing (nothing that could be said aloud), too_long."""
    if not has_words(text):
        raise Refused("name", "name_missing")
    return read_line("name", text)


def read_phone(text: str | None, region: str) -> str | None:
    """A typed number in E.164; without a country code it is one of `region` (`JP`). Raises `Refused`: phone_bad.

    Only what no network could dial is refused: lists of valid prefixes are older than new numbers.
    """
    if is_blank(text):
        return None
    typed = unicodedata.normalize("NFKC", one_line(text)).translate(_DASHES)
    try:
        number = phonenumbers.parse(typed, region) if _DIAL.fullmatch(typed) else None
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Refused("phone", "phone_bad")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_slack_id(text: str | None) -> str | None:
    """A typed Slack member id (`U…` or `W…`). Raises `Refused`: slack_id_bad."""
    if is_blank(text):
        return None
    slack_id = unicodedata.normalize("NFKC", one_line(text)).upper()
    if not _SLACK_ID.fullmatch(slack_id):
        raise Refused("slack_id", "slack_id_bad")
    return slack_id
