"""The reminder of a promised update in Slack: to whom, in which words, exactly once, and not when it was kept."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from domain import promise_clock
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from local_slack import LocalSlack
from server.watch import Watch
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.declaring import BASE, declare, made, rows

TRANSLATIONS = Path(__file__).parents[2] / "translations"
Deliver = Callable[..., None]


@pytest.fixture
def work(app: Flask, slack: LocalSlack, hands: Hands) -> Deliver:
    """Delivers to Slack until nothing waits."""

    def all_of(locale: str = "en") -> None:
        sender = SlackSender(
            slack.token, slack.api_url, "hotline", BASE, locale, TOKYO, str(TRANSLATIONS), time_limit=2.0
        )
        using = Dispatcher({"slack": sender}, hands)
        while (due := using.due()) is not None:
            hands.at = max(hands.at, due)
            using.next()

    return all_of


@pytest.fixture
def watch(hands: Hands) -> Watch:
    return Watch(hands, of=promise_clock, every=timedelta(seconds=5))


@pytest.fixture(autouse=True)
def bridge_in_slack(app: Flask) -> None:
    """The bridge is the Sato of the local Slack."""
    with writing():
        db.session.get_one(Person, 3).slack_id = "U0SATO"


def direct(slack: LocalSlack) -> list[str]:
    return [one["text"] for channel in slack.workspace.channels.values() if channel.is_im for one in channel.messages]


def reminders() -> list[str]:
    return [one.state for one in rows() if one.kind in (promise_clock.KIND, "channel.promise")]


def test_the_bridge_is_told_before_and_after_then_the_commander(slack, work, hands, watch) -> None:
    declare(hands())
    work()
    for minutes in (3, 2, 3):
        hands.forward(minutes=minutes)
        watch()
        work()
    due = "Aug 11, 10:47 JST"
    assert direct(slack) == [
        f"INC-1: the next update is promised for {due}. It is time to write it.",
        f"INC-1: the update promised for {due} is late.",
        f"INC-1: the update promised for {due} is still missing.",
    ]
    links = [
        str(one["blocks"]) for channel in slack.workspace.channels.values() if channel.is_im for one in channel.messages
    ]
    assert f"<{BASE}/incidents/INC-1/desk|The bridge's desk>" in links[0]
    assert f"<{BASE}/incidents/INC-1|Incident page and record>" in links[2]
    whom = [one.members[1] for one in slack.workspace.channels.values() if one.is_im]
    assert whom == ["U0SATO", "U0OKAMOTO"]


def test_kept_before_it_was_sent_nobody_is_told(slack, work, hands, watch) -> None:
    declare(hands())
    work()
    hands.forward(minutes=3)
    watch()
    with writing():
        db.session.get_one(Incident, 1).publish(
            key="u", by=db.session.get_one(Person, 3), at=hands(), state="investigating",
            words={"situation": "調べました。"}, next_update_at=hands() + timedelta(minutes=15),
        )  # fmt: skip
    work()
    assert direct(slack) == []
    assert reminders() == ["dropped"]


def test_slack_away_until_it_is_late_says_only_that_it_is_late(slack, work, hands, watch) -> None:
    declare(hands())
    work()
    hands.forward(minutes=3)
    watch()
    hands.forward(minutes=2)
    watch()
    work()
    assert [text.rpartition(" ")[2] for text in direct(slack)] == ["late."]
    assert reminders() == ["dropped", "sent"]


@pytest.mark.parametrize("fault", ["break_after", "hang_after", "cut_body", "error_500_html", "break_before"])
def test_it_arrives_exactly_once_whatever_breaks(slack, work, hands, watch, fault) -> None:
    declare(hands())
    work()
    hands.forward(minutes=5)
    watch()
    slack.faults.add(fault, "chat.postMessage")
    work()
    assert len(direct(slack)) == 1


def test_two_workers_and_a_restart_tell_once(slack, work, hands, watch) -> None:
    declare(hands())
    hands.forward(minutes=5)
    other = Watch(hands, of=promise_clock, every=timedelta(seconds=5))
    assert [watch(), other()] == [1, 0]
    work()
    assert Watch(hands, of=promise_clock)() == 0
    assert len(direct(slack)) == 1


@pytest.mark.parametrize(("slack_id", "whom"), [(None, "高橋 由紀子さん："), ("U0SATO", "<@U0SATO>")])
def test_a_drill_says_so_in_the_drill_channel(slack, work, hands, watch, slack_id, whom) -> None:
    with writing():
        db.session.get_one(Person, 3).slack_id = slack_id
    declare(hands(), drill=True)
    work("ja")
    hands.forward(minutes=5)
    watch()
    work("ja")
    assert direct(slack) == []
    last = slack.messages("drill")[-1]["text"]
    assert last == f"【訓練】 {whom} INC-1：8月11日 10:47（JST）予定の更新が遅れています。"


def test_who_has_no_slack_id_is_called_in_the_incidents_channel(slack, work, hands, watch) -> None:
    with writing():
        db.session.get_one(Person, 3).slack_id = None
    declare(hands())
    work()
    hands.forward(minutes=8)
    watch()
    work()
    (channel,) = made(slack)
    texts = [one["text"] for one in slack.messages(channel.id)]  # type: ignore[attr-defined]
    assert texts[-1].startswith("For 高橋 由紀子: INC-1: the update promised")
    assert len(direct(slack)) == 1
