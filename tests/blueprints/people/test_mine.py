"""One's own page: language, telephone, password, signing out everywhere."""

import pytest

from domain import people
from domain.db import writing
from tests.conftest import PASSWORD

GOOD = {"current": PASSWORD, "password": "three calm words", "again": "three calm words"}


@pytest.fixture
def mine(sign_in, cast):
    client = sign_in(cast.reader)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def test_it_is_for_those_who_are_signed_in(client, cast):
    assert client.get("/me").status_code == 303
    for path in ("/me", "/me/password", "/me/signing-out"):
        assert client.post(path, data=GOOD).location.startswith("/login")


def test_one_sees_oneself(mine):
    page = mine.get("/me").text
    assert "佐藤\xa0美咲" in page
    assert "Your places" not in page


def test_places_in_the_roster_are_said(sign_in, cast):
    page = sign_in(cast.responder).get("/me", headers={"Accept-Language": "en"}).text
    assert "in charge now" in page
    assert 'href="/roster/system"' in page


def test_who_stands_in_the_roster_without_a_number_is_told(sign_in, cast):
    with writing():
        cast.responder.phone = None
    assert "Nobody can call you" in sign_in(cast.responder).get("/me", headers={"Accept-Language": "en"}).text


def test_settings_are_kept(mine, cast):
    answer = mine.post("/me", data={"locale": "en", "notice_first": "partner", "phone": "090 1234 5678"})
    assert answer.status_code == 303
    assert (cast.reader.locale, cast.reader.notice_first, cast.reader.phone) == ("en", "partner", "+819012345678")
    mine.post("/me", data={"locale": "", "notice_first": "guest", "phone": ""})
    assert (cast.reader.locale, cast.reader.notice_first, cast.reader.phone) == (None, "guest", None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"locale": "", "notice_first": "guest", "phone": "内線 23"}, "phone"),
        ({"locale": "fr", "notice_first": "guest", "phone": ""}, "locale"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(mine, cast, data, field):
    answer = mine.post("/me", data=data)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert data["phone"] in answer.text
    assert cast.reader.phone is None


def test_nobody_makes_themselves_more_than_they_are(mine, cast):
    mine.post("/me", data={"locale": "", "notice_first": "guest", "phone": "", "admin": "yes", "is_admin": "1"})
    assert not cast.reader.is_admin


def test_a_new_password_keeps_this_device_and_signs_out_the_others(mine, sign_in, cast):
    other = sign_in(cast.reader)
    assert mine.post("/me/password", data=GOOD).status_code == 303
    assert mine.get("/me").status_code == 200
    assert other.get("/me").status_code == 303
    assert people.check_password(cast.reader, "three calm words")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"current": "not mine"}, "current"),
        ({"current": ""}, "current"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "other words here"}, "again"),
        ({"password": "reader@example.jp", "again": "reader@example.jp"}, "password"),
    ],
)
def test_a_refused_password_changes_nothing(mine, cast, changed, field):
    answer = mine.post("/me/password", data={**GOOD, **changed})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert PASSWORD not in answer.text
    assert people.check_password(cast.reader, PASSWORD)


def test_the_current_password_cannot_be_guessed(mine):
    for _ in range(5):
        mine.post("/me/password", data={**GOOD, "current": "wrong"})
    answer = mine.post("/me/password", data=GOOD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_signing_out_everywhere_ends_all_sessions(mine, sign_in, cast):
    other = sign_in(cast.reader)
    answer = mine.post("/me/signing-out")
    assert answer.location == "/login"
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert mine.get("/me").status_code == other.get("/me").status_code == 303


def test_the_language_of_somebody_signed_in_is_theirs(mine, cast):
    assert mine.post("/language", data={"language": "ja", "next": "/me"}).location == "/me"
    assert cast.reader.locale == "ja"
    assert '<html lang="ja">' in mine.get("/me").text


def test_the_language_of_somebody_else_is_the_browser_s(client, cast):
    client.post("/language", data={"language": "en", "next": "/login"})
    assert '<html lang="en">' in client.get("/login", headers={"Accept-Language": "ja"}).text
    client.post("/language", data={"language": "", "next": "/login"})
    assert '<html lang="ja">' in client.get("/login", headers={"Accept-Language": "ja"}).text


@pytest.mark.parametrize("language", ["fr", "../x", "\x00", "JA"])
def test_an_unknown_language_is_refused(client, cast, language):
    assert client.post("/language", data={"language": language}).status_code == 422
