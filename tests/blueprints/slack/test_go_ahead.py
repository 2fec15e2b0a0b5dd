"""The buttons under an update that waits: one tap of the commander, told to who wrote it, of no use to anybody else."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import go_ahead, incidents
from domain.db import db, organisation, writing
from domain.go_ahead import PendingUpdate
from domain.incidents import Incident
from domain.people import Person
from integrations.dispatch import Dispatcher
from integrations.slack_direct import DirectSender
from tests.blueprints.slack.conftest import BASE, ITO, OKAMOTO, ROOT, TAKAHASHI, whispers


@pytest.fixture
def tell(slack, clock):
    """Brings everything that is for one person to Slack."""
    sender = DirectSender(
        slack.token, slack.api_url, "hotline", BASE, "en", ZoneInfo("Asia/Tokyo"), str(ROOT / "translations"),
        time_limit=5.0, pressable=True,
    )  # fmt: skip
    dispatcher = Dispatcher({"direct": sender}, lambda: clock.at)

    def all_of():
        db.session.rollback()
        while dispatcher.next():
            pass

    return all_of


@pytest.fixture
def asked(app, slack, tell, clock):
    """The commander's message: its channel and `ts`. The bridge wants to publish."""
    before = organisation()
    db.engine.update_execution_options(organisation=replace(before, go_ahead=True))
    with writing():
        people = {number: db.session.get_one(Person, number) for number in (2, 3)}
        incident = incidents.declare(
            key="declared", by=people[2], at=clock.at, title="QR codes cannot be read", severity="major", services={},
            began_at=clock.at, holding=False,
        )  # fmt: skip
        given = {
            "state": "identified", "words": {"situation": "We know why."}, "seen": None,
            "next_update_at": clock.at + timedelta(minutes=10),
        }  # fmt: skip
        go_ahead.ask(
            incident, key="p", by=people[3], at=clock.at, given=given, wrote_as="bridge", relative=True
        )  # fmt: skip
    tell()
    yield messages(slack, OKAMOTO)[0]
    db.engine.update_execution_options(organisation=before)


def messages(slack, user):
    """(channel, ts) of everything that a person was told."""
    return [
        (channel.id, message["ts"])
        for channel in slack.workspace.channels.values()
        if channel.is_im and user in channel.members
        for message in channel.messages
    ]


def text(slack, place):
    return str(next(one["blocks"] for one in slack.messages(place[0]) if one["ts"] == place[1]))


def latest():
    db.session.rollback()
    return db.session.get_one(Incident, 1).latest


def test_the_commander_reads_the_words_and_publishes_them_with_one_tap(slack, asked, tell, clock) -> None:
    assert "asks for your go-ahead: update of INC-1" in text(slack, asked)
    assert "We know why." in text(slack, asked)
    clock.forward(minutes=2)
    assert slack.click(*asked, "go_ahead.give", OKAMOTO) == (200, "")
    update = latest()
    assert (update.situation, update.published_by_id) == ("We know why.", 3)
    tell()
    assert "Published: the update of INC-1" in text(slack, asked)
    assert "go_ahead.give" not in text(slack, asked)
    told = [text(slack, one) for one in messages(slack, TAKAHASHI)]
    assert any("岡本 沙織 gave the go-ahead: your update of INC-1 is published" in one for one in told)
    assert whispers(slack) == []


def test_one_tap_sends_it_back(slack, asked, tell, clock) -> None:
    slack.click(*asked, "go_ahead.refuse", OKAMOTO)
    tell()
    assert latest() is None
    assert "Sent back" in text(slack, asked)
    told = [text(slack, one) for one in messages(slack, TAKAHASHI)]
    assert any("sent your update of INC-1 back" in one for one in told)


def test_nobody_else_presses_it_and_an_old_button_changes_nothing(slack, asked, tell, deliver, clock) -> None:
    assert slack.click(*asked, "go_ahead.give", ITO)[0] == 200
    assert latest() is None
    db.session.rollback()
    with writing():
        pending = db.session.get_one(PendingUpdate, 1)
        pending.withdraw(by=pending.by, at=clock.at)
    assert slack.click(*asked, "go_ahead.give", OKAMOTO)[0] == 200
    assert latest() is None
    deliver()
    said = dict(whispers(slack))
    assert "given by who commands" in said[ITO]
    assert "does not wait any more" in said[OKAMOTO]
