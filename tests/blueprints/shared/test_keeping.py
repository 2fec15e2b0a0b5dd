"""Which pages may be given again, and until when: what Flask tells the front of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blueprints.shared import keeping
from domain import incidents, maintenances
from domain.catalog import Service
from domain.db import db, writing
from domain.people import Person
from domain.roster import Override
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]
MINUTE = timedelta(minutes=1)


def until(client: FlaskClient, path: str = "/") -> datetime | None:
    """Until when the page may be given again; None: it must not."""
    told = client.get(path).headers.get(keeping.HEADER)
    return datetime.fromtimestamp(float(told), UTC) if told else None


@pytest.fixture
def incident(cast: SimpleNamespace) -> str:
    with writing():
        return incidents.declare(
            key="i", by=cast.responder, at=NOW, title="入場できない", severity="major", began_at=NOW, services={},
            holding_words={"situation": "調べています。"},
        ).code  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/live/poll", "/roster", "/incidents/{incident}", "/history", "/reports"])
def test_what_everybody_looks_at_holds_for_the_minute(
    cast: SimpleNamespace, sign_in: SignIn, incident: str, path: str
) -> None:
    assert until(sign_in(cast.reader), path.format(incident=incident)) == NOW + MINUTE


def test_within_a_minute_it_ends_with_the_minute(
    clock: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    clock.forward(seconds=50)
    assert until(sign_in(cast.reader)) == NOW + MINUTE


def test_within_a_minute_it_is_the_same_page(
    clock: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn, incident: str
) -> None:
    clock.forward(minutes=7)
    pages = []
    for _ in range(3):
        pages.append([sign_in(cast.reader).get(path).data for path in ("/", f"/incidents/{incident}", "/roster")])
        clock.forward(seconds=25)
    assert pages[0] == pages[1] == pages[2]


@pytest.mark.parametrize("path", ["/", "/roster", "/incidents/INC-1"])
def test_who_is_not_signed_in_is_told_anew(client: FlaskClient, incident: str, path: str) -> None:
    assert until(client, path) is None


@pytest.mark.parametrize("path", ["/reports/new", "/me", "/nothing", "/incidents/INC-99"])
def test_other_pages_are_not_kept(cast: SimpleNamespace, sign_in: SignIn, path: str) -> None:
    assert until(sign_in(cast.reader), path) is None


def test_a_page_with_a_key_of_its_own_is_for_once(cast: SimpleNamespace, sign_in: SignIn, incident: str) -> None:
    assert 'name="key"' in sign_in(cast.responder).get(f"/incidents/{incident}").text
    assert until(sign_in(cast.responder), f"/incidents/{incident}") is None
    assert 'name="key"' not in sign_in(cast.reader).get(f"/incidents/{incident}").text


def test_a_note_is_said_once_in_an_answer_that_sets_a_cookie(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.reader)
    client.post("/me", data={"locale": "ja"})
    # The front keeps nothing that sets a cookie (tests/server/test_cache.py).
    assert "noroshi=" in client.get("/").headers.get("Set-Cookie", "")
    assert "Set-Cookie" not in client.get("/").headers


def test_it_ends_when_work_begins_and_ends(
    clock: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn, incident: str
) -> None:
    with writing() as session:
        maintenances.plan_maintenance(
            key="m", by=cast.responder, at=NOW, title="作業", began_at=NOW + timedelta(seconds=20),
            ends_at=NOW + timedelta(seconds=75), services={session.get_one(Service, 1): "under_maintenance"},
            words={"situation": "作業します。"},
        )  # fmt: skip
    for path in ("/", f"/incidents/{incident}", "/roster"):
        clock.at = NOW
        assert until(sign_in(cast.reader), path) == NOW + timedelta(seconds=20)
        clock.at = NOW + timedelta(seconds=60)
        assert until(sign_in(cast.reader), path) == NOW + timedelta(seconds=75)


def test_it_ends_when_somebodys_rights_begin_and_end(
    app: Flask, clock: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    begins, ends = NOW + timedelta(seconds=10), NOW + timedelta(seconds=30)
    with writing() as session:
        take = {"kind": "take", "status": "agreed", "person_id": cast.reader.id, "area_id": 3, "recorded_at": NOW}
        session.add(Override(**take, starts_at=begins, ends_at=ends))
    assert until(sign_in(cast.reader)) == begins
    clock.at = begins
    assert until(sign_in(cast.reader)) == ends


def test_it_ends_when_a_promise_comes_due(clock: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn) -> None:
    with writing():
        made = incidents.declare(
            key="p", by=cast.responder, at=NOW, title="入場できない", severity="major", began_at=NOW, services={},
            holding_words={"situation": "調べています。"},
        )  # fmt: skip
        made.next_update_at = NOW + timedelta(seconds=100)
        code = made.code
    clock.at = NOW + timedelta(seconds=70)
    for path in ("/", f"/incidents/{code}"):
        assert until(sign_in(cast.reader), path) == NOW + timedelta(seconds=100)


def test_what_a_failed_view_says_instead_is_for_once(app: Flask) -> None:
    def view() -> str:
        keeping.until(NOW)
        raise RuntimeError("planted")

    with app.test_request_context("/"):
        app.preprocess_request()
        with pytest.raises(RuntimeError):
            keeping.kept(view)()
        assert keeping.HEADER not in app.process_response(app.response_class("sorry")).headers
        db.session.rollback()
