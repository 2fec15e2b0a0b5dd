"""Absences in whole days and weekly, swaps, hours, days off, hand-over notes, zones: their pages."""

import csv
import io
from datetime import date, timedelta

import pytest

from domain import roster
from domain.db import db
from domain.roster import Absence, Handover, Override
from domain.roster_tables import Holiday

EN = {"Accept-Language": "en"}


@pytest.fixture
def admin(sign_in, cast):
    return sign_in(cast.admin)


@pytest.fixture
def reader(sign_in, cast):
    return sign_in(cast.reader)


@pytest.fixture
def responder(sign_in, cast):
    return sign_in(cast.responder)


# Absences


def test_whole_days_are_both_included(responder):
    answer = responder.post("/roster/absences", data={"from_date": "2026-08-13", "to_date": "2026-08-14"})
    assert answer.status_code == 303
    kept = db.session.query(Absence).one()
    assert (kept.starts_at.isoformat(), kept.ends_at.isoformat()) == (
        "2026-08-12T15:00:00+00:00",
        "2026-08-14T15:00:00+00:00",
    )


def test_a_weekly_absence_says_when_and_what_it_leaves_uncovered(sign_in, cast):
    client = sign_in(cast.deputy)
    sent = {"weekly-days": ["wed"], "weekly_start": "12:00", "weekly_end": "13:00", "to_date": "2026-08-31"}
    answer = client.get(client.post("/roster/absences", data=sent).location, headers=EN)
    assert "Every week: Wed 12:00–13:00" in answer.text
    assert "Nobody will be in charge at these times" in answer.text
    assert answer.text.count("Arrange a cover") == 6  # three Wednesdays in two areas


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"from_date": "2026-08-14", "to_date": "2026-08-13"}, "to_date"),
        ({"to_date": "2026-08-01"}, "to_date"),
        ({"from_date": "2026-02-30"}, "from_date"),
        ({"from_date": "2026-08-13", "ends_at": "2026-08-14T10:00"}, "starts_at"),
        ({"starts_at": "2026-08-14T10:00", "ends_at": "2026-08-14T09:00"}, "ends_at"),
        ({"weekly-days": ["mon"], "weekly_start": "9:00"}, "weekly_end"),
        ({"weekly_start": "x", "weekly_end": "9:00"}, "weekly_start"),
        ({"person": "5"}, "person"),
    ],
)
def test_what_cannot_be_an_absence_is_said_at_its_field(admin, sent, field):
    answer = admin.post("/roster/absences", data=sent)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text


# Swaps


def test_a_swap_is_proposed_and_agreed_to(responder, sign_in, cast, now):
    sent = {"kind": "swap", "person": "2", "for_person": "6", "area": "system", "ends_at": "2026-08-12T10:00"}
    answer = responder.post("/roster/covers", data=sent)
    assert responder.post(f"{answer.location}/agreement").status_code == 403
    deputy = sign_in(cast.deputy)
    assert answer.location in deputy.get("/roster").text
    assert deputy.post(f"{answer.location}/agreement").status_code == 303
    assert [place.person.id for place in roster.area_duty("system", now).people] == [6, 2]


def test_a_swap_with_oneself_is_refused(responder):
    answer = responder.post("/roster/covers", data={"kind": "swap", "person": "2", "for_person": "2"}, headers=EN)
    assert answer.status_code == 422
    assert "nobody can exchange with themselves" in answer.text


def test_opposite_covers_are_made_a_swap_by_one_button(admin, reader):
    first = admin.post("/roster/covers", data={"person": "2", "for_person": "6", "area": "system"}).location
    second = admin.post("/roster/covers", data={"person": "6", "for_person": "2", "area": "system"}).location
    assert "Did you mean a swap?" in admin.get(second, headers=EN).text
    assert "Make it a swap" not in reader.get(second, headers=EN).text
    assert reader.post(f"{first}/swap").status_code == 403
    assert admin.post(f"{first}/swap").status_code == 303
    assert db.session.query(Override).filter_by(kind="swap").count() == 1
    assert admin.post(f"{first}/swap").status_code == 409


