"""The bridge to Flask, through the real server."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import structlog

from tests.server.conftest import Portal, wait_for

Ask = Callable[..., SimpleNamespace]
pytestmark = pytest.mark.one_database


def test_it_passes_a_body_on(ask: Ask) -> None:
    assert json.loads(ask("POST", "/echo", b"hello").body) == {"length": 5, "announced": 5, "end": "hello"}


def test_it_passes_a_chunked_body_on(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    wire.send(b"3\r\nabc\r\n")
    wire.send(b"3\r\ndef\r\n0\r\n\r\n")
    assert b'"announced":6,"end":"abcdef","length":6' in wire.closed()


def test_it_passes_a_large_body_on(ask: Ask) -> None:
    assert json.loads(ask("POST", "/echo", b"x" * 2_900_000).body)["length"] == 2_900_000


def test_slow_uploads_keep_nobody_waiting(portal: Portal, ask: Ask) -> None:
    for _ in range(12):
        portal.wire().send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc")
    assert ask("GET", "/who").status == 200


def test_a_body_too_large_is_refused_in_words_after_the_browser_has_sent_it(ask: Ask) -> None:
    answer = ask("POST", "/echo", b"x" * 9_000_000)
    assert answer.status == 413
    assert "大きすぎます" in answer.text
    assert "too large" in answer.text


def test_a_chunked_body_too_large_is_refused(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(4):
        wire.send(b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n")
    assert b" 413 " in wire.until(b"\r\n\r\n")


def test_who_asks_first_is_refused_before_sending(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
    assert wire.closed().startswith(b"HTTP/1.1 413 ")


def test_who_asks_first_may_send(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    wire.until(b"HTTP/1.1 100 Continue\r\n\r\n")
    wire.send(b"abc")
    assert b" 200 OK" in wire.until(b"\r\n\r\n")


def test_an_upload_that_stands_still_is_ended(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.bridge.READ_PAUSE", 0.05)
    wire = portal.wire()
    wire.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc")
    assert wire.closed().startswith(b"HTTP/1.1 408 ")


def test_who_leaves_during_an_upload_is_forgotten(portal: Portal, ask: Ask) -> None:
    wire = portal.wire()
    wire.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc")
    wait_for(lambda: portal.process.server.server_state.tasks)
    wire.close()
    wait_for(lambda: not portal.process.server.server_state.tasks)
    assert ask("GET", "/who").status == 200


def test_head_has_the_length_of_get_and_no_body(portal: Portal, ask: Ask) -> None:
    length = len(ask("GET", "/large").body)
    wire = portal.wire()
    wire.send(b"HEAD /large HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
    head, _, body = wire.closed().partition(b"\r\n\r\n")
    assert f"content-length: {length}".encode() in head
    assert b"transfer-encoding" not in head
    assert body == b""


def test_not_modified_has_no_length(ask: Ask) -> None:
    answer = ask("GET", "/unchanged")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (304, b"", None)


def test_a_large_answer_comes_whole(ask: Ask) -> None:
    answer = ask("GET", "/large")
    assert answer.body == b"x" * 2_500_000
    assert answer.headers["Content-Length"] == "2500000"


def test_a_path_may_be_japanese(ask: Ask) -> None:
    assert ask("GET", quote("/名/狼煙")).text == "狼煙"


def test_a_failure_of_the_app_is_an_answer_in_words(portal: Portal, ask: Ask) -> None:
    portal.app.config["PROPAGATE_EXCEPTIONS"] = True
    answer = ask("GET", "/boom")
    assert answer.status == 500
    assert "planted" not in answer.text


def test_a_trusted_proxy_is_believed(ask: Ask) -> None:
    told = json.loads(ask("GET", "/who", X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="https").body)
    assert (told["client"], told["scheme"]) == ("203.0.113.7", "https")


def test_nobody_else_is_believed(start: Callable[..., Portal]) -> None:
    wire = start(TRUSTED_PROXIES="192.0.2.1").wire()
    wire.send(b"GET /who HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n")
    assert b'"client":"127.0.0.1"' in wire.closed()


def test_a_header_with_an_underscore_passes_for_no_other(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"GET /who HTTP/1.1\r\nHost: t\r\nX_Real_Ip: forged\r\nConnection: close\r\n\r\n")
    assert b"forged" not in wire.closed()


def test_cookies_in_several_headers_are_one_list(portal: Portal) -> None:
    wire = portal.wire()
    wire.send(b"GET /who HTTP/1.1\r\nHost: t\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n")
    assert b'"Cookie":"a=1; b=2"' in wire.closed()


def test_an_answer_that_is_no_page_names_its_request(ask: Ask) -> None:
    assert len(ask("POST", "/echo", b"x").headers["X-Request-Id"]) == 16
    assert ask("GET", "/nothing").headers["X-Request-Id"]
    assert "X-Request-Id" not in ask("GET", "/who").headers


def test_the_id_of_a_proxy_is_kept_and_nonsense_is_not(ask: Ask) -> None:
    assert ask("POST", "/echo", b"x", X_Request_Id="0123456789abcdef-proxy").headers["X-Request-Id"].endswith("-proxy")
    assert '"' not in ask("POST", "/echo", b"x", X_Request_Id='", "level": "none').headers["X-Request-Id"]


def test_what_changes_something_or_fails_has_a_line_in_the_log(ask: Ask) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = ask("POST", "/echo", b"x")
        ask("GET", "/who")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["status"], line["sent"]) == ("POST", 200, len(answer.body))
