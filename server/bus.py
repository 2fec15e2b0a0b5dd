"""The bus: how a commit, of this process or of another one, reaches the live hub and the worker."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import URL

from domain.db import CHANNEL, committed

if TYPE_CHECKING:
    import psycopg

LOOK = 0.1
"""Seconds between two looks at SQLite's version while somebody watches."""
RECONNECT = (0.2, 5.0)
"""Seconds before the first and at most before any later attempt to listen to PostgreSQL again."""
ALIVE = 0.5
"""Seconds between two questions to PostgreSQL whether it is there."""
UNHEARD = 2.0
"""Seconds without an answer from which on commits may have been missed."""
GRACE = 10.0
"""Seconds of a broken connection that are nobody's concern: it comes back by itself."""
_KEEPALIVE = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3}
log = structlog.get_logger()


class Bus:
    """Calls its listeners after commits, from any thread. `healthy`: no commit of another process is missed."""

    def __init__(self) -> None:
        self.healthy = True
        self._lost_at = time.monotonic()
        self._listeners: list[Callable[[], None]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)

    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def watch(self, wanted: bool) -> None:
        """Whether anybody needs to hear of other processes soon. While nobody does, the bus may rest."""

    @property
    def certain(self) -> bool:
        """`healthy`, and the database has answered just now: a dead connection shows only after many seconds."""
        return self.healthy

    def silent(self) -> float:
        """Seconds for which commits of other processes may have been missed; 0 while none is, and in the first few."""
        if self.healthy:
            return 0.0
        seconds = time.monotonic() - self._lost_at
        return seconds if seconds > GRACE else 0.0

    def start(self) -> None:
        committed.connect(self._committed)
        self._thread.start()

    def stop(self) -> None:
        """Ends within a second."""
        committed.disconnect(self._committed)
        self._stopping.set()
        # Not longer: it may be waiting for a database that does not answer.
        self._thread.join(1)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _committed(self, sender: Any) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        raise NotImplementedError


class SqliteBus(Bus):
    """Looks at `PRAGMA data_version`, which changes with every commit of every other connection."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._wanted = threading.Event()
        self._turn = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._version = 0
        self._look()

    def watch(self, wanted: bool) -> None:
        if wanted:
            self._wanted.set()
        else:
            self._wanted.clear()

    def stop(self) -> None:
        self._stopping.set()
        self._wanted.set()
        super().stop()
        with self._turn:
            self._connection.close()

    def check(self) -> None:
        """Looks now, and tells the listeners when something was committed since the last look."""
        if self._look():
            self._tell()

    def _look(self) -> bool:
        with self._turn:
            if self._stopping.is_set():
                return False
            try:
                version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error:
                log.exception("the version of the database cannot be read")
                return True
            changed, self._version = version != self._version, version
            return bool(changed)

    def _committed(self, sender: Any) -> None:
        # Looked at first, so that the next look does not find our own commit again.
        self._look()
        self._tell()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK):
            self._wanted.wait()
            self.check()


class PostgresqlBus(Bus):
    """Listens on CHANNEL, where each writing transaction speaks up when it commits."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.healthy = False
        self._heard_at = 0.0
        self._url = url

    @property
    def certain(self) -> bool:
        return self.healthy and time.monotonic() - self._heard_at < UNHEARD

    def _committed(self, sender: Any) -> None:
        # Our own commits come back on the channel as well: once is enough.
        if not self.healthy:
            self._tell()

    def _run(self) -> None:
        import psycopg  # here: on SQLite nobody waits for it at the start

        pause = RECONNECT[0]
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, **_KEEPALIVE) as connection:  # type: ignore[arg-type]
                    connection.execute(f"LISTEN {CHANNEL}")
                    pause = RECONNECT[0]
                    # What was committed while nobody listened; told before anybody may rely on it again.
                    self._tell()
                    self._heard_at, self.healthy = time.monotonic(), True
                    self._hear(connection)
            except psycopg.Error as error:
                log.warning("the bus is down; it connects again", error=str(error).strip(), seconds=pause)
            if self.healthy:
                self.healthy, self._lost_at = False, time.monotonic()
            self._stopping.wait(pause)
            pause = min(pause * 2, RECONNECT[1])

    def _hear(self, connection: "psycopg.Connection[Any]") -> None:
        while not self._stopping.is_set():
            for _ in connection.notifies(timeout=ALIVE):
                self._tell()
            asked_at = time.monotonic()
            connection.execute("SELECT 1")
            # What was announced before the answer comes before it.
            for _ in connection.notifies(timeout=0):
                self._tell()
            self._heard_at = asked_at


def bus_for(url: URL) -> Bus:
    """The bus of a database."""
    if url.get_backend_name() == "sqlite":
        return SqliteBus(url.database or ":memory:")
    return PostgresqlBus(url.set(drivername="postgresql").render_as_string(hide_password=False))
