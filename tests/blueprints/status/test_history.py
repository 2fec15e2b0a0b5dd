"""The history: by month of the organisation's zone, searchable."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from flask.testing import FlaskClient

from domain import incidents
from domain.db import writing
from domain.people import Person
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]


def past(by: Person, title: str, began_at: datetime) -> None:
    with writing():
        incident = incidents.declare(
            key=title, by=by, at=began_at, title=title, severity="minor", services={}, began_at=began_at,
            holding_words={"situation": "調べました"},
        )  # fmt: skip
        incident.publish(
            key=f"{title}-end",
            by=by,
            at=began_at + timedelta(hours=1),
            state="resolved",
            words={"situation": "直りました"},
        )
        incident.close(by=by, at=began_at + timedelta(hours=2))


def test_a_night_belongs_to_the_month_of_the_organisation(cast: SimpleNamespace, sign_in: SignIn) -> None:
    past(cast.responder, "夜の障害", datetime(2026, 6, 30, 15, 30, tzinfo=UTC))
    page = sign_in(cast.reader).get("/history").get_data(as_text=True)
    assert "2026年7月" in page
    assert "2026年6月" not in page
    assert "7月1日" in page


def test_it_finds_by_words(cast: SimpleNamespace, sign_in: SignIn) -> None:
    past(cast.responder, "決済の障害", NOW - timedelta(days=3))
    past(cast.responder, "メールの遅れ", NOW - timedelta(days=4))
    page = sign_in(cast.reader).get("/history?q=決済", headers={"HX-Request-Type": "partial"}).get_data(as_text=True)
    assert "決済の障害" in page
    assert "メールの遅れ" not in page
    assert "<html" not in page


def test_it_finds_by_code(cast: SimpleNamespace, sign_in: SignIn) -> None:
    past(cast.responder, "決済の障害", NOW - timedelta(days=3))
    assert "決済の障害" in sign_in(cast.reader).get("/history?q=INC-1").get_data(as_text=True)


def test_nothing_found_is_said(cast: SimpleNamespace, sign_in: SignIn) -> None:
    page = sign_in(cast.reader).get("/history?q=%25_").get_data(as_text=True)
    assert "当てはまるものはありません" in page


def test_a_month_is_chosen_among_those_that_have_something(cast: SimpleNamespace, sign_in: SignIn) -> None:
    past(cast.responder, "今月の障害", NOW - timedelta(days=3))
    past(cast.responder, "昔の障害", datetime(2024, 2, 29, 15, 30, tzinfo=UTC))
    client = sign_in(cast.reader)
    assert '<option value="2024-03">2024年3月 (1)</option>' in client.get("/history").get_data(as_text=True)
    page = client.get("/history?month=2024-03").get_data(as_text=True)
    assert '<option value="2024-03" selected>' in page
    assert "昔の障害" in page
    assert "今月の障害" not in page


def test_a_wrong_month_is_not_found(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert sign_in(cast.reader).get("/history?month=2026-13").status_code == 404
