"""Absences, covers and taking over through their forms: what is kept, what is refused, and to whom."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import roster
from domain.db import db, writing
from domain.roster import Absence, Override

HOUR = timedelta(hours=1)
EN = {"Accept-Language": "en"}


def in_charge(key, at):
    return roster.area_duty(key, at).in_charge.person


def follow(client, answer):
    assert answer.status_code == 303
    return client.get(answer.location, headers=EN).text


def last(kind):
    return db.session.scalar(select(kind).order_by(kind.id.desc()).limit(1))


def test_an_absence_says_at_once_who_is_in_charge_meanwhile(sign_in, cast, now):
    client = sign_in(cast.responder)
    text = follow(client, client.post("/roster/absences", data={"ends_at": "2026-08-11T18:00"}))
    assert "Meanwhile in charge: System" in text
    assert "Somebody is in charge of every area at all times." in text
    assert in_charge("system", now) == cast.deputy


def test_an_absence_says_at_once_where_nobody_is_left(sign_in, cast, now):
    client = sign_in(cast.deputy)
    text = follow(client, client.post("/roster/absences", data={"ends_at": "2026-08-11T18:00"}))
    assert "Nobody will be in charge at these times" in text
    assert "Customers: guests" in text


def test_a_refused_absence_keeps_what_was_typed(sign_in, cast):
    answer = sign_in(cast.responder).post(
        "/roster/absences", data={"starts_at": "2026-08-12T09:00", "ends_at": "2026-08-12T08:00"}, headers=EN
    )
    assert answer.status_code == 422
    assert 'value="2026-08-12T08:00"' in answer.text
    assert 'href="#ends_at"' in answer.text
    assert answer.text.count("Please choose an end that is after the beginning.") == 2


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-45T99:99", "9" * 5000, "\x00", "2999-12-31T23:59:59+99:99"])
def test_a_time_that_is_none_is_refused(sign_in, cast, text):
    assert sign_in(cast.responder).post("/roster/absences", data={"ends_at": text}).status_code in (303, 422)
    assert sign_in(cast.responder).post("/roster/absences", data={"starts_at": "x"}).status_code == 422


def test_nobody_records_the_absence_of_others(sign_in, cast):
    answer = sign_in(cast.reader).post("/roster/absences", data={"person": cast.responder.id})
    assert answer.status_code == 403
    assert last(Absence) is None


@pytest.mark.parametrize("person", ["0", "-1", "999999", "9" * 30, "x", "١"])
def test_an_unknown_person_is_refused(sign_in, cast, person):
    client = sign_in(cast.admin)
    assert client.post("/roster/absences", data={"person": person}).status_code == 422
    assert client.post("/roster/covers", data={"person": person, "for_person": "2"}).status_code == 422


def test_an_absence_can_be_cancelled(sign_in, cast, now):
    client = sign_in(cast.responder)
    client.post("/roster/absences", data={})
    number = last(Absence).id
    assert sign_in(cast.reader).post(f"/roster/absences/{number}/cancellation").status_code == 403
    assert client.post(f"/roster/absences/{number}/cancellation").status_code == 303
    assert client.post(f"/roster/absences/{number}/cancellation").status_code == 409
    assert in_charge("system", now) == cast.responder


COVER = {"for_person": "2", "area": "system", "ends_at": "2026-08-11T18:00"}


def test_whoever_stands_in_a_line_stands_in_at_once(sign_in, cast, now):
    client = sign_in(cast.bridge)
    text = follow(client, client.post("/roster/covers", data=COVER | {"person": "3"}))
    assert "Agreed" in text
    assert in_charge("system", now) == cast.bridge


def test_an_offer_of_anybody_else_waits_for_who_is_to_be_relieved(sign_in, cast, now):
    client = sign_in(cast.reader)
    text = follow(client, client.post("/roster/covers", data=COVER | {"person": "4"}))
    assert "It counts once agreed" in text
    number = last(Override).id
    assert client.post(f"/roster/covers/{number}/agreement").status_code == 403
    assert sign_in(cast.responder).post(f"/roster/covers/{number}/agreement").status_code == 303
    assert in_charge("system", now) == cast.reader


def test_somebody_else_is_asked_and_answers(sign_in, cast, now):
    asked = sign_in(cast.reader)
    sign_in(cast.responder).post("/roster/covers", data=COVER | {"person": "4"})
    number = last(Override).id
    assert "A cover waits for your answer" in asked.get("/roster", headers=EN).text
    assert "A cover waits for your answer" not in sign_in(cast.bridge).get("/roster", headers=EN).text
    assert sign_in(cast.responder).post(f"/roster/covers/{number}/agreement").status_code == 403
    assert asked.post(f"/roster/covers/{number}/agreement").status_code == 303
    assert in_charge("system", now) == cast.reader
    assert asked.post(f"/roster/covers/{number}/refusal").status_code == 409


def test_a_request_can_be_declined(sign_in, cast, now):
    sign_in(cast.responder).post("/roster/covers", data=COVER | {"person": "4"})
    number = last(Override).id
    text = follow(sign_in(cast.reader), sign_in(cast.reader).post(f"/roster/covers/{number}/refusal"))
    assert "Not possible this time" in text
    assert in_charge("system", now) == cast.responder


def test_a_cover_that_would_change_nothing_is_refused_in_words(sign_in, cast):
    answer = sign_in(cast.reader).post("/roster/covers", data=COVER | {"person": "4", "for_person": "1"}, headers=EN)
    assert answer.status_code == 422
    assert "there is nothing to cover" in answer.text
    assert '<option value="system" selected>' in answer.text


def test_an_unknown_area_is_refused(sign_in, cast):
    answer = sign_in(cast.reader).post("/roster/covers", data=COVER | {"person": "4", "area": "nowhere"})
    assert answer.status_code == 422


def test_a_cover_is_cancelled_by_those_it_names(sign_in, cast, now):
    sign_in(cast.reader).post("/roster/covers", data=COVER | {"person": "4"})
    number = last(Override).id
    assert sign_in(cast.bridge).post(f"/roster/covers/{number}/cancellation").status_code == 403
    assert sign_in(cast.responder).post(f"/roster/covers/{number}/cancellation").status_code == 303
    assert in_charge("system", now) == cast.responder


@pytest.mark.parametrize("path", ["/roster/covers/99", "/roster/absences/99", f"/roster/covers/{10**12}"])
def test_what_is_not_there_is_not_found(sign_in, cast, path):
    assert sign_in(cast.reader).get(path).status_code == 404


def test_taking_over_is_one_tap(sign_in, cast, now):
    client = sign_in(cast.bridge)
    assert client.post("/roster/system/take", data={"length": "1"}).status_code == 303
    assert client.post("/roster/system/take", data={"length": "1"}).status_code == 303
    duty = roster.area_duty("system", now)
    assert (duty.in_charge.person, duty.until) == (cast.bridge, now + HOUR)
    assert len(list(db.session.scalars(select(Override)))) == 1


def test_taking_over_can_be_handed_back(sign_in, cast, now):
    client = sign_in(cast.bridge)
    client.post("/roster/system/take", data={"length": "open"})
    assert "Hand back" in client.get("/roster/system", headers=EN).text
    answer = client.post(f"/roster/covers/{last(Override).id}/cancellation", data={"area": "system"})
    assert answer.location == "/roster/system"
    assert in_charge("system", now) == cast.responder


def test_a_time_in_which_nobody_is_in_charge_is_taken_in_one_tap(sign_in, cast, now):
    with writing() as session:
        session.add(Absence(person_id=6, starts_at=now + HOUR, ends_at=now + 2 * HOUR, recorded_at=now))
    client = sign_in(cast.bridge)
    form = re.search(r'action="/roster/guest/take".*?</form>', client.get("/roster").text, re.S)[0]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert client.post("/roster/guest/take", data=sent).status_code == 303
    duty = roster.area_duty("guest", now + HOUR)
    assert (duty.in_charge.person, duty.until) == (cast.bridge, now + 2 * HOUR)
    assert in_charge("guest", now) == cast.deputy


def test_a_time_to_take_that_is_none_is_refused(sign_in, cast):
    assert sign_in(cast.bridge).post("/roster/guest/take", data={"starts_at": "soon"}).status_code == 422


def test_a_reader_does_not_take_over(sign_in, cast):
    assert sign_in(cast.reader).post("/roster/bridge/take").status_code == 403


def test_a_length_that_is_not_offered_is_refused(sign_in, cast):
    assert sign_in(cast.bridge).post("/roster/system/take", data={"length": "9999"}).status_code == 422


def test_whoever_is_away_is_told_so(sign_in, cast, now):
    with writing() as session:
        session.add(Absence(person_id=3, starts_at=now, ends_at=now + HOUR, recorded_at=now))
    answer = sign_in(cast.bridge).post("/roster/system/take", headers=EN)
    assert answer.status_code == 409
    assert "cancel your absence first" in answer.text
