"""The page of an incident: everything a reader needs; a responder's buttons for responders only; live."""

import pytest

from blueprints.shared.live import fragment
from domain import incidents
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person


def test_it_shows_the_words_that_count_and_when_they_were_confirmed(sign_in, cast, incident):
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    assert "ご不便をおかけします。" in page
    assert 'data-copy="#n1-guest-notice"' in page
    assert "10:42" in page


def test_the_code_is_read_in_any_case(sign_in, cast, incident):
    assert sign_in(cast.reader).get(f"/incidents/{incident.code.lower()}").status_code == 200


@pytest.mark.parametrize("code", ["INC-999", "x", "INC-%00", "INC-99999999999999999999"])
def test_an_unknown_code_is_not_found(sign_in, cast, code):
    assert sign_in(cast.reader).get(f"/incidents/{code}").status_code == 404


def test_nobody_reads_it_without_signing_in(client, incident):
    assert client.get(f"/incidents/{incident.code}").status_code == 303


def test_a_reader_sees_no_buttons_of_responders(sign_in, cast, incident):
    assert 'id="actions"' not in sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    assert 'id="actions"' in sign_in(cast.responder).get(f"/incidents/{incident.code}").text


def test_the_page_includes_what_the_stream_sends(app, sign_in, cast, incident):
    client = sign_in(cast.reader)
    part = client.get(f"/incidents/{incident.code}", headers={"HX-Request-Type": "partial"}).text
    assert part.lstrip().startswith(f'<div class="cols past" id="incident-{incident.id}">')
    assert f"topic=incident-{incident.id}" in client.get(f"/incidents/{incident.code}").text


def test_the_live_topic_changes_when_the_promise_comes_due(app, incident, now):
    with app.test_request_context("/live"):
        html, changes_at = fragment(f"incident-{incident.id}")
        assert f'hx-target="#incident-{incident.id}"' in html
        assert changes_at == db.session.get(Incident, incident.id).next_update_at
        assert fragment("incident-999") is None
        assert fragment("incident-x") is None


def test_a_late_promise_is_said_with_the_words_that_still_hold(sign_in, cast, incident, clock):
    clock.forward(minutes=12)
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert "The 10:47 update is 7 min late." in page
    assert "You may give what was known at 10:42." in page


def test_a_restored_incident_says_that_the_wording_stays(sign_in, cast, incident, now):
    with writing():
        db.session.get(Incident, incident.id).publish(
            key="over", by=cast.bridge, at=now, state="resolved", words={"situation": "復旧しました。"}
        )
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert "Restored 10:42. Customer follow-up continues; wording stays available." in page


def test_a_correction_stands_beside_what_it_corrects(sign_in, cast, incident, now):
    with writing():
        loaded = db.session.get(Incident, incident.id)
        loaded.publish(
            key="fix", by=cast.bridge, at=now, state="identified", words={"situation": "38施設です。"},
            next_update_reason="夜間", corrects=incident.seen,
        )  # fmt: skip
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    assert "<del>" in page
    assert f'href="#u{incident.seen}"' in page


def test_markup_in_words_is_shown_as_text(sign_in, cast, incident, now):
    with writing():
        db.session.get(Incident, incident.id).publish(
            key="x", by=cast.bridge, at=now, state="identified", next_update_reason="夜間",
            words={"situation": "<script>alert(1)</script> [x](javascript:1)"},
        )  # fmt: skip
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_a_page_with_many_updates_costs_as_much_as_with_one(sign_in, cast, incident, now, count_queries):
    client, bridge = sign_in(cast.responder), cast.bridge.id
    db.session.remove()
    with count_queries() as few:
        client.get(f"/incidents/{incident.code}")
    with writing():
        loaded = db.session.get(Incident, incident.id)
        for number in range(20):
            loaded.publish(
                key=f"k{number}", by=db.session.get(Person, bridge), at=now, state="identified",
                words={"situation": str(number)}, next_update_reason="夜間",
            )  # fmt: skip
    db.session.remove()
    with count_queries() as many:
        client.get(f"/incidents/{incident.code}")
    assert len(many) <= len(few)


def test_a_drill_says_so_on_top(sign_in, cast, now, clock):
    with writing():
        code = incidents.declare(
            key="d", by=cast.responder, at=now, title="練習です", severity="minor", services={}, began_at=now,
            drill=True, holding=False,
        ).code  # fmt: skip
    page = sign_in(cast.reader).get(f"/incidents/{code}", headers={"Accept-Language": "en"}).text
    assert "DRILL. Not real. Do not inform customers." in page


def test_the_page_is_polled_where_streams_are_blocked(sign_in, cast, incident):
    client = sign_in(cast.reader)
    answer = client.get(f"/live/poll?topic=incident-{incident.id}")
    assert f'id="incident-{incident.id}"' in answer.text
    assert 'id="actions"' not in answer.text
    assert client.get("/live/poll?topic=incident-999").status_code == 404


def test_the_page_offers_to_follow_and_to_stop(sign_in, cast, incident):
    client = sign_in(cast.reader)
    assert (
        f"Follow {incident.code}" in client.get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    )
    client.post("/following", data={"what": f"incident-{incident.id}"})
    page = client.get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert f"Stop following {incident.code}" in page
