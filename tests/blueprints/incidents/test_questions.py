"""Asking back on the incident's page: who may, what is offered, what is refused, what readers see."""

import pytest

from domain.db import db, writing
from domain.incidents import Incident
from domain.questions import Question

ASKED = "返金はできますか"


@pytest.fixture
def url(incident):
    return f"/incidents/{incident.code}/questions"


@pytest.fixture
def question(sign_in, cast, url):
    sign_in(cast.reader).post(url, data={"body": ASKED})
    return 1


def count():
    db.session.rollback()
    return db.session.query(Question).count()


def test_anybody_asks_and_sees_it_on_the_page(sign_in, cast, incident, url):
    client = sign_in(cast.reader)
    answer = client.post(url, data={"key": "a", "body": ASKED})
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert ASKED in page
    assert f"{url}/1/answer" not in page


def test_nobody_asks_without_signing_in(client, url):
    assert client.post(url, data={"body": ASKED}).status_code == 303
    assert count() == 0


def test_a_double_tap_is_one_question(sign_in, cast, url):
    for _ in range(2):
        assert sign_in(cast.reader).post(url, data={"key": "a", "body": ASKED}).status_code == 303
    assert count() == 1


def test_the_page_has_no_key_and_the_same_words_of_the_same_person_are_one_question(sign_in, cast, incident, url):
    assert 'name="key"' not in sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    for person in (cast.reader, cast.reader, cast.bridge):
        sign_in(person).post(url, data={"body": ASKED})
    sign_in(cast.reader).post(url, data={"body": "いつ戻りますか"})
    assert count() == 3


@pytest.mark.parametrize("body", ["", " \n", "あ" * 10_000])
def test_what_cannot_be_asked_comes_back_with_what_was_typed(sign_in, cast, url, body):
    answer = sign_in(cast.reader).post(url, data={"body": body})
    assert answer.status_code == 422
    assert body.strip() in answer.text
    assert 'href="#body"' in answer.text


def test_alike_questions_are_offered_before_and_may_be_asked_all_the_same(sign_in, cast, url, question):
    client = sign_in(cast.bridge)
    offered = client.post(url, data={"body": "返金はいつできますか", "offer": "1"})
    assert offered.status_code == 200
    assert f"{url}/1/seconds" in offered.text
    assert 'name="offer"' not in offered.text
    assert count() == 1
    client.post(url, data={"body": "返金はいつできますか"})
    assert count() == 2


def test_while_typing_the_fragment_offers(sign_in, cast, client, url, question):
    assert ASKED in sign_in(cast.reader).post(f"{url}/alike", data={"body": "返金はいつですか"}).text
    assert 'name="offer"' in sign_in(cast.reader).post(f"{url}/alike", data={"body": "駐車場"}).text
    assert client.post(f"{url}/alike", data={"body": "返金"}).status_code == 204


def test_one_tap_seconds(sign_in, cast, url, incident, question):
    for _ in range(2):
        assert sign_in(cast.deputy).post(f"{url}/1/seconds").status_code == 303
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert "1 more wants to know" in page


def test_the_bridge_answers_once_for_all(sign_in, cast, url, incident, question):
    assert sign_in(cast.bridge).post(f"{url}/1/answer", data={"body": "できます。"}).status_code == 303
    assert "できます。" in sign_in(cast.reader).get(f"/incidents/{incident.code}").text


@pytest.mark.parametrize("who", ["reader", "colleague"])
def test_who_does_not_publish_does_not_answer(sign_in, cast, colleague, url, question, who):
    person = cast.reader if who == "reader" else colleague
    for path in ("answer", "mark"):
        assert sign_in(person).post(f"{url}/1/{path}", data={"body": "できます。"}).status_code == 403
    db.session.rollback()
    assert db.session.get_one(Question, 1).answers == []


def test_a_corrected_answer_is_shown_as_one(sign_in, cast, url, incident, question):
    for body in ("できます。", "できません。"):
        sign_in(cast.bridge).post(f"{url}/1/answer", data={"body": body})
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert "<del>できます。</del>" in page
    assert "The answer was corrected" in page


def test_a_refused_answer_comes_back(sign_in, cast, url, question):
    long = sign_in(cast.bridge).post(f"{url}/1/answer", data={"body": "あ" * 10_000})
    assert long.status_code == 422
    assert "あ" * 10_000 in long.text
    assert sign_in(cast.bridge).post(f"{url}/1/answer", data={"body": " "}).status_code == 422


def test_an_answer_in_between_is_shown_beside_ones_own(sign_in, cast, url, question):
    sign_in(cast.bridge).post(f"{url}/1/answer", data={"body": "できます。", "seen": "0"})
    answer = sign_in(cast.deputy).post(f"{url}/1/answer", data={"body": "できません。", "seen": "0"})
    assert answer.status_code == 409
    assert "できます。" in answer.text
    assert "できません。" in answer.text


@pytest.mark.parametrize("path", ["99/seconds", "99/answer", "99/mark", "99999999999/seconds"])
def test_an_unknown_question_is_404(sign_in, cast, url, path):
    assert sign_in(cast.bridge).post(f"{url}/{path}", data={"body": "x"}).status_code == 404


def test_a_closed_incident_answers_409(sign_in, cast, url, incident, question, now):
    with writing():
        load_and_close(incident, cast, now)
    for path, who in (("", cast.reader), ("/1/seconds", cast.deputy), ("/1/answer", cast.bridge)):
        assert sign_in(who).post(url + path, data={"body": "まだですか"}).status_code == 409
    assert count() == 1


def load_and_close(incident, cast, now):
    found = db.session.get(Incident, incident.id)
    found.publish(key="r", by=cast.bridge, at=now, state="resolved", words={"situation": "復旧"})
    found.close(by=cast.bridge, at=now)


def test_what_is_asked_often_stands_on_the_board(sign_in, cast, url, incident, question):
    bridge = sign_in(cast.bridge)
    assert ASKED not in bridge.get("/").text
    bridge.post(f"{url}/1/answer", data={"body": "できます。", "board": "1"})
    assert ASKED in sign_in(cast.reader).get("/").text
    bridge.post(f"{url}/1/mark", data={"board": "0"})
    assert ASKED not in bridge.get("/").text


def test_questions_do_not_make_the_page_slower(sign_in, cast, url, incident, question, count_queries):
    client = sign_in(cast.reader)
    client.get(f"/incidents/{incident.code}")
    with count_queries() as one:
        client.get(f"/incidents/{incident.code}")
    for number, body in enumerate(["駐車場は", "列は何分", "明日は動く", "電話は通じる"]):
        client.post(url, data={"key": f"k{number}", "body": body})
        sign_in(cast.bridge).post(f"{url}/{number + 2}/answer", data={"body": "はい"})
    with count_queries() as many:
        client.get(f"/incidents/{incident.code}")
    assert len(many) <= len(one) + 1
