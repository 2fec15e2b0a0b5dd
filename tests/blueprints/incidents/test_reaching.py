"""On an incident's page: whom to call, one tap to say that nobody answered, the emergency contact when all were tried."""

import pytest

from domain.db import db
from domain.incidents import Incident
from domain.roster import Attempt


@pytest.fixture
def call(sign_in, cast, incident):
    def of(person, result="no_answer", area="system", who="reader"):
        data = {"area": area, "person": str(person), "result": result}
        return sign_in(getattr(cast, who)).post(f"/incidents/{incident.code}/attempts", data=data)

    return of


def test_the_page_says_whom_to_call_with_the_number(sign_in, cast, incident):
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}").text
    part = page[page.index('id="reach-system"') :]
    assert "tel:+819000000119" in part
    assert 'value="no_answer"' in part


def test_no_answer_offers_the_next_in_line_and_everybody_sees_who_was_tried(sign_in, cast, incident, call):
    assert call(cast.responder.id).headers["Location"].endswith(f"/incidents/{incident.code}#reaching")
    page = sign_in(cast.bridge).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    part = page[page.index('id="reach-system"') : page.index('id="reach-bridge"')]
    assert "Call next: deputy, rank 1" in part
    assert "tel:+819000000121" in part
    assert "佐藤 美咲" in page[page.index("Who was called when") :]


def test_when_all_were_tried_the_emergency_contact_stands_there_loud(sign_in, cast, incident, call):
    call(cast.responder.id)
    call(cast.deputy.id, "declined")
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert "Nobody could be reached. Call the emergency contact." in page
    assert "tel:+81312345678" in page
    assert call(0, "start_over").status_code == 303
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text
    assert "Nobody could be reached" not in page


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"area": "nowhere", "person": "2", "result": "no_answer"}, 404),
        ({"area": "system", "person": "x", "result": "no_answer"}, 404),
        ({"area": "system", "person": "2", "result": "asleep"}, 422),
        ({"area": "system", "person": "4", "result": "no_answer"}, 409),
        ({}, 404),
    ],
)
def test_bad_input_is_answered_in_words(sign_in, cast, incident, fields, status):
    assert sign_in(cast.reader).post(f"/incidents/{incident.code}/attempts", data=fields).status_code == status


def test_nobody_records_without_signing_in(client, incident):
    fields = {"area": "system", "person": "2", "result": "no_answer"}
    assert client.post(f"/incidents/{incident.code}/attempts", data=fields).status_code == 303
    assert db.session.query(Attempt).count() == 0


def test_a_finished_incident_calls_nobody(sign_in, cast, incident):
    from domain.db import writing

    with writing():
        db.session.get(Incident, incident.id).closed_at = db.session.get(Incident, incident.id).began_at
    assert 'id="reaching"' not in sign_in(cast.reader).get(f"/incidents/{incident.code}").text
