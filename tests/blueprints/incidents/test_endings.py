"""Resolving on the pages: what is asked and shown before, who may close, who needs help, merging, none after all."""

import pytest

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.incidents import Incident
from domain.roster import Area

EN = {"Accept-Language": "en"}


def load(incident):
    db.session.rollback()
    return db.session.get(Incident, incident.id)


@pytest.fixture
def restoring(fields):
    return {**fields, "key": "end", "state": "resolved", "guest_notice": "ご不便をおかけします。", "ask": "1"}


@pytest.fixture
def restored(incident, cast, now):
    with writing():
        db.session.get(Incident, incident.id).publish(
            key="r", by=cast.bridge, at=now, state="resolved", words={"situation": "復旧"}
        )
    return incident


@pytest.fixture
def another(cast, now, incident):
    with writing():
        return incidents.declare(
            key="other", by=cast.responder, at=now, title="別の障害", severity="minor", began_at=now, holding=False,
            services={db.session.get(Service, 2): "partial_outage"},
        ).code  # fmt: skip


def test_before_a_restoration_the_last_words_and_the_end_are_asked_for(sign_in, cast, incident, restoring):
    page = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=restoring, headers=EN)
    assert page.status_code == 200
    assert load(incident).resolved_at is None
    assert 'name="ended_at"' in page.text
    assert "The words before still said that it does not work" in page.text
    assert "ご不便をおかけします。" not in page.text.split("<h2")[2]


def test_a_restoration_with_an_earlier_end(sign_in, cast, incident, restoring, clock, now):
    clock.forward(minutes=30)
    del restoring["ask"]
    answer = sign_in(cast.bridge).post(
        f"/incidents/{incident.code}/updates", data={**restoring, "ended_at": "2026-08-11T10:55"}
    )
    assert answer.status_code == 303
    assert load(incident).duration.total_seconds() == 13 * 60


@pytest.mark.parametrize("ended", ["2026-08-11T09:00", "2030-01-01T00:00", "x"])
def test_an_end_that_cannot_be_comes_back_with_the_words(sign_in, cast, incident, restoring, ended):
    del restoring["ask"]
    data = {**restoring, "ended_at": ended, "partner_notice": "書いた言葉"}
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=data)
    assert answer.status_code == 422
    assert 'href="#ended_at"' in answer.text
    assert "書いた言葉" in answer.text
    assert load(incident).resolved_at is None


def test_followers_and_reports_are_counted_before(sign_in, cast, incident, restoring):
    sign_in(cast.reader).post("/following", data={"what": "all"})
    page = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=restoring, headers=EN).text
    assert "1 follower" in page


def test_anybody_writes_down_who_needs_help_and_ticks_it_off(sign_in, cast, restored):
    client = sign_in(cast.reader)
    client.post(f"/incidents/{restored.code}/follow-ups", data={"body": "みなと水族館"})
    assert "みなと水族館" in client.get(f"/incidents/{restored.code}").text
    refused = sign_in(cast.deputy).post(f"/incidents/{restored.code}/closure", headers=EN)
    assert refused.status_code == 409
    assert "1 on the list still need help." in refused.text
    assert "みなと水族館" in refused.text
    assert load(restored).closed_at is None
    assert client.post(f"/incidents/{restored.code}/follow-ups/1", data={"done": "1"}).status_code == 303
    assert sign_in(cast.deputy).post(f"/incidents/{restored.code}/closure").status_code == 303
    assert load(restored).closed_at


def test_an_unknown_line_is_404_and_an_empty_one_422(sign_in, cast, restored):
    client = sign_in(cast.reader)
    assert client.post(f"/incidents/{restored.code}/follow-ups/9", data={"done": "1"}).status_code == 404
    assert client.post(f"/incidents/{restored.code}/follow-ups", data={"body": " "}).status_code == 422


