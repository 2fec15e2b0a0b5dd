"""Similar past incidents on the form of a declaration and on the page of what is open; who sees them."""

from datetime import timedelta

import pytest

from domain.db import db, writing
from domain.incidents import Incident
from tests.domain.test_memory import declare, learn  # noqa: F401 (a fixture)


@pytest.fixture
def past(declare, now, clock):  # noqa: F811
    """An incident that is over, with markup in what was said."""
    number = declare("入場のQRコードが読み取れません", said="<b>番号</b>で入場できます。")
    with writing():
        db.session.get_one(Incident, number).resolved_at = now + timedelta(hours=1)
    learn(now)
    return number


def page(answer):
    return answer.get_data(as_text=True)


def test_the_form_shows_what_happened_before_and_what_helped(sign_in, cast, past):
    answer = sign_in(cast.responder).post("/incidents/similar", data={"title": "QRが読み取れない", "services": ["1"]})
    assert f"INC-{past}" in page(answer)
    assert "番号" in page(answer)
    assert "<b>番号" not in page(answer)


def test_the_form_asks_for_it(sign_in, cast, past):
    assert 'hx-post="/incidents/similar"' in page(sign_in(cast.responder).get("/incidents/new"))


def test_nothing_alike_shows_nothing(sign_in, cast, past):
    answer = sign_in(cast.responder).post("/incidents/similar", data={"title": "メールが届かない"})
    assert answer.status_code == 200
    assert "INC-" not in page(answer)


@pytest.mark.parametrize("who", ["reader", None])
def test_who_does_not_declare_gets_nothing(sign_in, client, cast, past, who):
    asking = sign_in(cast.reader) if who else client
    answer = asking.post("/incidents/similar", data={"title": "QRが読み取れない"})
    assert (answer.status_code, page(answer)) == (204, "")


def test_the_page_of_a_new_incident_shows_it(sign_in, cast, past, declare, now):  # noqa: F811
    new = declare("QRコードが読み取れず入場できません", over=False)
    learn(now)
    shown = page(sign_in(cast.reader).get(f"/incidents/INC-{new}"))
    assert "以前にも、似た障害がありました" in shown
    assert f"/incidents/INC-{past}" in shown


def test_the_page_of_what_is_finished_does_not(sign_in, cast, past, declare, now):  # noqa: F811
    new = declare("QRコードが読み取れず入場できません")
    learn(now)
    assert "以前にも、似た障害がありました" not in page(sign_in(cast.reader).get(f"/incidents/INC-{new}"))


@pytest.mark.parametrize("title", ["", "\x00", "あ" * 100_000, "<script>", "'; drop table incidents; --"])
def test_anything_can_be_typed(sign_in, cast, past, title):
    data = {"title": title, "services": ["x", "-1", "999999999999"], "report": "R-99"}
    assert sign_in(cast.responder).post("/incidents/similar", data=data).status_code == 200
