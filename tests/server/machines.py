"""Many machines on one: web processes and workers of the real portal, on a PostgreSQL that can be stopped."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url

from app import create_app
from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.people import Person
from local_slack import LocalSlack
from tests.conftest import NOW, populate
from tests.postgresql import Cluster
from tests.server.conftest import DEADLINE, Wire, wait_for

ROOT = Path(__file__).parents[2]
SECRET = "for tests only"
START = 60.0
"""Seconds for a process to start on a machine that has much else to do."""


def window(url: str, folder: Path) -> Flask:
    """The tests' own app on a database."""
    return create_app({"TESTING": True, "DATABASE_URL": url, "SECRET_KEY": SECRET}, str(folder))


@contextmanager
def furnished(cluster: Cluster, folder: Path) -> Iterator[str]:
    """A database with the cast of `tests/conftest.py`; gives its name, to make others like it."""
    with cluster.database() as url:
        app = window(url, folder)
        with app.app_context():
            upgrade()
            populate()
            db.session.remove()
            db.engine.dispose()
        yield str(make_url(url).database)


class Machine:
    """One process: a web process, or a worker. It starts beside others; ask for its port to wait for it."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, ready: str) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        self._ready = ready

    @cached_property
    def port(self) -> int:
        """Where it listens, once it does; 0 for a worker that works."""
        said = wait_for(lambda: re.search(self._ready, self._running()), START)
        return int(said[1].rpartition(":")[2]) if said.groups() else 0

    def _running(self) -> str:
        assert self.process.poll() is None, self.log.read_text()
        return self.log.read_text()

    def kill(self) -> None:
        """As the power goes."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        """As a service manager does it; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


class Machines:
    """All of one portal. `app` is the tests' own window on the database: the domain's verbs, outside of any process."""

    def __init__(self, url: str, folder: Path, slack: LocalSlack | None = None) -> None:
        self._folder = folder
        self._all: list[Machine] = []
        self._wires: list[Wire] = []
        self._environment = {
            **os.environ,
            "DATABASE_URL": url,
            "NOROSHI_INSTANCE": str(folder),
            "SECRET_KEY": SECRET,
            "HOST": "127.0.0.1",
            "PORT": "0",
        }
        if slack:
            self._environment |= {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.token, "SLACK_TIMEOUT": "2"}
        self.app = window(url, folder)

    def web(self) -> Machine:
        return self._add([sys.executable, "app.py"], r"Noroshi is ready: (\S+)\n")

    def worker(self) -> Machine:
        return self._add([sys.executable, "-m", "flask", "--app", "app", "deliver"], "Delivering")

    def _add(self, command: list[str], ready: str) -> Machine:
        log = self._folder / f"log-{len(self._all)}"
        environment = {**self._environment, "PYTHONUNBUFFERED": "1"}
        self._all.append(Machine(command, environment, log, ready))
        return self._all[-1]

    def close(self) -> None:
        for wire in self._wires:
            wire.close()
        for machine in self._all:
            machine.kill()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def write(self, act: Callable[[], Any]) -> Any:
        """One transaction of the domain's verbs, by another process than those that serve."""
        with self.app.app_context(), writing():
            return act()

    def read(self, act: Callable[[], Any]) -> Any:
        with self.app.app_context():
            return act()

    def cookie(self, person: int, epoch: int = 0) -> str:
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return f"noroshi={signer.dumps({'_user_id': f'{person}.{epoch}', '_fresh': True})}"

    def ask(self, machine: Machine, path: str, person: int | None = None, **form: str) -> SimpleNamespace:
        """One request; with a form a POST."""
        headers = {"Cookie": self.cookie(person)} if person else {}
        with closing(HTTPConnection("127.0.0.1", machine.port, timeout=30)) as connection:
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                connection.request("POST", path, urlencode(form), headers)
            else:
                connection.request("GET", path, headers={**headers, "Accept-Language": "ja"})
            answer = connection.getresponse()
            text = answer.read().decode()
            return SimpleNamespace(status=answer.status, headers=answer.headers, text=text)

    def report(self, machine: Machine, body: str, key: str = "", person: int = 4) -> SimpleNamespace:
        return self.ask(machine, "/reports", person, body=body, key=key or secrets.token_hex(16))

    def stream(self, machine: Machine, person: int = 4) -> Wire:
        """An open board; its head has been read."""
        wire = Wire(machine.port)
        self._wires.append(wire)
        request = f"GET /live HTTP/1.1\r\nHost: t\r\nAccept-Language: ja\r\nCookie: {self.cookie(person)}\r\n\r\n"
        wire.send(request.encode())
        assert b" 200 " in wire.until(b"\r\n\r\n")
        return wire

    def declare(self, title: str, key: str = "d" * 32) -> None:
        """An incident, by the responder, through a process that serves nobody."""

        def act() -> None:
            service = db.session.get_one(Service, 1)
            incidents.declare(
                key=key,
                by=db.session.get_one(Person, 2),
                at=NOW,
                title=title,
                severity="minor",
                services={service: "partial_outage"},
                began_at=NOW,
                holding_words={"situation": "調査しています。"},
            )

        self.write(act)

    def problems(self, machine: Machine) -> list[str]:
        return list(json.loads(self.ask(machine, "/readyz").text)["problems"])
