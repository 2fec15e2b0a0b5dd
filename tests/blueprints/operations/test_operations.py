"""Health for machines, waiting deliveries for administrators."""

import re
from collections.abc import Callable
from pathlib import Path
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


def test_an_old_database_is_said_with_the_way_out(client: FlaskClient, app: Flask) -> None:
    def at(revision: str) -> None:
        with writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})

    current = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    try:
        at("0002")
        answer = client.get("/readyz")
        assert (answer.status_code, "flask db upgrade" in answer.get_json()["problems"][0]) == (503, True)
        # While the next version is being brought in, this one goes on.
        at("9999")
        assert client.get("/readyz").status_code == 200
    finally:
        at(current)


def test_what_is_wrong_with_the_process_is_said(app: Flask, client: FlaskClient) -> None:
    app.extensions["health"] = lambda: ["the delivery worker of this process has ended"]
    try:
        assert client.get("/readyz").get_json()["problems"] == ["the delivery worker of this process has ended"]
    finally:
        del app.extensions["health"]


def test_a_full_disk_is_said_before_it_is_full(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    if db.engine.dialect.name == "sqlite":
        monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=5 * 1024 * 1024))
        assert "5 MB" in client.get("/readyz").get_json()["problems"][0]


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


def test_metrics_tell_deliveries_by_state_and_age_and_the_oldest(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn, failed: Delivery, clock: SimpleNamespace
) -> None:
    app.config["SLACK_BOT_TOKEN"] = "xoxb-test"
    with writing():
        hotline.file(key="k2", by=cast.reader, at=NOW, body="また入れません")
    clock.forward(minutes=3)
    told = sign_in(cast.admin).get("/metrics").get_data(as_text=True)
    assert 'noroshi_deliveries{age="under 5m",service="slack",state="failed"} 1.0' in told
    assert 'noroshi_deliveries{age="under 5m",service="slack",state="waiting"} 1.0' in told
    assert 'noroshi_oldest_waiting_seconds{service="slack"} 180.0' in told
    assert 'noroshi_oldest_waiting_seconds{service="mail"} 0.0' in told


def test_what_is_held_raises_no_alarm(cast: SimpleNamespace, sign_in: SignIn, clock: SimpleNamespace) -> None:
    with writing():
        hotline.file(key="k", by=cast.reader, at=NOW, body="入れません")
    clock.forward(hours=6)
    told = sign_in(cast.admin).get("/metrics").get_data(as_text=True)
    assert 'state="held"} 1.0' in told
    assert 'noroshi_oldest_waiting_seconds{service="slack"} 0.0' in told


def test_alert_rules_ask_for_what_there_is(cast: SimpleNamespace, sign_in: SignIn, failed: Delivery) -> None:
    told = sign_in(cast.admin).get("/metrics").get_data(as_text=True)
    rules = (Path(__file__).parents[3] / "docs" / "alerts.yml").read_text()
    asked = set(re.findall(r"\b(?:noroshi|process)_\w+", "\n".join(re.findall(r"expr: (.*)", rules))))
    assert asked
    # A counter with a label has no sample before the first request.
    assert {name for name in asked if name not in told} <= {"noroshi_requests_total"}
    assert "# HELP noroshi_requests_total" in told
