"""The formation in the incident's channel: hand-overs are told, open positions ask, each exactly once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from domain import endings, formation, formation_clock
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person
from domain.roster import Area, Override
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from integrations.wording import Wording
from server.watch import Watch
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.declaring import BASE, Outside, declare, made, outside, rows

Deliver = Callable[..., None]
TRANSLATIONS = Path(__file__).parents[2] / "translations"


@pytest.fixture
def there(app: Flask, hands: Hands) -> Iterator[Outside]:
    with outside(lambda: hands().timestamp()) as services:
        yield services


@pytest.fixture
def work(there: Outside, hands: Hands) -> Deliver:
    """Delivers until nothing waits; what is pressed in Slack reaches the portal. `locale`: what it speaks."""

    def all_of(locale: str = "en") -> None:
        slack = SlackSender(
            there.slack.token, there.slack.api_url, "hotline", BASE, locale, TOKYO, str(TRANSLATIONS), time_limit=2.0,
            pressable=True,
        )  # fmt: skip
        using = Dispatcher(there.senders(slack=slack), hands)  # type: ignore[arg-type]
        while (due := using.due()) is not None:
            hands.at = max(hands.at, due)
            using.next()

    return all_of


@pytest.fixture
def watch(hands: Hands) -> Watch:
    return Watch(hands, of=formation_clock, every=timedelta(seconds=1))


def said(there: Outside) -> list[dict[str, Any]]:
    """What stands in the incident's channel below its first message."""
    (channel,) = made(there.slack)
    return there.slack.messages(channel.id)[1:]  # type: ignore[attr-defined]


def pinned(there: Outside) -> str:
    (channel,) = made(there.slack)
    return str(there.slack.messages(channel.id)[0]["blocks"])  # type: ignore[attr-defined]


def give(position: str, person: int, hands: Hands, by: int = 2) -> None:
    with writing():
        of = {one.id: one for one in db.session.query(Person).where(Person.id.in_((person, by)))}
        db.session.get_one(Incident, 1).assign(position, of[person], by=of[by], at=hands())


def test_the_pinned_message_names_who_holds_what_by_the_roster(there, work, hands) -> None:
    declare(hands())
    work()
    assert "Commander: 岡本 沙織" in pinned(there)
    assert "Bridge: 高橋 由紀子" in pinned(there)
    assert said(there) == []


def test_the_pinned_message_says_how_it_ended(there, work, hands) -> None:
    declare(hands())
    work()
    with writing():
        by = db.session.get_one(Person, 2)
        incident = db.session.get_one(Incident, 1)
        incident.publish(key="r", by=by, at=hands(), state="resolved", words={"situation": "over"})
        incident.close(by=by, at=hands())
    work()
    assert "INC-1: Customer follow-up finished" in pinned(there)
    with writing():
        by = db.session.get_one(Person, 2)
        db.session.get_one(Incident, 1).follow_up_again(by=by, at=hands())
    work()
    assert "INC-1: Restored" in pinned(there)


@pytest.mark.parametrize("how", ["merged", "none"])
def test_what_ended_otherwise_is_not_told_as_restored(there, work, hands, how) -> None:
    declare(hands())
    declare(hands(), key="other", title="決済できない")
    work()
    with writing():
        by, incident = db.session.get_one(Person, 2), db.session.get_one(Incident, 1)
        if how == "none":
            endings.no_incident(incident, key="n", by=by, at=hands(), words={"situation": "点検でした。"})
        else:
            endings.merge(incident, db.session.get_one(Incident, 2), by=by, at=hands(), situation="同じ件です。")
    work()
    head = "INC-1: No incident, thank you" if how == "none" else "INC-1: Goes on as INC-2"
    first = made(there.slack)[0]
    texts = [one["text"] for one in there.slack.messages(first.id)]  # type: ignore[attr-defined]
    assert [text.startswith(head) for text in texts] == [True, True]
    assert any(one["text"].startswith(head) for one in there.slack.messages("hotline"))


def test_the_pinned_message_says_who_leads_which_call(there, work, hands) -> None:
    declare(hands())
    give("partner_lead", 3, hands)
    work()
    for call in (
        "System call: <https://zoom.example/j/80000000000|Join> (led by 岡本 沙織)",
        "Customer call: <https://zoom.example/j/80000000001|Join> (led by 伊藤 航, 高橋 由紀子)",
    ):
        assert call in pinned(there)


