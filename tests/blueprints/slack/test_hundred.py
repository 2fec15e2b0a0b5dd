"""A hundred people at once: one effect, and everybody learns what became of it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from domain import formation, incidents, mobilising
from domain.db import db, writing
from domain.events import Event
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from local_slack.interactions import send
from local_slack.modals import opened, shown, submission
from tests.blueprints.slack.conftest import OKAMOTO, whispers

pytestmark = pytest.mark.one_database
NUMBER = 100


@pytest.fixture
def people(slack, clock) -> list[str]:
    """The Slack ids of a hundred who may all do it."""
    ids = [f"U0PERSON{number:03}" for number in range(NUMBER)]
    with writing():
        for one in ids:
            db.session.add(
                Person(
                    email=f"{one}@example.jp".lower(), name=one, slack_id=one, is_admin=True, locale="en",
                    created_at=clock.at,
                )
            )  # fmt: skip
    for one in ids:
        slack.workspace.add_user(one, one, f"{one}@example.jp", one)
    return ids


def at_once(do: Callable[[Any], tuple[int, str]], things: list[Any]) -> list[tuple[int, str]]:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(do, things))
    db.session.rollback()
    assert {status for status, _ in answers} == {200}
    return answers


def opened_for(slack, report, person: str) -> str:
    """The id of a person's own modal. Only the first is asked of the portal: opening them is not what is tested."""
    if slack.modal(OKAMOTO) is None:
        slack.click("hotline", report.ts, "report.declare", OKAMOTO)
    view = shown(slack.modal(OKAMOTO))
    view["private_metadata"] = json.dumps(json.loads(view["private_metadata"]) | {"key": f"key-of-{person}"})
    return str(opened(slack.workspace, person, view)["id"])


def test_a_hundred_declare_from_one_report(slack, report, people) -> None:
    given = {"title": "Guests cannot enter", "severity": "major", "services": ["1"]}
    forms = [submission(slack._settings, opened_for(slack, report, one), one, given) for one in people]
    answers = at_once(lambda one: send(slack._settings, one), forms)
    assert db.session.query(Incident).count() == 1
    assert db.session.query(Delivery).filter_by(kind="channel.create").count() == 1
    views = [json.loads(text)["view"] for _, text in answers]
    assert all("INC-1" in json.dumps(view) for view in views)
    # One has declared; the others have what was declared before them, and their words.
    assert sorted(view["callback_id"] for view in views) == ["declare"] * (NUMBER - 1) + ["told"]


def test_a_hundred_take_one_position(slack, people, deliver, clock) -> None:
    with writing():
        by = db.session.get_one(Person, 2)
        made = incidents.declare(
            key="k", by=by, at=clock.at, title="QR", severity="major", services={}, began_at=clock.at, holding=False
        )
        when = clock.at.isoformat()
        mobilising.ask_for(made, [["scribe", when]], at=clock.at, key="ask")
    deliver()
    channel = next(one for one in slack.workspace.channels.values() if "would you" in str(one.messages))
    ts = channel.messages[-1]["ts"]
    presses = [slack.interaction(channel.id, ts, "position.take.0", one) for one in people]
    at_once(lambda one: send(slack._settings, one), presses)
    holder = formation.holder(db.session.get_one(Incident, 1), "scribe", clock.at)
    assert holder is not None
    assert db.session.query(Event).filter_by(kind="incident.assigned").count() == 1
    deliver()
    told = [one["text"] for one in channel.messages[2:]]
    assert told == [f"Scribe: {holder.name}"]
    assert {to for to, _ in whispers(slack)} == set(people) - {holder.slack_id}
    assert all(holder.name in text for _, text in whispers(slack))


@pytest.mark.parametrize(("action", "typed"), [("report.no_incident", {"note": "A test"}), ("report.same", None)])
def test_a_modal_that_is_sent_a_hundred_times_has_one_effect(slack, report, deliver, clock, action, typed) -> None:
    with writing():
        by = db.session.get_one(Person, 2)
        incidents.declare(
            key="k", by=by, at=clock.at, title="QR", severity="major", services={}, began_at=clock.at, holding=False
        )
    slack.click("hotline", report.ts, action, OKAMOTO)
    payload = submission(slack._settings, slack.modal(OKAMOTO)["id"], OKAMOTO, typed or {"same": "INC-1"})
    at_once(lambda one: send(slack._settings, one), [payload] * NUMBER)
    deliver()
    assert db.session.query(Delivery).filter_by(kind="report.told").count() == 1
    assert report.now().judged_by_id == 2
