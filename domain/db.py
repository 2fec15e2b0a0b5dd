"""The database: one engine for SQLite and PostgreSQL, one way to write, UTC instants, the base of all tables."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import blinker
from flask_sqlalchemy import SQLAlchemy, session
from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import DeclarativeBase, scoped_session
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault
from sqlalchemy.types import TypeDecorator

from domain.business_hours import DEFAULT as DEFAULT_HOURS
from domain.business_hours import Hours
from domain.channel_names import DEFAULT as DEFAULT_NAME
from domain.fair_lock import FairLock

CHANNEL = "noroshi"
"""The PostgreSQL channel on which every commit is announced."""

WRITE_LOCK = 7_305_011
"""The advisory lock that makes the writers of all processes take turns on PostgreSQL."""

committed = blinker.Signal()
"""Sent after each commit of this process, outside the lock. The live hub and the worker listen."""

PATIENCE = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
"""For PostgreSQL: one that is gone without a word is given up after seconds; the system would take a quarter hour."""

_writing: ContextVar[bool] = ContextVar("noroshi_writing", default=False)
_turn = FairLock()


class Instant(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the table."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        # SQLite keeps text. Read in one step: a page with a roster reads thousands of instants.
        return _read_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _read_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class Base(DeclarativeBase):
    """The base of all tables: named constraints (migrations need them), instants as `Instant`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, dict[str, str]: JSON}

    def __init__(self, **values: Any) -> None:
        """A new row has its columns' defaults from the start, not only once it is flushed."""
        scalars, callables = _defaults(type(self))
        for name, default in callables.items():
            if name not in values:
                values[name] = default(None)
        for name, value in (scalars | values).items():
            setattr(self, name, value)


