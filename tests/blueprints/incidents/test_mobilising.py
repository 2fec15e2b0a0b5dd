"""The checklist of a declaration, the two calls, paging: over HTTP, page and rights."""

import pytest
from sqlalchemy import select

from domain import calls, mobilising, paging
from domain.db import db, writing
from domain.events import Event
from domain.incidents import Incident
from domain.outbox import Delivery, DeliveryError
from domain.people import Person

NIGHT = {"hours": 12}
"""From the morning of the tests into the night."""
FORM = {
    "title": "入場できません",
    "severity": "critical",
    "began_at": "2026-08-11 09:50",
    "services": "1",
    "page_asked": "1",
}


@pytest.fixture
def declared(sign_in, cast):
    def of(**more):
        answer = sign_in(cast.responder).post("/incidents", data={**FORM, "key": "k", **more})
        assert answer.status_code == 303, answer.text
        return db.session.scalar(select(Incident).order_by(Incident.id.desc()))

    return of


def rows(kind):
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).where(Delivery.kind == kind)))


def page(client, code="INC-1"):
    return client.get(f"/incidents/{code}", headers={"Accept-Language": "ja"}).text


def fail(kind, error="It broke.", *, permanent=True):
    with writing():
        for one in rows_of(kind):
            one.take(one.created_at, one.created_at - one.created_at)
            if permanent:
                one.give_up(DeliveryError(error, permanent=True), one.created_at)
            else:
                one.retry(DeliveryError(error), one.created_at)


def rows_of(kind):
    return db.session.scalars(select(Delivery).where(Delivery.kind == kind)).all()


def test_by_day_the_form_proposes_not_to_page(sign_in, cast):
    text = sign_in(cast.responder).get("/incidents/new").text
    assert 'value="no" data-no-draft checked' in text
    assert "火曜日" in text


def test_at_night_a_large_incident_proposes_to_page_and_says_why(sign_in, cast, clock):
    clock.forward(**NIGHT)
    text = sign_in(cast.responder).post("/incidents/new/paging", data={"severity": "critical"}).text
    assert 'value="yes" data-no-draft checked' in text
    assert "営業時間（9:00〜18:00）外" in text
    assert "規模：大" in text or "規模: 大" in text


def test_a_choice_of_the_person_outlives_another_scale(sign_in, cast, clock):
    clock.forward(**NIGHT)
    given = {"severity": "critical", "page": "yes", "page_proposed": "no"}
    assert 'value="yes" data-no-draft checked' in sign_in(cast.responder).post("/incidents/new/paging", data=given).text
    given = {"severity": "minor", "page": "yes", "page_proposed": "yes"}
    assert 'value="no" data-no-draft checked' in sign_in(cast.responder).post("/incidents/new/paging", data=given).text


def test_saying_nothing_is_no_answer_where_paging_is_proposed(sign_in, cast, clock):
    clock.forward(**NIGHT)
    answer = sign_in(cast.responder).post("/incidents", data={**FORM, "key": "k"})
    assert answer.status_code == 422
    assert "入場できません" in answer.text
    assert 'value="yes" data-no-draft checked' in answer.text
    assert db.session.scalar(select(Incident)) is None


def test_without_the_question_nobody_is_paged(sign_in, cast, clock):
    clock.forward(**NIGHT)
    given = {name: value for name, value in FORM.items() if name != "page_asked"}
    assert sign_in(cast.responder).post("/incidents", data={**given, "key": "k"}).status_code == 303
    assert rows(paging.TRIGGER) == []


@pytest.mark.parametrize(("typed", "alerts"), [("yes", 4), ("no", 0)])
def test_the_person_decides(declared, typed, alerts):
    declared(page=typed)
    assert len(rows(paging.TRIGGER)) == alerts


def test_what_was_proposed_and_decided_is_shown(declared, sign_in, cast):
    declared(page="yes")
    text = page(sign_in(cast.responder))
    assert "提案：呼び出さない" in text
    assert "決定：全員を呼び出す" in text


def test_a_service_that_is_not_set_up_says_how(declared, sign_in, cast):
    declared(page="yes")
    text = page(sign_in(cast.responder))
    assert "未設定" in text
    for name in ("SLACK_BOT_TOKEN", "CALL_SYSTEM_URL", "PAGERDUTY_ROUTING_KEY"):
        assert name in text


def test_a_failed_step_shows_its_reason_and_again(app, declared, sign_in, cast):
    app.config["SLACK_BOT_TOKEN"] = "xoxb"
    declared()
    fail("channel.topic", "No topic for you.")
    client = sign_in(cast.responder)
    text = page(client)
    assert "No topic for you." in text
    (topic,) = rows("channel.topic")
    assert f"/incidents/INC-1/steps/{topic.id}/attempts" in text
    assert client.post(f"/incidents/INC-1/steps/{topic.id}/attempts").status_code == 303
    assert rows("channel.topic")[0].state == "waiting"


