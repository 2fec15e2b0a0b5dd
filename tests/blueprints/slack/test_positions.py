"""The button that takes an open position: for a responder, once, and never away from somebody."""

from datetime import timedelta

import pytest

from domain import formation, formation_clock, incidents
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person
from local_slack.interactions import send
from tests.blueprints.slack.conftest import ITO, OKAMOTO, SATO, whispers

TAKE = "position.take.0"


@pytest.fixture
def asked(slack, deliver, clock):
    """The message that asks for a scribe: its channel and `ts`."""
    with writing():
        by = db.session.get_one(Person, 2)
        incidents.declare(
            key="declared", by=by, at=clock.at, title="QR codes cannot be read", severity="major", services={},
            began_at=clock.at, holding_words={"situation": "調べています。"},
        )  # fmt: skip
    deliver()
    at = clock.forward(minutes=5)
    words = formation_clock.look(at)
    with writing():
        formation_clock.write_down(words, at)
    deliver()
    db.session.rollback()
    channel = next(
        one
        for one in slack.workspace.channels.values()
        if any("would you take it" in message["text"] for message in one.messages)
    )
    return channel.id, channel.messages[-1]["ts"]


def scribe(clock):
    db.session.rollback()
    found = formation.holder(db.session.get_one(Incident, 1), "scribe", clock.at)
    return found.id if found else None


def test_one_tap_takes_it_and_the_channel_is_told(slack, asked, deliver, clock) -> None:
    assert slack.click(*asked, TAKE, ITO) == (200, "")
    deliver()
    assert scribe(clock) == 6
    assert slack.messages(asked[0])[-1]["text"] == "Scribe: 伊藤 航"
    assert whispers(slack) == []


def test_an_old_message_takes_it_from_nobody(slack, asked, deliver, clock) -> None:
    late = slack.interaction(*asked, TAKE, OKAMOTO)
    slack.click(*asked, TAKE, ITO)
    clock.at += timedelta(minutes=1)
    assert send(slack._settings, late)[0] == 200
    deliver()
    assert scribe(clock) == 6
    assert [to for to, _ in whispers(slack)] == [OKAMOTO]
    assert "伊藤 航 has it" in whispers(slack)[0][1]


def test_pressed_twice_by_one_person_nothing_more_happens(slack, asked, deliver, clock) -> None:
    for _ in range(2):
        slack.click(*asked, TAKE, ITO)
    deliver()
    assert [one["text"] for one in slack.messages(asked[0])].count("Scribe: 伊藤 航") == 1
    assert whispers(slack) == []


@pytest.mark.parametrize("who", [SATO, "U0WATANABE"])
def test_who_is_no_responder_or_nobody_takes_nothing(slack, asked, deliver, clock, who) -> None:
    slack.click(*asked, TAKE, who)
    deliver()
    assert scribe(clock) is None
    assert [to for to, _ in whispers(slack)] == [who]


def test_in_a_closed_incident_nothing_is_taken(slack, asked, deliver, clock) -> None:
    with writing():
        found = db.session.get_one(Incident, 1)
        found.resolved_at = found.closed_at = clock.at
    slack.click(*asked, TAKE, ITO)
    deliver()
    assert scribe(clock) is None
    assert len(whispers(slack)) == 1


@pytest.mark.parametrize("value", ["", "1", "1:emperor", "99:scribe", "x:scribe", "1:scribe:2", "²:scribe"])
def test_a_forged_value_changes_nothing(slack, asked, deliver, clock, value) -> None:
    forged = slack.interaction(*asked, TAKE, ITO)
    forged["actions"][0]["value"] = value
    assert send(slack._settings, forged)[0] == 200
    deliver()
    assert scribe(clock) is None
    assert len(whispers(slack)) == 1
