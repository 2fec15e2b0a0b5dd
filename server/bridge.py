"""The bridge from ASGI to the WSGI app: whole body in, whole answer out, so that a slow network holds no thread."""

import asyncio
import re
import secrets
import sys
import time
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

import structlog

from server import metrics
from server.way import Way

SPOOL = 1024 * 1024
"""Bytes of a body, or of an answer, that are kept in memory; more goes to a temporary file."""
READING = ("GET", "HEAD")
"""The methods of requests that change nothing."""
PIECE = 64 * 1024
"""Bytes handed to the transport at a time."""
READ_PAUSE = 60.0
"""Seconds an upload may stand still."""
INTERNAL_HEADER = b"x-noroshi-stream"
"""How Flask hands an authorised stream to the front. It never crosses the border, in neither direction."""
REQUEST_ID = b"x-request-id"
"""What a log line and an answer that is no page have in common: given by a proxy in front, else made here."""
SLOW = 1.0
"""Seconds from which on a request is worth a line in the log."""

_ID = re.compile(rb"[0-9A-Za-z-]{8,64}")
Headers = list[tuple[bytes, bytes]]
log = structlog.get_logger()


class ClientGone(Exception):
    """The client went away while it was sending."""


class BodyTooLarge(Exception):
    """The body is larger than the limit."""


@dataclass
class Answer:
    """A finished answer: its body stands at the beginning and is `size` bytes long."""

    status: int
    headers: Headers
    body: IO[bytes]
    size: int

    def take(self, name: bytes) -> bytes | None:
        """Removes a header and returns its value."""
        found = [value for header, value in self.headers if header == name]
        self.headers = [pair for pair in self.headers if pair[0] != name]
        return found[0] if found else None

    async def send(self, send: Any) -> None:
        """Sends everything, at the pace of the client, and closes the body."""
        with self.body:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            left = self.size
            while True:
                piece = self.body.read(PIECE)
                left -= len(piece)
                more = left > 0 and bool(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
                if not more:
                    return


class Bridge:
    """Asks a WSGI app on behalf of ASGI requests, in the threads of `pool`; bodies up to `max_body` bytes. On the
    `way` to a thread pages let the boards go first, and what somebody sends goes before them."""

    def __init__(self, wsgi: Any, pool: Executor, max_body: int, way: Way | None = None) -> None:
        self._wsgi = wsgi
        self._pool = pool
        self._max_body = max_body
        self._way = way or Way()

    async def ask(self, scope: Any, receive: Any) -> Answer | None:
        """The app's answer, or None when the client went away before it had sent everything."""
        body = SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 (closed by _run, or below)
        try:
            size = await _read(scope, receive, body, self._max_body)
        except BaseException as error:
            body.close()
            return self._refuse(scope, error)
        body.seek(0)
        began = time.monotonic()
        environ = _environ(scope, body, size)
        if scope["method"] in READING:
            await self._way.give()
            answer = await self._in_thread(environ)
        else:
            with self._way.hurry():
                answer = await self._in_thread(environ)
        self._note(environ, answer, time.monotonic() - began)
        return answer

    async def _in_thread(self, environ: dict[str, Any]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, environ)

    def _note(self, environ: dict[str, Any], answer: Answer, seconds: float) -> None:
        """Counts it; what changed something, failed or was slow has a line in the log, by its rule: an address may be
        a key, or name somebody."""
        metrics.request_seconds.observe(seconds)
        metrics.requests.labels(f"{answer.status // 100}xx").inc()
        method, rule = environ["REQUEST_METHOD"], environ.get("noroshi.rule")
        reading = method in READING
        if answer.status >= 400 or not reading:
            # Not with pages: the same page has the same bytes.
            answer.headers.append((REQUEST_ID, environ["noroshi.request"].encode()))
        if answer.status >= 500 or not reading or seconds >= SLOW:
            log.info(
                "request",
                request=environ["noroshi.request"],
                method=method,
                rule=rule,
                status=answer.status,
                milliseconds=round(seconds * 1000),
                sent=answer.size,
            )

    def _refuse(self, scope: Any, error: BaseException) -> Answer | None:
        if isinstance(error, ClientGone):
            return None
        if isinstance(error, TimeoutError):
            return plain(408, "送信が止まったため、受け取れませんでした。 / The upload stood still.", close=True)
        if isinstance(error, BodyTooLarge):
            limit = self._max_body // (1024 * 1024)
            # Without `close` the rest is read and thrown away: a browser shows no answer before it has sent all.
            return plain(
                413,
                f"送られた内容が大きすぎます（上限 {limit} MB）。小さくして、もう一度お試しください。\n"
                f"This is too large (at most {limit} MB). Please make it smaller and try again.",
                close=any(name == b"expect" for name, _ in scope["headers"]),
            )
        raise error

    def _run(self, environ: dict[str, Any]) -> Answer:
        """Runs the app in a thread of the pool and collects its whole answer."""
        out = SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 (closed with the answer)
        structlog.contextvars.bind_contextvars(request=environ["noroshi.request"])
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [int(status[:3]), headers]
            return out.write

        with environ["wsgi.input"]:
            try:
                _collect(self._wsgi(environ, start_response), out)
                status, headers = started
            except Exception:
                log.exception("the app failed", rule=environ.get("noroshi.rule"))
                out.close()
                return plain(500, "内部エラーが起きました。 / Something went wrong on our side.")
        size = out.tell()
        out.seek(0)
        return Answer(status, _headers(environ["REQUEST_METHOD"], status, headers, size), out, size)


def plain(status: int, text: str, *, close: bool = False) -> Answer:
    """A sentence as an answer, for a person and for a program alike."""
    body = SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 (closed with the answer)
    size = body.write(text.encode() + b"\n")
    body.seek(0)
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % size),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(status, headers + [(b"connection", b"close")] * close, body, size)


