"""Measures the signed-in board, uncached: CPU a page, queries, bytes; and how fast the portal starts.

python -m bench.board --past 10000
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, select

from domain import updates

ROUNDS = 200
PLAIN = {"Accept-Language": "ja"}
BROWSER = {**PLAIN, "Accept-Encoding": "gzip, deflate, br"}


def main() -> int:
    """Builds a database with open and past incidents, then asks for the board again and again."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--past", type=int, default=10_000, help="past incidents (default 10000)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"Building a database with 3 open and {given.past} past incidents …", flush=True)
        app, cookie = build(Path(folder), given.past)
        print("Asking for the board …", flush=True)
        client = app.test_client()
        client.set_cookie("noroshi", cookie)
        report(app, client)
        first_visits(app, client)
        print("Starting the portal …", flush=True)
        start(Path(folder))
    return 0


def build(folder: Path, past: int) -> tuple[Any, str]:
    """The sample organisation with one more open incident and a long past; returns the app and a session cookie."""
    from flask_migrate import upgrade

    import sample
    from app import create_app
    from domain import incidents
    from domain.db import db, writing
    from domain.incidents import Incident, Update
    from domain.people import Person

    app = create_app({"DATABASE_URL": f"sqlite:///{folder / 'noroshi.sqlite3'}", "SECRET_KEY": "bench"}, str(folder))
    at = datetime.now(UTC).replace(microsecond=0)
    with app.app_context():
        upgrade()
        with writing() as session:
            sample.build(at, None)
            person = session.get(Person, 1)
            assert person
            incidents.declare(
                key="third",
                by=person,
                at=at,
                title="三つめの障害",
                severity="minor",
                services={},
                began_at=at,
                holding_words={"situation": "調べています。"},
            )
            first = 1_000
            session.execute(insert(Incident), [past_incident(first + n, at) for n in range(past)])
            session.execute(insert(Update), [past_update(first + n, at) for n in range(past)])
            signed = {"_user_id": person.get_id(), "_fresh": True}
        db.session.remove()
    return app, str(app.session_interface.get_signing_serializer(app).dumps(signed))  # type: ignore[attr-defined]


def past_incident(number: int, at: datetime) -> dict[str, Any]:
    began = at - timedelta(hours=3 * number)
    return {
        "id": number,
        "key": f"past-{number}",
        "title": f"過去の障害 {number}",
        "severity": "minor",
        "state": "resolved",
        "began_at": began,
        "declared_at": began,
        "resolved_at": began + timedelta(hours=1),
        "closed_at": began + timedelta(hours=2),
        "search": f"inc-{number}",
    }


def past_update(number: int, at: datetime) -> dict[str, Any]:
    published = at - timedelta(hours=3 * number - 1)
    words = {"state": "resolved", "situation": "復旧", "published_at": published}
    return {"key": f"past-{number}", "incident_id": number, **words}


def report(app: Any, client: Any) -> None:
    """CPU time of the board, beside a page that asks the database nothing, and right after commits."""
    bare = measure(client, "/healthz")
    print(f"  healthz               {bare:6.2f} ms CPU a page (median of {ROUNDS})")
    commits = Commits(app)
    for name, before, headers in (
        ("as it stands", lambda: None, PLAIN),
        ("the same compressed", lambda: None, BROWSER),
        ("after a commit", commits.elsewhere, PLAIN),
        ("after news", commits.news, PLAIN),
        ("all rendered anew", app.extensions["memo"].forget, PLAIN),
    ):
        taken = measure(client, "/", before, headers)
        queries, size = look(app, client, before, headers)
        facts = f"{queries} queries, {size:.1f} KB; ratio {taken / bare:.1f}"
        print(f"  board, {name:<20} {taken:5.2f} ms CPU a page, {facts}")


class Commits:
    """Real commits of this process, as they happen between two pages."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.numbers = count()

    def elsewhere(self) -> None:
        """The bridge's draft is saved: nothing on the board is another."""
        self._commit(
            lambda incident, by, at: updates.save_draft(incident, by, {"situation": f"{next(self.numbers)}"}, at=at)
        )

    def news(self) -> None:
        """New words about one of the incidents: its card and the answer are others."""
        self._commit(
            lambda incident, by, at: incident.publish(
                key=f"news-{next(self.numbers)}",
                by=by,
                at=at,
                state="identified",
                words={"situation": f"**{next(self.numbers)}** 件を復旧しました。", "guest_notice": "お待ちください。"},
                next_update_at=at + timedelta(minutes=30),
            )
        )

    def _commit(self, act: Any) -> None:
        from domain.db import db, writing
        from domain.incidents import Incident
        from domain.people import Person

        with self.app.app_context(), writing():
            incident = db.session.scalars(select(Incident).where(Incident.key == "third")).one()
            act(incident, db.session.get(Person, 1), datetime.now(UTC).replace(microsecond=0))


def look(app: Any, client: Any, before: Any, headers: dict[str, str]) -> tuple[int, float]:
    """How many queries one page takes, and its size in KB."""
    from domain.db import db

    statements: list[str] = []
    before()
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    answer = client.get("/", headers=headers)
    return sum(statement.startswith("SELECT") for statement in statements), len(answer.data) / 1024


def first_visits(app: Any, client: Any) -> None:
    """What a first visit brings in all: the page, its styles and scripts (icons, photos and the manifest aside)."""
    for name, visitor, path in (("the board", client, "/"), ("sign-in", app.test_client(), "/login")):
        for coding in ("gzip", "br"):
            pieces = [fetched(visitor, path, coding)]
            addresses = re.findall(
                r'(?:src|href)="(/static/[^"]+[.](?:css|js)[?][^"]+)"', visitor.get(path, headers=PLAIN).text
            )
            pieces += [fetched(visitor, address, coding) for address in addresses]
            each = " + ".join(f"{piece / 1024:.1f}" for piece in pieces)
            print(f"  first visit, {name:<10} {coding:<5} {sum(pieces) / 1024:5.1f} KB ({each})")


def fetched(client: Any, path: str, coding: str) -> int:
    """Bytes of an answer as a browser gets it that takes only this coding."""
    with client.get(path, headers={**PLAIN, "Accept-Encoding": coding}) as answer:
        assert answer.headers.get("Content-Encoding") == coding
        return len(answer.data)


def measure(client: Any, path: str, before: Any = lambda: None, headers: dict[str, str] = PLAIN) -> float:
    """Milliseconds of CPU a request, the median; `before` is called, unmeasured, before each."""
    taken = []
    for number in range(-20, ROUNDS):
        before()
        began = time.process_time()
        answer = client.get(path, headers=headers)
        if number >= 0:
            taken.append((time.process_time() - began) * 1000)
        assert answer.status_code == 200
    return statistics.median(taken)


def start(folder: Path) -> None:
    """From `python app.py` to the first answer, with the interpreter's own start beside it."""
    environment = {**os.environ, "NOROSHI_INSTANCE": str(folder), "PORT": "8199", "SECRET_KEY": "bench"}
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "app.py"], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        if "ready" in line:
            break
    ready = time.monotonic() - began
    process.terminate()
    process.wait()
    process.stdout.close()
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.monotonic() - began
    print(f"  start    {ready:6.2f} s to listening; a bare interpreter {bare:.2f} s; ratio {ready / bare:.0f}")


if __name__ == "__main__":
    sys.exit(main())
