"""The house for tests: a migrated database of each kind, one app, a fixed cast, a clock that stands still."""

import contextvars
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import Engine, Table, event, text

from app import create_app
from blueprints.shared.security import limiter
from domain.catalog import Service, Symptom
from domain.db import Base, db, writing
from domain.people import Person, hash_password
from domain.roster import Area, LastResort, Plan, PlanSlot
from tests.postgresql import Cluster, find_postgresql

NOW = datetime(2026, 8, 11, 1, 42, tzinfo=UTC)
"""Tuesday, 11 August 2026, 10:42 in Tokyo; a public holiday."""

PASSWORD = "correct horse battery"
_password_hash = hash_password(PASSWORD)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="which database to test on")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for what is not installed here, so that nobody takes a skipped test for a passed one."""
    reasons = {str(report.longrepr[-1]) for report in terminalreporter.stats.get("skipped", []) if report.longrepr}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"not run here: {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: there everything is installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NOROSHI_NO_SKIPS") and reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A throwaway PostgreSQL on a socket of its own."""
    binaries = find_postgresql()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with Cluster(binaries) as running:
        yield running


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """An empty database of its own on PostgreSQL."""
    with cluster.database() as url:
        yield url


@pytest.fixture(scope="session")
def _app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("instance")
    if request.config.getoption("--database") == "postgresql":
        with request.getfixturevalue("cluster").database() as url:
            yield from _migrated(url, folder)
    else:
        yield from _migrated(f"sqlite:///{folder / 'noroshi.sqlite3'}", folder)


def _migrated(url: str, folder: Path) -> Iterator[Flask]:
    app = create_app({"TESTING": True, "DATABASE_URL": url, "SECRET_KEY": "for tests only"}, str(folder))
    # The test's own context stays open: what one request keeps in `g` (who asks, their rights) must not reach the next.
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: g.__dict__.clear())
    with app.app_context():
        upgrade()
        if url.startswith("sqlite"):
            populate()
            db.session.remove()
            db.engine.dispose()
            shutil.copy(folder / "noroshi.sqlite3", folder / "template.sqlite3")
        yield app
        db.session.remove()
        db.engine.dispose()


