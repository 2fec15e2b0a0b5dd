"""Puts the running process together: uvicorn, front, hub, bus and worker; starts it and stops it within a second."""

import asyncio
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from flask import Flask

from domain.db import db
from server import limits
from server.bridge import Bridge
from server.bus import bus_for
from server.cache import Cache, Version, version_for
from server.front import Front, Protocol
from server.hub import Hub, Rendered
from server.memory import collect_rarely, keep_together
from server.stream import Person
from server.worker import Crew

THREADS = 3
"""Threads for Flask. With ten, a cached page's p99 under load was five times as long."""
BACKLOG = 4096
DEAD_AFTER = 60_000
"""Milliseconds after which a peer that acknowledges nothing is taken for dead."""
GRACE = 0.4
"""Seconds that requests under way get to finish in a stop."""
MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request when the app sets no MAX_CONTENT_LENGTH."""


def serve(app: Flask, host: str, port: int, ready: Callable[[str], None]) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code. `ready(url)` is called once it listens.

    `app.extensions` needs `live` (`render`, `unwelcome`) and `deliver` (`next`, `due`).
    """
    try:
        listener = listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"Noroshi cannot listen on {host}:{port}: {reason}. Set PORT to another one.", file=sys.stderr)
        return 1
    open_files = limits.raise_open_files()
    if limits.room(open_files) < limits.STREAMS:
        print(f"Noroshi: {limits.said(open_files)}", file=sys.stderr, flush=True)
    Process(app, listener, ready, most=limits.room(open_files)).run()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections notice a dead peer.

    Raises:
        OSError: the port is taken, or the host is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Linux hands the option on to every accepted connection; other platforms do not know it.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER)
    return listener


class Process:
    """Everything that runs, around one app and one listening socket, which it closes. `of_hub`: the hub's options."""

    def __init__(self, app: Flask, listener: socket.socket, ready: Callable[[str], None], **of_hub: Any) -> None:
        self._listener = listener
        self._ready = ready
        self._requests = ThreadPoolExecutor(THREADS, "flask")
        # A thread of its own: a rush of page requests does not delay the boards.
        self._renders = ThreadPoolExecutor(1, "live")
        with app.app_context():
            self.bus = bus_for(db.engine.url)
            self.cache = _cache(app, version_for(db.engine.url, self.bus))
        self.hub = _hub(app, self._renders, self.bus.watch, {"well": lambda: self.bus.healthy, **of_hub})
        deliver, watch = app.extensions["deliver"], app.extensions.get("watch")
        self.worker = Crew(app.app_context, deliver, watch, self.hub.way.give_in_thread)
        bridge = Bridge(app, self._requests, app.config["MAX_CONTENT_LENGTH"] or MAX_BODY, self.hub.way)
        self.front = Front(bridge, self.hub, self.cache)
        self.server = Server(_config(self.front, self.cache, app.config.get("TRUSTED_PROXIES", "127.0.0.1")), self)
        if known := app.extensions.get("last_known"):
            # Before the hub hears of it, which settles it.
            self.bus.listen(known.doubt)
        app.extensions["health"] = self.problems

    def problems(self) -> list[str]:
        """What is wrong with this process, in sentences for whoever runs it."""
        found = []
        if silent := self.bus.silent():
            found.append(
                f"this process has not heard of others' commits for {silent:.0f} s (it cannot LISTEN on the database); "
                "boards are behind"
            )
        if self.hub.full:
            found.append(f"all {self.hub.count} live streams that fit are open; raise the limit of open files")
        if not self.worker.lives():
            found.append("the delivery worker of this process has ended; restart the process")
        return found

    def run(self) -> None:
        """Serves until `stop`, or a signal in the main thread."""
        # A request that computes must not keep the loop waiting for 5 ms, the default.
        sys.setswitchinterval(0.001)
        keep_together()
        collect_rarely()
        self.bus.start()
        self.worker.start()
        try:
            self.server.run(sockets=[self._listener])
        finally:
            self._listener.close()
            self.cache.close()
            self.bus.stop()
            self.worker.stop()
            self._requests.shutdown(wait=False, cancel_futures=True)
            self._renders.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """Asks for the end. From any thread."""
        self.server.should_exit = True

    async def started(self) -> None:
        self.hub.start()
        # The hub first: the worker makes way for it.
        self.bus.listen(self.hub.signal)
        self.bus.listen(self.worker.wake)
        # What the bus has told before anybody listened.
        self.hub.signal()
        self.worker.wake()
        await asyncio.get_running_loop().run_in_executor(self._requests, self._ready, self.url)

    async def stopping(self) -> None:
        await self.hub.stop()
        asyncio.get_running_loop().call_later(GRACE, self.front.abort)

    @property
    def url(self) -> str:
        """The address it listens on."""
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn, which starts and ends the streams with itself."""

    def __init__(self, config: uvicorn.Config, process: Process) -> None:
        super().__init__(config)
        self._process = process

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self._process.started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._process.stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stops at a signal. uvicorn would raise it again afterwards: a wanted stop would look like a failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _config(front: Front, cache: Cache, trusted_proxies: str) -> uvicorn.Config:
    return uvicorn.Config(
        front,
        loop="uvloop",
        http=partial(Protocol, cache=cache),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=0.5,  # type: ignore[arg-type]
        timeout_keep_alive=75,
        backlog=BACKLOG,
    )


def _cache(app: Flask, version: Version) -> Cache:
    clock = app.config.get("CLOCK")
    return Cache(version, app.config.get("PAGE_CACHE_BYTES", 0), (lambda: clock().timestamp()) if clock else time.time)


def _hub(app: Flask, pool: ThreadPoolExecutor, watch: Callable[[bool], None], options: dict[str, Any]) -> Hub:
    live = app.extensions["live"]

    def render(topic: str, lang: str, rights: str) -> Rendered:
        with app.app_context():
            return live.render(topic, lang, rights)

    def unwelcome(people: set[Person]) -> set[Person]:
        with app.app_context():
            return live.unwelcome(people)

    return Hub(render, unwelcome, pool, watch, **options)