def test_a_hand_over_is_told_and_stands_in_the_pinned_message(there, work, hands) -> None:
    declare(hands())
    work()
    give("commander", 6, hands)
    work()
    (told,) = said(there)
    assert told["text"] == "Commander: 伊藤 航 (until now 岡本 沙織)"
    assert "Given by 岡本 沙織" in str(told["blocks"])
    assert "Commander: 伊藤 航" in pinned(there)


def test_given_back_to_nobody_is_told(there, work, hands) -> None:
    declare(hands())
    give("scribe", 6, hands)
    with writing():
        by = db.session.get_one(Person, 6)
        formation.relieve(db.session.get_one(Incident, 1), "scribe", by=by, at=hands())
    work()
    assert [one["text"] for one in said(there)] == ["Scribe: 伊藤 航", "Scribe: nobody any more (until now 伊藤 航)"]


def test_a_hand_over_of_duty_is_told_and_whoever_comes_is_invited(there, work, hands, watch) -> None:
    with writing() as session:
        session.get_one(Person, 6).slack_id = "U0ITO"
        start, end = hands() + timedelta(minutes=2), hands() + timedelta(hours=2)
        session.add(
            Override(
                kind="take", person_id=6, area_id=3, starts_at=start, ends_at=end, recorded_at=hands(),
                recorded_by_id=1,
            )
        )  # fmt: skip
    declare(hands(), severity="minor")
    work()
    hands.forward(minutes=2)
    watch()
    work()
    assert [one["text"] for one in said(there)] == ["Commander: 伊藤 航 (until now 岡本 沙織)"]
    assert "Commander: 伊藤 航" in pinned(there)
    assert "U0ITO" in made(there.slack)[0].members


@pytest.mark.parametrize("fault", ["break_after", "hang_after", "cut_body", "error_500_html", "break_before"])
def test_an_ask_arrives_exactly_once_whatever_breaks(there, work, hands, watch, fault) -> None:
    declare(hands())
    work()
    hands.forward(minutes=5)
    assert watch() == 1
    there.slack.faults.add(fault, "chat.postMessage")
    work()
    (asked,) = said(there)
    assert asked["text"] == "Scribe: nobody has it yet. If you have a hand free, would you take it?"


def test_an_ask_carries_a_button_for_each_position(there, work, hands, watch) -> None:
    with writing() as session:
        session.get_one(Area, 4).retired_at = hands()
    declare(hands())
    work()
    hands.forward(minutes=5)
    watch()
    work()
    (asked,) = said(there)
    buttons = [one for block in asked["blocks"] if block["type"] == "actions" for one in block["elements"]]
    assert [one["value"] for one in buttons] == ["1:bridge", "1:scribe"]
    assert len({one["action_id"] for one in buttons}) == 2


def test_taken_before_it_was_sent_nobody_is_asked(there, work, hands, watch) -> None:
    declare(hands())
    work()
    hands.forward(minutes=5)
    watch()
    give("scribe", 6, hands)
    work()
    assert [one["text"] for one in said(there)] == ["Scribe: 伊藤 航"]
    (ask,) = [one for one in rows() if one.kind == "channel.ask"]
    assert ask.state == "dropped"


def test_a_drill_says_so_and_asks_in_the_drill_channel(there, work, hands, watch) -> None:
    declare(hands(), drill=True)
    work("ja")
    give("commander", 6, hands)
    hands.forward(minutes=5)
    watch()
    work("ja")
    texts = [one["text"] for one in there.slack.messages("drill")]
    assert made(there.slack) == []
    assert all(text.startswith("【訓練】") for text in texts)
    assert "【訓練】 コマンダー（システム対応責任者）：伊藤 航さん（これまで：岡本 沙織さん）" in texts
    assert "【訓練】 記録担当がまだ決まっていません。手の空いている方、お願いできますか。" in texts


def test_every_sentence_of_it_is_there_in_japanese() -> None:
    texts = Wording("ja", TOKYO, str(TRANSLATIONS))
    for sentence in (
        "%(position)s: %(name)s (until now %(before)s)", "%(position)s: nobody any more (until now %(before)s)",
        "Given by %(name)s", "I take it: %(position)s",
        "%(positions)s: nobody has it yet. If you have a hand free, would you take it?",
    ):  # fmt: skip
        assert texts.gettext(sentence) != sentence
