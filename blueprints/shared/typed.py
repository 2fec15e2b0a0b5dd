"""Forms that say all that is wrong at once, and the key by which the same form sent twice is known again."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict
from wtforms import Form

from blueprints.shared import words
from blueprints.shared.pages import new_key
from domain.errors import Refused
from domain.text import clean, one_line

T = TypeVar("T")

_KEY = re.compile(r"[A-Za-z0-9_-]{1,48}")
"""As `new_key` makes it. Others are hashed: a key with an ending (`…:holding`) must never be another form's key."""


class Typed(Form):
    """What was typed, kept as typed. `errors_of` is {field id: [sentence]}; `sent` holds fields without a name here."""

    def __init__(self, formdata: MultiDict[str, str] | None = None, **data: Any) -> None:
        super().__init__(formdata, data=data)
        self.sent: MultiDict[str, str] = formdata if formdata is not None else MultiDict()
        self.errors_of: dict[str, list[str]] = {}
        if "key" in self:
            self["key"].data = good_key(self["key"].data)

    def refuse(self, refused: Refused) -> None:
        self.errors_of.setdefault(refused.field, []).append(words.sentence(refused))

    def take(self, read: Callable[[], T]) -> T | None:
        """What `read` gives, or None with its refusal kept."""
        try:
            return read()
        except Refused as refused:
            self.refuse(refused)
            return None

    def text(self, name: str) -> str:
        """What was typed, cleaned: fit for the page and for the table."""
        return clean(self[name].data)


def good_key(typed: str | None) -> str:
    """The key made with the form; one is made where there is none, a strange one becomes what the table takes."""
    key = one_line(typed)
    if not key:
        return new_key()
    return key if _KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()
