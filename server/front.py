"""The ASGI front: passes requests to Flask, and turns the streams that Flask allows into live streams."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.bridge import INTERNAL_HEADER, Answer, Bridge, Headers, plain
from server.hub import Hub, Key, Person, Stream

TRANSPORT = "noroshi.transport"
LIVE = "/live"
_OURS = {b"content-type", b"content-length", b"content-encoding", b"cache-control", b"etag", b"last-modified"}
"""Headers of the authorising answer that say nothing about the stream; all others (security, cookies) stay."""
FULL = "ただいま混み合っています。この画面は数秒ごとに確かめます。 / Busy: this page asks every few seconds instead."
"""To a page that asks for a stream when there are as many as fit; it asks for the state at intervals then."""
HEAD_LIMIT = 64 * 1024
"""Bytes of a request's line and headers. uvicorn would collect them without end."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with a bounded head; it shows the transport, because the hub writes to it directly."""

    _head: int | None = None
    """Bytes of an unfinished head; None: outside of one."""

    def data_received(self, data: bytes) -> None:
        # The piece in which a head begins is not counted: the end of a body may stand before it.
        continued = self._head is not None
        super().data_received(data)
        if continued and self._head is not None:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self.send_400_response("Request head too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()


class Front:
    """The ASGI app."""

    def __init__(self, bridge: Bridge, hub: Hub) -> None:
        self._bridge = bridge
        self._hub = hub
        self._open: set[Any] = set()
        self._stopping = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        transport = scope["extensions"][TRANSPORT]
        self._open.add(transport)
        try:
            await self._answer(scope, receive, send, transport)
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

    async def _answer(self, scope: Any, receive: Any, send: Any, transport: Any) -> None:
        signals = self._hub.signals
        answer = await self._bridge.ask(scope, receive)
        if answer is None:
            return
        permit = answer.take(INTERNAL_HEADER)
        if permit and answer.status == 200 and (scope["method"], scope["path"]) == ("GET", LIVE):
            answer.body.close()
            if self._hub.full:
                await plain(503, FULL).send(send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": _stream_headers(answer)})
            stream = Stream(transport, *_allowed(json.loads(permit)), _seen(scope))
            await self._hub.hold(stream, receive, signals=signals)
        else:
            await answer.send(send)


def _stream_headers(answer: Answer) -> Headers:
    return [pair for pair in answer.headers if pair[0] not in _OURS] + [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]


def _allowed(permit: dict[str, Any]) -> tuple[Key, Person]:
    """What a permit allows to whom: `{"topic", "language", "rights", "person", "epoch"}`."""
    key = Key(permit["topic"], permit["language"], permit["rights"])
    return key, (permit["person"], permit["epoch"], permit["rights"])


def _seen(scope: Any) -> str:
    """The version that the page has: the browser says it where it comes back by itself, the page where it does."""
    told = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    found = told or next(iter(parse_qs(scope["query_string"]).get(b"seen", ())), b"")
    return found.decode("latin-1")
