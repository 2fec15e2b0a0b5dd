"""A worker that is killed between the steps of declarations while services fail: each effect is there exactly once."""

import json
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import domain.calls  # noqa: F401 - its tables belong to the whole
from domain.db import Base, db, writing
from domain.outbox import DONE, Delivery
from domain.people import Person
from domain.roster import Area, Plan, PlanSlot
from tests.integrations.declaring import Outside, check_everything_once, outside
from tests.integrations.worker import fast, make_app

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parent.parent.parent
SPEED = 20.0
INCIDENTS = 2
KILLS = 4


def people(at: datetime) -> None:
    """Two areas, whose people have Slack ids."""
    with writing() as session:
        Base.metadata.create_all(session.connection())
        for number, slack_id in ((1, "U0SATO"), (2, "U0OKAMOTO")):
            session.add(
                Person(id=number, email=f"{number}@example.jp", name=f"No. {number}", slack_id=slack_id, created_at=at)
            )
        session.flush()
        for number, kind in ((1, "system"), (2, "bridge")):
            area = Area(id=number, key=kind, kind=kind, name=kind, position=number, created_at=at)
            plan = Plan(area=area, starts_at=at, recorded_at=at)
            plan.slots = [PlanSlot(rank=0, person_id=number)]
            session.add(plan)


def start(given: dict[str, object]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.integrations.declaring_worker", json.dumps(given)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def still_open() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Delivery.id)).where(Delivery.state.not_in(DONE))) or 0


def written() -> int:
    return db.session.scalar(select(func.count(Delivery.id)).where(Delivery.kind == "channel.create")) or 0


def settle(until: float) -> None:
    while (written() < INCIDENTS or still_open()) and time.monotonic() < until:
        time.sleep(0.05)


def random_kills(there: Outside, given: dict[str, object], dice: random.Random) -> None:
    for _ in range(KILLS):
        worker = start(given)
        before = there.slack.workspace.version
        there.slack.wait_until(lambda before=before: there.slack.workspace.version != before, 8.0)  # type: ignore[misc]
        time.sleep(dice.random() * 0.6)
        worker.send_signal(signal.SIGKILL)
        worker.wait()


@pytest.mark.parametrize("seed", [1])
def test_every_effect_of_every_declaration_is_there_exactly_once(seed: int, tmp_path: Path) -> None:
    dice, begun = random.Random(seed), time.time()
    url = f"sqlite:///{tmp_path / 'declared.sqlite3'}"
    with make_app(url).app_context(), outside(lambda: fast(begun, SPEED)) as there:
        people(datetime.fromtimestamp(begun, UTC) - timedelta(days=1))
        there.slack.faults.random(seed, 0.15)
        given = {
            "url": url, "start": begun, "speed": SPEED, "incidents": INCIDENTS,
            "slack": there.slack.port, "pager": there.pager.port, "zoom": there.zoom.port,
        }  # fmt: skip
        random_kills(there, given, dice)
        there.slack.faults.lift("random")
        worker = start(given)
        settle(time.monotonic() + 50)
        worker.kill()
        worker.wait()
        assert max(db.session.scalars(select(Delivery.attempts))) > 1, "nothing went wrong: this proves nothing"
        check_everything_once(there, INCIDENTS, areas=2)
        db.session.remove()
        db.engine.dispose()
