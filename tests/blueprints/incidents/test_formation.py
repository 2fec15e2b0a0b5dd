"""Who has what on an incident's page, and how it changes hands."""

from domain import formation
from domain.db import db
from domain.incidents import Incident


def holder(incident, position, now):
    db.session.rollback()
    return formation.holder(db.session.get_one(Incident, incident.id), position, now)


def page(client, incident):
    return client.get(f"/incidents/{incident.code}", headers={"Accept-Language": "en"}).text


def give(client, incident, **data):
    return client.post(f"/incidents/{incident.code}/positions", data=data)


def test_readers_see_who_commands_by_the_roster_and_no_buttons(sign_in, cast, incident):
    shown = page(sign_in(cast.reader), incident)
    assert "by the roster" in shown
    assert "Take command" not in shown
    assert "I take it" not in shown


def test_one_tap_takes_the_command(sign_in, cast, incident, now):
    client = sign_in(cast.deputy)
    assert "Take command" in page(client, incident)
    assert give(client, incident, position="commander", person="me").status_code == 303
    assert holder(incident, "commander", now).id == cast.deputy.id
    assert "岡本 沙織 → 伊藤 航" in page(client, incident)


def test_the_scribe_is_asked_for_until_somebody_takes_it(sign_in, cast, incident):
    client = sign_in(cast.deputy)
    assert "would you take it?" in page(client, incident)
    give(client, incident, position="scribe", person="me")
    assert "would you take it?" not in page(client, incident)


def test_a_position_goes_back_to_the_roster(sign_in, cast, incident, now):
    client = sign_in(cast.deputy)
    give(client, incident, position="bridge", person=str(cast.deputy.id))
    assert give(client, incident, position="bridge", person="roster").status_code == 303
    assert holder(incident, "bridge", now).id == cast.bridge.id


def test_a_reader_gives_nothing_to_anybody(sign_in, cast, incident, now):
    for person in ("me", "roster", str(cast.reader.id)):
        assert give(sign_in(cast.reader), incident, position="commander", person=person).status_code == 403
    assert holder(incident, "commander", now).id == cast.responder.id


def test_bad_input_is_refused_and_changes_nothing(sign_in, cast, incident, now):
    client = sign_in(cast.responder)
    for data in ({"position": "emperor", "person": "me"}, {"position": "scribe", "person": "99"}, {"position": ""}):
        assert give(client, incident, **data).status_code == 422
    assert holder(incident, "scribe", now) is None


def test_whoever_joined_a_call_can_be_given_a_position_though_they_stand_in_no_plan(sign_in, cast, incident, now):
    option = f'<option value="{cast.reader.id}">佐藤 美咲'
    assert option not in page(sign_in(cast.responder), incident)
    sign_in(cast.reader).post(f"/incidents/{incident.code}/calls", data={"call": "customer"})
    assert f"{option}: in the customer call" in page(sign_in(cast.responder), incident)
    give(sign_in(cast.responder), incident, position="guest_lead", person=str(cast.reader.id))
    assert holder(incident, "guest_lead", now).id == cast.reader.id


def test_everybody_sees_who_leads_which_call(sign_in, cast, incident):
    shown = page(sign_in(cast.reader), incident)
    system, customer = (shown.split(f'id="call-{call}"')[1].split("In it:")[0] for call in ("system", "customer"))
    assert 'Led by: <span class="nb">岡本\u00a0沙織' in system
    # One person leads for guests and for partners: named once.
    assert customer.split("</p>")[1].count("伊藤\u00a0航") == 1
