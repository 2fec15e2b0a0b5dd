"""The bridge's desk: what stands on it, whom it is for, and that an update from it comes back to it."""

import pytest

from domain import hotline, questions, timeline
from domain.db import db, writing
from domain.incidents import Incident
from tests.conftest import NOW

EN = {"Accept-Language": "en"}


@pytest.fixture
def desk(incident):
    return f"/incidents/{incident.code}/desk"


def found(incident):
    return db.session.get(Incident, incident.id)


def test_the_desk_holds_the_promise_the_form_and_who_waits(sign_in, cast, incident, desk):
    page = sign_in(cast.bridge).get(desk, headers=EN)
    assert page.status_code == 200
    assert "Promised for 10:47" in page.text
    assert 'id="update-form"' in page.text
    assert "Lead for guests" in page.text
    assert "伊藤" in page.text.split("Waiting for it:")[1].split("</p>")[0]


def test_a_fact_for_the_bridge_stands_on_it_until_words_are_published(
    sign_in, cast, incident, desk, fields, now, clock
):
    clock.forward(minutes=1)
    with writing():
        timeline.add(found(incident), "v4.12.1に戻しました", by=cast.responder, at=clock.at, for_bridge=True)
        timeline.add(found(incident), "ほかのこと", by=cast.responder, at=clock.at)
    client = sign_in(cast.bridge)
    news = client.get(desk).text.split('id="desk-news"')[1].split("</section>")[0]
    facts, others = news.split("<details")
    assert "v4.12.1に戻しました" in facts
    assert "ほかのこと" in others
    assert "v4.12.1に戻しました" not in others
    clock.forward(minutes=1)
    client.post(f"/incidents/{incident.code}/updates", data=fields)
    news = client.get(desk).text.split('id="desk-news"')[1].split("</section>")[0]
    assert "v4.12.1に戻しました" not in news


def test_no_news_hides_nothing_that_nobody_has_passed_on(sign_in, cast, incident, desk, clock):
    clock.forward(minutes=1)
    with writing():
        timeline.add(found(incident), "原因は署名の更新", by=cast.responder, at=clock.at, for_bridge=True)
    client = sign_in(cast.bridge)
    clock.forward(minutes=1)
    answer = client.post(
        f"/incidents/{incident.code}/updates/unchanged", data={"key": "n", "next_update": "10m", "then": "desk"}
    )
    assert answer.location == desk
    assert "原因は署名の更新" in client.get(desk).text.split('id="desk-news"')[1].split("</section>")[0]


def test_the_system_side_tells_the_bridge_in_one_line(sign_in, cast, incident, desk, clock):
    clock.forward(minutes=1)
    client = sign_in(cast.responder)
    assert 'id="tell-bridge"' in client.get(f"/incidents/{incident.code}").text
    line = {"key": "t", "body": "配信率62%", "for_bridge": "1", "then": "show"}
    assert client.post(f"/incidents/{incident.code}/timeline", data=line).status_code == 303
    assert "配信率62%" in sign_in(cast.bridge).get(desk).text


def test_customers_are_counted_from_reports_and_voices(sign_in, cast, incident, desk, now):
    with writing():
        report = hotline.file(key="r", by=cast.reader, at=now, body="入れません", customers=30)
        report.become(found(incident), by=cast.responder, at=now)
        report.add_voice(by=cast.bridge, at=now, customers=12)
        report.add_voice(by=cast.admin, at=now)
    numbers = sign_in(cast.bridge).get(desk, headers=EN).text.split('id="desk-numbers"')[1].split("</section>")[0]
    assert "At least 42 customers" in numbers
    assert "as 2 of 3 people told us" in numbers


def test_an_open_question_is_answered_from_the_desk(sign_in, cast, incident, desk, now):
    with writing():
        number = questions.ask(found(incident), "返金は？", key="q", by=cast.reader, at=now).id
    client = sign_in(cast.bridge)
    assert "返金は？" in client.get(desk).text
    answer = client.post(
        f"/incidents/{incident.code}/questions/{number}/answer",
        data={"body": "まだ決まっていません", "seen": "0", "then": "desk"},
    )
    assert answer.location == f"{desk}#questions"
    assert "返金は？" not in client.get(desk).text.split('id="desk-questions"')[1].split('id="desk-numbers"')[0]


def test_an_update_from_the_desk_comes_back_to_it(sign_in, cast, incident, desk, fields):
    client = sign_in(cast.bridge)
    answer = client.post(f"/incidents/{incident.code}/updates", data={**fields, "then": "desk"})
    assert answer.location.startswith(desk)
    page = client.get(answer.location).text
    assert f'data-draft-done="update-{incident.id}"' in page
    assert "原因がわかりました。" in page.split('id="desk-said"')[1]


def test_what_is_refused_is_shown_on_the_desk_with_what_was_typed(sign_in, cast, incident, fields):
    typed = {**fields, "then": "desk", "next_update": ""}
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=typed)
    assert answer.status_code == 422
    assert 'id="desk-clock"' in answer.text
    assert "原因がわかりました。</textarea>" in answer.text
    assert 'name="then" value="desk"' in answer.text


