"""What looks alike is offered while it is typed; one tap adds a voice, or joins the incident."""

import pytest
from sqlalchemy import select

from domain import hotline
from domain.db import db, writing
from domain.hotline import Report
from domain.outbox import Delivery


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_open_report_is_offered_as_one_tap(sign_in, cast, report, method):
    fields = {"body": "入場のQRが赤い", "symptom": ""}
    client = sign_in(cast.admin)
    answer = (
        client.get("/reports/alike", query_string=fields)
        if method == "get"
        else client.post("/reports/alike", data=fields)
    )
    assert answer.text.lstrip().startswith('<div id="alike"')
    assert f'formaction="/reports/{report.id}/voices"' in answer.text


def test_an_open_incident_is_offered_as_one_tap(sign_in, cast, incident):
    text = sign_in(cast.reader).post("/reports/alike", data={"body": "QRコードが読めない"}).text
    assert f'name="same" value="{incident.code}"' in text


def test_nothing_alike_is_nothing_said(sign_in, cast, report):
    text = sign_in(cast.admin).post("/reports/alike", data={"body": "確認メールが届かない"}).text
    assert "<button" not in text
    assert "<button" not in sign_in(cast.admin).get("/reports/alike?symptom=gone&body=").text


def test_whoever_was_signed_out_goes_on_typing(client, report):
    answer = client.post("/reports/alike", data={"body": "入場のQRが赤い"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text, "HX-Redirect" in answer.headers) == (204, "", False)


def test_a_text_without_end_is_no_burden(sign_in, cast, report):
    assert sign_in(cast.admin).post("/reports/alike", data={"body": "あ" * 300_000}).status_code == 200


def test_the_same_as_a_report_adds_a_voice_with_what_was_typed(sign_in, cast, report):
    client = sign_in(cast.admin)
    answer = client.post(
        f"/reports/{report.id}/voices",
        data={"key": "k", "symptom": "entrance", "body": "2番ゲートでも", "customers": "12"},
    )
    assert (answer.status_code, answer.location) == (303, f"/reports/{report.id}?thanks=1")
    [voice] = db.session.get(Report, report.id).voices
    assert (voice.person_id, voice.note, voice.customers) == (cast.admin.id, "2番ゲートでも", 12)
    assert 'data-draft-done="report"' in client.get(answer.location).text


def test_the_same_as_an_incident_joins_it_without_alarming_everybody(sign_in, cast, incident):
    client = sign_in(cast.reader)
    answer = client.post("/reports", data={"key": "k", "body": "こちらでも", "same": incident.code})
    assert answer.status_code == 303
    report = db.session.scalar(select(Report))
    assert (report.status, report.incident_id, report.body) == ("duplicate", incident.id, "こちらでも")
    assert db.session.scalar(select(Delivery).where(Delivery.kind == "report.filed")) is None
    page = client.get(answer.location, headers={"Accept-Language": "en"}).text
    assert "Already being checked; yours was added." in page
    assert incident.code in page


def test_joining_needs_no_words(sign_in, cast, incident):
    answer = sign_in(cast.reader).post("/reports", data={"key": "k", "same": incident.code})
    assert answer.status_code == 303
    assert hotline.count_open() == 0


def test_what_was_restored_meanwhile_is_reported_to_everybody(sign_in, cast, incident, now):
    with writing():
        incident.resolved_at = now
    sign_in(cast.reader).post("/reports", data={"key": "k", "body": "また起きた", "same": incident.code})
    assert db.session.scalar(select(Report)).status == "received"


def test_the_incident_one_came_from_is_offered_first(sign_in, cast, incident):
    page = sign_in(cast.reader).get(f"/reports/new?incident={incident.code}").text
    assert f'name="same" value="{incident.code}"' in page


def test_enter_sends_the_report_and_not_the_first_offer(sign_in, cast, incident):
    page = sign_in(cast.reader).get(f"/reports/new?incident={incident.code}").text
    form = page[page.index('id="report-form"') :]
    assert form.index("<button") < form.index('name="same"')
    assert form[form.index("<button") : form.index("</button>")].count("name=") == 0
