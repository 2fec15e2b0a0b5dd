"""What one person is told in Slack, over real HTTP to a local Slack that fails in every way: once, in their language."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from domain import followers, incidents, questions
from domain.catalog import Service
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.questions import Question
from domain.suspicion import Report
from integrations.dispatch import Dispatcher
from integrations.slack_direct import DirectSender
from local_slack import LocalSlack
from tests.conftest import NOW
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.test_slack_duty import direct

TRANSLATIONS = str(Path(__file__).parent.parent.parent / "translations")
FAULTS = ("rate_limited", "error_500_html", "error_json", "break_before", "break_after", "cut_body")


@pytest.fixture
def sender(slack: LocalSlack) -> DirectSender:
    return DirectSender(
        slack.token, slack.api_url, "hotline", "https://noroshi.example.jp", "ja", TOKYO, TRANSLATIONS, time_limit=2.0
    )


@pytest.fixture
def dispatcher(app: Flask, sender: DirectSender, hands: Hands) -> Dispatcher:
    return Dispatcher({"direct": sender}, hands)


@pytest.fixture
def incident(app: Flask) -> int:
    """The reader follows everything and reads English; the incident is declared."""
    with writing():
        reader = person(4)
        reader.slack_id, reader.locale = "U0SATO", "en"
        followers.follow(reader, "all", 0, at=NOW)
        return incidents.declare(
            key="declared", by=person(2), at=NOW, title="QR <@U1> & co", severity="major", began_at=NOW,
            services={db.session.get_one(Service, 1): "partial_outage"},
            holding_words={"situation": "We are looking."},
        ).id  # fmt: skip


def person(number: int) -> Person:
    return db.session.get_one(Person, number)


def publish(incident: int, situation: str, at: datetime = NOW, **more: Any) -> int:
    with writing():
        found = db.session.get_one(Incident, incident)
        given: dict[str, Any] = {"state": "investigating", "next_update_at": at + timedelta(minutes=20), **more}
        given.setdefault("words", {"situation": situation})
        return found.publish(key=situation[:60], by=person(3), at=at, **given).id


def states(kind: str = "told.%") -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery.state).where(Delivery.kind.like(kind)).order_by(Delivery.id)))


def test_a_follower_is_told_of_the_declaration(incident: int, deliver: Callable[..., int], slack: LocalSlack) -> None:
    deliver()
    (told,) = direct(slack, "U0SATO")
    assert "INC-1: Investigating" in told
    assert "We are looking." in told
    assert "QR &lt;@U1&gt; &amp; co" in told
    assert "https://noroshi.example.jp/incidents/INC-1" in told


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
@pytest.mark.parametrize("kind", FAULTS)
def test_after_any_fault_it_is_told_once(
    kind: str, method: str, incident: int, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    slack.faults.add(kind, method)
    deliver()
    assert len(direct(slack, "U0SATO")) == 1
    assert states() == ["sent"]


def test_a_correction_edits_the_same_message(
    incident: int, deliver: Callable[..., int], slack: LocalSlack, hands: Hands
) -> None:
    wrong = publish(incident, "All facilities.")
    deliver()
    publish(incident, "Some facilities.", corrects=wrong)
    deliver()
    told = direct(slack, "U0SATO")
    assert len(told) == 1
    assert "Some facilities." in told[0]
    assert "Corrected" in told[0]


def test_what_is_overtaken_before_it_went_out_is_not_told(
    incident: int, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    publish(incident, "Newer.")
    deliver()
    (told,) = direct(slack, "U0SATO")
    assert "Newer." in told
    assert states() == ["dropped", "sent"]


def test_the_night_is_told_in_one_message_in_the_morning(
    incident: int, deliver: Callable[..., int], slack: LocalSlack, hands: Hands, dispatcher: Dispatcher
) -> None:
    deliver()
    hands.at = NOW.replace(hour=14)  # 23:00 in Tokyo
    publish(incident, "First of the night.", hands.at)
    publish(incident, "Second of the night.", hands.at + timedelta(hours=1))
    assert not dispatcher.next()
    assert dispatcher.due() == NOW.replace(hour=22, minute=0)  # 7:00 in Tokyo
    deliver()
    told = direct(slack, "U0SATO")
    assert len(told) == 2
    assert any("Second of the night." in one and "First of the night." not in one for one in told)


def test_a_night_that_the_morning_has_overtaken_is_not_told(
    incident: int, deliver: Callable[..., int], slack: LocalSlack, hands: Hands
) -> None:
    deliver()
    publish(incident, "In the night.", NOW.replace(hour=14))
    publish(incident, "In the morning.", NOW.replace(hour=22, minute=1))
    deliver()
    assert not any("In the night." in one for one in direct(slack, "U0SATO"))


def test_an_answer_and_its_correction_are_one_message(
    incident: int, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    with writing():
        questions.ask(db.session.get_one(Incident, incident), "Refunds?", key="q", by=person(4), at=NOW)
    for body in ("<!channel> yes", "no"):
        with writing():
            db.session.get_one(Question, 1).give_answer(body, by=person(3), at=NOW)
        deliver()
    told = [one for one in direct(slack, "U0SATO") if "Refunds?" in one]
    assert len(told) == 1
    assert "was corrected" in told[0]
    assert "<!channel>" not in told[0]


def test_an_answer_in_a_drill_says_first_that_it_is_one(
    incident: int, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    with writing():
        found = db.session.get_one(Incident, incident)
        found.drill = True
        questions.ask(found, "Refunds?", key="q", by=person(4), at=NOW)
    with writing():
        db.session.get_one(Question, 1).give_answer("yes", by=person(3), at=NOW)
    deliver()
    told = next(one for one in direct(slack, "U0SATO") if "Refunds?" in one)
    assert "*[DRILL] Your question about INC-1 was answered*" in told
    assert "Please do not tell customers." in told


def test_the_reporter_is_thanked_once_with_the_minutes(
    app: Flask, deliver: Callable[..., int], slack: LocalSlack, file: Callable[..., int]
) -> None:
    with writing():
        person(4).slack_id = "U0SATO"
        person(4).locale = "en"
    number = file()
    with writing():
        made = incidents.declare(
            key="d", by=person(2), at=NOW + timedelta(minutes=7), title="QR", severity="major", began_at=NOW, services={},
            report=db.session.get_one(Report, number), holding=False,
        )  # fmt: skip
        made.publish(key="r", by=person(3), at=NOW + timedelta(hours=1), state="resolved", words={"situation": "over"})
        made.publish(
            key="a", by=person(3), at=NOW + timedelta(hours=2), state="monitoring", words={"situation": "again"},
            next_update_at=NOW + timedelta(hours=3), reopen=True,
        )  # fmt: skip
        made.publish(key="r2", by=person(3), at=NOW + timedelta(hours=3), state="resolved", words={"situation": "over"})
    deliver()
    (told,) = direct(slack, "U0SATO")
    assert "7 minutes after your report" in told
    assert "Thank you" in told


def test_who_has_left_is_told_nothing(incident: int, deliver: Callable[..., int], slack: LocalSlack) -> None:
    with writing():
        person(4).deactivated_at = NOW
    deliver()
    assert direct(slack, "U0SATO") == []
    assert states() == ["dropped"]