def test_what_needs_a_failed_step_says_so(app, declared, sign_in, cast):
    app.config["SLACK_BOT_TOKEN"] = "xoxb"
    declared()
    fail("channel.create", "No channel.")
    assert "「障害対応チャンネルの作成」が終わるのを待っています。" in page(sign_in(cast.responder))


def test_readers_see_the_calls_and_not_the_checklist(declared, sign_in, cast):
    declared()
    text = page(sign_in(cast.reader))
    assert "システム復旧コール" in text
    assert 'id="mobilising"' not in text


@pytest.mark.parametrize("path", ["steps/1/attempts", "pages"])
def test_readers_neither_page_nor_try_again(declared, sign_in, cast, path):
    declared()
    assert sign_in(cast.reader).post(f"/incidents/INC-1/{path}", data={"area": "system"}).status_code == 403


def test_a_step_of_another_incident_is_not_found(declared, sign_in, cast):
    declared()
    (topic,) = rows("channel.topic")
    declared(key="k2", title="別件です", another="1")
    assert sign_in(cast.responder).post(f"/incidents/INC-2/steps/{topic.id}/attempts").status_code == 404
    assert sign_in(cast.responder).post("/incidents/INC-1/steps/999999/attempts").status_code == 404


def test_one_tap_says_that_i_am_in_a_call(declared, sign_in, cast):
    declared()
    client = sign_in(cast.responder)
    for _ in range(2):
        assert client.post("/incidents/INC-1/calls", data={"call": "system"}).status_code == 303
    incident = db.session.get(Incident, 1)
    assert [(one.call, one.person_id) for one in calls.present(incident)] == [("system", 2)]
    assert client.post("/incidents/INC-1/calls", data={"call": "both", "leave": "1"}).status_code == 303
    assert calls.present(incident) == []


def test_the_bridge_is_in_both(declared, sign_in, cast):
    declared()
    client = sign_in(cast.bridge)
    client.post("/incidents/INC-1/positions", data={"position": "bridge", "person": "me"})
    assert "ブリッジ役（高橋 由紀子さん）はまだ参加していません。" in page(client)
    client.post("/incidents/INC-1/calls", data={"call": "customer"})
    assert {one.call for one in calls.present(db.session.get(Incident, 1))} == {"system", "customer"}


def test_who_joins_answers_the_page_of_their_area(declared, sign_in, cast):
    declared(page="yes")
    sign_in(cast.responder).post("/incidents/INC-1/calls", data={"call": "system"})
    assert [one.details["area"] for one in rows(paging.ACKNOWLEDGE)] == ["system"]


def test_no_such_call(declared, sign_in, cast):
    declared()
    assert sign_in(cast.responder).post("/incidents/INC-1/calls", data={"call": "x"}).status_code == 422


def test_areas_and_persons_are_paged_later(declared, sign_in, cast):
    declared()
    client = sign_in(cast.responder)
    assert client.post("/incidents/INC-1/pages", data={"area": ["system", "bridge"]}).status_code == 303
    assert client.post("/incidents/INC-1/pages", data={"person": "6"}).status_code == 303
    assert [one.details["area"] for one in rows(paging.TRIGGER)] == ["system", "bridge", "guest"]
    assert client.post("/incidents/INC-1/pages", data={}).status_code == 422
    assert client.post("/incidents/INC-1/pages", data={"person": "4"}).status_code == 409
    assert db.session.scalar(select(Event.id).where(Event.kind == "incident.paged").limit(1))


def test_a_routing_key_is_kept_by_administrators_and_not_shown(sign_in, cast):
    admin, key = sign_in(cast.admin), "Z9" * 16
    assert admin.post("/areas/system/pagerduty", data={"pagerduty_key": key}).status_code == 303
    text = admin.get("/areas/system/pagerduty").text
    assert key not in text
    assert "Z9Z9" in text
    assert admin.post("/areas/system/pagerduty", data={"pagerduty_key": "kurz"}).status_code == 422
    assert admin.post("/areas/system/pagerduty", data={"pagerduty_key": ""}).status_code == 422
    assert sign_in(cast.responder).get("/areas/system/pagerduty").status_code == 403
    assert sign_in(cast.responder).post("/areas/system/pagerduty", data={"remove": "1"}).status_code == 403
    assert admin.post("/areas/system/pagerduty", data={"remove": "1"}).status_code == 303
    assert "Z9Z9" not in admin.get("/areas/system/pagerduty").text


def test_the_checklist_costs_the_same_however_many_steps(declared, sign_in, cast, count_queries, clock):
    declared(page="yes")
    client = sign_in(cast.responder)
    with count_queries() as few:
        page(client)
    with writing():
        incident = db.session.get(Incident, 1)
        for minutes in range(3):
            paging.page_everybody(incident, by=db.session.get(Person, 2), at=clock.forward(minutes=5 + minutes))
        mobilising.invite(incident, [db.session.get(Person, 1), db.session.get(Person, 4)], at=clock.at)
    with count_queries() as many:
        page(client)
    assert len(many) <= len(few)