def test_a_cover_without_effect_says_so_in_the_list(admin, cast, now):
    admin.post(
        "/roster/covers", data={"person": "3", "for_person": "2", "area": "system", "starts_at": "2026-08-20T09:00"}
    )
    assert "Changes nothing" not in admin.get("/roster/system", headers=EN).text
    form = {"person-0": "6", "seen": "3"}
    shown = admin.post("/roster/system/plan", data=form).text
    previewed = shown.split('name="previewed" value="')[1].split('"')[0]
    assert admin.post("/roster/system/plan", data=form | {"previewed": previewed}).status_code == 303
    assert "Changes nothing" in admin.get("/roster/system", headers=EN).text


# Hours


def test_hours_are_shown_to_everybody(reader, count_queries):
    with count_queries() as queries:
        page = reader.get("/roster/hours?from=2026-08-11&to=2026-08-12", headers=EN)
    assert page.status_code == 200
    assert "96 h" in page.text  # two areas for two days
    assert len(queries) <= 12


def test_hours_as_a_file(reader, cast, now):
    answer = reader.get("/roster/hours.csv?from=2026-08-11&to=2026-08-12", headers=EN)
    assert answer.content_type.startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert rows[0][-1] == "total"
    assert rows[1][0] == "伊藤 航"
    assert rows[1][-1] == "96.00"


@pytest.mark.parametrize(
    "asked", ["from=2026-08-12&to=2026-08-11", "from=x", "from=2020-01-01&to=2026-01-01", "to=9999-99-99"]
)
def test_a_period_that_cannot_be_is_refused(reader, asked):
    assert reader.get(f"/roster/hours?{asked}").status_code == 422
    assert reader.get(f"/roster/hours.csv?{asked}").status_code == 422


@pytest.mark.parametrize("asked", ["from=2999-12-31", "to=1970-01-01", "from=2026-08-01", "to=2026-08-03"])
def test_half_a_period_is_completed(reader, asked):
    assert reader.get(f"/roster/hours?{asked}").status_code in (200, 422)


# Days off


def test_a_day_is_kept_and_forgotten(admin):
    assert admin.post("/roster/days", data={"day": "2026-12-29", "name": "年末休業"}).status_code == 303
    assert "年末休業" in admin.get("/roster/days?year=2026").text
    assert admin.post("/roster/days", data={"day": "2026-12-29"}).status_code == 409
    assert admin.post("/roster/days/2026-12-29/removal").status_code == 303
    assert db.session.query(Holiday).count() == 0


def test_public_holidays_of_the_year_are_shown(admin):
    assert "山の日" in admin.get("/roster/days", headers={"Accept-Language": "ja"}).text


def test_days_are_pasted_all_or_none(admin):
    lines = "2026-12-29, 年末休業\n2026/12/30\t年末休業\n2026年11月3日、文化の日、出勤\n"
    assert admin.post("/roster/days", data={"lines": lines}).status_code == 303
    kept = {day.day: day.is_off for day in db.session.query(Holiday)}
    assert kept == {date(2026, 12, 29): True, date(2026, 12, 30): True, date(2026, 11, 3): False}
    assert admin.post("/roster/days", data={"lines": lines}).status_code == 303
    wrong = admin.post("/roster/days", data={"lines": "2026-12-31, x\nnever, y"}, headers=EN)
    assert wrong.status_code == 422
    assert "Line 2" in wrong.text
    assert db.session.query(Holiday).count() == 3


@pytest.mark.parametrize("day", ["2026-08-11", "2026-08-01", "", "x"])
def test_a_day_that_has_begun_or_is_none_is_refused(admin, day):
    assert admin.post("/roster/days", data={"day": day, "name": "x"}).status_code == 422


@pytest.mark.parametrize("who", ["reader", "responder"])
def test_only_administrators_keep_days(sign_in, cast, who):
    client = sign_in(getattr(cast, who))
    assert client.get("/roster/days").status_code == 403
    assert client.post("/roster/days", data={"day": "2026-12-29"}).status_code == 403
    assert client.post("/roster/days/2026-12-29/removal").status_code == 403


