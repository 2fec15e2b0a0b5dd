"""`/live` is authorised here; a fragment shows nobody's name and is the same for a class of rights."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from domain.people import Person
from tests.blueprints.status.test_board import declare
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]


def test_a_stream_needs_a_signed_in_person(client: FlaskClient) -> None:
    answer = client.get("/live", headers={"Accept": "text/event-stream"})
    assert answer.status_code == 401
    assert "X-Noroshi-Stream" not in answer.headers


def test_a_grant_says_topic_language_rights_and_person(cast: SimpleNamespace, sign_in: SignIn) -> None:
    answer = sign_in(cast.responder).get("/live", headers={"Accept-Language": "en"})
    assert json.loads(answer.headers["X-Noroshi-Stream"]) == {
        "topic": "board", "language": "en", "rights": "responder", "person": 2, "epoch": 0,
    }  # fmt: skip


def test_an_unknown_topic_is_not_found(cast: SimpleNamespace, sign_in: SignIn) -> None:
    assert sign_in(cast.reader).get("/live?topic=secrets").status_code == 404


def test_a_poll_that_changed_nothing_is_a_304(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.reader)
    first = client.get("/live/poll?topic=board")
    again = client.get("/live/poll?topic=board", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_a_poll_carries_the_answer_the_board_and_the_chip(cast: SimpleNamespace, sign_in: SignIn) -> None:
    text = sign_in(cast.reader).get("/live/poll?topic=board").get_data(as_text=True)
    for target in ("#answer", "#board", "#chip"):
        assert f'hx-target="{target}"' in text


def test_every_page_s_icon_and_every_topic_s_chip_say_the_answer(cast: SimpleNamespace, sign_in: SignIn) -> None:
    code = declare(cast.responder).code
    client = sign_in(cast.reader)
    for topic in ("roster", f"incident-{code.removeprefix('INC-')}"):
        assert 'hx-target="#chip"' in client.get(f"/live/poll?topic={topic}").get_data(as_text=True)
    for page in ("/", "/roster", "/reports", "/history"):
        assert "icons/incident.svg" in client.get(page).get_data(as_text=True).partition("<body")[0]


def test_a_fragment_is_rendered_for_a_class_of_rights_and_names_no_viewer(app: Flask, cast: SimpleNamespace) -> None:
    declare(cast.responder)
    live = app.extensions["live"]
    reader, _ = live.render("board", "ja", "reader")
    responder, _ = live.render("board", "ja", "responder")
    assert cast.reader.name not in reader
    assert "進展なしで更新" in responder
    assert "進展なしで更新" not in reader


def test_the_stream_s_fragment_is_what_a_poll_gives(app: Flask, cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder)
    streamed, _ = app.extensions["live"].render("board", "ja", "reader")
    polled = (
        sign_in(cast.reader).get("/live/poll?topic=board", headers={"Accept-Language": "ja"}).get_data(as_text=True)
    )
    assert streamed == polled


def test_what_the_stream_rendered_after_a_commit_is_there_for_the_page(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn, count_queries: Callable[[], Any]
) -> None:
    client = sign_in(cast.reader)
    declare(cast.responder)
    app.extensions["live"].render("board", "ja", "reader")
    with count_queries() as queries:
        page = client.get("/", headers={"Accept-Language": "ja"}).get_data(as_text=True)
    assert "INC-1" in page
    assert len(queries) <= 3


def test_it_says_when_it_changes_by_the_clock(app: Flask, cast: SimpleNamespace) -> None:
    incident = declare(cast.responder)
    _, changes_at = app.extensions["live"].render("board", "ja", "reader")
    assert changes_at == incident.next_update_at
    assert changes_at > NOW


def test_people_who_left_are_no_longer_welcome(app: Flask, cast: SimpleNamespace) -> None:
    live = app.extensions["live"]
    assert live.unwelcome({(4, 0, "reader"), (4, 1, "reader"), (5, 0, "reader")}) == {
        (4, 1, "reader"),
        (5, 0, "reader"),
    }


def test_a_stream_of_other_rights_than_now_is_no_longer_welcome(app: Flask, cast: SimpleNamespace) -> None:
    live = app.extensions["live"]
    assert live.unwelcome({(1, 0, "admin"), (2, 0, "admin"), (2, 0, "responder")}) == {(2, 0, "admin")}


def test_a_subject_that_is_no_number_that_can_be_is_not_found(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.reader)
    for topic in ("report-" + "9" * 5000, "incident-" + "9" * 5000, "report-²", "roster-%00", "report-99999999999"):
        assert client.get(f"/live/poll?topic={topic}").status_code == 404, topic[:20]
