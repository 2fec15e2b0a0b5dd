"""Who goes first: while boards are being served, requests that need a thread and deliveries wait, but not for long.

Side by side each would take the interpreter from the other, a thousand times a second.
"""

import asyncio
import threading
from contextlib import suppress

LONGEST = 0.25
"""Seconds for which anybody waits at most."""


class Way:
    """Free, or taken by what is more urgent. `take` may be called from any thread, `free` on the loop."""

    def __init__(self) -> None:
        self._for_threads = threading.Event()
        self._for_threads.set()
        self._for_loop = asyncio.Event()

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

    def give_in_thread(self) -> None:
        """The same in a thread."""
        self._for_threads.wait(LONGEST)
