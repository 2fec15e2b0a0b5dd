"""Services, tiles and facilities are kept by administrators."""

import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.catalog import Facility, Service, Symptom
from domain.db import db
from domain.events import Event
from domain.people import Person

SignIn = Callable[[Person], FlaskClient]
JA = {"Accept-Language": "ja"}


@pytest.mark.parametrize(
    "path", ["/services", "/symptoms", "/facilities/import", "/administration", "/deliveries", "/metrics"]
)
def test_only_administrators_see_it(cast: SimpleNamespace, sign_in: SignIn, path: str) -> None:
    assert sign_in(cast.responder).get(path).status_code == 403
    assert sign_in(cast.admin).get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/services", "/services/1", "/services/1/retirement", "/symptoms", "/facilities/import/confirmation"]
)
def test_only_administrators_change_it(cast: SimpleNamespace, sign_in: SignIn, path: str) -> None:
    assert sign_in(cast.bridge).post(path, data={"name": "x"}).status_code == 403


def test_a_service_is_added_at_the_end(cast: SimpleNamespace, sign_in: SignIn) -> None:
    answer = sign_in(cast.admin).post("/services", data={"name": " 決済 ", "name_en": "Payment"})
    assert answer.status_code == 303
    service = db.session.scalar(select(Service).where(Service.name == "決済"))
    assert service
    assert service.position == 4


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "  "}, "入力してください。"),
        ({"name": "x" * 101}, "100文字以内で入力してください。"),
        ({"name": "予約サイト"}, "この名前はすでに使われています"),
        ({"name": "x", "position": "さん"}, "0から10000までの数字"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    cast: SimpleNamespace, sign_in: SignIn, typed: dict[str, str], sentence: str
) -> None:
    answer = sign_in(cast.admin).post("/services", data=typed | {"name_en": "Kept words"}, headers=JA)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert "Kept words" in page


def test_a_retired_service_is_no_longer_offered(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post("/services/1/retirement")
    assert "入場管理" not in client.get("/").get_data(as_text=True)


def test_a_tile_is_offered_in_the_report_form(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post("/symptoms", data={"name": "割引が使えない", "name_en": "Discount fails", "icon": "ticket"})
    assert "割引が使えない" in client.get("/reports/new", headers=JA).get_data(as_text=True)
    assert db.session.scalar(select(Symptom).where(Symptom.name == "割引が使えない"))


def test_a_retired_tile_is_no_longer_offered_and_the_log_says_so(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post("/symptoms", data={"name": "割引が使えない"})
    tile = db.session.scalar(select(Symptom).where(Symptom.name == "割引が使えない"))
    assert tile is not None
    client.post(f"/symptoms/{tile.id}/retirement")
    assert "割引が使えない" not in client.get("/reports/new", headers=JA).get_data(as_text=True)
    assert db.session.scalar(select(Event.actor_id).where(Event.kind == "symptom.retired")) == cast.admin.id


def test_an_unknown_one_is_not_found(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert sign_in(cast.admin).post("/services/99", data={"name": "x"}).status_code == 404


CSV = "名前,よみ,サービス\nみどり水族館,みどりすいぞくかん,入場管理\n"


def upload(client: FlaskClient, data: bytes) -> tuple[int, str]:
    answer = client.post("/facilities/import", data={"file": (io.BytesIO(data), "f.csv")}, headers=JA)
    return answer.status_code, answer.get_data(as_text=True)


def test_an_import_shows_first_and_does_then(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    status, page = upload(client, CSV.encode("cp932"))
    assert (status, "みどり水族館" in page) == (200, True)
    assert db.session.scalar(select(Facility.id)) is None
    assert client.post("/facilities/import/confirmation", data={"text": CSV}).status_code == 303
    assert db.session.scalar(select(Facility.name)) == "みどり水族館"


def test_a_bad_line_is_named_and_nothing_changes(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    status, page = upload(client, (CSV + "青葉パーク,,ない\n").encode())
    assert status == 422
    assert "3行目" in page
    assert client.post("/facilities/import/confirmation", data={"text": CSV + "青葉パーク,,ない\n"}).status_code == 422
    assert db.session.scalar(select(Facility.id)) is None


def test_no_file_is_said(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert sign_in(cast.admin).post("/facilities/import", data={}).status_code == 422
