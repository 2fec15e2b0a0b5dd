"""Signing in: one answer for every wrong try, never locked out for ever, nothing carried over; signing out."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from blueprints.people import throttle
from domain import people
from domain.db import writing
from tests.conftest import PASSWORD

OFFICE = {"REMOTE_ADDR": "198.51.100.7"}
HOME = {"REMOTE_ADDR": "203.0.113.9"}


def sign(client, email="reader@example.jp", password=PASSWORD, where=None, **data):
    return client.post(
        "/login", data={"email": email, "password": password, **data}, environ_base=where or OFFICE,
        headers={"Accept-Language": "en"},
    )  # fmt: skip


def whoever(client) -> int | None:
    with client.session_transaction() as session:
        return session.get("_user_id")


def words(answer) -> str:
    """The page without what is different each time."""
    return re.sub(r'value="[^"]*"', "", answer.text)


def test_the_right_password_signs_in_for_ninety_days(client, cast):
    answer = sign(client)
    assert (answer.status_code, answer.location) == (303, "/")
    assert whoever(client) == cast.reader.get_id()
    left = client.get_cookie("noroshi_remember").expires - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("reader@example.jp", "not the password"),
        ("nobody@example.jp", PASSWORD),
        ("outsider@example.jp", PASSWORD),
    ],
    ids=["wrong", "unknown", "left"],
)
def test_every_wrong_try_gets_the_same_answer(client, cast, email, password):
    answer = sign(client, email, password)
    assert answer.status_code == 422
    assert words(answer) == words(sign(client, "somebody.else@example.jp", "another wrong one"))
    assert whoever(client) is None
    assert f'value="{email}"' in answer.text
    assert password not in answer.text


def test_every_wrong_try_costs_one_look_at_a_hash(client, cast, monkeypatch):
    looks = []
    real = people.check_password
    monkeypatch.setattr(people, "check_password", lambda *given: looks.append(given) or real(*given))
    for email in ("reader@example.jp", "nobody@example.jp", "outsider@example.jp"):
        sign(client, email, "not the password")
    assert len(looks) == 3


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "email"),
        ({"email": "reader@example.jp"}, "password"),
        ({"email": "no address", "password": "x"}, "email"),
        ({"email": "reader@example.jp", "password": "x" * 1_000_000}, "password"),
        ({"email": "\x00\u202e", "password": "\x00"}, "email"),
    ],
)
def test_what_cannot_be_a_sign_in_is_refused_at_its_field(client, cast, data, field):
    answer = client.post("/login", data=data)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_what_the_session_held_before_is_gone(client, cast):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign(client)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_one_goes_where_one_wanted(client, cast):
    assert client.get("/me").location == "/login?next=/me"
    assert 'name="next" value="/roster?x=1"' in client.get("/login?next=/roster?x%3D1").text
    assert sign(client, next="/roster?x=1").location == "/roster?x=1"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/\t/evil.example", "/\n/evil.example",
        "javascript:alert(1)", "evil.example", " //evil.example", "/%0a/../\x00", "http:/evil", "//[", "",
        "///evil.example",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(client, cast, target):
    assert sign(client, next=target).location == "/"
    assert client.post("/language", data={"language": "en", "next": target}).location == "/"


def test_who_is_signed_in_needs_no_form(sign_in, cast):
    assert sign_in(cast.reader).get("/login?next=/roster").location == "/roster"


def test_five_wrong_tries_a_minute_then_a_pause_in_words(client, cast):
    for _ in range(5):
        assert sign(client, password="wrong").status_code == 422
    answer = sign(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert 'value="reader@example.jp"' in answer.text
    assert "a lot of tries" in answer.text


def test_a_pause_ends(client, cast, monkeypatch):
    for _ in range(5):
        sign(client, password="wrong")
    real = throttle.time.time
    monkeypatch.setattr("time.time", lambda: real() + 61)
    assert sign(client).status_code == 303


def test_right_passwords_are_not_counted(client, cast):
    for _ in range(40):
        assert sign(client).status_code == 303


def test_the_pause_is_for_one_address_and_one_client(client, cast):
    for _ in range(6):
        sign(client, password="wrong")
    assert sign(client, "responder@example.jp").status_code == 303
    assert sign(client, where=HOME).status_code == 303


def test_one_client_cannot_try_many_addresses(client, cast):
    for number in range(30):
        assert sign(client, f"p{number}@example.jp", "wrong").status_code == 422
    assert sign(client, "p30@example.jp", "wrong").status_code == 429


def test_many_clients_together_slow_an_address_down_but_lock_nobody_out(client, cast):
    for number in range(40):
        assert sign(client, password="wrong", where={"REMOTE_ADDR": f"192.0.2.{number}"}).status_code == 422
    # From now on each has one try a minute …
    assert sign(client, password="wrong", where={"REMOTE_ADDR": "192.0.2.200"}).status_code == 422
    assert sign(client, password="wrong", where={"REMOTE_ADDR": "192.0.2.200"}).status_code == 429
    # … and the right password from elsewhere gets in.
    assert sign(client, where=HOME).status_code == 303


def test_a_network_of_ipv6_counts_as_one_client(client, cast):
    for number in range(5):
        sign(client, password="wrong", where={"REMOTE_ADDR": f"2001:db8::{number + 1:x}"})
    assert sign(client, where={"REMOTE_ADDR": "2001:db8::ffff"}).status_code == 429
    assert sign(client, where={"REMOTE_ADDR": "2001:db8:0:1::1"}).status_code == 303


def test_an_old_hash_is_renewed(client, cast):
    with writing():
        cast.reader.password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    sign(client)
    assert not people.is_outdated(cast.reader)
    assert people.check_password(cast.reader, PASSWORD)


def test_the_remember_cookie_outlives_the_session_and_dies_with_the_epoch(client, cast):
    sign(client)
    client.delete_cookie("noroshi")
    assert client.get("/me").status_code == 200
    with writing():
        cast.reader.sign_out_everywhere()
    assert client.get("/me").status_code == 303
    client.delete_cookie("noroshi")
    assert client.get("/me").status_code == 303


def test_who_is_deactivated_is_out_at_once(client, cast, now):
    sign(client)
    with writing():
        cast.reader.deactivate(at=now)
    assert client.get("/me").status_code == 303


def test_signing_out_needs_the_button(sign_in, cast):
    client = sign_in(cast.reader)
    assert "<button" in client.get("/logout").text
    assert client.get("/me").status_code == 200


def test_signing_out_ends_session_and_cookie_and_clears_the_device(client, cast):
    sign(client)
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get_cookie("noroshi_remember") is None
    assert client.get("/me").status_code == 303


def test_an_empty_instance_says_where_the_first_link_is(client, app, monkeypatch):
    monkeypatch.setattr(people, "nobody_yet", lambda: True)
    assert "makes the first administrator" in client.get("/login", headers={"Accept-Language": "en"}).text
