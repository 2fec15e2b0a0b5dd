"""Measures a declaration: from sending the form to the last step outside, with services that answer at once.

    python -m bench.declare --rounds 5

The sample organisation on a new SQLite database, the project's own Slack, PagerDuty and Zoom on this machine, and the
delivery workers as they run in the product: everybody is paged, the whole lines are invited, both calls are opened.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LIMIT = 5.0
"""Seconds that everything may take."""
PATIENCE = 60.0
STEPS = {
    "the channel is there": ("channel.create",),
    "the first message stands in it": ("channel.first",),
    "everybody is invited": ("channel.invite",),
    "#hotline knows": ("incident.declared",),
    "all areas are paged": ("page.trigger",),
    "both calls are open": ("call.open",),
}


def main() -> int:
    """Prints the medians; 1 where everything took longer than it may."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="declarations (default 5)")
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, portal(Path(folder)) as (app, client):
        taken = [declared(app, client, number) for number in range(rounds)]
    for name in taken[0]:
        found = [one[name] for one in taken]
        print(f"  {name:34} median {statistics.median(found):5.2f} s, slowest {max(found):5.2f} s")
    slowest = max(one["everything is done"] for one in taken)
    print(
        f"  from the form to everything done: {slowest:.2f} s of {LIMIT:.0f} s at most; load {os.getloadavg()[0]:.1f}"
    )
    return 0 if slowest < LIMIT else 1


@contextmanager
def portal(folder: Path) -> Iterator[tuple[Any, Any]]:
    """The portal with its workers and services, and the client of somebody who may declare."""
    from flask_migrate import upgrade

    import sample
    from app import create_app
    from domain.db import db, writing
    from domain.people import Person
    from local_services import LocalPagerDuty, LocalZoom
    from local_slack import LocalSlack
    from server.worker import deliver_forever

    with LocalSlack() as slack, LocalPagerDuty() as pager, LocalZoom() as zoom:
        given = {
            "DATABASE_URL": f"sqlite:///{folder / 'noroshi.sqlite3'}", "SECRET_KEY": "bench",
            "BASE_URL": "https://noroshi.example.jp", "SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.token,
            "PAGERDUTY_EVENTS_URL": pager.events_url, "PAGERDUTY_ROUTING_KEY": "R" * 32,
            "ZOOM_ACCOUNT_ID": zoom.account, "ZOOM_CLIENT_ID": zoom.client, "ZOOM_CLIENT_SECRET": zoom.secret,
            "ZOOM_TOKEN_URL": zoom.token_url, "ZOOM_API_URL": zoom.api_url,
        }  # fmt: skip
        app = create_app(given, str(folder))
        with app.app_context():
            upgrade()
            with writing():
                sample.build(datetime.now(UTC), None)
            who = db.session.query(Person).filter_by(slack_id="U0OKAMOTO").one().get_id()
            db.session.remove()
        stop = threading.Event()
        workers = threading.Thread(target=deliver_forever, args=(app, stop))
        workers.start()
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = who, True
        settled(app)
        try:
            yield app, client
        finally:
            stop.set()
            workers.join()


def declared(app: Any, client: Any, number: int) -> dict[str, float]:
    """Declares once; seconds until each step was done."""
    from domain.db import db
    from domain.incidents import Incident

    form = {
        "key": f"bench-{number}", "title": f"入場のQRコードが読み取れません {number}", "severity": "critical",
        "page": "yes", "services": "1", "began_at": "0:00", "another": "1",
    }  # fmt: skip
    begun, clock = time.monotonic(), datetime.now(UTC)
    answer = client.post("/incidents", data=form)
    answered = time.monotonic() - begun
    if answer.status_code != 303:
        raise SystemExit(f"the declaration was answered with {answer.status_code}")
    with app.app_context():
        incident = db.session.query(Incident.id).order_by(Incident.id.desc()).limit(1).scalar()
    settled(app)
    found = {"the form is answered": answered}
    with app.app_context():
        rows = deliveries(incident)
        wrong = [(row.kind, row.state, row.error) for row in rows if row.state != "sent"]
        if wrong:
            raise SystemExit(f"not everything was done: {wrong}")
        for name, kinds in STEPS.items():
            found[name] = last(rows, clock, kinds)
        found["everything is done"] = last(rows, clock)
        db.session.remove()
    return found


def deliveries(incident: int) -> list[Any]:
    from domain.db import db
    from domain.outbox import Delivery

    # Followers are told by workers of their own; they are no part of calling everybody together.
    query = db.session.query(Delivery).filter(Delivery.incident_id == incident, Delivery.service != "direct")
    return list(query.filter(Delivery.service != "mail"))


def last(rows: list[Any], since: datetime, kinds: tuple[str, ...] = ()) -> float:
    """Seconds until the last of these steps was done."""
    times = [row.delivered_at for row in rows if not kinds or row.kind in kinds]
    return float((max(times) - since).total_seconds())


def settled(app: Any) -> None:
    """Waits until nothing is on its way any more."""
    from domain import outbox
    from domain.db import db

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with app.app_context():
            waiting = [one for one in outbox.open_deliveries() if one.service != "mail" and one.state in outbox.OPEN]
            db.session.remove()
        if not waiting:
            return
        time.sleep(0.02)
    raise SystemExit(f"still waiting: {[(one.kind, one.state, one.error) for one in waiting][:5]}")


if __name__ == "__main__":
    sys.exit(main())
