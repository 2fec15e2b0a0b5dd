"""The page cache: pages that Flask allows to be kept are given again until the next commit of any process.

It knows nothing of people and rights: a page is found by everything in a request that it may depend on. Lives on the
event loop; a version may change on any thread.
"""

import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import URL

from domain.db import committed
from server import metrics
from server.bridge import READING, Answer, Headers
from server.bus import Bus

KEEP_HEADER = b"x-noroshi-keep"
"""How Flask allows a page to be kept: until when, in seconds since 1970. It never crosses the border."""
DEPENDS_ON = {b"host", b"cookie", b"authorization", b"hx-request-type", b"accept-language", b"accept-encoding"}
"""The headers of a request that a page may depend on. One that varies by any other is not kept."""
NOT_PLAIN = {b"content-length", b"transfer-encoding", b"range", b"if-modified-since", b"expect", b"upgrade"}
"""A request with one of these is none that a kept page answers."""
LARGEST = 512 * 1024
"""Bytes of a body; a larger one would drive out too many others."""
GZIP = b"\x1f\x8b"
"""How what is packed with gzip begins; bytes 4 to 7 say when."""
OVERHEAD = 1024
"""Bytes that an entry takes beside its own, roughly."""

_by_bytes = metrics.page_cache.labels("bytes")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
log = structlog.get_logger()


@dataclass(frozen=True)
class Page:
    """A finished page as it goes out. `until`: when the clock makes it another one, in seconds since 1970."""

    headers: Headers
    body: bytes
    until: float

    def answer(self) -> Answer:
        return Answer(200, list(self.headers), BytesIO(self.body), len(self.body))


@dataclass(frozen=True)
class Wire:
    """A whole answer as it is written to a connection; after its first line comes the date."""

    line: bytes
    rest: bytes
    until: float


class Shelf(Generic[K, V]):
    """Bounded in bytes: what was put there first makes room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[K, tuple[V, int]] = {}
        self.size = 0

    def get(self, key: K) -> V | None:
        found = self._kept.get(key)
        return found[0] if found else None

    def put(self, key: K, value: V, size: int) -> None:
        """Keeps it, unless it alone is too large."""
        self.drop(key)
        if size > self._most:
            return
        self._kept[key] = (value, size)
        self.size += size
        while self.size > self._most:
            self.drop(next(iter(self._kept)))

    def drop(self, key: K) -> None:
        found = self._kept.pop(key, None)
        if found:
            self.size -= found[1]

    def clear(self) -> None:
        self._kept.clear()
        self.size = 0


class Version:
    """Another value after each commit of any process; None: it cannot be known now."""

    def __call__(self) -> Hashable:
        return None

    def close(self) -> None:
        """It is not asked any more."""


class SqliteVersion(Version):
    """Asks a connection of its own, which never writes: it sees every commit of every other one, in microseconds."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._cursor = self._connection.cursor()

    def __call__(self) -> Hashable:
        try:
            return int(self._cursor.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            log.exception("the version of the database cannot be read; no page is kept")
            return None

    def close(self) -> None:
        self._connection.close()


class HeardVersion(Version):
    """Another object after each commit of this process, at once, and of others, as the bus hears of it; None while the
    bus may miss one."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._now = object()
        bus.listen(self._renew)
        committed.connect(self._renew)

    def _renew(self, sender: Any = None) -> None:
        self._now = object()

    def __call__(self) -> Hashable:
        return self._now if self._bus.certain else None


def version_for(url: URL, bus: Bus) -> Version:
    """How the version of a database is read: on SQLite at each look, exactly; else as the bus has heard."""
    return SqliteVersion(url.database or ":memory:") if url.get_backend_name() == "sqlite" else HeardVersion(bus)


class Cache:
    """Pages by what they depend on, and whole answers by the very bytes of the request's head.

    `most`: bytes of both together, 0 turns it off. `clock`: seconds since 1970.
    """

    def __init__(self, version: Version, most: int, clock: Callable[[], float]) -> None:
        self._version = version
        self._most = most
        self._clock = clock
        self._seen: Hashable = None
        self._pages: Shelf[Hashable, Page] = Shelf(most // 2)
        self._wires: Shelf[Hashable, Wire] = Shelf(most // 2)

    def version(self) -> Hashable:
        """The version now; None: nothing can be kept. With another version everything is forgotten."""
        version = self._version() if self._most else None
        if version != self._seen:
            self._seen = version
            self._pages.clear()
            self._wires.clear()
        return version

    def close(self) -> None:
        self._version.close()

    def find(self, key: Hashable) -> Page | None:
        """The page, if it is what Flask would answer now."""
        if self.version() is None:
            return None
        page = self._pages.get(key)
        if page is None or self._clock() >= page.until:
            return None
        metrics.page_cache.labels("page").inc()
        return page

    def keep(self, key: Hashable, page: Page, version: Hashable) -> None:
        """Keeps a page that was rendered after `version` was read, unless something was committed since."""
        if version is not None and version == self.version():
            cost = sum(len(name) + len(value) for name, value in page.headers) + len(page.body) + OVERHEAD
            self._pages.put(key, page, cost + len(repr(key)))
            metrics.page_cache.labels("kept").inc()

    def find_wire(self, key: Hashable) -> Wire | None:
        """The same by the bytes of the head."""
        wire = self._wires.get(key) if self.version() is not None else None
        if wire is None or self._clock() >= wire.until:
            return None
        _by_bytes.inc()
        return wire

    def keep_wire(self, key: tuple[Any, bytes], wire: Wire) -> None:
        """Keeps it. Call it in the turn of the loop in which `find` has given the page: nothing may come between."""
        self._wires.put(key, wire, len(key[1]) + len(wire.rest) + OVERHEAD)


def key_of(scope: Any) -> Hashable:
    """Everything that a page may depend on; None where no kept page answers such a request."""
    headers = scope["headers"]
    if scope["method"] not in READING or any(name in NOT_PLAIN for name, _ in headers):
        return None
    told = tuple(pair for pair in headers if pair[0] in DEPENDS_ON)
    return scope["scheme"], scope["raw_path"], scope["query_string"], told


def page_of(answer: Answer, until: bytes) -> Page | None:
    """The page of an answer that may be kept until then, its body read; None where it must not be kept.

    It is tagged by the bytes that go out, compressed or not. One that sets a cookie is for this one request only.
    """
    names = [name for name, _ in answer.headers]
    if answer.status != 200 or b"set-cookie" in names or answer.size > LARGEST or not _varies_as_keyed(answer.headers):
        return None
    with answer.body:
        body = answer.body.read()
    if body.startswith(GZIP):
        # When it was packed is no part of a page: with the same content it has the same bytes.
        body = body[:4] + bytes(4) + body[8:]
    answer.body = BytesIO(body)
    answer.take(b"etag")
    answer.headers.append((b"etag", b'"%s"' % blake2b(body, digest_size=12).hexdigest().encode()))
    return Page(list(answer.headers), body, float(until))


def _varies_as_keyed(headers: Headers) -> bool:
    varies = {name.strip().lower() for key, value in headers if key == b"vary" for name in value.split(b",")}
    return varies <= DEPENDS_ON
