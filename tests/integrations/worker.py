"""A process for the test that kills it: files reports and delivers them at the same time. Says what was filed."""

import json
import random
import sys
import threading
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Flask

import domain.roster_tables  # noqa: F401 - its tables belong to the whole
from domain import hotline
from domain.db import db, engine_options, guard, writing
from domain.people import Person
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender


def make_app(url: str) -> Flask:
    """The database alone, without the portal: it starts in a moment."""
    app = Flask(__name__)
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(app)
    with app.app_context():
        guard(db.engine)
    return app


def fast(start: float, speed: float) -> float:
    """A clock that began at `start` and runs `speed` times as fast: pauses of minutes pass in seconds."""
    return start + (time.time() - start) * speed


def file_reports(app: Flask, clock: object, wanted: int, dice: random.Random) -> None:
    with app.app_context():
        for number in range(wanted):
            with writing() as session:
                by = session.get_one(Person, 1)
                report = hotline.file(key=f"key-{number}", by=by, at=clock(), body=f"No. {number} & more")  # type: ignore[operator]
                if number % 3 == 0 and report.status == "received":
                    report.acknowledge(by=by, at=clock())  # type: ignore[operator]
                code = report.id
            print(code, flush=True)
            time.sleep(dice.random() * 0.02)
            db.session.remove()


def main() -> None:
    given = json.loads(sys.argv[1])
    app = make_app(given["url"])

    def clock() -> datetime:
        return datetime.fromtimestamp(fast(given["start"], given["speed"]), UTC)

    sender = SlackSender("xoxb-local", given["slack"], "hotline", "", "en", ZoneInfo("UTC"), None, time_limit=1.0)
    # The lease counts fast seconds, the time limit real ones.
    dispatcher = Dispatcher({"slack": sender}, clock, margin=1.3 * given["speed"])
    filing = threading.Thread(
        target=file_reports, args=(app, clock, given["reports"], random.Random(given["seed"])), daemon=True
    )
    filing.start()
    while True:
        with app.app_context():
            if not dispatcher.next():
                time.sleep(0.02)


if __name__ == "__main__":
    main()
