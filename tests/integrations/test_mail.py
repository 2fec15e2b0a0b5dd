"""Mails over SMTP, to a small mail server of our own: once, in order, held where none is set."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from domain import followers, incidents, questions
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.questions import Question
from integrations import mail
from integrations.console import ConsoleSender
from integrations.dispatch import Dispatcher
from integrations.mail import MailSender, Server
from integrations.wording import Wording
from tests.conftest import NOW
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.smtp import LocalSmtp, config

TRANSLATIONS = str(Path(__file__).parent.parent.parent / "translations")
BASE = "https://noroshi.example.jp"


@pytest.fixture
def smtp() -> Iterator[LocalSmtp]:
    with LocalSmtp("noroshi", "geheim") as running:
        yield running


def sender_to(server: Server) -> MailSender:
    wordings = {one: Wording(one, TOKYO, TRANSLATIONS) for one in ("ja", "en")}
    return MailSender(server, "Noroshi <noroshi@example.jp>", BASE, wordings, "ja", time_limit=2.0)


@pytest.fixture
def server(smtp: LocalSmtp) -> Server:
    return Server("smtp", "127.0.0.1", smtp.port, "noroshi", "geheim")


@pytest.fixture
def dispatcher(app: Flask, server: Server, hands: Hands) -> Dispatcher:
    return Dispatcher({"mail": sender_to(server)}, hands)


@pytest.fixture
def incident(app: Flask) -> int:
    """The reader, who has no Slack id, follows everything; an incident is declared."""
    with writing():
        followers.follow(db.session.get_one(Person, 4), "all", 0, at=NOW)
        return incidents.declare(
            key="declared", by=db.session.get_one(Person, 2), at=NOW, title="入場できない", severity="major", began_at=NOW,
            services={}, holding_words={"situation": "調べています。\n.点で始まる行"},
        ).id  # fmt: skip


def rows() -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).where(Delivery.service == "mail").order_by(Delivery.id)))


def test_a_follower_without_slack_gets_a_mail(incident: int, deliver: Callable[..., int], smtp: LocalSmtp) -> None:
    deliver()
    ((sender, to, message),) = smtp.mails
    assert (sender, to) == ("noroshi@example.jp", ["reader@example.jp"])
    assert message["To"] == "佐藤 美咲 <reader@example.jp>"
    assert message["Subject"] == "[Noroshi] INC-1：調査中"
    text = message.get_content()
    assert "調べています。\n.点で始まる行" in text
    assert f"{BASE}/incidents/INC-1" in text
    token = followers.kept_settings(db.session.get_one(Person, 4)).token  # type: ignore[union-attr]
    assert f"{BASE}/following/{token}" in text
    assert message["List-Unsubscribe"] == f"<{BASE}/following/{token}>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_correction_is_a_mail_that_answers_the_first(
    incident: int, deliver: Callable[..., int], smtp: LocalSmtp
) -> None:
    deliver()
    with writing():
        found = db.session.get_one(Incident, incident)
        assert found.latest
        found.publish(
            key="c", by=db.session.get_one(Person, 3), at=NOW, state="investigating", corrects=found.latest.id,
            words={"situation": "正しくは一部です。"}, next_update_at=NOW + timedelta(minutes=9),
        )  # fmt: skip
    deliver()
    first, second = (message for _, _, message in smtp.mails)
    assert "訂正" in second["Subject"]
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Message-ID"] != first["Message-ID"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [("EHLO", None), ("MAIL", "451 later"), ("RCPT", "450 busy"), ("DATA", None), ("AUTH", "535 no"), ("RCPT", None)],
)
def test_what_fails_for_now_is_tried_again(
    command: str, answer: str | None, incident: int, deliver: Callable[..., int], smtp: LocalSmtp
) -> None:
    smtp.faults[command] = answer
    deliver()
    assert len(smtp.mails) == 1
    assert [row.state for row in rows()] == ["sent"]


def test_an_answer_comes_by_mail_too_and_in_a_drill_the_subject_says_so_first(
    incident: int, deliver: Callable[..., int], smtp: LocalSmtp
) -> None:
    with writing():
        found = db.session.get_one(Incident, incident)
        found.drill = True
        questions.ask(found, "返金できますか", key="q", by=db.session.get_one(Person, 4), at=NOW)
    with writing():
        db.session.get_one(Question, 1).give_answer("できます", by=db.session.get_one(Person, 3), at=NOW)
    deliver()
    message = smtp.mails[-1][-1]
    assert message["Subject"].startswith("【訓練】")
    assert "できます" in message.get_content()


def test_an_address_that_is_refused_ends_it_and_says_so(
    incident: int, deliver: Callable[..., int], smtp: LocalSmtp
) -> None:
    smtp.faults["RCPT"] = "550 no such user"
    deliver()
    (row,) = rows()
    assert (row.state, smtp.mails) == ("failed", [])
    assert "550" in row.error


def test_nothing_is_lost_while_the_server_is_away(incident: int, hands: Hands, smtp: LocalSmtp, server: Server) -> None:
    away = Dispatcher({"mail": sender_to(replace(server, port=1))}, hands)
    away.next()
    (row,) = rows()
    assert (row.state, row.attempts) == ("waiting", 1)


def test_without_a_server_mails_are_held(incident: int, hands: Hands) -> None:
    lines: list[str] = []
    assert not Dispatcher({"mail": ConsoleSender("mail", lines.append)}, hands).next()
    assert [row.state for row in rows()] == ["waiting"]
    assert lines == ["held: mail is not set up; told.update of INC-1 waits"]


@pytest.mark.parametrize(
    ("given", "scheme"),
    [({"SMTP_PORT": 25}, "smtp"), ({"SMTP_PORT": 465}, "smtps"), ({"SMTP_PORT": 587}, "smtp+starttls")],
)
def test_the_port_says_how_it_is_spoken(given: dict[str, int], scheme: str) -> None:
    found = mail.server(config(587, **given))
    assert found
    assert found.scheme == scheme


def test_an_address_says_everything_at_once() -> None:
    found = mail.server(config(25, SMTP_URL="smtps://us%40er:p%3Aw@mail.example.jp"))
    assert found == Server("smtps", "mail.example.jp", 465, "us@er", "p:w")


def test_without_an_address_there_is_no_server() -> None:
    assert mail.server(config(25, SMTP_HOST=None)) is None
