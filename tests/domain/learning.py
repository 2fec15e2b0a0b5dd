"""What the tests of learning share: an action as it is typed."""

from datetime import date

from domain.actions import Draft
from domain.db import db
from domain.people import Person


def draft(**changes):
    """An action of the responder (2), due on 31 August 2026."""
    owner = db.session.get(Person, changes.pop("owner", 2) or 0)
    given = {
        "kind": "prevent",
        "body": "配信前に読み取りを試す",
        "owner": owner,
        "due_on": date(2026, 8, 31),
        **changes,
    }
    return Draft(**given)
