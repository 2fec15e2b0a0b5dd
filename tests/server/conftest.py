"""A small portal of the tests' own behind the real server: real sockets on an ephemeral port of 127.0.0.1."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, request
from sqlalchemy import text

from domain.db import db, engine_options, guard, writing
from server.serve import Process, listen

DEADLINE = 10.0
"""Seconds after which a test gives up waiting; far more than anything here takes."""


def wait_for(condition: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """Waits until the condition holds, and returns what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    return found


COMMIT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("INSERT INTO facts DEFAULT VALUES")
connection.commit()
connection.close()
"""


def commit_elsewhere(path: Path) -> None:
    """A commit by another process."""
    subprocess.run([sys.executable, "-c", COMMIT, str(path)], check=True)


class FakeLive:
    """Stands in for `app.extensions["live"]`: the html per key, who is welcome, how often it was asked."""

    def __init__(self) -> None:
        self.html: dict[tuple[str, str, str], str] = {}
        self.changes_at: datetime | None = None
        self.ended = False
        self.fails = 0
        self.gone: set[tuple[int, int, str]] = set()
        self.renders = 0
        self.questions = 0
        self.hold: Callable[[], object] = lambda: None

    def render(self, topic: str, lang: str, rights: str) -> tuple[str, datetime | None] | None:
        self.renders += 1
        self.hold()
        if self.fails:
            self.fails -= 1
            raise LookupError("planted")
        if self.ended:
            return None
        return self.html.get((topic, lang, rights), f"<p>{topic} {lang} {rights}</p>"), self.changes_at

    def unwelcome(self, people: set[tuple[int, int, str]]) -> set[tuple[int, int, str]]:
        self.questions += 1
        return people & self.gone


class FakeDeliver:
    """Stands in for `app.extensions["deliver"]`: nothing waits."""

    def each(self) -> list["FakeDeliver"]:
        return [self]

    def next(self) -> bool:
        return False

    def due(self) -> datetime | None:
        return None


class Wire:
    """A raw connection that waits for bytes with a deadline."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", port))
        self.seen = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> bytes:
        """What is there next; empty when the other side closed."""
        try:
            piece = self.socket.recv(1 << 20)
        except ConnectionResetError:
            piece = b""
        self.seen += piece
        return piece

    def until(self, marker: bytes) -> bytes:
        """Reads until the marker has come; returns everything up to and with it, which is then forgotten."""
        while marker not in self.seen:
            assert self.read(), f"closed before {marker!r}; came: {self.seen[-300:]!r}"
        head, _, self.seen = self.seen.partition(marker)
        return head + marker

    def closed(self) -> bytes:
        """Reads until the other side closes; returns what came."""
        while self.read():
            pass
        return self.seen

    def close(self) -> None:
        self.socket.close()


class Portal:
    """The running server and what a test needs of it."""

    def __init__(self, app: Flask, process: Process, port: int, thread: threading.Thread) -> None:
        self.app = app
        self.process = process
        self.hub = process.hub
        self.port = port
        self.live: FakeLive = app.extensions["live"]
        self._thread = thread
        self._wires: list[Wire] = []

    def wire(self, **options: Any) -> Wire:
        wire = Wire(self.port, **options)
        self._wires.append(wire)
        return wire

    def stream(self, person: int = 1, *, headers: str = "", lang: str = "ja", query: str = "", **options: Any) -> Wire:
        """An open stream of the board; the head of its answer has been read into `wire.head`."""
        wire = self.wire(**options)
        wire.send(f"GET /live?person={person}&lang={lang}{query} HTTP/1.1\r\nHost: t\r\n{headers}\r\n".encode())
        wire.head = wire.until(b"\r\n\r\n")  # type: ignore[attr-defined]
        return wire

    def commit(self) -> None:
        with self.app.app_context(), writing() as session:
            session.execute(text("INSERT INTO facts DEFAULT VALUES"))

    def publish(self, html: str, lang: str = "ja") -> None:
        self.live.html["board", lang, "reader"] = html
        self.commit()

    def stop(self) -> float:
        """Stops the server; returns the seconds it took."""
        began = time.monotonic()
        self.process.stop()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        return time.monotonic() - began

    def close(self) -> None:
        for wire in self._wires:
            wire.close()
        if self._thread.is_alive():
            self.stop()
        with self.app.app_context():
            db.engine.dispose()


def make_app(url: str) -> Flask:
    app = Flask("small portal")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url), MAX_CONTENT_LENGTH=3_000_000
    )
    db.init_app(app)
    with app.app_context():
        guard(db.engine)
        with writing() as session:
            session.execute(text("CREATE TABLE facts (id INTEGER PRIMARY KEY)"))
    app.extensions["live"] = FakeLive()
    app.extensions["deliver"] = FakeDeliver()
    _views(app)
    return app


def _views(app: Flask) -> None:
    @app.post("/echo")
    def echo() -> dict[str, Any]:
        body = request.get_data()
        return {"length": len(body), "announced": request.content_length, "end": body[-10:].decode()}

    @app.get("/who")
    def who() -> dict[str, Any]:
        return {"client": request.remote_addr, "scheme": request.scheme, "headers": dict(request.headers)}

    @app.get("/名/<name>")
    def name(name: str) -> str:
        return name

    @app.get("/large")
    def large() -> bytes:
        return b"x" * 2_500_000

    @app.get("/unchanged")
    def unchanged() -> Response:
        return Response(status=304, headers={"Content-Length": "5"})

    @app.get("/boom")
    def boom() -> None:
        raise RuntimeError("planted")

    @app.get("/elsewhere")
    def elsewhere() -> Response:
        return Response("a page", headers={"X-Noroshi-Stream": permit()})

    @app.get("/live")
    def live() -> Response:
        if request.args.get("person") is None:
            return Response("sign in", 401, {"X-Noroshi-Stream": permit()})
        return Response(headers={"X-Noroshi-Stream": permit(), "Content-Security-Policy": "default-src 'none'"})

    def permit() -> str:
        person, lang = int(request.args.get("person", 0)), request.args.get("lang", "ja")
        return json.dumps({"topic": "board", "language": lang, "rights": "reader", "person": person, "epoch": 0})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Portal]]:
    """`start(of_hub={"beat": 0.05})` runs a portal until the test ends; `config` goes into the app's."""
    portals: list[Portal] = []

    def of(*, of_hub: dict[str, Any] | None = None, url: str | None = None, **config: Any) -> Portal:
        app = make_app(url or f"sqlite:///{tmp_path / f'{len(portals)}.sqlite3'}")
        app.config.update(config)
        is_ready = threading.Event()
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        process = Process(app, listener, lambda url: is_ready.set(), **(of_hub or {}))
        thread = threading.Thread(target=process.run)
        thread.start()
        assert is_ready.wait(DEADLINE)
        portals.append(Portal(app, process, port, thread))
        return portals[-1]

    yield of
    for portal in portals:
        portal.close()


@pytest.fixture
def portal(start: Callable[..., Portal]) -> Portal:
    return start()


@pytest.fixture
def ask(portal: Portal) -> Callable[..., SimpleNamespace]:
    """`ask("GET", "/who", headers={…})`: one request through the standard library's client."""
    from http.client import HTTPConnection

    def of(method: str, path: str, body: Any = None, **headers: str) -> SimpleNamespace:
        with closing(HTTPConnection("127.0.0.1", portal.port, timeout=DEADLINE)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            content = answer.read()
            return SimpleNamespace(status=answer.status, headers=answer.headers, body=content, text=content.decode())

    return of
