"""The look at what the roster has to tell by the clock alone; what it finds goes into the outbox."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from domain import roster_watch
from domain.db import db, writing
from server import metrics

EVERY = timedelta(seconds=30)
"""Between two looks at least."""

log = structlog.get_logger()


class Watch:
    """Looks at most every 30 s of its clock (aware UTC). Call it inside an app context; it never raises."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last: datetime | None = None

    def __call__(self) -> int:
        """How many words were written down now."""
        at = self._clock().replace(microsecond=0)
        # A clock that was set back must not silence it.
        if self._last is not None and timedelta() <= at - self._last < EVERY:
            return 0
        self._last = at
        try:
            return self._look(at)
        except Exception:
            # Reports go out whatever happens here.
            metrics.watch_errors.inc()
            log.exception("the look at the roster failed; deliveries go on")
            return 0
        finally:
            db.session.rollback()

    def _look(self, at: datetime) -> int:
        words = roster_watch.look(at)
        if not words:
            return 0
        with writing():
            return len(roster_watch.write_down(words, at))