@pytest.mark.parametrize("day", ["2026-12-29", "x", "2026-13-01"])
def test_a_day_that_is_not_there_is_404(admin, day):
    assert admin.post(f"/roster/days/{day}/removal").status_code == 404


# Hand-over notes


def test_a_note_reaches_whoever_comes_and_responders(responder, sign_in, cast, reader):
    answer = responder.post("/roster/system/handovers", data={"handover": "決済が遅めです"})
    assert answer.status_code == 303
    assert "決済が遅めです" in sign_in(cast.bridge).get("/roster/system").text
    assert "決済が遅めです" not in reader.get("/roster/system").text
    assert db.session.query(Handover).count() == 1


def test_a_reader_leaves_no_note(reader):
    assert 'name="handover"' not in reader.get("/roster/system").text
    assert reader.post("/roster/system/handovers", data={"handover": "x"}).status_code == 403


def test_an_empty_note_is_refused_and_kept(responder):
    answer = responder.post("/roster/system/handovers", data={"handover": "x" * 1001})
    assert answer.status_code == 422
    assert "x" * 1001 in answer.text


# Zones; who leaves


def test_an_area_has_a_zone_of_its_own(admin):
    form = {"name": "システム", "name_en": "System", "kind": "system", "zone": "Europe/Paris"}
    assert admin.post("/areas/system", data=form).status_code == 303
    assert roster.area_by_key("system").zone == "Europe/Paris"
    assert 'value="Europe/Paris"' in admin.get("/areas/system").text
    wrong = admin.post("/areas/system", data=form | {"zone": "Mars/Olympus"})
    assert wrong.status_code == 422
    assert 'href="#zone"' in wrong.text


def test_the_zone_of_plans_with_times_stays(admin, cast, now):
    from domain import planning
    from domain.db import writing
    from domain.walltime import Window

    draft = planning.Draft((planning.Row((cast.bridge,), (Window(0, 600),)),))
    with writing():
        planning.set_plan(roster.area_by_key("system"), draft, starts_at=now, seen=3, by=cast.admin, at=now)
    form = {"name": "システム", "name_en": "System", "kind": "system", "zone": "Europe/Paris"}
    assert admin.post("/areas/system", data=form).status_code == 422
    assert roster.area_by_key("system").zone is None


def test_what_becomes_uncovered_is_said_before_and_after_somebody_is_deactivated(admin, clock):
    before = admin.get("/people/6", headers=EN).text
    assert "Then nobody will be in charge at these times" in before
    assert admin.post("/people/6/deactivation").status_code == 303
    clock.forward(minutes=1)
    after = admin.get("/people/6", headers=EN).text
    assert "Nobody will be in charge at these times" in after
    assert "Customers: guests" in after


def test_who_stands_nowhere_leaves_without_a_word(admin):
    assert 'id="leaving"' not in admin.get("/people/4").text


def test_a_reader_does_not_take_over(reader):
    assert reader.post("/roster/system/take", data={"length": "4"}).status_code == 403


def test_taking_over_is_one_tap_for_a_responder(sign_in, cast, now):
    client = sign_in(cast.bridge)
    assert client.post("/roster/system/take", data={"length": "4"}).status_code == 303
    found = roster.area_duty("system", now)
    assert (found.in_charge.person.id, found.until) == (3, now + timedelta(hours=4))


def test_a_gap_that_is_there_now_is_on_the_administrators_page(admin, cast, now):
    from domain import absences
    from domain.db import writing

    with writing():
        absences.record_absence(cast.bridge, starts_at=now, ends_at=None, by=cast.admin, at=now)
        absences.record_absence(cast.deputy, starts_at=now, ends_at=now + timedelta(hours=1), by=cast.admin, at=now)
    page = admin.get("/administration", headers=EN).text
    assert "Nobody will be in charge at these times" in page
    assert page.count("I will take this time") == 3