async def _read(scope: Any, receive: Any, into: IO[bytes], limit: int) -> int:
    """Reads the body and returns its bytes.

    Raises:
        BodyTooLarge: before anything is read when the length is announced, else when the limit is passed.
        ClientGone: the client closed the connection.
        TimeoutError: nothing came for READ_PAUSE seconds.
    """
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if announced.isdigit() and int(announced) > limit:
        raise BodyTooLarge
    size, more = 0, True
    while more:
        async with asyncio.timeout(READ_PAUSE):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > limit:
            raise BodyTooLarge
        into.write(piece)
    return size


def _environ(scope: Any, body: IO[bytes], size: int) -> dict[str, Any]:
    """The WSGI environment of a request whose body has been read."""
    server, client = scope.get("server") or ("", 0), scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "noroshi.request": _request_id(scope),
    }
    for name, value in scope["headers"]:
        _add_header(environ, name, value.decode("latin-1"))
    if size:
        environ["CONTENT_LENGTH"] = str(size)
    return environ


def _request_id(scope: Any) -> str:
    given = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
    return given.decode() if _ID.fullmatch(given) else secrets.token_hex(8)


def _add_header(environ: dict[str, Any], name: bytes, value: str) -> None:
    # With an underscore a name could pass for another one (X_Forwarded_For): left out, as nginx does.
    # The body has been read: how it was cut into pieces is no longer true.
    if b"_" in name or name in (INTERNAL_HEADER, b"transfer-encoding"):
        return
    key = name.decode("latin-1").upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    if key in environ:
        value = f"{environ[key]}{'; ' if name == b'cookie' else ','}{value}"
    environ[key] = value


def _collect(pieces: Iterable[bytes], out: IO[bytes]) -> None:
    try:
        for piece in pieces:
            out.write(piece)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()


def _headers(method: str, status: int, given: list[tuple[str, str]], size: int) -> Headers:
    """The app's headers, with the length that is true: HEAD keeps that of GET, 204 and 304 have none."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given]
    bare = status in (204, 304)
    ours = {b"connection", b"transfer-encoding"}
    if bare or method != "HEAD":
        ours.add(b"content-length")
    headers = [pair for pair in headers if pair[0] not in ours]
    if not bare and method != "HEAD":
        headers.append((b"content-length", b"%d" % size))
    return headers
