"""What responders do beside the words: positions, closing, changing the headline, planned work, templates."""

import pytest

from domain.db import db, writing
from domain.incidents import Incident, UpdateTemplate


def load(incident):
    db.session.rollback()
    return db.session.get(Incident, incident.id)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"position": "bridge"}, 303),
        ({"position": "scribe", "person": "3"}, 303),
        ({"position": "king", "person": "me"}, 422),
        ({"position": "bridge", "person": "999"}, 422),
        ({"position": "bridge", "person": "x"}, 422),
        ({"position": "bridge", "person": "5"}, 422),
    ],
)
def test_positions_go_to_people_who_are_here(sign_in, cast, incident, given, status):
    assert sign_in(cast.responder).post(f"/incidents/{incident.code}/positions", data=given).status_code == status


def test_readers_give_no_positions_and_close_nothing(sign_in, cast, incident):
    client = sign_in(cast.reader)
    for path in ("positions", "closure", "edit"):
        assert client.post(f"/incidents/{incident.code}/{path}", data={"position": "bridge"}).status_code == 403
    assert load(incident).positions == []


def test_the_customer_side_finishes_a_restored_incident_and_may_take_it_back(sign_in, cast, incident, now):
    client = sign_in(cast.deputy)
    assert client.post(f"/incidents/{incident.code}/closure").status_code == 409
    with writing():
        load(incident)
        db.session.get(Incident, incident.id).publish(
            key="r", by=cast.bridge, at=now, state="resolved", words={"situation": "復旧"}
        )
    assert client.post(f"/incidents/{incident.code}/closure").status_code == 303
    assert load(incident).closed_at == now
    assert client.post(f"/incidents/{incident.code}/closure", data={"undo": "1"}).status_code == 303
    assert load(incident).closed_at is None


def test_a_changed_headline_stands_among_the_updates(sign_in, cast, incident):
    client = sign_in(cast.responder)
    answer = client.post(
        f"/incidents/{incident.code}/edit",
        data={
            "title": "一部の施設で入場できません",
            "severity": "critical",
            "began_at": "2026-08-11T10:42",
            "facilities": "all",
        },
    )
    page = client.get(answer.location, headers={"Accept-Language": "en"}).text
    assert "Headline changed: “入場のQRコードが読み取れません” → “一部の施設で入場できません”" in page


def test_a_refused_change_keeps_what_was_typed(sign_in, cast, incident):
    answer = sign_in(cast.responder).post(
        f"/incidents/{incident.code}/edit", data={"title": "新しい見出し", "severity": "x"}
    )
    assert answer.status_code == 422
    assert "新しい見出し" in answer.text


WORK = {
    "key": "m1", "title": "決済の点検", "began_at": "2026-08-12T01:00", "ends_at": "2026-08-12T03:00",
    "services": ["2"], "facilities": "all", "situation": "点検します。",
}  # fmt: skip


def test_planned_work_is_announced(sign_in, cast, clock):
    client = sign_in(cast.responder)
    assert client.get("/maintenances/new").status_code == 200
    answer = client.post("/maintenances", data=WORK)
    assert answer.status_code == 303
    assert "決済の点検" in sign_in(cast.reader).get(answer.location).text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ends_at": "2026-08-12T00:00"}, "ends_at"),
        ({"ends_at": "x"}, "ends_at"),
        ({"title": " "}, "title"),
        ({"situation": "", "guest_notice": " "}, "situation"),
    ],
)
def test_planned_work_that_cannot_be_is_refused_with_what_was_typed(sign_in, cast, clock, given, field):
    answer = sign_in(cast.responder).post("/maintenances", data={**WORK, "partner_notice": "", **given})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert str({**WORK, **given}["title"]).strip() in answer.text


def test_readers_plan_nothing(sign_in, cast):
    assert sign_in(cast.reader).post("/maintenances", data=WORK).status_code == 403


def test_administrators_change_a_template_and_the_form_offers_it(sign_in, cast, incident, fields):
    admin = sign_in(cast.admin)
    assert admin.get("/templates").status_code == 200
    assert (
        admin.post("/templates/identified/ja", data={"partner_notice": "{services}を直しています。"}).status_code == 303
    )
    page = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/new", data={**fields, "template": "ja"}).text
    assert "入場管理を直しています。" in page


def test_only_administrators_change_templates(sign_in, cast):
    for who in (cast.reader, cast.responder):
        assert sign_in(who).post("/templates/identified/ja", data={"situation": "x"}).status_code == 403
    assert db.session.query(UpdateTemplate).count() == 0


@pytest.mark.parametrize("path", ["/templates/x/ja", "/templates/identified/fr"])
def test_there_are_no_other_templates(sign_in, cast, path):
    assert sign_in(cast.admin).get(path).status_code == 404


def test_an_empty_template_is_refused(sign_in, cast):
    assert sign_in(cast.admin).post("/templates/identified/ja", data={}).status_code == 422


def test_whoever_has_left_holds_no_position_and_the_refusal_says_who(sign_in, cast, incident):
    given = {"position": "scribe", "person": str(cast.outsider.id)}
    answer = sign_in(cast.responder).post(f"/incidents/{incident.code}/positions", data=given)
    assert answer.status_code == 422
    assert cast.outsider.name in answer.text
    assert "%(" not in answer.text
