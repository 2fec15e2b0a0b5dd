"""The look at what is to be told by the clock alone: by the roster, of reports that wait; it goes into the outbox."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from domain import roster_watch
from domain.db import db, writing
from domain.outbox import Delivery
from domain.roster_watch import Word
from server import metrics

EVERY = timedelta(seconds=30)
"""Between two looks at least."""

log = structlog.get_logger()


class Source(Protocol):
    """What has something to tell by the clock: a module of the domain."""

    def look(self, at: datetime) -> list[Word]:
        """What is to be said at `at` and is not written down yet; reads only."""

    def write_down(self, words: Collection[Word], at: datetime) -> Sequence[Delivery]:
        """Writes it into the outbox, but for what somebody else has written down in the meantime."""


class Watch:
    """Looks at most once in `every` of its clock (aware UTC). Call it inside an app context; it never raises."""

    def __init__(self, clock: Callable[[], datetime], of: Source = roster_watch, every: timedelta = EVERY) -> None:
        self._clock = clock
        self._of = of
        self._every = every
        self._last: datetime | None = None

    def __call__(self) -> int:
        """How many words were written down now."""
        at = self._clock().replace(microsecond=0)
        # A clock that was set back must not silence it.
        if self._last is not None and timedelta() <= at - self._last < self._every:
            return 0
        self._last = at
        try:
            return self._look(at)
        except Exception:
            # Reports go out whatever happens here.
            metrics.watch_errors.inc()
            log.exception("the look at the clock failed; deliveries go on", of=getattr(self._of, "__name__", ""))
            return 0
        finally:
            db.session.rollback()

    def _look(self, at: datetime) -> int:
        words = self._of.look(at)
        if not words:
            return 0
        with writing():
            return len(self._of.write_down(words, at))


class Watches:
    """Several, one after the other; one that fails stops none of the others."""

    def __init__(self, *all: Watch) -> None:
        self._all = all

    def __call__(self) -> int:
        """How many words were written down now."""
        return sum(one() for one in self._all)
