"""Following on the pages: ticking, one tap at an incident, ending it from a mail without signing in."""

import pytest

from domain import followers
from domain.db import db, writing


def mine(person):
    db.session.rollback()
    return {(one.kind, one.subject) for one in followers.followed_by(person)}


def test_what_is_ticked_is_followed_and_shown_ticked(sign_in, cast):
    client = sign_in(cast.reader)
    given = {"what": ["all", "service-1", "area-2"], "way": "mail", "at_night": "1"}
    assert client.post("/following/choices", data=given).status_code == 303
    assert mine(cast.reader) == {("all", 0), ("service", 1), ("area", 2)}
    assert client.get("/following").text.count("checked") == 5
    client.post("/following/choices", data={"what": ["service-2"], "way": ""})
    assert mine(cast.reader) == {("service", 2)}


def test_one_tap_follows_and_another_ends_it(sign_in, cast):
    client = sign_in(cast.reader)
    client.post("/following", data={"what": "service-1"})
    assert mine(cast.reader) == {("service", 1)}
    assert mine(cast.deputy) == set()
    client.post("/following", data={"what": "service-1", "undo": "1"})
    assert mine(cast.reader) == set()


@pytest.mark.parametrize("what", ["", "service-99", "moon-1", "all-1", "service-x", "service-" + "9" * 30])
def test_what_is_not_there_is_refused(sign_in, cast, what):
    assert sign_in(cast.reader).post("/following", data={"what": what}).status_code == 422
    assert mine(cast.reader) == set()


def test_an_unknown_way_is_refused(sign_in, cast):
    assert sign_in(cast.reader).post("/following/choices", data={"what": "all", "way": "pigeon"}).status_code == 422
    assert mine(cast.reader) == set()


def test_nobody_follows_without_signing_in(client):
    assert client.post("/following", data={"what": "all"}).status_code == 303
    assert "/login" in client.get("/following").location


@pytest.fixture
def token(cast, now):
    with writing():
        followers.follow(cast.reader, "all", 0, at=now)
        return followers.settings(cast.reader).token


def test_the_address_in_a_mail_shows_first_and_ends_it_then(client, cast, token):
    assert client.get(f"/following/{token}").status_code == 200
    assert mine(cast.reader) == {("all", 0)}
    for _ in range(2):
        assert client.post(f"/following/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert mine(cast.reader) == set()


def test_an_address_that_is_nobodys_ends_nothing(client, cast, token):
    for wrong in (token[:-1], "x", "あ"):
        assert client.post(f"/following/{wrong}").status_code == 404
    assert mine(cast.reader) == {("all", 0)}
