"""The one writing pattern: forgotten writes fail, writers take turns, instants are aware."""

import threading
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from domain.catalog import Symptom
from domain.db import committed, db, writing
from domain.people import Person


def test_a_write_outside_writing_fails_at_once(app: Flask) -> None:
    db.session.add(Symptom(id=99, key="x", name="1"))
    with pytest.raises(DBAPIError):
        db.session.flush()


def test_a_connection_that_wrote_only_reads_again_afterwards(app: Flask) -> None:
    db.session.remove()
    for number in (98, 99):
        with writing() as session:
            session.add(Symptom(id=number, key=str(number), name="1"))
        with pytest.raises(DBAPIError):
            db.session.execute(text("DELETE FROM symptoms"))
        db.session.rollback()


@pytest.mark.one_database  # PostgreSQL says it with the beginning of the transaction
def test_a_page_that_reads_after_a_commit_says_nothing_to_the_database_but_begin(app: Flask) -> None:
    db.session.scalar(select(Symptom.id))
    db.session.remove()
    said: list[str] = []
    db.session.connection().connection.driver_connection.set_trace_callback(said.append)
    db.session.rollback()
    with writing() as session:
        session.add(Symptom(id=99, key="x", name="1"))
    db.session.scalar(select(Symptom.id))
    db.session.connection().connection.driver_connection.set_trace_callback(None)
    assert [line.split()[0] for line in said if line != "ROLLBACK"] == ["BEGIN", "SELECT"]


def test_writing_inside_writing_is_refused(app: Flask) -> None:
    with writing(), pytest.raises(RuntimeError, match="inside"), writing():
        pass


def test_an_error_rolls_everything_back(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), writing() as session:
        session.add(Symptom(id=99, key="x", name="1"))
        session.flush()
        1 / 0  # noqa: B018
    assert db.session.get(Symptom, 99) is None


def test_what_was_loaded_before_is_read_anew_inside(app: Flask) -> None:
    with writing() as session:
        session.add(Symptom(id=99, key="x", name="old"))
    tile = db.session.get(Symptom, 99)
    assert tile
    assert tile.name == "old"

    def change() -> None:
        with app.app_context(), writing() as session:
            session.execute(text("UPDATE symptoms SET name = 'new'"))

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    with writing():
        assert tile.name == "new"


def test_eight_writers_lose_nothing(app: Flask) -> None:
    with writing() as session:
        session.add(Symptom(id=99, key="x", name="0"))

    def count() -> None:
        for _ in range(10):
            with app.app_context(), writing() as session:
                tile = session.get(Symptom, 99)
                assert tile
                tile.name = str(int(tile.name) + 1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert db.session.scalar(select(Symptom.name).where(Symptom.id == 99)) == "80"


def test_a_commit_is_announced_and_a_rollback_is_not(app: Flask) -> None:
    heard = []

    def hear(_sender: object) -> None:
        heard.append(1)

    with committed.connected_to(hear):
        with pytest.raises(ZeroDivisionError), writing():
            1 / 0  # noqa: B018
        assert heard == []
        with writing() as session:
            session.add(Symptom(id=99, key="x", name="1"))
    assert heard == [1]


def test_an_instant_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="zone"), writing() as session:
        session.add(Person(email="x@example.jp", name="x", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
        session.flush()


def test_instants_come_back_aware_in_utc(app: Flask) -> None:
    person = db.session.get(Person, 1)
    assert person
    assert person.created_at.tzinfo is UTC
