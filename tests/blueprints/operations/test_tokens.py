"""API tokens: made, listed and ended by administrators only."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.db import db, writing
from domain.events import Event
from domain.people import Person
from domain.roster import Absence
from domain.tokens import Token
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]
EN = {"Accept-Language": "en"}


@pytest.fixture
def admin(cast: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.admin)


def test_a_token_is_made_shown_once_and_logged(admin: FlaskClient, client: FlaskClient) -> None:
    page = admin.post("/administration/tokens", data={"name": "Monitoring"}, headers=EN)
    found = re.search(r'<code id="secret">(.*?)</code>', page.text)
    assert found
    assert client.get("/api/roster", headers={"Authorization": f"Bearer {found[1]}"}).status_code == 200
    again = admin.get("/administration/tokens", headers=EN).text
    assert "Monitoring" in again
    assert found[1] not in again
    (event,) = db.session.scalars(select(Event).where(Event.kind == "token_issued"))
    assert event.actor_id == 1
    assert found[1] not in str(event.details)


def test_an_ended_token_stays_in_the_list(admin: FlaskClient) -> None:
    admin.post("/administration/tokens", data={"name": "Monitoring"})
    number = db.session.scalars(select(Token.id)).one()
    assert admin.post(f"/administration/tokens/{number}/revocation").status_code == 303
    page = admin.get("/administration/tokens", headers=EN).text
    assert "Ended on" in page
    assert "/revocation" not in page
    assert admin.post(f"/administration/tokens/{number}/revocation").status_code == 409


@pytest.mark.parametrize("name", ["", " \u3000", "x" * 101])
def test_it_needs_a_name(admin: FlaskClient, name: str) -> None:
    assert admin.post("/administration/tokens", data={"name": name}).status_code == 422
    assert db.session.scalars(select(Token)).all() == []


def test_only_administrators_see_make_and_end_them(cast: SimpleNamespace, sign_in: SignIn, admin: FlaskClient) -> None:
    admin.post("/administration/tokens", data={"name": "Monitoring"})
    other = sign_in(cast.responder)
    assert other.get("/administration/tokens").status_code == 403
    assert other.post("/administration/tokens", data={"name": "mine"}).status_code == 403
    number = db.session.scalars(select(Token.id)).one()
    assert other.post(f"/administration/tokens/{number}/revocation").status_code == 403


def test_a_calendar_is_not_ended_here(admin: FlaskClient) -> None:
    admin.post("/me/calendars")
    number = db.session.scalars(select(Token.id)).one()
    assert admin.post(f"/administration/tokens/{number}/revocation").status_code == 404


def test_administration_shows_coming_gaps(admin: FlaskClient) -> None:
    assert "Nobody will be in charge at these times" not in admin.get("/administration", headers=EN).text
    with writing() as session:
        for number in (2, 6):
            session.add(Absence(person_id=number, starts_at=NOW.replace(day=14), recorded_at=NOW))
    assert "Nobody will be in charge at these times" in admin.get("/administration", headers=EN).text
