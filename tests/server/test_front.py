"""The border: the internal header crosses it in neither direction, and only Flask opens a stream."""

import socket
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace

import pytest

from tests.server.conftest import Portal

Ask = Callable[..., SimpleNamespace]
pytestmark = pytest.mark.one_database
FORGED = '{"topic": "board", "language": "ja", "rights": "admin", "person": 1, "epoch": 0}'


def test_a_client_cannot_forge_a_permit(ask: Ask) -> None:
    answer = ask("GET", "/who", X_Noroshi_Stream=FORGED)
    assert answer.status == 200
    assert "rights" not in answer.text


def test_a_client_cannot_open_a_stream_with_its_own_permit(ask: Ask) -> None:
    answer = ask("GET", "/live", X_Noroshi_Stream=FORGED)
    assert (answer.status, answer.text) == (401, "sign in")


@pytest.mark.parametrize("path", ["/elsewhere", "/live", "/elsewhere?person=1"])
def test_a_permit_opens_nothing_elsewhere_and_does_not_leak(ask: Ask, path: str) -> None:
    answer = ask("GET", path)
    assert "X-Noroshi-Stream" not in answer.headers
    assert answer.text in ("a page", "sign in")


def test_head_opens_no_stream(ask: Ask) -> None:
    answer = ask("HEAD", "/live?person=1")
    assert answer.status == 200
    assert "X-Noroshi-Stream" not in answer.headers
    assert answer.headers["Content-Type"] != "text/event-stream; charset=utf-8"


def test_a_stream_has_its_headers_and_the_security_headers_of_flask(portal: Portal) -> None:
    head = portal.stream().head.lower()
    for header in (
        b"content-type: text/event-stream; charset=utf-8",
        b"cache-control: no-store",
        b"x-accel-buffering: no",
        b"content-security-policy: default-src 'none'",
    ):
        assert head.count(header) == 1
    assert head.count(b"content-type") == 1
    assert b"content-length" not in head
    assert b"noroshi-stream" not in head


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this platform has no TCP_USER_TIMEOUT")
def test_a_dead_peer_will_be_noticed(portal: Portal) -> None:
    portal.stream()
    (stream,) = (stream for streams in portal.hub._streams.values() for stream in streams)
    accepted = socket.socket(fileno=socket.dup(stream.transport.get_extra_info("socket").fileno()))
    with accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


def test_a_head_without_end_is_refused(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"GET /who HTTP/1.1\r\nHost: t\r\nX-Long: ")
    with suppress(ConnectionError):
        for _ in range(100):
            wire.send(b"x" * 10_000)
    # It is closed; the words may be lost, because we were still sending.
    assert wire.closed()[:12] in (b"HTTP/1.1 400", b"")


def test_a_head_may_come_in_pieces_again_and_again(portal: Portal) -> None:
    wire = portal.wire()
    for _ in range(3):
        for piece in (b"GET /who HT", b"TP/1.1\r\nHost: t\r\nX-Long: " + b"x" * 40_000, b"\r\n\r\n"):
            wire.send(piece)
        assert b" 200 OK" in wire.until(b"\r\n\r\n")
