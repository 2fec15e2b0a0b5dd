"""Calendars: what they say, that they stay the same, who gets in and who does not, and that no log holds the key."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from domain import tokens
from domain.db import db, writing
from domain.events import Event
from domain.people import Person
from domain.roster import Area, Override, Plan, PlanSlot, Rotation, RotationMember
from domain.tokens import Token
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def turns(app: Flask) -> None:
    """The system takes turns by the week, on Mondays at 9:00, for 100 days already; the guests' area is always 6's."""
    with writing() as session:
        turn = Rotation(name="week", start="2026-04-06T09:00:00", recorded_at=NOW - timedelta(days=100))
        turn.members = [RotationMember(position=n, person_id=one) for n, one in enumerate((2, 6, 3))]
        session.add(turn)
        session.flush()
        start = NOW - timedelta(days=100)
        plan = Plan(area_id=3, starts_at=start, recorded_at=start + timedelta(seconds=1))
        plan.slots = [PlanSlot(rank=0, rotation_id=turn.id)]
        session.add(plan)


def secret(person: int, area: str | None = None) -> str:
    with writing() as session:
        by = session.get_one(Person, person)
        return tokens.issue("calendar", by=by, at=NOW, person=None if area else by, area=area)[1]


def address(key: str) -> str:
    return f"/roster/calendar/{key}.ics"


def events(answer: Any) -> list[Any]:
    assert answer.status_code == 200
    return list(Calendar.from_ical(answer.data).walk("VEVENT"))


@pytest.mark.usefixtures("turns")
def test_ones_own_duties_are_concrete_events_in_utc(client: FlaskClient) -> None:
    answer = client.get(address(secret(2)))
    assert answer.mimetype == "text/calendar"
    assert b"RRULE" not in answer.data
    found = events(answer)
    starts = [one["DTSTART"].dt for one in found]
    assert datetime(2026, 8, 10, 0, 0, tzinfo=UTC) in starts, "this week's, from Monday 9:00 in Tokyo"
    assert all(start.tzinfo is UTC or start.utcoffset() == timedelta() for start in starts)
    assert {b - a for a, b in pairwise(starts)} == {timedelta(weeks=3)}
    assert {str(one["SUMMARY"]) for one in found} == {"システム"}
    assert min(one["DTEND"].dt for one in found) > NOW - timedelta(days=31)
    assert NOW + timedelta(days=340) < max(starts) < NOW + timedelta(days=367)


@pytest.mark.usefixtures("turns")
def test_the_last_duty_of_the_year_keeps_its_own_end(client: FlaskClient) -> None:
    for person in (2, 3):
        for one in events(client.get(address(secret(person)))):
            if one["SUMMARY"] == "システム":
                assert one["DTEND"].dt - one["DTSTART"].dt == timedelta(weeks=1)


@pytest.mark.usefixtures("turns")
def test_it_names_itself_and_says_how_often_to_look(client: FlaskClient) -> None:
    text = client.get(address(secret(2))).text
    assert "X-WR-CALNAME:" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in text
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "DTSTAMP:20260811T014200Z" in text


@pytest.mark.usefixtures("turns")
def test_no_line_is_longer_than_75_octets(client: FlaskClient) -> None:
    with writing():
        db.session.get_one(Area, 3).name = "とても長い領域の名前をつけてもそれぞれの行は短いままでなければなりません🔥"
    answer = client.get(address(secret(2)))
    assert max(len(line) for line in answer.data.split(b"\r\n")) <= 75
    assert str(events(answer)[0]["SUMMARY"]).endswith("なりません🔥")


@pytest.mark.usefixtures("turns")
def test_it_says_as_of_when_and_no_telephone_number(client: FlaskClient) -> None:
    answer = client.get(address(secret(2)))
    assert "10:42" in str(events(answer)[0]["DESCRIPTION"])
    assert "9000000" not in answer.text
    assert "tel:" not in answer.text


@pytest.mark.usefixtures("turns")
def test_the_same_duty_has_the_same_uid_at_every_fetch(client: FlaskClient, clock: SimpleNamespace) -> None:
    where = address(secret(3))
    before = {str(one["UID"]): one["DTSTART"].dt for one in events(client.get(where))}
    assert len(set(before)) == len(before)
    clock.forward(days=20, hours=3)
    after = {str(one["UID"]): one["DTSTART"].dt for one in events(client.get(where))}
    both = before.keys() & after.keys()
    assert len(both) >= len(before) - 2
    assert {uid for uid, start in before.items() if start > clock.at} <= both
    bridge = {uid for uid in before if uid.startswith("bridge")}
    assert bridge == {uid for uid in after if uid.startswith("bridge")}


def test_a_standing_order_is_one_event_that_says_so(client: FlaskClient) -> None:
    (only,) = events(client.get(address(secret(2))))
    assert "引き継ぎの予定はありません" in str(only["DESCRIPTION"])
    assert only["DTSTART"].dt == NOW - timedelta(days=100)
    assert only["DTEND"].dt > NOW + timedelta(days=364)


def test_an_order_older_than_a_year_keeps_its_uid(client: FlaskClient, clock: SimpleNamespace) -> None:
    where = address(secret(2))
    (before,) = events(client.get(where))
    clock.forward(days=500)
    (after,) = events(client.get(where))
    assert after["UID"] == before["UID"]
    assert after["DTSTART"].dt > before["DTSTART"].dt


def test_a_cover_is_in_it_at_once(client: FlaskClient) -> None:
    where = address(secret(4))
    assert events(client.get(where)) == []
    with writing() as session:
        session.add(
            Override(
                kind="cover",
                person_id=4,
                for_person_id=2,
                area_id=3,
                starts_at=NOW,
                recorded_at=NOW,
                ends_at=NOW + timedelta(hours=8),
            )
        )
    (only,) = events(client.get(where))
    assert (only["DTSTART"].dt, only["DTEND"].dt) == (NOW, NOW + timedelta(hours=8))


@pytest.mark.usefixtures("turns")
def test_an_areas_calendar_names_everybody(client: FlaskClient) -> None:
    found = events(client.get(address(secret(4, "system"))))
    assert {str(one["SUMMARY"]) for one in found} == {
        "システム: 岡本 沙織",
        "システム: 伊藤 航",
        "システム: 高橋 由紀子",
    }


def test_an_areas_calendar_shows_coming_gaps(client: FlaskClient) -> None:
    with writing() as session:
        for number in (2, 6):
            session.get_one(Person, number).deactivated_at = NOW
    found = events(client.get(address(secret(4, "system"))))
    assert "システム: 担当者なし" in [str(one["SUMMARY"]) for one in found]


def test_a_retired_areas_calendar_is_empty(client: FlaskClient) -> None:
    where = address(secret(4, "system"))
    with writing():
        db.session.get_one(Area, 3).retired_at = NOW
    assert events(client.get(where)) == []


def test_it_speaks_the_language_of_whose_it_is(client: FlaskClient) -> None:
    with writing():
        db.session.get_one(Person, 2).locale = "en"
    answer = client.get(address(secret(2)), headers={"Accept-Language": "ja"})
    assert {str(one["SUMMARY"]) for one in events(answer)} == {"System"}


def test_an_unchanged_roster_is_304(client: FlaskClient, clock: SimpleNamespace) -> None:
    where = address(secret(2))
    tag = client.get(where).headers["ETag"]
    clock.forward(minutes=30)
    assert client.get(where, headers={"If-None-Match": tag}).status_code == 304
    with writing() as session:
        session.add(Override(kind="take", person_id=6, area_id=3, starts_at=clock.at, recorded_at=clock.at))
    answer = client.get(where, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


@pytest.mark.parametrize("key", ["wrong", "あ", "x" * 200, "%00"])
def test_a_wrong_address_is_not_found(client: FlaskClient, key: str) -> None:
    assert client.get(address(key)).status_code == 404


def test_an_api_token_opens_no_calendar(client: FlaskClient) -> None:
    with writing() as session:
        key = tokens.issue("api", by=session.get_one(Person, 1), at=NOW, name="x")[1]
    assert client.get(address(key)).status_code == 404


@pytest.mark.parametrize("area", [None, "system"])
def test_who_left_is_not_found(client: FlaskClient, area: str | None) -> None:
    where = address(secret(2, area))
    with writing():
        db.session.get_one(Person, 2).deactivated_at = NOW
    assert client.get(where).status_code == 404


def test_the_calendars_are_worked_out_once_a_commit(
    client: FlaskClient, count_queries: Callable[..., Any], clock: SimpleNamespace
) -> None:
    places = [address(secret(2)), address(secret(3)), address(secret(4, "system"))]
    client.get(places[0])
    with count_queries() as queries:
        for place in places[1:]:
            client.get(place)
    assert not [one for one in queries if "FROM plans" in one]
    tomorrow = clock.forward(days=1)
    assert max(one["DTEND"].dt for one in events(client.get(places[0]))) > tomorrow + timedelta(days=365)


# Making and ending


def shown(page: str) -> str:
    found = re.search(r'<code id="address">(.*?)</code>', page)
    assert found
    return found[1]


def test_an_address_is_made_shown_once_and_works(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    mine = sign_in(cast.responder)
    made = mine.post("/me/calendars", headers={"Accept-Language": "en"})
    where = shown(made.text)
    assert made.headers["Cache-Control"] == "no-store"
    assert where.startswith("http://localhost/roster/calendar/")
    assert events(client.get(where.removeprefix("http://localhost")))
    key = where.rpartition("/")[2].removesuffix(".ics")
    assert key not in mine.get("/me/calendars").text
    assert key not in str([one.details for one in db.session.scalars(select(Event))])


def test_anybody_makes_one_of_an_area(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    where = shown(sign_in(cast.reader).post("/me/calendars", data={"area": "system"}).text)
    assert events(client.get(where.removeprefix("http://localhost")))


@pytest.mark.parametrize("area", ["nowhere", "\0"])
def test_an_unknown_area_is_not_found(cast: SimpleNamespace, sign_in: SignIn, area: str) -> None:
    assert sign_in(cast.reader).post("/me/calendars", data={"area": area}).status_code == 404


def test_an_ended_address_is_not_found(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    mine = sign_in(cast.responder)
    where = shown(mine.post("/me/calendars").text).removeprefix("http://localhost")
    number = db.session.scalars(select(Token.id)).one()
    assert mine.post(f"/me/calendars/{number}/revocation").status_code == 303
    assert client.get(where).status_code == 404
    assert mine.post(f"/me/calendars/{number}/revocation").status_code == 409


def test_nobody_ends_or_sees_those_of_others(cast: SimpleNamespace, sign_in: SignIn) -> None:
    sign_in(cast.responder).post("/me/calendars")
    number = db.session.scalars(select(Token.id)).one()
    assert sign_in(cast.reader).post(f"/me/calendars/{number}/revocation").status_code == 404
    assert "/revocation" not in sign_in(cast.reader).get("/me/calendars").text


@pytest.mark.parametrize("path", ["/me", "/roster/system", "/me/calendars"])
def test_the_way_there_stands_where_it_is_looked_for(cast: SimpleNamespace, sign_in: SignIn, path: str) -> None:
    assert 'action="/me/calendars"' in sign_in(cast.reader).get(path).text


def test_making_one_needs_a_person(client: FlaskClient) -> None:
    assert client.post("/me/calendars").status_code == 303
    assert db.session.scalars(select(Token)).all() == []


def test_no_log_holds_the_key(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = secret(2)
    monkeypatch.setattr("domain.roster_calendar.entries", lambda _at: 1 / 0)
    assert client.get(address(key)).status_code == 500
    out = capsys.readouterr()
    assert "request failed" in out.out + out.err
    assert "/roster/calendar/<secret>.ics" in out.out + out.err
    assert key not in out.out + out.err