@pytest.mark.parametrize("position", ["guest_lead", "partner_lead"])
def test_the_leads_of_the_customer_side_close_it(sign_in, cast, restored, now, position):
    client = sign_in(cast.reader)
    assert client.post(f"/incidents/{restored.code}/closure").status_code == 403
    with writing():
        db.session.get(Incident, restored.id).assign(position, cast.reader, by=cast.bridge, at=now)
    assert "/closure" in client.get(f"/incidents/{restored.code}").text
    assert client.post(f"/incidents/{restored.code}/closure").status_code == 303
    assert load(restored).closed_at == now


def test_a_responder_who_does_not_lead_the_customer_side_is_told_who_does_and_can_take_it(sign_in, cast, restored, now):
    client = sign_in(cast.responder)
    answer = client.post(f"/incidents/{restored.code}/closure")
    assert answer.status_code == 403
    assert "伊藤\u00a0航" in answer.text
    assert load(restored).closed_at is None
    client.post(f"/incidents/{restored.code}/positions", data={"position": "guest_lead", "person": "me"})
    assert client.post(f"/incidents/{restored.code}/closure").status_code == 303


def test_where_nobody_leads_the_customer_side_any_responder_finishes_it(sign_in, cast, restored, now):
    with writing() as session:
        for area in session.query(Area).filter(Area.kind.in_(("guest", "partner"))):
            area.retired_at = now
    assert sign_in(cast.reader).post(f"/incidents/{restored.code}/closure").status_code == 403
    assert sign_in(cast.responder).post(f"/incidents/{restored.code}/closure").status_code == 303


def test_what_was_typed_comes_back_with_what_is_wrong(sign_in, cast, incident, restored):
    long = "あ" * 301
    answer = sign_in(cast.reader).post(f"/incidents/{restored.code}/follow-ups", data={"body": long})
    assert answer.status_code == 422
    assert f'value="{long}"' in answer.text
    words = "い" * 20_000
    answer = sign_in(cast.responder).post(f"/incidents/{restored.code}/no-incident", data={"situation": words})
    assert answer.status_code == 422
    assert words in answer.text


def test_one_tap_reopens(sign_in, cast, restored):
    assert "/reopening" in sign_in(cast.responder).get(f"/incidents/{restored.code}").text
    for _ in range(2):
        answer = sign_in(cast.responder).post(f"/incidents/{restored.code}/reopening", data={"key": "again-1"})
    assert answer.status_code == 303
    assert load(restored).resolved_at is None


def test_merging_leads_from_one_page_to_the_other(sign_in, cast, incident, another):
    client = sign_in(cast.responder)
    assert another in client.get(f"/incidents/{incident.code}").text
    answer = client.post(f"/incidents/{incident.code}/merger", data={"into": another})
    assert answer.location.endswith(f"/incidents/{another}")
    page = client.get(f"/incidents/{incident.code}", headers=EN).text
    assert "This goes on as another incident" in page
    assert client.get("/history").status_code == 200
    assert client.post(f"/incidents/{another}/merger", data={"into": incident.code}).status_code == 409


@pytest.mark.parametrize("into", ["", "INC-99", "x"])
def test_merging_into_nothing_is_refused(sign_in, cast, incident, into):
    answer = sign_in(cast.responder).post(f"/incidents/{incident.code}/merger", data={"into": into})
    assert answer.status_code == 422


def test_none_after_all(sign_in, cast, incident):
    answer = sign_in(cast.responder).post(f"/incidents/{incident.code}/no-incident", data={"situation": "点検でした。"})
    assert answer.status_code == 303
    assert "点検でした。" in sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    assert incident.code not in sign_in(cast.reader).get("/").text.split('id="board"')[1]


def test_readers_end_nothing(sign_in, cast, incident, another):
    client = sign_in(cast.reader)
    for path in ("reopening", "merger", "no-incident", "closure"):
        assert client.post(f"/incidents/{incident.code}/{path}", data={"into": another}).status_code == 403
    assert load(incident).closed_at is None
