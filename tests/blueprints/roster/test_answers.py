"""The roster for machines and spreadsheets: what they get, what they never get, who gets in."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from domain import tokens
from domain.db import db, writing
from domain.people import Person
from domain.roster import Area, Override
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def key(app: object) -> str:
    with writing() as session:
        return tokens.issue("api", by=session.get_one(Person, 1), at=NOW, name="monitoring")[1]


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Callable[..., Any]:
    def asked(**query: str) -> Any:
        return client.get("/api/roster", query_string=query, headers={"Authorization": f"Bearer {key}"})

    return asked


@pytest.fixture
def shift(app: object) -> None:
    with writing() as session:
        session.add(
            Override(
                kind="cover", person_id=6, for_person_id=2, area_id=3, starts_at=NOW + timedelta(hours=1),
                ends_at=NOW + timedelta(hours=3), recorded_at=NOW,
            )
        )  # fmt: skip


@pytest.mark.usefixtures("shift")
def test_all_areas_now_in_the_words_of_the_neutral_form(ask: Callable[..., Any]) -> None:
    answer = ask().get_json()
    assert answer["at"] == "2026-08-11T01:42:00Z"
    assert list(answer["areas"]) == ["guest", "partner", "system", "bridge"]
    system = answer["areas"]["system"]
    assert system["line"] == ["岡本 沙織", "伊藤 航"]
    assert system["on_duty"] == "岡本 沙織"
    assert system["people"][0] == {
        "name": "岡本 沙織", "email": "responder@example.jp", "rank": 0, "standing_in_for": None,
    }  # fmt: skip
    assert (system["until"], system["next"], system["gap"]) == ("2026-08-11T02:42:00Z", "伊藤 航", False)
    assert system["since"] == "2026-05-03T01:42:00Z"
    assert answer["areas"]["guest"]["warnings"] == ["no_deputy"]


def test_no_telephone_number_goes_out(ask: Callable[..., Any]) -> None:
    with writing():
        for number in (2, 6):
            db.session.get_one(Person, number).deactivated_at = NOW
    text = ask().text
    assert "社長室" in text
    assert "+81" not in text
    assert "9000000" not in text


@pytest.mark.usefixtures("shift")
@pytest.mark.parametrize("at", ["2026-08-11T12:00", "2026-08-11T03:00Z", "2026-08-11T12:00 09:00"])
def test_another_instant_of_one_area(ask: Callable[..., Any], at: str) -> None:
    answer = ask(area="system", at=at).get_json()
    assert (answer["at"], list(answer["areas"])) == ("2026-08-11T03:00:00Z", ["system"])
    assert answer["areas"]["system"]["on_duty"] == "伊藤 航"
    assert answer["areas"]["system"]["people"][0]["standing_in_for"] == "岡本 沙織"


@pytest.mark.usefixtures("shift")
def test_a_timeline(ask: Callable[..., Any]) -> None:
    answer = ask(area="system", **{"from": "2026-08-11", "to": "2026-08-12"}).get_json()
    assert answer["areas"]["system"]["timeline"] == [
        ["2026-08-10T15:00:00Z", "2026-08-11T02:42:00Z", "岡本 沙織"],
        ["2026-08-11T02:42:00Z", "2026-08-11T04:42:00Z", "伊藤 航"],
        ["2026-08-11T04:42:00Z", "2026-08-11T15:00:00Z", "岡本 沙織"],
    ]
    assert answer["areas"]["system"]["gaps"] == []


def test_a_signed_in_person_reads_it_too(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert sign_in(cast.reader).get("/api/roster").get_json()["areas"]["system"]["on_duty"] == "岡本 沙織"


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", "Bearer あ", "Basic YTpi"])
def test_without_a_token_it_is_401_in_json(client: FlaskClient, header: str | None) -> None:
    given = {"Authorization": header.encode().decode("latin-1")} if header else {}
    answer = client.get("/api/roster", headers=given)
    assert (answer.status_code, answer.mimetype) == (401, "application/json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token_is_not_made_up_for_by_a_session(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert sign_in(cast.reader).get("/api/roster", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_an_ended_token_and_a_calendars_do_not_let_in(client: FlaskClient, key: str) -> None:
    with writing() as session:
        admin = session.get_one(Person, 1)
        found = tokens.find(key, "api")
        assert found
        found.revoke(by=admin, at=NOW)
        calendar = tokens.issue("calendar", by=admin, at=NOW, person=admin)[1]
    for secret in (key, calendar):
        assert client.get("/api/roster", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_an_unknown_area_is_404(ask: Callable[..., Any]) -> None:
    answer = ask(area="nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


@pytest.mark.parametrize(
    "query",
    [
        {"at": "yesterday"}, {"at": "2026-13-40"}, {"at": "9999-01-01T00:00"}, {"from": "2026-08-11"}, {"to": "2026-08-11"},
        {"from": "2026-08-12", "to": "2026-08-11"}, {"from": "x", "to": "2026-08-11"},
        {"from": "2026-08-11", "to": "2028-08-11"},
    ],
)  # fmt: skip
def test_a_bad_time_is_422_in_words(ask: Callable[..., Any], query: dict[str, str]) -> None:
    answer = ask(**query)
    assert answer.status_code == 422
    assert answer.get_json()["error"]


@pytest.mark.parametrize("at", ["1970-01-02T00:00", "2999-12-30T00:00"])
def test_a_time_far_away_is_answered(ask: Callable[..., Any], at: str) -> None:
    assert ask(at=at).status_code == 200


def test_metrics_may_be_read_with_a_token(client: FlaskClient, key: str) -> None:
    assert "# TYPE" in client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).text
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_metrics_are_not_for_everybody(client: FlaskClient, cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert client.get("/metrics").status_code == 303
    assert sign_in(cast.responder).get("/metrics").status_code == 403


# CSV


def rows(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.usefixtures("shift")
def test_the_timeline_as_a_table(cast: SimpleNamespace, sign_in: SignIn) -> None:
    answer = sign_in(cast.reader).get("/roster.csv?from=2026-08-11&to=2026-08-12&area=system")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert rows(answer) == [
        ["area", "start", "end", "person", "zone"],
        ["システム", "2026-08-11 00:00", "2026-08-11 11:42", "岡本 沙織", "Asia/Tokyo"],
        ["システム", "2026-08-11 11:42", "2026-08-11 13:42", "伊藤 航", "Asia/Tokyo"],
        ["システム", "2026-08-11 13:42", "2026-08-12 00:00", "岡本 沙織", "Asia/Tokyo"],
    ]


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "+1", "-1", "@x", "＝1"])
def test_a_name_is_never_a_formula(cast: SimpleNamespace, sign_in: SignIn, name: str) -> None:
    with writing():
        db.session.get_one(Person, 2).name = name
        db.session.get_one(Area, 3).name = name
    found = rows(sign_in(cast.reader).get("/roster.csv?area=system"))[1]
    assert (found[0], found[3]) == (f"'{name}", f"'{name}")


def test_the_table_needs_a_person(client: FlaskClient) -> None:
    assert client.get("/roster.csv").status_code == 303


@pytest.mark.parametrize("query", ["from=x&to=y", "from=2026-08-11", "from=2026-08-12&to=2026-08-11"])
def test_a_bad_time_of_the_table_is_422(cast: SimpleNamespace, sign_in: SignIn, query: str) -> None:
    assert sign_in(cast.reader).get(f"/roster.csv?{query}").status_code == 422
