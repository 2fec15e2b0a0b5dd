"""The reminder of a report that nobody has taken: a direct message, in the person's language, exactly once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from domain import hotline_clock
from domain.db import db, organisation, writing
from domain.people import Person
from domain.suspicion import Report
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from local_slack import LocalSlack
from server.watch import Watch, Watches
from tests.integrations.conftest import Hands, row


@pytest.fixture
def watch(app: Flask, hands: Hands) -> Iterator[Watches]:
    before = organisation()
    times = (timedelta(minutes=5), timedelta(minutes=5))
    db.engine.update_execution_options(organisation=replace(before, reminders=times))
    yield Watches(Watch(hands, of=hotline_clock, every=timedelta(seconds=5)))
    db.engine.update_execution_options(organisation=before)


@pytest.fixture
def sender(slack: LocalSlack, sender: SlackSender) -> SlackSender:
    sender.pressable = True
    return sender


@pytest.fixture
def late(watch: Watches, file: Callable[..., int], deliver: Callable[..., int], hands: Hands) -> int:
    """A report that has waited for five minutes."""
    number = file()
    deliver()
    hands.forward(minutes=5)
    assert watch() == 1
    return number


def direct(slack: LocalSlack) -> list[str]:
    return [one["text"] for channel in slack.workspace.channels.values() if channel.is_im for one in channel.messages]


def test_whoever_is_in_charge_gets_a_direct_message_with_a_button(slack, late, deliver) -> None:
    deliver()
    channel = next(one for one in slack.workspace.channels.values() if one.is_im)
    assert channel.members == ["U0NOROSHI", "U0OKAMOTO"]
    message = channel.messages[0]
    assert message["text"].startswith("Nobody has started checking R-1")
    buttons = [
        one["action_id"] for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]
    ]
    assert buttons == ["report.acknowledge"]
    assert len(slack.messages("hotline")) == 1


def test_taken_in_the_meantime_nothing_is_sent(slack, late, deliver, hands) -> None:
    with writing():
        db.session.get_one(Report, late).acknowledge(by=db.session.get_one(Person, 6), at=hands())
    deliver()
    assert direct(slack) == []
    assert (row(2).kind, row(2).state) == ("report.reminder", "dropped")
    assert "taken" in row(2).error


@pytest.mark.parametrize("fault", ["break_after", "hang_after", "cut_body", "error_500_html", "break_before"])
def test_it_arrives_exactly_once_whatever_breaks(slack, late, deliver, fault) -> None:
    slack.faults.add(fault, "chat.postMessage")
    deliver()
    assert len(direct(slack)) == 1


def test_two_workers_tell_once(slack, late, deliver, watch, hands) -> None:
    other = Watches(Watch(hands, of=hotline_clock, every=timedelta(seconds=5)))
    hands.forward(seconds=5)
    assert (watch(), other()) == (0, 0)
    deliver()
    assert len(direct(slack)) == 1


def test_slack_away_for_a_while_the_reminder_comes_late_but_comes(slack, late, dispatcher: Dispatcher, deliver) -> None:
    slack.faults.add("away")
    dispatcher.next()
    slack.faults.clear()
    deliver()
    assert len(direct(slack)) == 1


def test_it_speaks_the_person_s_language(slack, late, deliver) -> None:
    with writing():
        db.session.get_one(Person, 2).locale = "ja"
    deliver()
    # The sender of the tests has no catalogue: what matters is that the times are Japanese.
    assert "（JST）" in direct(slack)[0]


def test_a_report_that_waits_does_not_hold_up_its_reminder(slack, watch, file, hands, dispatcher) -> None:
    slack.faults.add("error_500_html", "chat.postMessage", times=3)
    file()
    dispatcher.next()
    hands.forward(minutes=5)
    watch()
    with writing():
        row(1).next_at = hands() + timedelta(hours=1)
    slack.faults.clear()
    while dispatcher.next():
        pass
    assert len(direct(slack)) == 1
