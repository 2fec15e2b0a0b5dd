"""How the first administrator comes in: a one-time link, printed at the start of an empty instance."""

from datetime import datetime

from domain import people
from domain.db import writing


def first_link(base_url: str, at: datetime) -> str | None:
    """A new link that makes the first administrator, or None when somebody is here. Earlier ones end.

    Call it inside an app context, outside `writing()`.
    """
    if not people.nobody_yet():
        return None
    with writing():
        if not people.nobody_yet():
            return None
        token = people.make_link("first_admin", None, by=None, at=at)
    return f"{base_url.rstrip('/')}/first/{token}"
