"""The page cache in front of a small portal: what is given again, to whom, until when, and what never is."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Response, request
from sqlalchemy import text

from domain.db import db
from server import metrics
from server.cache import Shelf, Version, version_for
from tests.server.conftest import Portal, Wire, commit_elsewhere, wait_for

pytestmark = pytest.mark.one_database
NOW = datetime(2026, 8, 11, 1, 42, tzinfo=UTC)
HEAD = "GET {path} HTTP/1.1\r\nHost: t\r\n{more}\r\n"


class Pages:
    """The portal with a page that may be kept; it tells how often it was rendered."""

    def __init__(self, portal: Portal, clock: SimpleNamespace) -> None:
        self.portal = portal
        self.clock = clock
        self.rendered = 0
        self.meanwhile: Callable[[], None] = lambda: None
        portal.app.add_url_rule("/page/<how>", view_func=self.page, methods=["GET", "POST"])
        self.line = portal.wire()

    def page(self, how: str) -> Response:
        self.rendered += 1
        self.meanwhile()
        answer = Response(f"{how} for {request.cookies.get('who', 'nobody')}: {self.rendered}. " + "x" * 100)
        if how != "unmarked":
            answer.headers["X-Noroshi-Keep"] = str((self.clock.at + timedelta(minutes=1)).timestamp())
        answer.headers["Vary"] = "Cookie, User-Agent" if how == "varied" else "Cookie"
        answer.status_code = 404 if how == "missing" else 200
        if how == "cookie":
            answer.set_cookie("a", "b")
        answer.add_etag()
        return answer

    def get(self, how: str = "plain", more: str = "", line: Wire | None = None) -> SimpleNamespace:
        line = line or self.line
        line.send(HEAD.format(path=f"/page/{how}", more=more).encode())
        return self.read(line)

    @staticmethod
    def read(line: Wire, *, body: bool = True) -> SimpleNamespace:
        head = line.until(b"\r\n\r\n").decode()
        status = int(head.split(" ")[1])
        headers = {name.lower(): value for name, value in re.findall(r"(?m)^([^:\r\n]+): ([^\r\n]*)", head)}
        length = int(headers.get("content-length", 0)) if body else 0
        while len(line.seen) < length:
            assert line.read()
        text, line.seen = line.seen[:length].decode(), line.seen[length:]
        return SimpleNamespace(status=status, headers=headers, text=text)


@pytest.fixture
def pages(start: Callable[..., Portal]) -> Pages:
    clock = SimpleNamespace(at=NOW)
    return Pages(start(PAGE_CACHE_BYTES=1 << 20, CLOCK=lambda: clock.at), clock)


def by_bytes() -> float:
    return metrics.page_cache.labels("bytes")._value.get()


def test_a_page_is_given_again(pages: Pages) -> None:
    first, second = pages.get(), pages.get()
    assert (first.status, second.status, pages.rendered) == (200, 200, 1)
    assert first.text == second.text
    assert {**first.headers, "date": ""} == {**second.headers, "date": ""}


def test_the_same_bytes_are_answered_before_they_are_parsed_with_the_same_answer(pages: Pages) -> None:
    answers = [pages.get(), pages.get()]
    before = by_bytes()
    answers += [pages.get(), pages.get()]
    assert (by_bytes() - before, pages.rendered) == (2, 1)
    assert len({(answer.text, frozenset({**answer.headers, "date": ""}.items())) for answer in answers}) == 1


def test_the_mark_does_not_cross_the_border(pages: Pages) -> None:
    assert all("x-noroshi-keep" not in pages.get(how).headers for how in ("plain", "missing", "cookie", "varied"))


def test_a_commit_of_this_process_forgets_it(pages: Pages) -> None:
    for times in (1, 2, 3):
        assert [pages.get().text.count(f": {times}.") for _ in range(4)] == [1] * 4
        pages.portal.commit()


def test_a_commit_of_another_process_forgets_it(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    with pages.portal.app.app_context():
        commit_elsewhere(db.engine.url.database)  # type: ignore[arg-type]
    pages.get()
    assert pages.rendered == 2


def test_what_was_committed_while_it_was_rendered_is_not_overlooked(pages: Pages) -> None:
    pages.meanwhile = pages.portal.commit
    pages.get()
    pages.meanwhile = lambda: None
    pages.get()
    assert pages.rendered == 2


def test_it_ends_when_the_clock_makes_it_another(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    pages.clock.at += timedelta(seconds=59.9)
    pages.get()
    assert pages.rendered == 1
    pages.clock.at += timedelta(seconds=0.1)
    pages.get()
    assert pages.rendered == 2


@pytest.mark.parametrize(
    "more",
    [
        "Cookie: who=b\r\n",
        "Cookie: who=a\r\nCookie: who=b\r\n",
        "Authorization: Bearer b\r\n",
        "Accept-Language: en\r\n",
        "Accept-Encoding: br\r\n",
        "HX-Request-Type: partial\r\n",
    ],
)
def test_nobody_gets_the_page_of_another(pages: Pages, more: str) -> None:
    for _ in range(3):
        pages.get(more="Cookie: who=a\r\n")
    pages.get(more=more)
    assert pages.rendered == 2
    assert "for a:" in pages.get(more="Cookie: who=a\r\n").text


def test_another_host_path_or_query_is_another_page(pages: Pages) -> None:
    for path, host in (("/page/plain", "t"), ("/page/plain", "u"), ("/page/plain?a", "t"), ("/page/other", "t")):
        for _ in range(3):
            pages.line.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            pages.read(pages.line)
    assert pages.rendered == 4


def test_a_proxy_that_is_not_believed_is_another_client(start: Callable[..., Portal]) -> None:
    pages = Pages(start(PAGE_CACHE_BYTES=1 << 20, CLOCK=lambda: NOW), SimpleNamespace(at=NOW))
    for scheme in ("http", "https"):
        for _ in range(3):
            pages.get(more=f"X-Forwarded-Proto: {scheme}\r\n")
    assert pages.rendered == 2


@pytest.mark.parametrize("how", ["unmarked", "missing", "cookie", "varied"])
def test_what_is_for_once_is_not_kept(pages: Pages, how: str) -> None:
    for _ in range(3):
        pages.get(how)
    assert pages.rendered == 3


@pytest.mark.parametrize("more", ["Range: bytes=0-3\r\n", "Content-Length: 0\r\n", "Expect: nothing\r\n"])
def test_a_request_that_is_not_plain_is_asked_anew(pages: Pages, more: str) -> None:
    pages.get()
    pages.get(more=more)
    assert pages.rendered == 2


def test_a_write_is_never_answered_from_the_cache(pages: Pages) -> None:
    pages.get()
    for _ in range(3):
        pages.line.send(b"POST /page/plain HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
        pages.read(pages.line)
    assert pages.rendered == 4


def test_head_is_answered_from_the_page(pages: Pages) -> None:
    page = pages.get()
    pages.line.send(b"HEAD /page/plain HTTP/1.1\r\nHost: t\r\n\r\n")
    head = pages.read(pages.line, body=False)
    assert {**head.headers, "date": ""} == {**page.headers, "date": ""}
    assert pages.rendered == 1


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_who_has_these_bytes_gets_304(pages: Pages, form: str) -> None:
    tag = pages.get().headers["etag"]
    for _ in range(3):
        answer = pages.get(more=f"If-None-Match: {form.format(tag)}\r\n")
        assert (answer.status, answer.text, answer.headers["etag"]) == (304, "", tag)
    assert pages.rendered == 1


def test_304_on_a_miss_keeps_the_whole_page(pages: Pages) -> None:
    tag = pages.get().headers["etag"]
    pages.meanwhile = lambda: setattr(pages, "rendered", 1)
    pages.portal.commit()
    assert pages.get(more=f"If-None-Match: {tag}\r\n").status == 304
    pages.meanwhile = lambda: pytest.fail("asked again")
    assert pages.get().status == 200
    assert pages.get(more='If-None-Match: "old"\r\n').status == 200


def test_a_tag_of_bytes_that_are_no_more_is_answered_in_full(pages: Pages) -> None:
    tag = pages.get().headers["etag"]
    pages.portal.commit()
    assert pages.get(more=f"If-None-Match: {tag}\r\n").status == 200


def test_a_page_that_is_not_kept_is_304_as_well(pages: Pages) -> None:
    tag = pages.get("varied").headers["etag"]
    pages.rendered = 0
    assert pages.get("varied", more=f"If-None-Match: {tag}\r\n").status == 304


def test_requests_in_one_piece_are_answered_in_order(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    one = HEAD.format(path="/page/plain", more="").encode()
    other = HEAD.format(path="/page/other", more="").encode()
    for _ in range(3):
        pages.line.send(one + other + one)
        assert [pages.read(pages.line).text[:5] for _ in range(3)] == ["plain", "other", "plain"]


def test_a_head_in_pieces_is_answered_once(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    head = HEAD.format(path="/page/plain", more="").encode()
    pages.line.send(head[:20])
    pages.line.send(head[20:])
    assert pages.read(pages.line).status == 200
    assert pages.get("other").text.startswith("other")


def test_what_looks_like_a_request_inside_a_body_is_not_answered(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    head = HEAD.format(path="/page/plain", more="").encode()
    pages.line.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(head))
    pages.line.send(head)
    assert f'"length":{len(head)}' in pages.read(pages.line).text
    assert pages.get("other").text.startswith("other")


def test_the_rest_of_a_body_that_was_refused_is_not_answered(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    head = HEAD.format(path="/page/plain", more="").encode()
    before = by_bytes()
    pages.line.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\n\r\n")
    assert pages.read(pages.line).status == 413
    pages.line.send(head)
    pages.line.send(head)
    assert by_bytes() == before


@pytest.mark.parametrize(("version", "more"), [("1.1", "Connection: close\r\n"), ("1.0", "")])
def test_a_connection_that_ends_ends(pages: Pages, version: str, more: str) -> None:
    for _ in range(4):
        line = pages.portal.wire()
        line.send(f"GET /page/plain HTTP/{version}\r\nHost: t\r\n{more}\r\n".encode())
        assert b"connection: close" in line.closed()
    assert pages.rendered == 1


def test_a_client_that_does_not_read_is_not_written_to_without_end(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    deaf = pages.portal.wire(receive_buffer=4096)
    deaf.socket.setblocking(False)
    head = HEAD.format(path="/page/plain", more="").encode()
    sent = 0
    with pytest.raises((BlockingIOError, ConnectionError)):
        while sent < 200_000_000:
            sent += deaf.socket.send(head)


def test_off_it_keeps_nothing(start: Callable[..., Portal]) -> None:
    pages = Pages(start(), SimpleNamespace(at=NOW))
    for _ in range(3):
        assert "x-noroshi-keep" not in pages.get().headers
    assert pages.rendered == 3


def test_it_leans_on_what_uvicorn_has(pages: Pages) -> None:
    pages.get()
    (protocol,) = (one for one in pages.portal.process.server.server_state.connections if one.cycle)
    for name in ("cycle", "pipeline", "flow", "client", "server_state", "transport", "scope"):
        assert hasattr(protocol, name)
    assert protocol.cycle.response_complete
    assert protocol.timeout_keep_alive_task is not None
    pages.get()
    before = protocol.server_state.total_requests
    pages.get()
    assert protocol.server_state.total_requests == before + 1
    assert protocol.timeout_keep_alive_task is not None


def test_a_connection_that_is_answered_from_the_cache_stays_and_a_silent_one_does_not(pages: Pages) -> None:
    for _ in range(3):
        pages.get()
    before, line = by_bytes(), pages.portal.wire()
    pages.get(line=line)
    assert by_bytes() == before + 1
    (protocol,) = (one for one in pages.portal.process.server.server_state.connections if not one.cycle)
    assert protocol.timeout_keep_alive_task is not None
    protocol.loop.call_soon_threadsafe(protocol.timeout_keep_alive_handler)
    assert pages.get(line=line).status == 200
    protocol._given_at = -1_000.0
    protocol.loop.call_soon_threadsafe(protocol.timeout_keep_alive_handler)
    assert line.closed() == b""


def test_with_an_unknown_uvicorn_everything_is_parsed(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.front._LEANS_ON", ("something_else",))
    before, line = by_bytes(), pages.portal.wire()
    assert [pages.get(line=line).status for _ in range(4)] == [200] * 4
    assert (by_bytes(), pages.rendered) == (before, 1)


def test_a_shelf_is_bounded_and_what_came_first_goes_first() -> None:
    shelf: Shelf[str, str] = Shelf(100)
    for name in "abc":
        shelf.put(name, name.upper(), 40)
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c"), shelf.size) == (None, "B", "C", 80)
    shelf.put("b", "again", 10)
    shelf.put("large", "x", 101)
    assert (shelf.get("b"), shelf.get("large"), shelf.size) == ("again", None, 50)
    shelf.clear()
    assert (shelf.get("b"), shelf.size) == (None, 0)


def test_many_pages_stay_within_the_bound(start: Callable[..., Portal]) -> None:
    pages = Pages(start(PAGE_CACHE_BYTES=20_000, CLOCK=lambda: NOW), SimpleNamespace(at=NOW))
    for number in range(60):
        for _ in range(2):
            assert pages.get(str(number)).text.startswith(f"{number} ")
    cache = pages.portal.process.cache
    assert 0 < cache._pages.size <= 10_000
    assert 0 < cache._wires.size <= 10_000


class FakeBus:
    certain = True

    def listen(self, listener: Callable[[], None]) -> None:
        self.tell = listener


def test_on_postgresql_nothing_is_kept_while_a_commit_may_be_missed(portal: Portal) -> None:
    from sqlalchemy import make_url

    bus: Any = FakeBus()
    version: Version = version_for(make_url("postgresql+psycopg://nobody/nothing"), bus)
    first = version()
    assert first is not None
    assert version() is first
    bus.tell()
    second = version()
    assert second is not first
    portal.commit()
    third = version()
    assert third is not second
    bus.certain = False
    assert version() is None


def test_a_version_that_cannot_be_read_keeps_nothing(pages: Pages) -> None:
    pages.get()
    pages.portal.process.cache._version.close()
    assert [pages.get().status for _ in range(3)] == [200] * 3
    assert pages.rendered == 4


def test_the_version_is_that_of_the_database(portal: Portal) -> None:
    with portal.app.app_context():
        version = version_for(db.engine.url, portal.process.bus)
        before = version()
        db.session.scalar(text("SELECT count(*) FROM facts"))
    assert version() == before
    portal.commit()
    assert version() != before
    version.close()
    assert wait_for(lambda: True)
