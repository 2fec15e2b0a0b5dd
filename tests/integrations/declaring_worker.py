"""A process for the test that kills it: declares incidents and starts everything, one thread for each service."""

import json
import sys
import threading
import time
from datetime import UTC, datetime

from flask import Flask

import domain.calls
import domain.roster_tables  # noqa: F401
from domain.db import db
from integrations.dispatch import Dispatcher
from local_services import LocalPagerDuty, LocalZoom
from local_slack import LocalSlack
from tests.integrations.declaring import Outside, declare
from tests.integrations.worker import fast, make_app


def main() -> None:
    given = json.loads(sys.argv[1])
    app = make_app(given["url"])

    def clock() -> datetime:
        return datetime.fromtimestamp(fast(given["start"], given["speed"]), UTC)

    slack, pager, zoom = LocalSlack(port=given["slack"]), LocalPagerDuty(), LocalZoom()
    pager.port, zoom.port = given["pager"], given["zoom"]
    # Not started here: they only say where the real ones listen, in the process that survives.
    senders = Outside(slack, pager, zoom).senders(1.0)
    # The lease counts fast seconds, the time limit real ones.
    each = Dispatcher(senders, clock, margin=1.3 * given["speed"]).each()  # type: ignore[arg-type]
    for one in each:
        threading.Thread(target=deliver, args=(app, one), daemon=True).start()
    with app.app_context():
        for number in range(given["incidents"]):
            declare(clock(), key=f"key-{number}", title="同じ見出し")
            print(number, flush=True)
            db.session.remove()
            time.sleep(0.05)
    threading.Event().wait()


def deliver(app: Flask, dispatcher: Dispatcher) -> None:
    while True:
        with app.app_context():
            if not dispatcher.next():
                time.sleep(0.02)


if __name__ == "__main__":
    main()
