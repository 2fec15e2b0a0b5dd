"""Which pages may be given again until the next commit, and until when: the front keeps them (`server/cache.py`).

What a page shows must follow from the database, from what the request says in the headers that `Vary` names, and from
the minute; what the clock changes besides is told with `until`. So whatever is said in spans goes by `minute`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Flask, Response, current_app, g

from blueprints.shared.language import minute, now
from domain import rights

HEADER = "X-Noroshi-Keep"


def kept(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view whose pages may be given again: it changes nothing, and asks nothing but the database."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> Any:
        until(minute() + timedelta(minutes=1), _rights_change_at())
        answer = view(*args, **kwargs)
        # Only now: what is said instead of a view that failed is for once.
        g.kept = g.get("kept", True)
        return answer

    return marked


def until(*instants: datetime | None) -> None:
    """What this request shows is another from the first of these instants on, whatever is committed; None: not so."""
    known = [instant for instant in (g.get("until"), *instants) if instant]
    g.until = min(known, default=None)


def for_once() -> None:
    """This page must not be given again: it holds something that is made anew each time."""
    g.kept = False


def _rights_change_at() -> datetime | None:
    def make() -> tuple[datetime | None, datetime | None]:
        found = rights.changes_at(now())
        return found, found

    found: datetime | None = current_app.extensions["memo"].get(("rights",), make)
    return found


def _allow(response: Response) -> Response:
    if g.get("kept") and response.status_code == 200:
        response.headers[HEADER] = str(g.until.timestamp())
    return response


def init_app(app: Flask) -> None:
    app.after_request(_allow)
