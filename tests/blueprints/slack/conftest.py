"""The portal served over HTTP to a local Slack, and a worker that brings its words there: as people use it."""

import contextvars
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from werkzeug.serving import make_server

from domain import hotline
from domain.db import db, writing
from domain.hotline import Report
from domain.people import Person
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from integrations.slack_views import Views
from local_slack import LocalSlack
from local_slack.server import QuietHandler

BASE = "https://noroshi.example.jp"
PATIENCE = 60.0
"""Seconds."""
ROOT = Path(__file__).parents[3]
SATO, OKAMOTO, ITO, TAKAHASHI, OTSUKA = "U0SATO", "U0OKAMOTO", "U0ITO", "U0TAKAHASHI", "U0OTSUKA"


@pytest.fixture
def slack(app: Flask, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSlack]:
    """A local Slack on the portal's clock; what is pressed there reaches the portal.

    It waits longer for the portal, and the portal for it, than in earnest: machines that run tests are busy.
    """
    monkeypatch.setattr("local_slack.interactions.SECONDS", PATIENCE)
    ids = {1: OTSUKA, 3: TAKAHASHI, 4: SATO, 6: ITO}
    with writing():
        for number, slack_id in ids.items():
            db.session.get_one(Person, number).slack_id = slack_id
        for number in (1, 2, 3, 4, 6):
            db.session.get_one(Person, number).locale = "en"

    def in_a_context_of_its_own(environ: Any, start: Any) -> Any:
        return contextvars.Context().run(app.wsgi_app, environ, start)

    server = make_server("127.0.0.1", 0, in_a_context_of_its_own, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    kept = {name: app.extensions[name] for name in ("slack_views",)}
    with LocalSlack(clock=lambda: clock.at.timestamp()) as running:
        app.config.update(SLACK_SIGNING_SECRET=running.signing_secret, SLACK_BOT_TOKEN=running.token, BASE_URL=BASE)
        app.extensions["slack_views"] = Views(running.token, running.api_url, time_limit=PATIENCE)
        running.interactions = f"http://127.0.0.1:{server.port}/slack/interactions"
        running.commands = f"http://127.0.0.1:{server.port}/slack/commands"
        running.events = f"http://127.0.0.1:{server.port}/slack/events"
        yield running
    server.shutdown()
    server.server_close()
    thread.join()
    app.extensions.update(kept)


@pytest.fixture
def deliver(slack: LocalSlack, clock: SimpleNamespace) -> Callable[[], None]:
    """Brings everything that waits to Slack."""
    sender = SlackSender(
        slack.token, slack.api_url, "hotline", BASE, "en", ZoneInfo("Asia/Tokyo"), str(ROOT / "translations"),
        time_limit=5.0, pressable=True,
    )  # fmt: skip
    dispatcher = Dispatcher({"slack": sender}, lambda: clock.at)

    def all_of() -> None:
        db.session.rollback()
        while dispatcher.next():
            pass

    return all_of


@pytest.fixture
def report(slack: LocalSlack, deliver: Callable[[], None], clock: SimpleNamespace) -> SimpleNamespace:
    """A report of the reader's, as it stands in #hotline: `id`, `ts`, and `now()` as it is."""
    with writing():
        by = db.session.get_one(Person, 4)
        number = hotline.file(key="a-report", by=by, at=clock.at, body="QR codes cannot be read").id
    deliver()
    ts = slack.messages("hotline")[0]["ts"]
    return SimpleNamespace(id=number, ts=ts, now=lambda: found(number))


def found(number: int) -> Report:
    """A report, read anew."""
    db.session.rollback()
    return db.session.get_one(Report, number)


def buttons(slack: LocalSlack, ts: str) -> list[str]:
    """The buttons under a message."""
    message = next(one for one in slack.messages("hotline") if one["ts"] == ts)
    return [
        element["action_id"]
        for block in message["blocks"] if block["type"] == "actions"
        for element in block["elements"]
    ]  # fmt: skip


def whispers(slack: LocalSlack) -> list[tuple[str, str]]:
    """What was said privately: to whom, and the text."""
    return [(one["_for"], one["text"]) for one in slack.workspace.ephemerals]


def instant(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
