"""A worker that is killed again and again while Slack fails: every report that was taken is in Slack exactly once."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.db import Base, db, writing
from domain.outbox import Delivery
from domain.people import Person
from local_slack import LocalSlack
from tests.integrations.worker import fast, make_app

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parent.parent.parent
SPEED = 20.0
REPORTS = 30
KILLS = 7


def start(given: dict[str, object], taken: set[int]) -> tuple["subprocess.Popen[str]", threading.Thread]:
    """A worker, and a thread that notes which reports it took."""
    command = [sys.executable, "-m", "tests.integrations.worker", json.dumps(given)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert worker.stdout is not None
    lines = worker.stdout

    def note() -> None:
        with lines:
            taken.update(int(line) for line in lines if line.endswith("\n"))

    noting = threading.Thread(target=note)
    noting.start()
    return worker, noting


def still_open() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Delivery.id)).where(Delivery.state != "sent")) or 0


@pytest.mark.parametrize("seed", [1])
def test_every_report_is_in_slack_exactly_once(seed: int, tmp_path: Path) -> None:
    dice, begun, taken = random.Random(seed), time.time(), set[int]()
    url = f"sqlite:///{tmp_path / 'killed.sqlite3'}"
    with make_app(url).app_context(), LocalSlack(clock=lambda: fast(begun, SPEED)) as slack:
        with writing() as session:
            Base.metadata.create_all(session.connection())
            session.add(Person(email="a@example.jp", name="佐藤", created_at=datetime.now(UTC)))
        slack.faults.random(seed, 0.25)
        given = {"url": url, "slack": slack.api_url, "start": begun, "speed": SPEED, "reports": REPORTS, "seed": seed}
        for _ in range(KILLS):
            worker, noting = start(given, taken)
            before = len(slack.workspace.calls), slack.workspace.version
            slack.wait_until(lambda before=before: slack.workspace.version != before[1], 8.0)  # type: ignore[misc]
            time.sleep(dice.random() * 0.5)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            noting.join()
        slack.faults.lift("random")
        worker, noting = start(given, taken)
        until = time.monotonic() + 40
        while (len(taken) < REPORTS or still_open()) and time.monotonic() < until:
            time.sleep(0.05)
        worker.kill()
        worker.wait()
        noting.join()
        assert len(taken) == REPORTS
        posts = [one for one in slack.messages("hotline") if "metadata" in one]
        told = Counter(one["metadata"]["event_payload"]["key"] for one in posts)
        rows = {row.key: row for row in db.session.scalars(select(Delivery))}
        assert still_open() == 0, [row.error for row in rows.values() if row.state != "sent"]
        wanted = {key for key, row in rows.items() if row.kind != "report.changed"}
        assert told == Counter(wanted)
        assert len({row.report_id for row in rows.values()}) == REPORTS
        assert max(row.attempts for row in rows.values()) > 1, "nothing went wrong: this proves nothing"
        db.session.remove()
        db.engine.dispose()
