"""A small server over HTTP whose calls can be made to go wrong on the wire, and that knows what was done."""

import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from local_slack.server import Server

KINDS = (
    "bad_request", "unauthorized", "rate_limited", "error_500", "break_before", "break_after", "cut_body",
    "hang_before", "hang_after",
)  # fmt: skip


@dataclass
class Fault:
    """One rule: the next `times` calls of a path ("*": of any) go wrong; None: until lifted."""

    kind: str
    path: str = "*"
    times: int | None = 1
    after: int = 0
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What a service answers."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ask:
    """What a service is asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class FaultyServer:
    """Answers with `answer` of a subclass, unless a fault is due. As a context manager it runs inside the block."""

    def __init__(self) -> None:
        self.port = 0
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.asked: list[Ask] = []
        self._faults: list[Fault] = []
        self._stopping = threading.Event()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def answer(self, ask: Ask) -> Reply:
        """What the service does and says. Called with the lock held."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Its address, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def fail(self, kind: str, path: str = "*", times: int | None = 1, after: int = 0, **params: Any) -> None:
        """Lets calls go wrong; raises ValueError on an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of fault: {kind}; one of {', '.join(KINDS)}")
        with self.lock:
            self._faults.append(Fault(kind, path, times, after, params))

    def lift(self) -> None:
        """Nothing goes wrong any more."""
        with self.lock:
            self._faults = []

    def wait_until(self, check: Callable[[], Any], seconds: float = 5.0) -> bool:
        """Waits, without polling, until `check` is true after some call; False when the time is over."""
        with self.changed:
            return bool(self.changed.wait_for(check, seconds))

    def start(self) -> Self:
        """Listens on a free port of 127.0.0.1, later on the same."""
        if self._server is None:
            self._stopping.clear()
            self._server = Server("127.0.0.1", self.port, self._serve)
            self.port = self._server.port
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name=type(self).__name__)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stops listening for real; connecting is refused from here on."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._stopping.set()
        server.shutdown()
        server.cut_connections()
        thread.join()
        server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Serving

    def _take(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self._faults:
                if fault.path not in ("*", path) or fault.times == 0:
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _serve(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        ask = _read(environ)
        fault = self._take(ask.path)
        if fault is None:
            return self._send(start, self._act(ask))
        kind = fault.kind
        if kind == "bad_request":
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": ["planted"]}
            return self._send(start, Reply(400, body))
        if kind == "unauthorized":
            return self._send(start, Reply(401, {"code": 124, "message": "Invalid access token."}))
        if kind == "rate_limited":
            wait = (("Retry-After", str(fault.params.get("retry_after", 1))),)
            return self._send(start, Reply(429, {"message": "slow down"}, wait))
        if kind == "error_500":
            return self._send(start, Reply(500, "<html>Something went wrong</html>"))
        return self._break(kind, ask, environ, start, float(fault.params.get("seconds", 60)))

    def _break(self, kind: str, ask: Ask, environ: dict[str, Any], start: Any, seconds: float) -> Iterable[bytes]:
        if kind == "hang_before":
            self._stopping.wait(seconds)
        reply = self._act(ask) if kind in ("break_after", "cut_body", "hang_after") else None
        if kind == "hang_after":
            self._stopping.wait(seconds)
        if kind == "cut_body" and reply is not None:
            whole = json.dumps(reply.body).encode()
            start(f"{reply.status} X", [("Content-Type", "application/json"), ("Content-Length", str(len(whole) + 50))])
            return [whole[: len(whole) // 2]]
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("dropped on purpose")

    def _act(self, ask: Ask) -> Reply:
        with self.changed:
            self.asked.append(ask)
            reply = self.answer(ask)
            self.changed.notify_all()
            return reply

    def _send(self, start: Any, reply: Reply) -> Iterable[bytes]:
        body = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
        start(
            f"{reply.status} X",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *reply.headers],
        )
        return [body]


def _read(environ: dict[str, Any]) -> Ask:
    from urllib.parse import parse_qsl

    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = raw.decode(errors="replace")
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return Ask(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, headers, body)