class Client(FlaskClient):
    """Each request in a context of its own, as in the real process: nothing of one leaks into the next."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        # What the test holds is read anew.
        db.session.rollback()
        return answer


@pytest.fixture
def app(_app: Flask) -> Iterator[Flask]:
    """The portal on a fresh database with the cast; an app context is open."""
    _fresh(_app)
    kept = dict(_app.config)
    _app.config["CLOCK"] = lambda: NOW
    _app.test_client_class = Client
    _app.extensions["memo"].forget()
    limiter.reset()
    context = _app.app_context()
    context.push()
    yield _app
    db.session.remove()
    context.pop()
    _app.config.clear()
    _app.config.update(kept)


def _fresh(app: Flask) -> None:
    db.session.remove()
    if db.engine.dialect.name == "sqlite":
        db.engine.dispose()
        folder = Path(app.instance_path)
        for old in folder.glob("noroshi.sqlite3*"):
            old.unlink()
        shutil.copy(folder / "template.sqlite3", folder / "noroshi.sqlite3")
        return
    with writing() as session:
        tables = ", ".join(f'"{table.name}"' for table in kept_tables())
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    populate()


def kept_tables() -> list[Table]:
    """The tables of what people have written down, parents first. How often the roster was changed is none of it: the
    database itself counts that."""
    return [table for table in Base.metadata.sorted_tables if table.name != "roster_revision"]


def empty() -> None:
    """An instance in which there is nothing yet."""
    with writing() as session:
        for table in reversed(kept_tables()):
            session.execute(table.delete())


def populate() -> None:
    """The cast: an administrator, a responder (system), the bridge, a reader, somebody who left; areas, services."""
    with writing() as session:
        people = [
            Person(id=1, email="admin@example.jp", name="大塚 仁", reading="おおつか じん", is_admin=True, phone="+819000000101"),
            Person(id=2, email="responder@example.jp", name="岡本 沙織", reading="おかもと さおり", phone="+819000000119", slack_id="U0OKAMOTO"),
            Person(id=3, email="bridge@example.jp", name="高橋 由紀子", reading="たかはし ゆきこ", phone="+819000000103"),
            Person(id=4, email="reader@example.jp", name="佐藤 美咲", reading="さとう みさき"),
            Person(id=5, email="outsider@example.jp", name="辞めた 人", reading="やめた ひと", deactivated_at=NOW - timedelta(days=1)),
            Person(id=6, email="deputy@example.jp", name="伊藤 航", reading="いとう わたる", phone="+819000000121"),
        ]  # fmt: skip
        for person in people:
            person.created_at = NOW - timedelta(days=100)
            person.password_hash = _password_hash
            person.describe()
        session.add_all(people)
        session.flush()
        for number, (key, kind, name, name_en, slots) in enumerate(_AREAS, start=1):
            area = Area(
                id=number,
                key=key,
                kind=kind,
                name=name,
                name_en=name_en,
                position=number,
                created_at=NOW - timedelta(days=100),
            )
            plan = Plan(area=area, starts_at=area.created_at, recorded_at=area.created_at, recorded_by_id=1)
            plan.slots = [PlanSlot(rank=rank, person_id=person) for rank, person in enumerate(slots)]
            session.add(plan)
        session.add_all(
            Service(id=number, name=name, name_en=name_en, position=number, created_at=NOW - timedelta(days=100))
            for number, (name, name_en) in enumerate(_SERVICES, start=1)
        )
        session.add_all(
            Symptom(id=number, key=key, name=name, name_en=name_en, icon=key, position=number)
            for number, (key, name, name_en) in enumerate(_SYMPTOMS, start=1)
        )
        session.add(LastResort(name="社長室", phone="+81312345678", position=1))
        session.flush()
        if db.engine.dialect.name == "postgresql":
            for table in ("people", "areas", "services", "symptoms"):
                session.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))


_AREAS = (
    ("guest", "guest", "顧客（ゲスト）", "Customers: guests", [6]),
    ("partner", "partner", "顧客（パートナー）", "Customers: partners", [6]),
    ("system", "system", "システム", "System", [2, 6]),
    ("bridge", "bridge", "ブリッジ役", "Bridge", [3, 6]),
)
_SERVICES = (("入場管理", "Admission"), ("予約サイト", "Booking site"), ("確認メール", "Confirmation mail"))
_SYMPTOMS = (
    ("entrance", "入場できない", "Guests cannot enter"),
    ("payment", "決済できない", "Payment fails"),
)


@pytest.fixture
def clock(app: Flask) -> SimpleNamespace:
    """The clock of the views: `clock.at`, `clock.forward(minutes=5)`."""
    hands = SimpleNamespace(at=NOW)

    def forward(**span: float) -> datetime:
        hands.at += timedelta(**span)
        return hands.at

    hands.forward = forward
    app.config["CLOCK"] = lambda: hands.at
    return hands


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def cast(app: Flask) -> SimpleNamespace:
    """Everybody by role; loaded, so read their attributes before a `writing()` or inside it."""
    names = ("admin", "responder", "bridge", "reader", "outsider", "deputy")
    return SimpleNamespace(**{name: db.session.get(Person, number) for number, name in enumerate(names, start=1)})


@pytest.fixture
def colleague(app: Flask) -> Person:
    """A responder and no more: last in the system area's line, in charge of nothing."""
    with writing() as session:
        session.add(Person(id=7, email="colleague@example.jp", name="中村 健", reading="なかむら けん", created_at=NOW))
        session.flush()
        session.add(PlanSlot(plan_id=session.query(Plan.id).where(Plan.area_id == 3).scalar(), rank=2, person_id=7))
    return db.session.get_one(Person, 7)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who is not signed in."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Person], FlaskClient]:
    """`sign_in(cast.reader)` gives that person's client."""

    def of(person: Person) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = person.get_id()
            session["_fresh"] = True
        return client

    return of


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], object]:
    """`with count_queries() as queries: …; assert len(queries) <= 12`."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection, _cursor, statement, _parameters, _context, _many):  # type: ignore[no-untyped-def]
            if not statement.startswith(("PRAGMA", "BEGIN", "SET TRANSACTION", "SELECT pg_")):
                statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return counting