@cache
def _defaults(kind: type[Base]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The defaults of a table's columns: values, and what makes them."""
    defaults = {column.key: column.default for column in inspect(kind).columns}
    return (
        {name: one.arg for name, one in defaults.items() if isinstance(one, ScalarElementColumnDefault)},
        {name: one.arg for name, one in defaults.items() if isinstance(one, CallableColumnDefault)},
    )


@dataclass(frozen=True)
class Organisation:
    """What holds for the whole organisation: its zone, whose public holidays count ("" for none), its business hours,
    from which scale on everybody is paged, how incidents' channels are called and which channels hear of them.

    `customer_channel`: where the customer side reads updates in Slack; empty for none.
    `go_ahead`: whether the commander can be asked before an update is published.
    `night`: from when until when followers are not woken, minutes after midnight; it may go over midnight.
    `reminders`: how long a report may lie before somebody is told in Slack, and then the next; None: nobody is told.
    `pages`: whether PagerDuty is set up for the whole organisation (an area may have a key of its own).
    `first_update`, `update_every`: how soon after a declaration the first update is promised, and how far apart the
    next ones may lie at most while the incident is younger than `update_every_for`.
    `postmortem_days`: within how many working days of closing people meet for a postmortem.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))
    country: str = "JP"
    business_hours: Hours = DEFAULT_HOURS
    page_from: str = "critical"
    channel_name: str = DEFAULT_NAME
    announce: tuple[str, ...] = ()
    customer_channel: str = ""
    go_ahead: bool = False
    reminders: tuple[timedelta, timedelta] | None = None
    night: tuple[int, int] = (22 * 60, 7 * 60)
    pages: bool = False
    first_update: timedelta = timedelta(minutes=5)
    update_every: timedelta = timedelta(minutes=20)
    update_every_for: timedelta = timedelta(hours=2)
    postmortem_days: int = 5


Model = Base
"""What every table derives from. (Flask-SQLAlchemy's own Model would lose the types and the annotation map.)"""


class Session(session.Session):
    """Writes through the engine's own writers, where there are such."""

    def get_bind(self, *given: Any, bind: Any = None, **more: Any) -> Any:
        if bind is not None:
            return bind
        engine = self._db.engine
        return _writers.get(engine, engine) if _writing.get() else engine


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": Session})

_writers: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()
"""On SQLite, by the engine that reads: one connection told to write and another to read forget nothing in between."""


def engine_options(url: str) -> dict[str, Any]:
    """The engine's settings for a database URL, for `SQLALCHEMY_ENGINE_OPTIONS`."""
    if url.startswith("sqlite"):
        return {"connect_args": {"isolation_level": None, "timeout": 30, "check_same_thread": False}}
    return {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 8, "connect_args": PATIENCE}


_AWAY = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
}
_AWAY_CLASSES = ("08", "53", "57")
"""PostgreSQL's: connection, resources (too many connections, disk), intervention (stopped, starting, standing by)."""


def is_away(error: DBAPIError) -> bool:
    """Whether the database cannot be asked right now, rather than what was asked being wrong."""
    if error.connection_invalidated or isinstance(error.orig, ConnectionError):
        return True
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _AWAY
    state = getattr(error.orig, "sqlstate", None)
    # Without a state nobody answered; 25006: a standby, which takes no writing.
    return state is None or state == "25006" or state.startswith(_AWAY_CLASSES)


def guard(engine: Engine, organisation: Organisation | None = None) -> None:
    """Makes every transaction of `engine` read-only unless it was begun inside `writing()`; tells it whose it is."""
    engine.update_execution_options(organisation=organisation or Organisation())
    if engine.dialect.name != "sqlite":
        event.listen(engine, "begin", _begin_postgresql)
        return
    # Who writes waits for their turn, so one connection is enough.
    writer = create_engine(engine.url, pool_size=1, **engine_options(str(engine.url)))
    for one in (engine, writer):
        event.listen(one, "begin", _begin_sqlite)
        event.listen(one, "connect", _connect_sqlite)
    event.listen(engine, "engine_disposed", lambda _engine: writer.dispose())
    _writers[engine] = writer


def is_writing() -> bool:
    """Whether this is inside `writing()`: what is read there may be rolled back."""
    return _writing.get()


def organisation() -> Organisation:
    """Whose database this is."""
    found = db.engine.get_execution_options().get("organisation")
    return found or Organisation()


def version() -> int | None:
    """A number that changes with every commit of any process, read in microseconds; None where it is not known.

    Read it before a transaction begins: what that transaction then sees is of this version or newer. SQLite only,
    from a connection that never writes.
    """
    return _watch.version(db.engine) if db.engine.dialect.name == "sqlite" else None


def snapshot() -> str | None:
    """What the present read transaction sees, by name, on PostgreSQL: another commit is another snapshot."""
    if db.engine.dialect.name == "sqlite":
        return None
    return str(db.session.scalar(text("SELECT pg_current_snapshot()::text")))


class _Watch:
    """The connection that `version` asks. It is left when its engine is disposed of: the file may be another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._connection: sqlite3.Connection | None = None

    def version(self, engine: Engine) -> int:
        with self._lock:
            if self._engine is not engine or self._connection is None:
                self._leave()
                path = str(engine.url.database)
                self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
                self._engine = engine
                event.listen(engine, "engine_disposed", lambda _engine: self.leave(), once=True)
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def leave(self) -> None:
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._engine = None


_watch = _Watch()


def _connect_sqlite(connection: DBAPIConnection, _record: Any) -> None:
    cursor = connection.cursor()
    # A report that was thanked for must survive a power cut: FULL, not NORMAL.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # Said only where it changes: SQLite forgets every statement that it has prepared when it is told.
    if _writing.get():
        _may_write(connection, True)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        _may_write(connection, False)
        # Said to the driver itself: every page begins so, and the engine's way costs as much as a small query.
        connection.connection.driver_connection.execute("BEGIN")


def _may_write(connection: Any, allowed: bool) -> None:
    known = connection.info
    if known.get("may_write") is not allowed:
        connection.connection.driver_connection.execute(f"PRAGMA query_only={'OFF' if allowed else 'ON'}")
        known["may_write"] = allowed


def _begin_postgresql(connection: Any) -> None:
    if _writing.get():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK}), pg_notify('{CHANNEL}', '')")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@contextmanager
def writing() -> Iterator[scoped_session[Any]]:
    """The one way to write: ends the read, waits its turn, commits at the end or rolls everything back.

    Slow work (hashing, images, HTTP) stays outside. What was loaded before is expired and read anew inside.

    Raises:
        RuntimeError: when it is opened inside another `writing()`.
    """
    if _writing.get():
        raise RuntimeError("writing() inside writing(): open it once, around the one domain call")
    db.session.rollback()
    with _turn:
        token = _writing.set(True)
        try:
            yield db.session
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            _writing.reset(token)
    committed.send()
