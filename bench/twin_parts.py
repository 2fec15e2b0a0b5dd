"""What `bench.twin` is made of: two processes on one database and one clock, raw lines to them, somebody who asks."""

import gzip
import mmap
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli

SECRET = "for the twins only"
DEADLINE = 60.0
SILENT = 30.0
"""Seconds after which a connection is opened anew."""
Headers = list[tuple[str, str]]


class Hands:
    """The clock of both processes: whole seconds in a file that both have open."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)

    def set(self, at: datetime) -> None:
        self._map[:8] = struct.pack("d", at.timestamp())

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(struct.unpack("d", self._map[:8])[0], UTC)

    def forward(self, seconds: float) -> None:
        self.set(self() + timedelta(seconds=seconds))


class Nothing:
    """Stands in for the deliveries: what a worker commits by itself would change pages between two looks."""

    def each(self) -> list["Nothing"]:
        return [self]

    def next(self) -> bool:
        return False

    def due(self) -> None:
        return None


def portal(url: str, folder: Path, hands: Hands, megabytes: int) -> Any:
    """The product; without a cache it renders each page whole, of nothing that was kept from another."""
    from app import create_app

    given = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "CLOCK": hands, "PAGE_CACHE": str(megabytes)}
    app = create_app(given, str(folder))
    app.extensions["deliver"] = Nothing()
    if not megabytes:
        app.before_request_funcs.setdefault(None, []).insert(0, app.extensions["memo"].forget)
    return app


class Running:
    """A process of the product in threads of this one."""

    def __init__(self, app: Any) -> None:
        from server.serve import Process, listen

        ready = threading.Event()
        listener = listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self.process = Process(app, listener, lambda _url: ready.set())
        self._thread = threading.Thread(target=self.process.run)
        self._thread.start()
        assert ready.wait(DEADLINE)

    def stop(self) -> None:
        self.process.stop()
        self._thread.join(DEADLINE)


class Twin:
    """The process without a cache: another one, so what is written there is a commit of somebody else."""

    def __init__(self, url: str, folder: Path) -> None:
        command = [sys.executable, "-m", "bench.twin", "--serve", url, str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.communicate(timeout=DEADLINE)


@dataclass(frozen=True)
class Got:
    """An answer, whole. `headers` are without those that differ from one answer to the next."""

    status: int
    headers: frozenset[tuple[str, str]]
    body: bytes
    cookies: list[str]
    tag: str | None


class Line:
    """A connection on which one thing is asked after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), DEADLINE)
        self._seen, self._used_at = b"", time.monotonic()

    def send(self, request: bytes) -> None:
        # A server closes what was silent for long.
        if time.monotonic() - self._used_at > SILENT:
            self.close()
            self._open()
        self._used_at = time.monotonic()
        self._socket.sendall(request)

    def receive(self, head: bytes) -> Got:
        """The answer to a request with this head."""
        while b"\r\n\r\n" not in self._seen:
            self._read()
        told, _, self._seen = self._seen.partition(b"\r\n\r\n")
        first, *lines = told.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        named = dict(headers)
        status = int(first.split(" ")[1])
        length = 0 if head.startswith(b"HEAD") or status in (204, 304) else int(named["content-length"])
        while len(self._seen) < length:
            self._read()
        content, self._seen = self._seen[:length], self._seen[length:]
        cookies = [value for name, value in headers if name == "set-cookie"]
        alike = {(name, value) for name, value in headers if name not in ("date", "set-cookie", "x-request-id")}
        return Got(status, frozenset(alike), content, cookies, named.get("etag"))

    def _read(self) -> None:
        piece = self._socket.recv(1 << 20)
        if not piece:
            raise ConnectionError("closed in the middle of an answer")
        self._seen += piece

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()


class Lines:
    """Several, which ask at once."""

    def __init__(self, port: int, how_many: int) -> None:
        self._lines = [Line(port) for _ in range(how_many)]

    def ask(self, head: bytes, body: bytes = b"") -> Got:
        self._lines[0].send(head + body)
        return self._lines[0].receive(head)

    def ask_all(self, heads: Sequence[bytes]) -> list[Got]:
        """The answers in the same order; no more requests than there are lines."""
        asked = list(zip(self._lines, heads, strict=False))
        for line, head in asked:
            line.send(head)
        return [line.receive(head) for line, head in asked]

    def close(self) -> None:
        for line in self._lines:
            line.close()


_ONCE = re.compile(rb'(name="(?:key|newest)" value=")[^"]*')


def difference(got: Got, right: Got) -> str:
    """Where two answers differ; empty where they are the same, but for the keys that forms get anew each time."""
    told = [{cookie.partition("=")[0] for cookie in one.cookies} for one in (got, right)]
    if (got.status, got.headers, got.body, told[0]) == (right.status, right.headers, right.body, told[1]):
        return ""
    mine, theirs = plain(got), plain(right)
    headers = got.headers ^ right.headers
    if mine != theirs and _ONCE.search(theirs):
        mine, theirs = _ONCE.sub(rb"\1", mine), _ONCE.sub(rb"\1", theirs)
        headers = frozenset(pair for pair in headers if pair[0] not in ("etag", "content-length"))
    if mine != theirs:
        at = next((at for at, (one, other) in enumerate(zip(mine, theirs, strict=False)) if one != other), 0)
        around = slice(max(0, at - 100), at + 200)
        return f"{mine[around].decode(errors='replace')}\n— instead of —\n{theirs[around].decode(errors='replace')}"
    if headers or got.status != right.status or told[0] != told[1]:
        return f"{got.status} instead of {right.status}; {sorted(headers)}; {told}"
    return ""


def plain(got: Got) -> bytes:
    coding = dict(got.headers).get("content-encoding") if got.body else None
    return brotli.decompress(got.body) if coding == "br" else gzip.decompress(got.body) if coding else got.body


@dataclass
class Somebody:
    """A browser: who is signed in there, its cookies, what it says of itself."""

    person: int
    said: Headers
    cookies: dict[str, str] = field(default_factory=dict)

    def head(self, method: str, path: str, more: Headers) -> bytes:
        told = [("Host", "twins.example.jp"), *self.said, *more]
        if self.cookies:
            told.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        lines = "".join(f"{name}: {value}\r\n" for name, value in told)
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()

    def take(self, got: Got) -> None:
        """Keeps the cookies, as a browser does."""
        for cookie in got.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value.strip('"') and "Max-Age=0" not in cookie:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


class Noise:
    """More readers of the process with the cache, at the same time, whose answers nobody compares: what they cause to
    be kept is rendered while others write."""

    def __init__(self, port: int, pick: Callable[[], bytes], how_many: int) -> None:
        self._port = port
        self._pick = pick
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(how_many)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        line = Line(self._port)
        # With a rest, so that those who are compared come first.
        while not self._stop.wait(0.005):
            head = self._pick()
            line.send(head)
            line.receive(head)
        line.close()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(DEADLINE)
