"""Live streams through the real server."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server import sse
from server.stream import Stream
from tests.server.conftest import DEADLINE, Portal, Wire, wait_for

pytestmark = pytest.mark.one_database


def open_streams(portal: Portal) -> int:
    return sum(len(streams) for streams in portal.hub._streams.values())


def everyone(portal: Portal) -> list[Stream]:
    return portal.hub._everyone()


class BrokenTransport:
    """Fails at everything but its end."""

    def __init__(self, transport: Any) -> None:
        self.abort = transport.abort


def test_the_present_state_comes_at_once(portal: Portal) -> None:
    assert b"retry: " in portal.stream().until(b"data: <p>board ja reader</p>\n\n")


def test_every_stream_gets_a_change(portal: Portal) -> None:
    streams = [portal.stream(person) for person in (1, 2)]
    html = "<p>一\n二</p>"
    portal.publish(html)
    for stream in streams:
        stream.until(f"id: {sse.version_of(html)}\ndata: <p>一\ndata: 二</p>\n\n".encode())


def test_a_fragment_is_rendered_once_for_all_of_its_kind(portal: Portal) -> None:
    streams = [portal.stream(person) for person in range(10)] + [portal.stream(11, lang="en")]
    for stream in streams:
        stream.until(b"reader</p>")
    before = portal.live.renders
    portal.publish("<p>new</p>")
    for stream in streams[:10]:
        stream.until(b"<p>new</p>")
    wait_for(lambda: portal.live.renders == before + 2)


def test_a_stream_gets_only_its_language(portal: Portal) -> None:
    english = portal.stream(lang="en")
    english.until(b"board en reader")
    portal.publish("<p>日本語</p>")
    portal.publish("<p>English</p>", lang="en")
    assert "日本語".encode() not in english.until(b"<p>English</p>")


def test_unchanged_bytes_are_not_sent_again(portal: Portal) -> None:
    stream = portal.stream()
    stream.until(b"reader</p>\n\n")
    before = portal.live.renders
    portal.commit()
    wait_for(lambda: portal.live.renders > before)
    portal.publish("<p>new</p>")
    assert stream.until(b"<p>new</p>").count(b"id: ") == 1


def test_a_burst_ends_with_the_newest(portal: Portal) -> None:
    stream = portal.stream()
    for number in range(20):
        portal.publish(f"<p>{number}.</p>")
    assert stream.until(b"<p>19.</p>").count(b"id: ") < 20


def test_a_slow_reader_delays_nobody_and_gets_the_newest(portal: Portal) -> None:
    slow, fast = portal.stream(1, receive_buffer=4096), portal.stream(2)
    count = 0
    # The system's own buffers take a few of them first.
    while not portal.hub._behind and count < 50:
        count += 1
        portal.publish(f"<p>{count}.</p>" + "x" * 1_000_000)
        fast.until(f"<p>{count}.</p>".encode())
    portal.publish("<p>newest</p>")
    fast.until(b"<p>newest</p>")
    assert f"<p>{count}.</p>".encode() not in slow.until(b"<p>newest</p>")


def test_who_was_signed_out_is_cut_off_and_nobody_else(portal: Portal) -> None:
    leaving, staying = portal.stream(1), portal.stream(2)
    for stream in (leaving, staying):
        stream.until(b"reader</p>")
    portal.live.gone = {(1, 0, "reader")}
    portal.publish("<p>secret</p>")
    assert b"secret" not in leaving.closed()
    staying.until(b"<p>secret</p>")


def test_one_broken_stream_does_not_silence_the_others(portal: Portal) -> None:
    broken, well = portal.stream(1), portal.stream(2)
    for stream in (broken, well):
        stream.until(b"reader</p>")
    (first,) = (
        stream for streams in portal.hub._streams.values() for stream in streams if stream.person == (1, 0, "reader")
    )
    first.transport = BrokenTransport(first.transport)
    portal.publish("<p>new</p>")
    well.until(b"<p>new</p>")
    broken.closed()


def test_one_question_settles_who_is_still_welcome(portal: Portal) -> None:
    for person in range(5):
        portal.stream(person).until(b"reader</p>")
    portal.publish("<p>first</p>")
    wait_for(lambda: portal.live.questions)
    before = portal.live.questions
    portal.publish("<p>second</p>")
    wait_for(lambda: portal.live.questions > before)
    assert portal.live.questions == before + 1


def test_who_comes_back_with_the_newest_id_gets_no_repeat(portal: Portal) -> None:
    version = sse.version_of("<p>board ja reader</p>")
    stream = portal.stream(headers=f"Last-Event-ID: {version}\r\n")
    wait_for(lambda: portal.hub._fragments)
    portal.publish("<p>new</p>")
    assert b"board ja" not in stream.until(b"<p>new</p>")


def test_who_comes_back_with_an_old_id_gets_the_present_state(portal: Portal) -> None:
    portal.stream(headers="Last-Event-ID: 0123456789abcdef\r\n").until(b"board ja reader")


def test_a_page_that_asks_by_itself_says_what_it_has(portal: Portal) -> None:
    seen = sse.version_of("<p>board ja reader</p>")
    stream = portal.stream(query=f"&seen={seen}")
    wait_for(lambda: portal.hub._fragments)
    portal.publish("<p>new</p>")
    assert b"board ja" not in stream.until(b"<p>new</p>")


def test_who_never_reads_costs_little(portal: Portal) -> None:
    portal.stream(1, receive_buffer=4096)
    reader = portal.stream(2)
    for number in range(40):
        portal.publish(f"<p>{number}.</p>" + "x" * 10_000)
        reader.until(f"<p>{number}.</p>".encode())
    never = next(stream for stream in everyone(portal) if stream.person[0] == 1)
    connection = never.transport.get_extra_info("socket")
    held = never.transport.get_write_buffer_size()
    # Twice what was asked for, with what the system needs for itself.
    held += connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert held < 85 * 1024, "with the 15 KB of any stream it costs more than 100 KB"
    assert never in portal.hub._behind


def test_when_no_more_fit_pages_still_come_in(start: Callable[..., Portal]) -> None:
    portal = start(of_hub={"most": 1})
    portal.stream(1).until(b"reader</p>")
    assert portal.stream(2).head.startswith(b"HTTP/1.1 503 ")  # type: ignore[attr-defined]
    other = portal.wire()
    other.send(b"GET /who HTTP/1.1\r\nHost: t\r\n\r\n")
    assert other.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_rights_that_ended_by_the_clock_end_the_stream(start: Callable[..., Portal]) -> None:
    portal = start(of_hub={"anyway": 0.05})
    stream = portal.stream(1)
    stream.until(b"reader</p>")
    portal.live.gone = {(1, 0, "reader")}
    assert stream.closed().endswith(b"0\r\n\r\n")


def test_a_beat_is_an_event_with_data(start: Callable[..., Portal]) -> None:
    stream = start(of_hub={"beat": 0.05}).stream()
    stream.until(b"event: beat\ndata: ")
    stream.until(b"event: beat\ndata: ")


def test_a_fragment_that_changes_by_the_clock_is_rendered_again(portal: Portal) -> None:
    portal.live.changes_at = datetime.now(UTC) + timedelta(seconds=0.5)
    stream = portal.stream()
    stream.until(b"reader</p>")
    portal.live.changes_at = None
    portal.live.html["board", "ja", "reader"] = "<p>due</p>"
    stream.until(b"<p>due</p>")


def test_an_instant_in_the_past_does_not_render_without_end(portal: Portal) -> None:
    portal.live.changes_at = datetime.now(UTC) - timedelta(hours=1)
    portal.stream().until(b"reader</p>")
    (fragment,) = wait_for(lambda: list(portal.hub._fragments.values()))
    assert fragment.changes_at > datetime.now(UTC)


class Held:
    """A round that is under way until it may go on."""

    def __init__(self, portal: Portal) -> None:
        portal.stream().until(b"reader</p>")
        began, self._go = threading.Event(), threading.Event()
        portal.live.hold = lambda: (began.set(), self._go.wait(DEADLINE))
        portal.commit()
        assert began.wait(DEADLINE)

    def go_on(self) -> None:
        self._go.set()


def on_loop(portal: Portal, work: Coroutine[Any, Any, None]) -> "Future[None]":
    return asyncio.run_coroutine_threadsafe(work, portal.hub._loop)


def test_a_page_lets_a_round_come_first(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.way.LONGEST", DEADLINE)
    held = Held(portal)
    page = on_loop(portal, portal.hub.way.give())
    on_loop(portal, asyncio.sleep(0)).result(DEADLINE)
    assert not page.done()
    held.go_on()
    page.result(DEADLINE)


def test_what_is_sent_waits_for_no_round(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.way.LONGEST", 10 * DEADLINE)
    held = Held(portal)
    wire = portal.wire()
    wire.send(b"POST /who HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
    assert wire.until(b"\r\n").startswith(b"HTTP/1.1 ")
    assert not portal.hub.way._for_threads.is_set(), "the round is still under way"
    held.go_on()


def test_a_round_that_takes_long_holds_up_nothing(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.way.LONGEST", 0.01)
    held = Held(portal)
    wire = portal.wire()
    wire.send(b"GET /who HTTP/1.1\r\nHost: t\r\n\r\n")
    assert wire.until(b"\r\n").endswith(b"200 OK\r\n")
    portal.hub.way.give_in_thread()
    held.go_on()


def test_a_topic_that_ended_ends_its_streams(portal: Portal) -> None:
    stream = portal.stream()
    stream.until(b"reader</p>")
    portal.live.ended = True
    portal.commit()
    assert b"event: end\ndata: \n\n\r\n0\r\n\r\n" in stream.closed()


def test_a_rendering_that_failed_is_tried_again(portal: Portal) -> None:
    portal.live.fails = 1
    portal.stream().until(b"reader</p>")


def test_who_left_is_noticed_and_the_bus_may_rest(portal: Portal) -> None:
    stream = portal.stream()
    stream.until(b"reader</p>")
    assert portal.process.bus._wanted.is_set()  # type: ignore[attr-defined]
    stream.close()
    wait_for(lambda: not open_streams(portal))
    assert not portal.hub._fragments
    assert not portal.process.bus._wanted.is_set()  # type: ignore[attr-defined]


def test_retries_are_spread(portal: Portal) -> None:
    def told(stream: Wire) -> int:
        found = re.search(rb"retry: (\d+)\n\n", stream.until(b"reader</p>"))
        assert found
        return int(found[1])

    delays = [told(portal.stream()) for _ in range(20)]
    assert len(set(delays)) > 10
    assert 1_000 <= min(delays) <= max(delays) <= 15_000


def test_many_come_back_over_a_longer_time(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.hub.LETTING_IN", 10_000)
    streams = [portal.stream(person) for person in range(20)]
    for stream in streams:
        stream.until(b"reader</p>")
    portal.stop()
    told = [int(re.findall(rb"retry: (\d+)\n\n", stream.closed())[-1]) for stream in streams]
    assert 15_000 < max(told) <= 200_000


def test_a_stop_ends_two_hundred_streams_properly(portal: Portal) -> None:
    streams = [portal.stream(person) for person in range(200)]
    for stream in streams:
        stream.until(b"reader</p>")
    assert portal.stop() < 5
    for stream in streams:
        assert stream.closed().endswith(b"0\r\n\r\n")


def test_a_stop_does_not_wait_for_uploads_and_readers_that_hang(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        portal.wire().send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc")
        portal.wire(receive_buffer=4096).send(b"GET /large HTTP/1.1\r\nHost: t\r\n\r\n")
    wait_for(lambda: len(portal.process.front._open) >= 5)
    assert portal.stop() < 5
    assert "Exception" not in caplog.text
