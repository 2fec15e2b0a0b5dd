"""The plan of what goes wrong, and the gate before the app that makes it go wrong on the wire."""

import json
import random
import socket
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = (
    "rate_limited", "error_500_html", "error_json", "break_before", "break_after", "cut_body", "hang_before",
    "hang_after", "away",
)  # fmt: skip
QUICK = ("rate_limited", "error_500_html", "error_json", "break_before", "break_after", "cut_body")
"""The kinds that random faults choose from: none of them waits."""


@dataclass
class Fault:
    """One rule. `times` None is until lifted; the first `after` calls that match are let through."""

    kind: str
    method: str = "chat.postMessage"
    times: int | None = 1
    after: int = 0
    params: dict[str, Any] = field(default_factory=dict)

    def matches(self, method: str) -> bool:
        return self.method in ("*", method) and (self.times is None or self.times > 0)


class Faults:
    """The rules, first come first served, and what they have done so far (`fired`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self._dice: tuple[random.Random, float, tuple[str, ...], str] | None = None
        self.fired: list[tuple[str, str]] = []

    def add(self, kind: str, method: str = "chat.postMessage", times: int | None = 1, **params: Any) -> Fault:
        """Lets the next `times` calls of a method ("*": of any) go wrong; raises ValueError on an unknown kind.

        Parameters: `after` calls let through first; `retry_after` seconds (rate_limited); `error` (error_json);
        `seconds` (hang_before, hang_after). `away` counts for every method until it is lifted.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown kind of fault: {kind}; one of {', '.join(KINDS)}")
        if kind == "away":
            method, times = "*", None
        fault = Fault(kind, method, times, int(params.pop("after", 0)), params)
        with self._lock:
            self._rules.append(fault)
        return fault

    def random(self, seed: int, probability: float, kinds: Iterable[str] = QUICK, method: str = "*") -> None:
        """From now on each call goes wrong with this probability; the same seed gives the same run of faults."""
        with self._lock:
            self._dice = (random.Random(seed), probability, tuple(kinds), method)

    def lift(self, kind: str) -> None:
        """Takes away every rule of a kind; `lift("random")` stops the dice."""
        with self._lock:
            self._rules = [one for one in self._rules if one.kind != kind]
            if kind == "random":
                self._dice = None

    def clear(self) -> None:
        """Nothing goes wrong any more, and nothing has."""
        with self._lock:
            self._rules, self._dice = [], None
            self.fired.clear()

    def pending(self) -> list[dict[str, Any]]:
        """The rules that still wait for a call."""
        with self._lock:
            return [asdict(one) for one in self._rules if one.times is None or one.times > 0]

    def take(self, method: str) -> Fault | None:
        """The fault for this call, if one is due; it is counted."""
        with self._lock:
            for fault in self._rules:
                if not fault.matches(method):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                self.fired.append((fault.kind, method))
                return fault
            return self._roll(method)

    def _roll(self, method: str) -> Fault | None:
        if not self._dice or self._dice[3] not in ("*", method):
            return None
        dice, probability, kinds, _ = self._dice
        if dice.random() >= probability:
            return None
        kind = dice.choice(kinds)
        self.fired.append((kind, method))
        return Fault(kind, method)


class FaultGate:
    """WSGI before the app. Dropping a connection is nothing that an app can say, so it is done here."""

    def __init__(self, app: Any, faults: Faults, stopping: threading.Event, log: Any) -> None:
        self._app, self._faults, self._stopping, self._log = app, faults, stopping, log

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        method = path.removeprefix("/api/") if path.startswith("/api/") else "upload"
        fault = self._faults.take(method) if path.startswith(("/api/", "/upload/")) else None
        if not fault:
            return self._app(environ, start)
        self._log(method, fault.kind, json.dumps(fault.params) if fault.params else "")
        return getattr(self, f"_{fault.kind}")(fault, environ, start)

    def _drop(self, environ: dict[str, Any]) -> Iterable[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("dropped on purpose")

    def _act(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        kept: list[Any] = []
        answer = self._app(environ, lambda status, headers, _error=None: kept.extend((status, headers)))
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return kept[0], kept[1], body

    def _say(
        self, environ: dict[str, Any], start: Any, status: str, kind: str, body: str, *more: tuple[str, str]
    ) -> list[bytes]:
        # Closing on unread bytes resets the connection, and the client would never see the answer.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body.encode()))), *more])
        return [body.encode()]

    def _rate_limited(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        wait = ("Retry-After", str(fault.params.get("retry_after", 1)))
        body = json.dumps({"ok": False, "error": "ratelimited"})
        return self._say(environ, start, "429 Too Many Requests", "application/json; charset=utf-8", body, wait)

    def _error_500_html(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        page = "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something went wrong</body></html>"
        return self._say(environ, start, "500 Internal Server Error", "text/html; charset=utf-8", page)

    def _error_json(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = json.dumps({"ok": False, "error": fault.params.get("error", "internal_error")})
        return self._say(environ, start, "200 OK", "application/json; charset=utf-8", body)

    def _break_before(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return self._drop(environ)

    _away = _break_before

    def _break_after(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self._act(environ)
        return self._drop(environ)

    def _cut_body(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        status, headers, body = self._act(environ)
        others = [pair for pair in headers if pair[0].lower() != "content-length"]
        start(status, [*others, ("Content-Length", str(len(body) + 100))])
        return [body[: len(body) // 2]]

    def _hang_before(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self._stopping.wait(float(fault.params.get("seconds", 60)))
        return self._drop(environ)

    def _hang_after(self, fault: Fault, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        status, headers, body = self._act(environ)
        if self._stopping.wait(float(fault.params.get("seconds", 60))):
            return self._drop(environ)
        start(status, headers)
        return [body]
