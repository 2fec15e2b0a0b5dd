"""Slack's rate limits: so many calls of a method in a minute, one message a second in a channel."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable


class Rates:
    """Counts calls in sliding windows. `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, method: str, tier: int, channel: str) -> int:
        """Seconds to wait, or 0 where the call may pass; a call that passes is counted."""
        if method == "chat.postMessage":
            # A few at once are allowed, as Slack allows short bursts.
            return self._pass(f"{method} {channel}", 5, 5.0)
        return self._pass(method, tier, 60.0)

    def _pass(self, key: str, most: int, window: float) -> int:
        now = self._clock()
        with self._lock:
            calls = self._calls[key]
            while calls and calls[0] <= now - window:
                calls.popleft()
            if len(calls) >= most:
                return max(1, int(calls[0] + window - now) + 1)
            calls.append(now)
        return 0
