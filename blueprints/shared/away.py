"""While the database is away: readers get the page as they last saw it, which says so; nothing is written, and the
first that is answered again ends it.

What was last seen is kept by person, session epoch and class of rights, as it went out (PostgreSQL only: SQLite is away
when its disk is). It is thrown away when one of the three changes, which is asked after every commit. A commit of the
last seconds before the database went may be one that nobody could ask about; nobody is shown more than they had seen.
"""

import gzip
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import brotli
import structlog
from flask import Flask, Response, current_app, g, request, session
from flask_babel import gettext
from flask_login import AnonymousUserMixin
from flask_login.utils import decode_cookie
from markupsafe import escape
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from blueprints.shared.errors import show, unexpected
from blueprints.shared.language import clock_time, now
from domain.db import db, is_away

MOST = 48 * 1024 * 1024
"""Bytes of pages that are kept, compressed; the ones that nobody saw for longest go first."""
PAUSE = 1.0
"""Seconds between two looks at whether it is back."""
DOUBT = 5.0
"""Seconds before an outage in which a commit may have gone unasked."""
HANGING = 6.0
"""Seconds for which one such look may take; meanwhile nobody else waits for one."""
ASK_ANYWAY = {"operations.healthz", "operations.readyz"}
Person = tuple[int, int, str]
log = structlog.get_logger()


class Away(Exception):
    """It was away a moment ago."""


class Breaker:
    """Whether the database is away, as far as this process knows. While it is, one request a second looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look_at: float | None = None
        self.since = 0.0
        """When it went away last (monotonic)."""

    @property
    def is_open(self) -> bool:
        return self._look_at is not None

    def failed(self) -> None:
        """It did not answer."""
        if not self.is_open:
            self.since = time.monotonic()
            log.warning("the database is away; pages show what was last known")
        self._look_at = time.monotonic() + PAUSE

    def check(self, look: Callable[[], object]) -> None:
        """Raises Away while it is away; `look` asks it, and raises DBAPIError where it does not answer."""
        if not self.is_open:
            return
        with self._lock:
            if self._look_at is None:
                return
            if time.monotonic() < self._look_at:
                raise Away
            self._look_at = time.monotonic() + HANGING
        try:
            look()
        except DBAPIError as error:
            self.failed()
            raise Away from error
        self._look_at = None
        log.warning("the database is back")


@dataclass(frozen=True)
class Seen:
    """A page as it went out."""

    person: Person
    at: datetime
    coding: str
    body: bytes


class LastKnown:
    """The pages that people saw last, from any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[str, str], Seen] = OrderedDict()
        self._bytes = 0
        self._doubts = 0
        self._settled = 0
        self._doubted_at = 0.0

    def keep(self, path: str, seen: Seen) -> None:
        """The newest of its person and address."""
        key = (f"{seen.person[0]}.{seen.person[1]}", path)
        with self._lock:
            self._drop(key)
            self._pages[key] = seen
            self._bytes += len(seen.body)
            while self._bytes > self._most:
                self._drop(next(iter(self._pages)))

    def find(self, session_id: str, path: str, away_since: float) -> Seen | None:
        """What this session saw there last; nothing where its rights were in doubt for long before the outage."""
        with self._lock:
            if self._doubts != self._settled and self._doubted_at < away_since - DOUBT:
                return None
            return self._pages.get((session_id, path))

    def doubt(self) -> None:
        """Something was committed: who is still who they were is asked next, and told to `settle`."""
        with self._lock:
            if self._doubts == self._settled:
                self._doubted_at = time.monotonic()
            self._doubts += 1

    @property
    def doubts(self) -> int:
        return self._doubts

    def people(self) -> set[Person]:
        """Whose pages there are."""
        with self._lock:
            return {seen.person for seen in self._pages.values()}

    def settle(self, doubts: int, standing: set[Person]) -> None:
        """Only these still are who they were, as of the commit with the number `doubts`."""
        with self._lock:
            for key in [key for key, seen in self._pages.items() if seen.person not in standing]:
                self._drop(key)
            self._settled = max(self._settled, doubts)

    def _drop(self, key: tuple[str, str]) -> None:
        old = self._pages.pop(key, None)
        self._bytes -= len(old.body) if old else 0


def init_app(app: Flask) -> None:
    """Before anything else that hooks into requests: what goes out last is kept, and what comes in is stopped first."""
    breaker, known = Breaker(), LastKnown()
    app.extensions["last_known"] = known
    app.register_error_handler(Away, lambda _error: _answer(known, breaker.since))

    @app.errorhandler(DBAPIError)
    def fail(error: DBAPIError) -> Any:
        if not is_away(error):
            return unexpected(error)
        breaker.failed()
        return _answer(known, breaker.since)

    def stop() -> None:
        if request.endpoint not in ASK_ANYWAY:
            breaker.check(_look)

    app.before_request_funcs.setdefault(None, []).insert(0, stop)
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            app.after_request_funcs.setdefault(None, []).insert(0, lambda response: _keep(known, response))


def _look() -> None:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _address() -> str | None:
    """What a page is kept by, or None: a fragment that looks fresh would say that all is well."""
    if request.method != "GET" or "HX-Request" in request.headers or request.path.startswith(("/api/", "/live")):
        return None
    return request.full_path.rstrip("?")


def _keep(known: LastKnown, response: Response) -> Response:
    person, rights, path = g.get("_login_user"), g.get("rights"), _address()
    page = response.status_code == 200 and response.mimetype == "text/html" and not response.is_streamed
    if path and rights and person and person.is_authenticated and page and not response.cache_control.no_store:
        whose = (person.id, person.epoch, rights.level)
        known.keep(path, Seen(whose, now(), response.headers.get("Content-Encoding", ""), response.get_data()))
    return response


def _answer(known: LastKnown, since: float) -> Response:
    """The page as it was last seen by who asks, or a sentence."""
    # Nobody is loaded any more, whatever the page needs.
    g._login_user = AnonymousUserMixin()
    db.session.remove()
    path, session_id = _address(), _session_id()
    seen = known.find(session_id, path, since) if path and session_id else None
    if seen is not None:
        return _again(seen)
    answer = show(503, gettext(
        "The portal cannot reach its data. Nothing was changed. A report that you sent is kept on this device and goes "
        "out by itself as soon as this works again; please keep the browser open."
    ))  # fmt: skip
    answer.headers["Retry-After"] = "5"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _session_id() -> str | None:
    """Who asks, by what the cookies say: they are signed."""
    found = session.get("_user_id")
    if found is None and (kept := request.cookies.get(current_app.config["REMEMBER_COOKIE_NAME"])):
        found = decode_cookie(kept)
    return str(found) if found else None


def _again(seen: Seen) -> Response:
    """The page with the sentence that says as of when it is, above everything."""
    said = gettext(
        "The portal cannot reach its data. What you see is as of %(time)s; it may have changed.",
        time=clock_time(seen.at),
    )
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(seen.coding, bytes)
    html = unpack(seen.body).decode()
    html = html.replace("<html ", f'<html data-kept-at="{seen.at.isoformat()}" ', 1)
    html = _BANNER.sub(lambda found: f"{found[1]}{found[2]}{escape(said)}</p>", html, count=1)
    answer = Response(html, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-As-Of"] = seen.at.isoformat()
    return answer


_BANNER = re.compile(r'(<aside [^>]*id="connection"[^>]*?) hidden(>.*?<p>)</p>', re.DOTALL)
