"""The delivery worker."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.db import db
from server.worker import Crew, Worker, deliver_forever, deliver_once
from tests.server.conftest import DEADLINE, commit_elsewhere, make_app, wait_for

pytestmark = pytest.mark.one_database


class Box:
    """Deliveries that are due at instants."""

    def __init__(self, *due: datetime) -> None:
        self.waiting = list(due)
        self.sent = 0
        self.looks = 0
        self.fails = 0

    def each(self) -> list["Box"]:
        return [self]

    def next(self) -> bool:
        self.looks += 1
        if self.fails:
            self.fails -= 1
            raise OSError("planted")
        ready = [due for due in self.waiting if due <= datetime.now(UTC)]
        if not ready:
            return False
        self.waiting.remove(ready[0])
        self.sent += 1
        return True

    def due(self) -> datetime | None:
        return min(self.waiting, default=None)


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


@pytest.fixture
def work() -> Iterator[Callable[[Box], Worker]]:
    workers = []

    def start(box: Box) -> Worker:
        workers.append(Worker(nullcontext, box))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def test_once_sends_what_is_due_and_leaves_the_rest() -> None:
    box = Box(ago(2), ago(1), ago(-60))
    assert Worker(nullcontext, box).run_once() == 2
    assert len(box.waiting) == 1


def test_it_sends_at_once_after_a_commit(work: Callable[[Box], Worker]) -> None:
    box = Box()
    worker = work(box)
    wait_for(lambda: box.looks)
    began = time.monotonic()
    box.waiting.append(ago(0))
    worker.wake()
    wait_for(lambda: box.sent == 1)
    assert time.monotonic() - began < 4, "it waited for its own next look"


def test_it_sends_when_a_delivery_comes_due(work: Callable[[Box], Worker]) -> None:
    box = Box(ago(-0.3))
    work(box)
    wait_for(lambda: box.sent == 1)


def test_a_failure_of_its_own_does_not_end_it(work: Callable[[Box], Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.worker.BACK_OFF", (0.02, 0.05))
    box = Box(ago(1))
    box.fails = 3
    work(box)
    wait_for(lambda: box.sent == 1)
    assert box.looks >= 4


def test_it_does_not_spin_when_another_worker_has_the_delivery(work: Callable[[Box], Worker]) -> None:
    box = Box()
    box.due = lambda: ago(10)  # type: ignore[method-assign]
    began = time.monotonic()
    work(box)
    wait_for(lambda: box.looks >= 3)
    assert time.monotonic() - began > 0.3


def test_what_is_more_urgent_comes_before_each_look() -> None:
    box, asked, go = Box(ago(1)), threading.Event(), threading.Event()
    worker = Worker(nullcontext, box, way=lambda: (asked.set(), go.wait(DEADLINE)))
    worker.start()
    assert asked.wait(DEADLINE)
    assert box.looks == 0
    go.set()
    wait_for(lambda: box.sent)
    worker.stop()


def test_it_stops_soon() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=Worker(nullcontext, Box()).run_forever, args=(stop,))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_stop_ends_a_long_queue(work: Callable[[Box], Worker]) -> None:
    box = Box(*[ago(1)] * 10)
    stop = threading.Event()
    stop.set()
    assert Worker(nullcontext, box).run_once(stop) == 0


def test_a_service_that_hangs_holds_up_no_other() -> None:
    held, free = Box(ago(1)), Box(*[ago(1)] * 3)
    let_go = threading.Event()
    held.next = lambda: let_go.wait(DEADLINE) and False  # type: ignore[method-assign]
    deliver = Box()
    deliver.each = lambda: [held, free]  # type: ignore[method-assign]
    crew = Crew(nullcontext, deliver)
    crew.start()
    wait_for(lambda: free.sent == 3)
    let_go.set()
    crew.stop()


def test_a_worker_of_its_own_hears_the_commits_of_the_portal(tmp_path: Path) -> None:
    app = make_app(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    box = app.extensions["deliver"] = Box()
    stop = threading.Event()
    thread = threading.Thread(target=deliver_forever, args=(app, stop))
    thread.start()
    wait_for(lambda: box.looks)
    began = time.monotonic()
    box.waiting.append(ago(0))
    commit_elsewhere(tmp_path / "small.sqlite3")
    wait_for(lambda: box.sent == 1)
    assert time.monotonic() - began < 4, "it waited for its own next look"
    box.waiting.append(ago(-60))
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert deliver_once(app) == 0
    with app.app_context():
        db.engine.dispose()
