"""Health for machines, waiting deliveries for administrators."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from domain import hotline
from domain.db import db, writing
from domain.outbox import Delivery, DeliveryError
from domain.people import Person
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def failed(cast: SimpleNamespace) -> Delivery:
    """A report whose delivery Slack has refused."""
    with writing() as session:
        hotline.file(key="k", by=cast.reader, at=NOW, body="入れません")
        delivery = session.scalar(select(Delivery))
        assert delivery
        delivery.give_up(DeliveryError("Slack refused the token.", permanent=True), NOW)
    return delivery


def test_it_lives(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_it_is_ready(client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200


def test_it_says_in_words_what_is_wrong(
    app: Flask, cast: SimpleNamespace, client: FlaskClient, clock: SimpleNamespace
) -> None:
    app.config["SLACK_BOT_TOKEN"] = "xoxb-test"
    with writing():
        hotline.file(key="k", by=cast.reader, at=NOW, body="入れません")
    clock.forward(minutes=6)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "waiting" in answer.get_json()["problems"][0]


def test_what_is_held_without_a_token_is_not_stuck(
    cast: SimpleNamespace, client: FlaskClient, clock: SimpleNamespace
) -> None:
    with writing():
        hotline.file(key="k", by=cast.reader, at=NOW, body="入れません")
    clock.forward(hours=6)
    assert client.get("/readyz").status_code == 200


def test_a_missing_table_is_said(app: Flask, client: FlaskClient) -> None:
    with writing() as session:
        session.execute(text("ALTER TABLE people RENAME TO folk"))
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, "db upgrade" in answer.get_data(as_text=True)) == (503, True)
    finally:
        with writing() as session:
            session.execute(text("ALTER TABLE folk RENAME TO people"))


def test_an_administrator_sees_what_failed_and_why(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn, failed: Delivery
) -> None:
    app.config["SLACK_BOT_TOKEN"] = "xoxb-test"
    page = sign_in(cast.admin).get("/deliveries").get_data(as_text=True)
    assert "Slack refused the token." in page
    assert f"/deliveries/{failed.id}/attempts" in page


def test_an_administrator_sends_again(app: Flask, cast: SimpleNamespace, sign_in: SignIn, failed: Delivery) -> None:
    assert sign_in(cast.admin).post(f"/deliveries/{failed.id}/attempts").status_code == 303
    db.session.expire_all()
    assert failed.state == "waiting"


def test_nobody_else_sends_again(cast: SimpleNamespace, sign_in: SignIn, failed: Delivery) -> None:
    assert sign_in(cast.responder).post(f"/deliveries/{failed.id}/attempts").status_code == 403
    assert failed.state == "failed"


def test_held_messages_say_why(cast: SimpleNamespace, sign_in: SignIn, failed: Delivery) -> None:
    page = sign_in(cast.admin).get("/deliveries", headers={"Accept-Language": "ja"}).get_data(as_text=True)
    assert "Slackが設定されていません" in page


def test_metrics_speak_prometheus(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert "# TYPE" in sign_in(cast.admin).get("/metrics").get_data(as_text=True)
