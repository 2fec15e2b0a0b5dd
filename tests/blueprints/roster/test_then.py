"""The roster at another time than now: who was in charge then, said loudly, in the organisation's wall time."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import url_for

from blueprints.roster.views import wall
from domain.db import db, writing
from domain.roster import Absence, Area, Override, Plan, PlanSlot

HOUR = timedelta(hours=1)
EN = {"Accept-Language": "en"}


@pytest.fixture
def reader(sign_in, cast):
    return sign_in(cast.reader)


@pytest.fixture
def took_over(cast, now):
    """The deputy stood in for the responder until an hour ago."""
    with writing() as session:
        session.add(
            Override(
                kind="cover", person_id=6, for_person_id=2, area_id=3, starts_at=now - 5 * HOUR,
                ends_at=now - HOUR, recorded_at=now - 9 * HOUR,
            )
        )  # fmt: skip


def page(client, at, status=200, **more):
    answer = client.get("/roster", query_string={"at": at, **more}, headers=EN)
    assert answer.status_code == status
    return answer.text


def system_card(text):
    return text.partition('id="area-system"')[2].partition("</section>")[0]


def in_charge(card):
    return card.partition('class="name"')[2].partition("</p>")[0]


def test_a_past_instant_shows_who_was_in_charge_then(reader, took_over):
    card = system_card(page(reader, "2026-08-11T09:30"))
    assert "In charge at that time" in card
    assert "伊藤" in in_charge(card)
    assert "standing in for" in card
    assert "In charge now" not in card


def test_a_span_begins_with_its_first_instant_and_ends_before_its_last(reader, took_over):
    assert "standing in for" in system_card(page(reader, "2026-08-11T05:42"))
    assert "standing in for" not in system_card(page(reader, "2026-08-11T09:42"))


def test_what_was_recorded_later_changes_nothing_about_the_past(reader, now):
    with writing() as session:
        session.add(Absence(person_id=2, starts_at=now - 9 * HOUR, ends_at=now + HOUR, recorded_at=now - HOUR))
    assert "岡本" in in_charge(system_card(page(reader, "2026-08-11T09:30")))
    assert "伊藤" in in_charge(system_card(page(reader, "2026-08-11T10:30")))


def test_it_says_loudly_that_it_is_not_now_and_leads_back(reader):
    text = page(reader, "2026-08-11T09:30")
    assert "This is not now." in text
    assert "It shows the past." in text
    assert 'href="/roster">Back to now' in text


def test_a_time_to_come_may_still_change(reader):
    text = page(reader, "2026-08-12T09:30")
    assert "may still change" in text
    assert "It shows the past." not in text


def test_nothing_of_another_time_is_live(reader):
    text = page(reader, "2026-08-11T09:30")
    assert 'id="stream"' not in text
    assert "data-until" not in text


def test_the_time_that_was_asked_for_stands_in_the_field(reader):
    assert 'value="2026-08-11T09:30"' in page(reader, "2026-08-11T09:30")


@pytest.mark.parametrize(
    "typed", ["soon", "2026-02-30T10:00", "2026-08-11T25:00", "9999-01-01T10:00", "<b>", "9" * 400]
)
def test_what_is_no_time_is_refused_in_words_and_kept(reader, typed):
    text = page(reader, typed, 422)
    assert "Please write a date and a time, like 2026-08-11 14:30." in text
    assert "<title>Error:" in text
    assert "<b>" not in text.partition('name="at"')[2].partition(">")[0]


@pytest.mark.parametrize("typed", ["", "   "])
def test_nothing_typed_means_now(reader, typed):
    assert 'id="stream"' in page(reader, typed)


@pytest.mark.parametrize("at", ["1970-01-02T00:00", "2999-12-31T23:59"])
def test_the_ends_of_the_calendar_are_answered(reader, at):
    page(reader, at)


def test_before_the_roster_began_there_is_nothing_to_show(reader):
    assert "does not reach back" in page(reader, "2020-01-01T00:00")


def test_a_gap_of_then_is_told_without_anybody_to_call(reader, now):
    with writing() as session:
        session.add(Absence(person_id=6, starts_at=now - 9 * HOUR, ends_at=now - HOUR, recorded_at=now - 9 * HOUR))
    text = page(reader, "2026-08-11T09:00")
    assert "Nobody was in charge of this area then." in text
    assert "Please call the emergency contact" not in text


def test_a_retired_area_stands_where_it_was_in_use(reader, now):
    with writing() as session:
        session.get(Area, 3).retired_at = now - HOUR
    assert "area-system" in page(reader, "2026-08-11T09:30")
    assert "area-system" not in page(reader, "2026-08-11T10:00")


def test_an_area_that_did_not_exist_yet_is_left_out(reader, now):
    with writing() as session:
        session.add(Area(key="new", name="新領域", created_at=now - HOUR, position=9))
    assert "area-new" not in page(reader, "2026-08-11T09:00")
    assert "area-new" in page(reader, "2026-08-11T10:00")


def test_the_number_of_who_is_on_duty_no_more_is_not_shown_to_readers(sign_in, cast, now):
    with writing() as session:
        session.add(
            Override(
                kind="take", person_id=1, area_id=3, starts_at=now - 5 * HOUR, ends_at=now - HOUR,
                recorded_at=now - 9 * HOUR,
            )
        )  # fmt: skip
    assert "tel:+819000000101" not in page(sign_in(cast.reader), "2026-08-11T09:00")
    assert "tel:+819000000119" in page(sign_in(cast.reader), "2026-08-11T09:00")
    assert "tel:+819000000101" in page(sign_in(cast.responder), "2026-08-11T09:00")


def test_nobody_sees_it_without_signing_in(client):
    assert client.get("/roster?at=2026-08-11T09:30").status_code == 303


def test_an_incident_leads_to_who_was_in_charge_when_it_began(app, now):
    with app.test_request_context():
        assert url_for("roster.index", at=wall(now)) == "/roster?at=2026-08-11T10:42"


def test_wall_time_is_the_organisation_s(app, sign_in, cast, now):
    app.config["ZONE"] = ZoneInfo("America/New_York")
    with writing() as session:
        session.add(Absence(person_id=6, starts_at=now - HOUR, ends_at=now, recorded_at=now - 9 * HOUR))
    text = page(sign_in(cast.reader), "2026-08-10T21:00")
    assert "Nobody was in charge of this area then." in text
    assert "Mon, 10 Aug" in text


def test_an_instant_of_the_repeated_hour_is_named_exactly(app, now):
    app.config["ZONE"] = ZoneInfo("America/New_York")
    second = now.replace(month=11, day=1, hour=6, minute=30)
    with app.test_request_context():
        assert wall(second - HOUR) == "2026-11-01T01:30"
        assert wall(second) == "2026-11-01T01:30:00-05:00"


def test_the_number_of_queries_does_not_grow(reader, now, count_queries):
    def added(numbers):
        with writing() as session:
            for number in numbers:
                new = Area(key=f"a{number}", name=f"領域{number}", created_at=now - 9 * HOUR, position=20 + number)
                plan = Plan(area=new, starts_at=now - 9 * HOUR, recorded_at=now - 9 * HOUR)
                plan.slots = [PlanSlot(rank=0, person_id=6)]
                session.add(plan)
        db.session.remove()

    page(reader, "2026-08-11T09:30")
    added([0])  # both looks are the first after a commit: another one asks less
    with count_queries() as few:
        page(reader, "2026-08-11T09:30")
    added(range(1, 20))
    with count_queries() as many:
        page(reader, "2026-08-11T09:30")
    assert len(many) <= len(few) <= 20