def test_a_conflict_is_shown_on_the_desk(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    client.post(f"/incidents/{incident.code}/updates", data={**fields, "situation": "先の更新"})
    answer = client.post(f"/incidents/{incident.code}/updates", data={**fields, "key": "u2", "then": "desk"})
    assert answer.status_code == 409
    assert 'id="desk-clock"' in answer.text
    assert "先の更新" in answer.text


def test_the_desk_is_not_for_readers(sign_in, cast, incident, desk, client):
    assert sign_in(cast.reader).get(desk).status_code == 403


def test_a_reader_who_was_given_the_bridge_has_the_desk(sign_in, cast, incident, desk, now):
    with writing():
        found(incident).assign("bridge", cast.reader, by=cast.responder, at=now)
    client = sign_in(cast.reader)
    assert client.get(desk).status_code == 200


def test_a_responder_who_does_not_publish_sees_it_and_may_take_the_bridge(sign_in, colleague, incident, desk):
    client = sign_in(colleague)
    page = client.get(desk)
    assert page.status_code == 200
    assert 'name="then" value="desk"' in page.text
    assert 'name="take_bridge"' in page.text
    given = {"position": "bridge", "person": "me", "then": "desk"}
    assert client.post(f"/incidents/{incident.code}/positions", data=given).location == desk


def test_there_is_no_desk_for_what_is_closed_or_does_not_exist(sign_in, cast, incident, desk, fields, now):
    client = sign_in(cast.bridge)
    assert client.get("/incidents/INC-999/desk").status_code == 404
    client.post(f"/incidents/{incident.code}/updates", data={**fields, "state": "resolved"})
    assert client.get(desk).status_code == 200
    with writing():
        found(incident).close(by=cast.responder, at=now)
    assert client.get(desk).status_code == 409


def test_the_live_parts_are_those_of_the_page(sign_in, cast, incident, desk):
    client = sign_in(cast.bridge)
    page = client.get(desk).text
    poll = client.get(f"/live/poll?topic=desk-{incident.id}", headers={"HX-Request-Type": "partial"})
    assert poll.status_code == 200
    for part in ("clock", "news", "questions", "numbers", "said"):
        assert f'hx-target="#desk-{part}"' in poll.text
        assert f'id="desk-{part}"' in page
    assert 'id="update-form"' not in poll.text


def test_however_much_came_in_the_queries_are_as_many(sign_in, cast, incident, desk, clock, count_queries):
    client = sign_in(cast.bridge)

    def fill(number):
        for one in range(number):
            clock.forward(minutes=1)
            with writing():
                held = found(incident)
                timeline.add(held, f"事実{one}", by=cast.responder, at=clock.at, for_bridge=True)
                report = hotline.file(key=f"r{clock.at}", by=cast.reader, at=clock.at, body="入れません", customers=3)
                report.become(held, by=cast.responder, at=clock.at)
                questions.ask(held, f"{clock.at} 返金は？", key=f"q{clock.at}", by=cast.reader, at=clock.at)

    fill(1)
    client.get(desk)  # who answers is known from now on: nothing below changes the roster
    with count_queries() as few:
        client.get(desk)
    fill(5)
    with count_queries() as many:
        client.get(desk)
    assert len(many) == len(few)


def test_what_is_internal_is_marked_for_our_own_people_and_comes_back_into_the_form(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    typed = "原因がわかりました。[[委託先の証明書です。]]"
    client.post(f"/incidents/{incident.code}/updates", data={**fields, "situation": typed})
    for page in ("/", f"/incidents/{incident.code}", f"/incidents/{incident.code}/desk"):
        assert "<mark><b>Internal only:</b> 委託先の証明書です。</mark>" in client.get(page, headers=EN).text
    assert f"{typed}</textarea>" in client.get(f"/incidents/{incident.code}/desk").text


def test_an_internal_sentence_among_words_for_customers_is_refused(sign_in, cast, incident, fields):
    typed = {**fields, "guest_notice": "案内です。[[秘密]]", "then": "desk"}
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=typed, headers=EN)
    assert answer.status_code == 422
    assert 'href="#guest_notice"' in answer.text
    assert "cannot hold an internal sentence" in answer.text


def test_a_second_fact_is_told_from_a_form_of_its_own(sign_in, cast, incident, clock):
    clock.forward(minutes=1)
    client = sign_in(cast.responder)
    for number, text in enumerate(("一つ目", "二つ目")):
        page = client.get(f"/incidents/{incident.code}").text
        form = page.split('id="tell-bridge"')[1].split("</form>")[0]
        # What the browser kept of a form that was sent would bring its key back.
        assert "data-draft" not in form
        key = form.split('name="key" value="')[1].split('"')[0]
        line = {"key": key, "body": text, "for_bridge": "1", "then": "show"}
        client.post(f"/incidents/{incident.code}/timeline", data=line)
        assert len(timeline.for_bridge_since(found(incident), NOW)) == number + 1
        db.session.rollback()
