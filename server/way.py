"""Who goes first: what somebody sends, then the boards; pages and deliveries wait while boards are being served, but
not for long.

Side by side each would take the interpreter from the other, a thousand times a second.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 0.25
"""Seconds for which anybody waits at most."""
BRIEF = 0.02
"""Seconds for which the boards wait at most at a time: most of what somebody sends is kept by then."""


class Way:
    """Free, or taken by what is more urgent. `take` may be called from any thread, `free` on the loop."""

    def __init__(self) -> None:
        self._for_threads = threading.Event()
        self._for_threads.set()
        self._for_loop = asyncio.Event()
        self._urgent = 0
        self._passed = asyncio.Event()

    def take(self) -> None:
        """Whoever comes from now on waits."""
        self._for_threads.clear()

    def free(self) -> None:
        """Everybody may go on."""
        self._for_threads.set()
        self._for_loop.set()

    async def give(self) -> None:
        """Waits while it is taken. On the loop."""
        if self._for_threads.is_set():
            return
        self._for_loop.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await self._for_loop.wait()

    @contextmanager
    def hurry(self) -> Iterator[None]:
        """What somebody sent is being carried out: the boards wait. On the loop."""
        self._urgent += 1
        self._passed.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._passed.set()

    async def let_pass(self, longest: float) -> float:
        """Waits while something is in a hurry, so many seconds at most; returns how many. On the loop, which does
        everything else meanwhile.
        """
        await asyncio.sleep(0)
        if not self._urgent or longest <= 0:
            return 0.0
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(BRIEF, longest)):
                await self._passed.wait()
        return time.monotonic() - began

    def give_in_thread(self) -> None:
        """The same in a thread."""
        self._for_threads.wait(LONGEST)
