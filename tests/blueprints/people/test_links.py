"""One-time links over HTTP: looking uses nothing up, sending does; the first administrator comes in."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from blueprints.people.first import first_link
from domain import people
from domain.db import db, writing
from tests.conftest import kept_tables

GOOD = {"password": "three calm words", "again": "three calm words"}


@pytest.fixture
def path(cast, now):
    with writing():
        token = cast.reader.invite(by=cast.admin, at=now)
    return f"/invitations/{token}"


@pytest.fixture
def empty(app):
    """An instance without anybody."""
    with writing() as session:
        if db.engine.dialect.name == "postgresql":
            session.execute(text("TRUNCATE people RESTART IDENTITY CASCADE"))
        else:
            session.execute(text("PRAGMA defer_foreign_keys=ON"))
            for table in reversed(kept_tables()):
                session.execute(table.delete())


def test_previews_use_nothing_up(client, path):
    for method in (client.get, client.head, client.get):
        assert method(path).status_code == 200
    assert client.post(path, data=GOOD).status_code == 303


def test_the_page_says_for_whom_it_is_and_is_kept_by_nobody(client, path):
    answer = client.get(path)
    assert "佐藤\xa0美咲" in answer.text
    assert "reader@example.jp" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_password_is_kept_and_one_is_signed_in(client, cast, path):
    assert client.post(path, data=GOOD).location == "/"
    assert client.get("/me").status_code == 200
    assert people.check_password(cast.reader, "three calm words")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"password": "", "again": ""}, "password"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "three calm words", "again": "three calm word"}, "again"),
        ({"password": "reader@example.jp", "again": "reader@example.jp"}, "password"),
        ({"password": "x" * 1_000_000, "again": "x" * 1_000_000}, "password"),
        ({}, "password"),
    ],
)
def test_a_refused_password_uses_nothing_up_and_is_not_shown(client, path, data, field):
    answer = client.post(path, data=data)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "three calm" not in answer.text
    assert client.get(path).status_code == 200


def test_a_used_link_says_kindly_what_to_do(client, app, path):
    client.post(path, data=GOOD)
    other = app.test_client()
    for answer in (other.get(path), other.post(path, data=GOOD)):
        assert answer.status_code == 409
        assert "管理者" in answer.text or "administrator" in answer.text
    assert other.get("/me").status_code == 303


def test_a_link_ends_after_seven_days(client, path, clock):
    clock.forward(days=7)
    assert client.get(path).status_code == 409
    assert client.post(path, data=GOOD).status_code == 409


def test_a_link_of_somebody_who_left_since_is_over(client, cast, path, now):
    with writing():
        cast.reader.deactivated_at = now
    assert client.post(path, data=GOOD).status_code == 409


@pytest.mark.parametrize("token", ["x", "%00", "a" * 3000, "あ"])
def test_an_unknown_link_is_unknown(client, cast, token):
    assert client.get(f"/invitations/{token}").status_code == 404
    assert client.post(f"/invitations/{token}", data=GOOD).status_code == 404
    assert client.get(f"/first/{token}").status_code == 404


def test_nobody_s_first_link_where_somebody_is(app, cast, now):
    assert first_link("http://127.0.0.1:8000/", now) is None


def first(now):
    link = first_link("http://127.0.0.1:8000/", now)
    assert link.startswith("http://127.0.0.1:8000/first/")
    return link.removeprefix("http://127.0.0.1:8000")


def test_the_first_administrator_comes_in(client, empty, now):
    path = first(now)
    assert client.get(path).status_code == 200
    answer = client.post(path, data={"name": "大塚 仁", "email": "Otsuka@example.jp", **GOOD})
    assert answer.status_code == 303
    assert people.by_email("otsuka@example.jp").is_admin
    assert client.get("/people").status_code == 200


def test_a_new_start_ends_the_earlier_first_link(client, empty, now):
    earlier, later = first(now), first(now + timedelta(minutes=1))
    assert client.get(earlier).status_code == 409
    assert client.get(later).status_code == 200


def test_what_the_first_one_typed_comes_back(client, empty, now):
    answer = client.post(first(now), data={"name": "大塚 仁", "email": "no address", **GOOD})
    assert answer.status_code == 422
    assert 'value="大塚 仁"' in answer.text
    assert 'value="no address"' in answer.text


def test_a_first_link_dies_when_somebody_came_in_another_way(client, empty, app, now):
    path = first(now)
    app.test_cli_runner().invoke(args=["people", "add", "x@example.jp", "--name", "x"])
    assert client.post(path, data={"name": "大塚 仁", "email": "o@example.jp", **GOOD}).status_code == 409
