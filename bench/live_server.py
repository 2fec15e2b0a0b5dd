"""The measured side of `bench.live`: the portal on a new database, or a bare loop of send as the yardstick."""

import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ANSWER = "answer:"
"""How a line that answers begins."""


def portal(folder: Path) -> int:
    """Serves the product; commits when it is told to on standard input, and answers with the commit's instant."""
    from flask_migrate import upgrade

    from app import create_app
    from server.serve import serve

    app = create_app({"DATABASE_URL": f"sqlite:///{folder / 'noroshi.sqlite3'}"}, str(folder))
    with app.app_context():
        upgrade()
        cookie = seed(app)
    database = str(folder / "noroshi.sqlite3")
    commands = {
        "inside": lambda name: rename(app, name),
        "outside": lambda name: rename_elsewhere(database, name),
    }
    threading.Thread(target=obey, args=(commands,), daemon=True).start()
    return serve(app, "127.0.0.1", 0, lambda url: say(url.rpartition(":")[2], cookie))


def seed(app: Any) -> str:
    """A person and twenty services for the board to show; returns the person's session cookie."""
    from domain.catalog import Service
    from domain.db import writing
    from domain.people import Person

    now = datetime.now(UTC)
    with writing() as session:
        person = Person(email="bench@example.jp", name="計測 係", created_at=now)
        person.describe()
        session.add(person)
        session.add_all(Service(name=f"サービス{number}", position=number, created_at=now) for number in range(1, 21))
        session.flush()
        signed = {"_user_id": person.get_id(), "_fresh": True}
    cookie = app.session_interface.get_signing_serializer(app).dumps(signed)
    return f"{app.config['SESSION_COOKIE_NAME']}={cookie}"


def rename(app: Any, name: str) -> float:
    """A commit through `writing()` in this process; the instant is that just before the commit."""
    from sqlalchemy import text

    from domain.db import writing

    with app.app_context():
        with writing() as session:
            session.execute(text("UPDATE services SET name = :name WHERE position = 1"), {"name": name})
            began = time.monotonic()
    return began


def rename_elsewhere(database: str, name: str) -> float:
    """The same by another process, on a connection that the portal knows nothing of."""
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


def bare(folder: Path) -> int:
    """Accepts readers and sends the payload to each, one after the other, when it is told to."""
    payload = (folder / "payload").read_bytes()
    readers: list[socket.socket] = []

    def accept(count: str) -> float:
        while len(readers) < int(count):
            readers.append(listener.accept()[0])
        return time.monotonic()

    def send(marker: str) -> float:
        piece = payload.replace(b"marker-0000", marker.encode())
        began = time.monotonic()
        for reader in readers:
            reader.send(piece)
        return began

    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        say(listener.getsockname()[1])
        obey({"accept": accept, "send": send})
    return 0


def say(*words: object) -> None:
    print(ANSWER, *words, flush=True)


def obey(commands: dict[str, Any]) -> None:
    for line in sys.stdin:
        command, argument = line.split()
        say(commands[command](argument))


if __name__ == "__main__":
    sys.exit({"portal": portal, "bare": bare}[sys.argv[1]](Path(sys.argv[2])))
