"""The ASGI front: passes requests to Flask, and turns the streams that Flask allows into live streams."""

import asyncio
import json
import sys
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from werkzeug.http import parse_etags, unquote_etag

from server.bridge import INTERNAL_HEADER, Answer, Bridge, Headers, plain
from server.cache import KEEP_HEADER, Cache, Wire, key_of, page_of
from server.hub import Hub
from server.stream import Key, Person, Stream

TRANSPORT = "noroshi.transport"
HEAD = "noroshi.head"
"""The client's address and the bytes of a head that came whole and alone: the same bytes ask the same again."""
LIVE = "/live"
_OURS = {b"content-type", b"content-length", b"content-encoding", b"cache-control", b"etag", b"last-modified"}
"""Headers of the authorising answer that say nothing about the stream; all others (security, cookies) stay."""
FULL = "ただいま混み合っています。この画面は数秒ごとに確かめます。 / Busy: this page asks every few seconds instead."
"""To a page that asks for a stream when there are as many as fit; it asks for the state at intervals then."""
_OF_304 = {b"etag", b"cache-control", b"vary", b"set-cookie"}
HEAD_LIMIT = 64 * 1024
"""Bytes of a request's line and headers. uvicorn would collect them without end."""


_LEANS_ON = ("client", "cycle", "flow", "pipeline", "server_state", "timeout_keep_alive")
"""What of uvicorn's protocol is used where it answers before a request is parsed."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with a bounded head; it answers from the cache what was asked with the very same bytes, before
    they are parsed, and shows the transport, because the hub writes to it directly."""

    _head: int | None = None
    """Bytes of an unfinished head; None: outside of one."""
    _between = True
    """Whether the next byte begins a message: nothing of an earlier one is still to come."""
    _given_at = 0.0
    """When something was last answered from the cache, by the loop's clock."""
    _came: tuple[str, bytes] | None = None
    """HEAD of the message that is being parsed."""

    def __init__(self, *args: Any, cache: Cache, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cache = cache
        # Another uvicorn may be made otherwise: then everything is parsed, and the cache answers a little later.
        self._is_known = all(hasattr(self, name) for name in _LEANS_ON)

    def data_received(self, data: bytes) -> None:
        self._came = None
        if self._is_idle() and data.startswith(b"GET "):
            came = (self.client[0] if self.client else "", data)
            if wire := self._cache.find_wire(came):
                self._give(wire)
                return
            # Any end of a line that a parser may take for the end of the head.
            if data.endswith(b"\r\n\r\n") and data.count(b"\n\r\n") + data.count(b"\n\n") == 1:
                self._came = came
        # The piece in which a head begins is not counted: the end of a body may stand before it.
        continued = self._head is not None
        super().data_received(data)
        self._came = None
        if continued and self._head is not None:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self.send_400_response("Request head too large.")

    def _is_idle(self) -> bool:
        """Whether the last answer is out and its request was read to the end: what comes now is asked anew."""
        return (
            self._is_known
            and self._between
            and (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
        )

    def _give(self, wire: Wire) -> None:
        dated = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
        self.transport.write(wire.line + dated + wire.rest)
        self.server_state.total_requests += 1
        self._given_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Closes what was silent for long. What was answered from the cache meanwhile has not moved the time."""
        left = self._given_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head, self._between = 0, False
        self.scope["extensions"] = {TRANSPORT: self.transport, HEAD: self._came}  # type: ignore[dict-item]

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()


class Front:
    """The ASGI app."""

    def __init__(self, bridge: Bridge, hub: Hub, cache: Cache) -> None:
        self._bridge = bridge
        self._hub = hub
        self._cache = cache
        self._open: set[Any] = set()
        self._stopping = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        transport = scope["extensions"][TRANSPORT]
        self._open.add(transport)
        try:
            if stream := await self._answer(scope, receive, send):
                # From here on for hours, ten thousand times: nothing of the request is kept.
                scope["headers"].clear()
                scope["extensions"].clear()
                await self._hub.hold(stream, receive)
        except asyncio.CancelledError:
            # At the end of a stop; the connection was closed before by `abort`.
            if not self._stopping:
                raise
        finally:
            self._open.discard(transport)

    def abort(self) -> None:
        """Cuts off what is still on its way: uploads that hang, readers that stand still."""
        self._stopping = True
        for transport in tuple(self._open):
            transport.abort()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> Stream | None:
        """Answers; a stream that was allowed, and whose headers are sent, is left to the caller."""
        key = key_of(scope)
        if key and (page := self._cache.find(key)):
            answer = _for_request(page.answer(), scope)
            if came := _comes_again(scope):
                self._cache.keep_wire(came, _wire(answer, page.until))
            await answer.send(send)
            return None
        signals, version = self._hub.signals, self._cache.version()
        found = await self._bridge.ask(_asked_whole(scope) if key else scope, receive)
        if found is None:
            return None
        permit, until = found.take(INTERNAL_HEADER), found.take(KEEP_HEADER)
        if permit and found.status == 200 and (scope["method"], scope["path"]) == ("GET", LIVE):
            found.body.close()
            if self._hub.full:
                await plain(503, FULL).send(send)
                return None
            await send({"type": "http.response.start", "status": 200, "headers": _stream_headers(found)})
            allowed = _allowed(json.loads(permit))
            return Stream(scope["extensions"][TRANSPORT], *allowed, seen=_seen(scope), signals=signals)
        if key and until and (page := page_of(found, until)):
            self._cache.keep(key, page, version)
        await (_for_request(found, scope) if key else found).send(send)
        return None


def _asked_whole(scope: Any) -> Any:
    """The request that Flask gets for a page: whole and without conditions, so that others may have it too."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
    return {**scope, "method": "GET", "headers": headers}


def _for_request(answer: Answer, scope: Any) -> Answer:
    """The answer, or 304 where the client has these very bytes. (To HEAD uvicorn sends no body.)"""
    held = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    tag = next((value for name, value in answer.headers if name == b"etag"), None)
    if not held or answer.status != 200 or not tag:
        return answer
    if not parse_etags(held.decode("latin-1")).contains_weak(unquote_etag(tag.decode("latin-1"))[0]):
        return answer
    answer.body.close()
    return Answer(304, [pair for pair in answer.headers if pair[0] in _OF_304], BytesIO(), 0)


def _comes_again(scope: Any) -> tuple[str, bytes] | None:
    """HEAD of a request after which the connection stays open as it is."""
    came: tuple[str, bytes] | None = scope["extensions"][HEAD]
    stays = scope["http_version"] == "1.1" and all(
        value.lower() == b"keep-alive" for name, value in scope["headers"] if name == b"connection"
    )
    return came if stays else None


def _wire(answer: Answer, until: float) -> Wire:
    """The answer as uvicorn would write it."""
    lines = b"".join(b"%b: %b\r\n" % header for header in answer.headers)
    body = answer.body.read()
    answer.body.seek(0)
    return Wire(STATUS_LINE[answer.status], lines + b"\r\n" + body, until)


def _stream_headers(answer: Answer) -> Headers:
    return [pair for pair in answer.headers if pair[0] not in _OURS] + [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]


def _allowed(permit: dict[str, Any]) -> tuple[Key, Person]:
    """What a permit allows to whom: `{"topic", "language", "rights", "person", "epoch"}`."""
    key = Key(*(sys.intern(permit[name]) for name in ("topic", "language", "rights")))
    # One string for all of a class, not one each.
    return key, (permit["person"], permit["epoch"], sys.intern(permit["rights"]))


def _seen(scope: Any) -> str:
    """The version that the page has: the browser says it where it comes back by itself, the page where it does."""
    told = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    found = told or next(iter(parse_qs(scope["query_string"]).get(b"seen", ())), b"")
    return found.decode("latin-1")
