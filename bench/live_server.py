"""The measured side of `bench.live`, `bench.reports` and `bench.soak`: the portal, which commits when it is told to.

python -m bench.live_server FOLDER PEOPLE URL      (PEOPLE 0: the database is there already)
"""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, text

answers = os.fdopen(os.dup(1), "w", buffering=1)
"""Where answers go; everything else that is printed goes to the log."""
os.dup2(2, 1)


def main(folder: Path, people: int, url: str) -> int:
    """Serves the product on a port of its own and says which."""
    from app import create_app
    from server.serve import serve

    app = create_app({"DATABASE_URL": url, "SECRET_KEY": "bench"}, str(folder))
    if people:
        furnish(app, folder, people)
    commands = {
        "inside": lambda name: rename(app, name),
        "outside": lambda name: rename_elsewhere(str(folder / "noroshi.sqlite3"), name),
        "reports": lambda _name: count_reports(app),
    }
    threading.Thread(target=obey, args=(commands,), daemon=True).start()
    return serve(app, "127.0.0.1", 0, lambda url: say(url.rpartition(":")[2]))


def furnish(app: Any, folder: Path, people: int) -> None:
    """Tables, the areas and tiles of a new instance, twenty services, and people; `cookies` has a line for each."""
    from flask_migrate import upgrade

    from domain import beginnings
    from domain.catalog import Service
    from domain.db import writing
    from domain.people import Person

    now = datetime.now(UTC)
    with app.app_context():
        upgrade()
        with writing() as session:
            beginnings.furnish(now)
            session.add_all(
                Service(name=f"サービス{number}", position=number, created_at=now) for number in range(1, 21)
            )
            rows = []
            for number in range(people):
                person = Person(email=f"p{number}@example.jp", name=f"計測 {number}", created_at=now)
                person.describe()
                rows.append({"email": person.email, "name": person.name, "created_at": now, "search": person.search})
            session.execute(insert(Person), rows)
            ids = session.scalars(select(Person.id).order_by(Person.id)).all()
    signer = app.session_interface.get_signing_serializer(app)
    name = app.config["SESSION_COOKIE_NAME"]
    cookies = (f"{name}={signer.dumps({'_user_id': f'{number}.0', '_fresh': True})}\n" for number in ids)
    (folder / "cookies").write_text("".join(cookies))


def rename(app: Any, name: str) -> float:
    """A commit through `writing()` in this process; the instant is that just before the commit."""
    from domain.db import writing

    with app.app_context():
        with writing() as session:
            session.execute(text("UPDATE services SET name = :name WHERE position = 1"), {"name": name})
            began = time.monotonic()
    return began


def rename_elsewhere(database: str, name: str) -> float:
    """The same by another process, on a connection that the portal knows nothing of (SQLite)."""
    code = (
        "import sqlite3, sys, time\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('UPDATE services SET name = ? WHERE position = 1', [sys.argv[2]])\n"
        "began = time.monotonic()\n"
        "connection.commit()\n"
        "print(began)\n"
    )
    told = subprocess.run([sys.executable, "-c", code, database, name], check=True, capture_output=True, text=True)
    return float(told.stdout)


def count_reports(app: Any) -> int:
    from domain.db import db
    from domain.suspicion import Report

    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Report)) or 0


def say(word: object) -> None:
    answers.write(f"{word}\n")


def obey(commands: dict[str, Any]) -> None:
    for line in sys.stdin:
        command, argument = line.split()
        say(commands[command](argument))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
