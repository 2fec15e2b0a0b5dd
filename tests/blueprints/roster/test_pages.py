"""The roster's pages: who is in charge, until when, who is next; loud gaps; one tap to call; nobody else's rights."""

from datetime import timedelta

import pytest

from domain import overrides, planning, roster
from domain.db import db, writing
from domain.people import Person
from domain.roster import Absence, Area, Plan, PlanSlot

HOUR = timedelta(hours=1)
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def away(now):
    def record(person, since=None, until=None):
        with writing() as session:
            session.add(Absence(person_id=person.id, starts_at=since or now, ends_at=until, recorded_at=now))

    return record


@pytest.fixture
def reader(sign_in, cast):
    return sign_in(cast.reader)


def page(client, path="/roster", language="ja", **headers):
    answer = client.get(path, headers={"Accept-Language": language, **headers})
    assert answer.status_code == 200
    return answer.text


def test_every_signed_in_person_sees_who_is_in_charge_and_can_call(reader):
    text = page(reader)
    assert "岡本" in text
    assert 'href="tel:+819000000119"' in text
    assert 'href="tel:+819000000121"' in text
    assert "https://slack.com/app_redirect?channel=U0OKAMOTO" in text


def test_nobody_sees_it_without_signing_in(client):
    for path in ("/roster", "/roster/system", "/roster/absences", "/roster/covers", "/areas"):
        assert client.get(path).status_code == 303


def test_the_fragment_is_the_page_s_own_part(reader):
    fragment = page(reader, **PARTIAL)
    assert fragment.lstrip().startswith('<div class="stack" id="roster"')
    assert "<html" not in fragment


def test_a_standing_order_has_no_until(reader):
    text = page(reader, "/roster/system", "en")
    assert "In charge now" in text
    assert "until <time" not in text


def test_a_hand_over_says_when_and_to_whom(reader, cast, now, away):
    away(cast.responder, since=now + HOUR, until=now + 2 * HOUR)
    text = page(reader, "/roster", "en")
    assert "11:42" in text
    assert "Then" in text


def test_a_stand_in_says_for_whom(reader, cast, now):
    system = roster.area_by_key("system")
    with writing():
        overrides.offer_cover(
            cast.reader, cast.responder, system, starts_at=now, ends_at=now + HOUR, by=cast.admin, at=now
        )
    text = page(reader, "/roster", "en")
    assert "standing in for" in text


def test_a_gap_is_loud_and_gives_the_emergency_contact(reader, cast, away):
    away(cast.deputy)
    text = page(reader, "/roster/guest", "en")
    assert 'data-tone="bad"' in text
    assert "Nobody is in charge of this area right now. Please call the emergency contact." in text
    assert 'href="tel:+81312345678"' in text


def test_a_gap_to_come_is_told_beforehand(reader, cast, now, away):
    away(cast.deputy, since=now + HOUR, until=now + 2 * HOUR)
    assert "Nobody will be in charge at these times" in page(reader, "/roster", "en")


def test_a_missing_telephone_number_is_said(sign_in, cast, now):
    with writing():
        planning.set_plan(roster.area_by_key("system"), [cast.reader], starts_at=now, seen=3, by=cast.admin, at=now)
    assert "No telephone number registered" in page(sign_in(cast.reader), "/roster/system", "en")


def test_an_area_says_its_plan_and_who_is_away(reader, cast, away):
    away(cast.responder)
    text = page(reader, "/roster/system", "en")
    assert "In force since" in text
    assert "is away" in text


def test_a_retired_area_still_has_its_page(reader, now):
    with writing():
        roster.area_by_key("system").retired_at = now
    assert "no longer used" in page(reader, "/roster/system", "en")


def test_an_unknown_area_is_not_found(reader):
    assert reader.get("/roster/nowhere").status_code == 404


def test_only_responders_are_offered_to_take_over(sign_in, cast):
    assert "/roster/system/take" in page(sign_in(cast.bridge), "/roster/system")
    assert "/roster/system/take" not in page(sign_in(cast.reader), "/roster/system")


def test_only_administrators_are_offered_to_change_the_plan(sign_in, cast):
    assert "/roster/system/plan" in page(sign_in(cast.admin), "/roster/system")
    assert "/roster/system/plan" not in page(sign_in(cast.responder), "/roster/system")


def test_names_are_never_markup(reader, cast, now):
    with writing():
        cast.responder.name = "<b>岡本</b>"
    assert "<b>岡本" not in page(reader)


def test_the_live_fragment_says_when_it_changes(app, cast, now, away):
    away(cast.deputy, since=now + HOUR, until=now + 2 * HOUR)
    html, changes_at = app.extensions["live"].render("roster", "ja", "reader")
    assert html.startswith('<hx-partial hx-target="#roster"')
    assert changes_at == now + HOUR


def test_one_area_is_live_too(app, cast):
    html, _ = app.extensions["live"].render("roster-system", "en", "reader")
    assert 'id="area-system"' in html
    assert app.extensions["live"].render("roster-nowhere", "en", "reader") is None


@pytest.mark.parametrize("path", ["/roster", "/roster/system"])
def test_the_number_of_queries_does_not_grow(app, reader, now, count_queries, path):
    page(reader, path)
    app.extensions["memo"].forget()
    db.session.remove()
    with count_queries() as few:
        page(reader, path)
    with writing() as session:
        for number in range(20):
            person = Person(email=f"p{number}@example.jp", name=f"人{number}", created_at=now)
            new = Area(key=f"a{number}", name=f"領域{number}", created_at=now, position=20 + number)
            plan = Plan(area=new, starts_at=now, recorded_at=now)
            plan.slots = [PlanSlot(rank=0, person=person)]
            session.add_all([plan, Absence(person=person, starts_at=now, ends_at=now + HOUR, recorded_at=now)])
    db.session.remove()
    with count_queries() as many:
        page(reader, path)
    assert len(many) <= len(few)


def test_an_area_called_nul_is_not_found(sign_in, cast):
    client = sign_in(cast.admin)
    for path in ("/roster/%00", "/roster/system%00", "/areas/%00", "/roster/%00/plan"):
        assert client.get(path).status_code == 404, path
