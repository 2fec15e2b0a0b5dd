"""Measures eight writers through `writing()`: how many a second, and what the slowest of a hundred waits.

    python -m bench.writes

Each transaction reads a counter, adds one and writes a row. The yardstick: the same statements by one writer on a bare
connection of the driver, with the same safety (SQLite `synchronous=FULL`, PostgreSQL `fsync`).
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench.crowd import say

WRITERS = 8
COUNT = "UPDATE counters SET number = number + 1 WHERE id = 1"
KEEP = "INSERT INTO words (said) VALUES ('狼煙')"
TABLES = (
    "CREATE TABLE counters (id INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
    "INSERT INTO counters VALUES (1, 0)",
)


def small(url: str) -> Flask:
    """An app with the portal's engine and two tables."""
    from domain.db import db, engine_options, guard, writing

    app = Flask("writers")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(app)
    number = "INTEGER PRIMARY KEY" if url.startswith("sqlite") else "SERIAL PRIMARY KEY"
    with app.app_context():
        guard(db.engine)
        with writing() as session:
            for statement in (*TABLES, f"CREATE TABLE words (id {number}, said TEXT)"):
                session.execute(text(statement))
    return app


def many(app: Flask, each: int) -> tuple[float, float, int, int]:
    """Commits a second, p99 in ms, lost updates, refused ones."""
    from domain.db import db, writing

    waits: list[float] = []
    refused: list[Exception] = []

    def write() -> None:
        with app.app_context():
            for _ in range(each):
                began = time.monotonic()
                try:
                    with writing() as session:
                        session.execute(text(COUNT))
                        session.execute(text(KEEP))
                except Exception as error:
                    refused.append(error)
                waits.append(time.monotonic() - began)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    with app.app_context():
        counted = db.session.scalar(text("SELECT number FROM counters"))
        kept = db.session.scalar(text("SELECT count(*) FROM words"))
        db.session.remove()
        db.engine.dispose()
    sent = each * WRITERS - len(refused)
    return len(waits) / took, 1000 * sorted(waits)[int(0.99 * len(waits))], 2 * sent - counted - kept, len(refused)


def alone(connect: Callable[[], Any], begin: str, each: int) -> float:
    """Commits a second of one writer on a bare connection."""
    connection = connect()
    began = time.monotonic()
    for _ in range(each):
        for statement in (begin, COUNT, KEEP, "COMMIT"):
            connection.execute(statement)
    took = time.monotonic() - began
    connection.close()
    return each / took


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, Callable[[], Any], str]]:
    import sqlite3

    def connect() -> Any:
        connection = sqlite3.connect(folder / "writes.sqlite3", isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    yield f"sqlite:///{folder / 'writes.sqlite3'}", connect, "BEGIN IMMEDIATE"


@contextmanager
def postgresql(_folder: Path) -> Iterator[tuple[str, Callable[[], Any], str]]:
    import psycopg

    from tests.postgresql import Cluster, find_postgresql

    binaries = find_postgresql()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with Cluster(binaries, safe=True) as cluster, cluster.database() as url:
        yield url, lambda: psycopg.connect(url.replace("+psycopg", ""), autocommit=True), "BEGIN"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=500, help="transactions of each writer (default 500)")
    each = parser.parse_args().each
    say(f"{WRITERS} writers, {each} transactions each")
    say(f"{'':14}{'a second':>10}{'p99 ms':>10}{'lost':>8}{'refused':>9}{'one bare writer':>18}{'ratio':>8}")
    for kind in (sqlite, postgresql):
        with tempfile.TemporaryDirectory() as folder, kind(Path(folder)) as (url, connect, begin):
            rate, p99, lost, refused = many(small(url), each)
            bare = alone(connect, begin, each)
            say(f"{kind.__name__:14}{rate:10.0f}{p99:10.1f}{lost:8}{refused:9}{bare:18.0f}{rate / bare:8.2f}")


if __name__ == "__main__":
    main()
