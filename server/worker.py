"""The delivery worker: carries out what waits in the outbox, at once after a commit, else when it is due."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from domain.db import db
from server import metrics
from server.bus import bus_for

LONGEST = 5.0
"""Seconds between two looks at most: another process may have written something."""
SHORTEST = 0.2
"""Seconds between two looks at least, when something is due that another worker has in hand."""
REST = 0.2
"""Seconds between two looks at least, however many commits there are: the first is looked at at once."""
SLICE = 0.5
"""Seconds after which a request to stop is noticed."""
BACK_OFF = (1.0, 30.0)
"""Seconds of rest after the first failure in a row, and at most."""
log = structlog.get_logger()


class Deliver(Protocol):
    """What `app.extensions["deliver"]` offers; both are called inside an app context."""

    def next(self) -> bool:
        """Sends one due delivery; False when there was none."""

    def due(self) -> datetime | None:
        """When the next delivery is due (aware UTC); None: nothing waits."""


class DeliverEach(Deliver, Protocol):
    """What several services are delivered by."""

    def each(self) -> Sequence[Deliver]:
        """One for each service."""


class Worker:
    """Delivers until it is stopped, whatever happens. `context` opens an app context: one for each delivery.

    `watch` is asked before each look whether anything is to be said by the clock alone; it says by itself how often.
    `way` is called before each look: what is more urgent comes first.
    """

    def __init__(
        self,
        context: Callable[[], AbstractContextManager[Any]],
        deliver: Deliver,
        watch: Callable[[], object] | None = None,
        way: Callable[[], object] = lambda: None,
    ) -> None:
        self._context = context
        self._way = way
        self._deliver = deliver
        self._watch = watch
        self._due: datetime | None = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=lambda: self.run_forever(self._stop), name="deliver", daemon=True)

    def start(self) -> None:
        """Works in a thread of its own."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """It ends as soon as it can. From any thread."""
        self._stop.set()
        self.wake()

    def stop(self) -> None:
        """Ends within a second. A sending that takes longer is left to its lease."""
        self.ask_to_stop()
        self._thread.join(SLICE)

    def wake(self) -> None:
        """Something was committed: look now. From any thread."""
        self._wake.set()

    def lives(self) -> bool:
        """Whether its thread works, or was never to."""
        return self._thread.ident is None or self._thread.is_alive() or self._stop.is_set()

    def run_once(self, stop: threading.Event | None = None) -> int:
        """Sends what is due now, one after the other; returns how many."""
        if self._watch:
            with self._context():
                self._watch()
        count = 0
        while not (stop and stop.is_set()):
            with self._context():
                if not self._deliver.next():
                    self._due = self._deliver.due()
                    break
            count += 1
        return count

    def run_forever(self, stop: threading.Event) -> None:
        """Delivers until `stop` is set; a failure of its own is logged and followed by a growing rest."""
        rest, looked = BACK_OFF[0], 0.0
        while not stop.is_set():
            stop.wait(max(0.0, looked + REST - time.monotonic()))
            self._way()
            self._wake.clear()
            looked = time.monotonic()
            try:
                self.run_once(stop)
            except Exception:
                metrics.delivery_errors.inc()
                log.exception("the delivery worker failed; it goes on", seconds=rest)
                # A commit, or a database that is back, is a reason to try at once.
                self._sleep(rest, stop)
                rest = min(rest * 2, BACK_OFF[1])
            else:
                rest = BACK_OFF[0]
                self._sleep(self._pause(), stop)

    def _pause(self) -> float:
        """Seconds until the next look."""
        if self._due is None:
            return LONGEST
        return min(LONGEST, max(SHORTEST, (self._due - datetime.now(UTC)).total_seconds()))

    def _sleep(self, seconds: float, stop: threading.Event) -> None:
        while seconds > 0 and not stop.is_set():
            if self._wake.wait(min(seconds, SLICE)):
                return
            seconds -= SLICE


class Crew:
    """A worker for each service, so that one that hangs holds up no other. The first also keeps the watch."""

    def __init__(
        self,
        context: Callable[[], AbstractContextManager[Any]],
        deliver: DeliverEach,
        watch: Callable[[], object] | None = None,
        way: Callable[[], object] = lambda: None,
    ) -> None:
        first, *others = deliver.each()
        self.workers = [Worker(context, first, watch, way), *(Worker(context, one, way=way) for one in others)]

    def start(self) -> None:
        """Each works in a thread of its own."""
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """All are told first, so that the end takes as long as the slowest, not as all together."""
        for worker in self.workers:
            worker.ask_to_stop()
        for worker in self.workers:
            worker.stop()

    def lives(self) -> bool:
        """Whether all work."""
        return all(worker.lives() for worker in self.workers)

    def wake(self) -> None:
        """Something was committed: all look now. From any thread."""
        for worker in self.workers:
            worker.wake()


def deliver_forever(app: Any, stop: threading.Event) -> None:
    """Workers of their own (`flask deliver`), one for each service, until `stop` is set."""
    crew = Crew(app.app_context, app.extensions["deliver"], app.extensions.get("watch"))
    with app.app_context():
        bus = bus_for(db.engine.url)
    bus.listen(crew.wake)
    bus.watch(True)
    bus.start()
    crew.start()
    try:
        stop.wait()
    finally:
        crew.stop()
        bus.stop()


def deliver_once(app: Any) -> int:
    """Sends what is due now (`flask deliver --once`); returns how many."""
    return Worker(app.app_context, app.extensions["deliver"], app.extensions.get("watch")).run_once()
