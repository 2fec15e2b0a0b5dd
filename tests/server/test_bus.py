"""How commits of this and of other processes are heard."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from domain.db import CHANNEL, committed
from server.bus import Bus, PostgresqlBus, SqliteBus, bus_for
from tests.server.conftest import Portal, commit_elsewhere, wait_for

pytestmark = pytest.mark.one_database


class Ear:
    """Counts what it hears."""

    def __init__(self, bus: Bus) -> None:
        self.count = 0
        self._turn = threading.Lock()
        bus.listen(self.hear)

    def hear(self) -> None:
        with self._turn:
            self.count += 1


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "bus.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE facts (id INTEGER PRIMARY KEY)")
    connection.close()
    return path


@pytest.fixture
def sqlite_bus(database: Path) -> Iterator[SqliteBus]:
    bus = SqliteBus(str(database))
    bus.start()
    yield bus
    bus.stop()


@pytest.fixture
def postgresql_bus(postgresql_url: str) -> Iterator[Bus]:
    bus = bus_for(make_url(postgresql_url))
    assert isinstance(bus, PostgresqlBus)
    bus.start()
    wait_for(lambda: bus.healthy)
    yield bus
    bus.stop()


def test_sqlite_hears_another_process(sqlite_bus: SqliteBus, database: Path) -> None:
    ear = Ear(sqlite_bus)
    sqlite_bus.watch(True)
    commit_elsewhere(database)
    wait_for(lambda: ear.count == 1)


def test_sqlite_rests_while_nobody_watches_and_misses_nothing(sqlite_bus: SqliteBus, database: Path) -> None:
    ear = Ear(sqlite_bus)
    commit_elsewhere(database)
    assert ear.count == 0
    sqlite_bus.watch(True)
    wait_for(lambda: ear.count == 1)


def test_sqlite_can_be_asked_at_once(sqlite_bus: SqliteBus, database: Path) -> None:
    ear = Ear(sqlite_bus)
    commit_elsewhere(database)
    sqlite_bus.check()
    sqlite_bus.check()
    assert ear.count == 1


def test_a_commit_of_ones_own_is_heard_at_once_and_once(sqlite_bus: SqliteBus, database: Path) -> None:
    ear = Ear(sqlite_bus)
    commit_elsewhere(database)
    committed.send()
    sqlite_bus.check()
    assert ear.count == 1


def test_a_bus_that_has_stopped_hears_nothing(database: Path) -> None:
    bus = SqliteBus(str(database))
    ear = Ear(bus)
    bus.start()
    bus.stop()
    committed.send()
    assert ear.count == 0


def test_boards_see_a_commit_of_another_process(portal: Portal, tmp_path: Path) -> None:
    stream = portal.stream()
    stream.until(b"reader</p>")
    portal.live.html["board", "ja", "reader"] = "<p>from elsewhere</p>"
    commit_elsewhere(tmp_path / "0.sqlite3")
    stream.until(b"<p>from elsewhere</p>")


def notify(url: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(f"NOTIFY {CHANNEL}")


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def test_postgresql_hears_another_process(postgresql_bus: Bus, postgresql_url: str) -> None:
    ear = Ear(postgresql_bus)
    notify(postgresql_url)
    wait_for(lambda: ear.count == 1)


def test_postgresql_connects_again_and_knows_when_it_is_down(postgresql_bus: Bus, postgresql_url: str) -> None:
    ear = Ear(postgresql_bus)
    with psycopg.connect(plain(postgresql_url), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    wait_for(lambda: not postgresql_bus.healthy)
    committed.send()
    assert ear.count == 1
    wait_for(lambda: postgresql_bus.healthy and ear.count == 2)
    notify(postgresql_url)
    wait_for(lambda: ear.count == 3)


def test_postgresql_is_certain_only_while_the_database_answers(
    postgresql_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(lambda: postgresql_bus.certain)
    monkeypatch.setattr("server.bus.UNHEARD", 0.0)
    assert postgresql_bus.healthy
    assert not postgresql_bus.certain
    monkeypatch.undo()
    wait_for(lambda: postgresql_bus.certain)


def test_a_board_on_postgresql_gets_a_change(start: Callable[..., Portal], postgresql_url: str) -> None:
    portal = start(url=postgresql_url)
    stream = portal.stream()
    stream.until(b"reader</p>")
    portal.live.html["board", "ja", "reader"] = "<p>new</p>"
    notify(postgresql_url)
    stream.until(b"<p>new</p>")
