"""The roster over days: a week, a month to print, one's own duties; gaps loud, hand-overs never invented."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.db import db, writing
from domain.roster import Absence, Area, Override, Plan, PlanSlot, Rotation, RotationMember

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def reader(sign_in, cast):
    return sign_in(cast.reader)


@pytest.fixture
def away(now):
    def record(number, since, until):
        with writing() as session:
            session.add(Absence(person_id=number, starts_at=since, ends_at=until, recorded_at=now - 99 * DAY))

    return record


@pytest.fixture
def weekly(cast, now):
    """An area in which the responder and the bridge take turns, each Monday at 10:00."""
    with writing() as session:
        turn = Rotation(name="週当番", start="2026-01-05T10:00:00", recorded_at=now - 99 * DAY)
        turn.members = [RotationMember(position=0, person_id=2), RotationMember(position=1, person_id=3)]
        area = Area(key="night", name="夜間", name_en="Night", created_at=now - 99 * DAY, position=9)
        plan = Plan(area=area, starts_at=now - 99 * DAY, recorded_at=now - 99 * DAY)
        plan.slots = [PlanSlot(rank=0, rotation=turn), PlanSlot(rank=1, rotation=turn, offset=1)]
        session.add_all([turn, area, plan])


def page(client, path, status=200, language="en"):
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == status
    return answer.text


def day_of(text, date):
    return text.partition(f'id="d{date}"')[2].partition("</section>")[0]


@pytest.mark.parametrize("path", ["/roster/week", "/roster/month", "/roster/mine", "/roster/search"])
def test_nobody_sees_it_without_signing_in(client, path):
    assert client.get(path).status_code == 303


def test_the_word_for_turns_is_for_rotations_alone(reader, weekly):
    text = page(reader, "/roster", language="ja")
    night = text.partition('id="area-night"')[2].partition("</section>")[0]
    system = text.partition('id="area-system"')[2].partition("</section>")[0]
    assert "現在の当番" in night
    assert "当番" not in system


def test_a_week_begins_today_and_names_who_stays(reader):
    text = page(reader, "/roster/week")
    assert "Week from" in text
    assert "The same all week" in text
    assert "Day by day" not in text


def test_a_hand_over_stands_on_its_day_with_its_times(reader, weekly):
    day = day_of(page(reader, "/roster/week"), "2026-08-17")
    assert ">10:00</time>–24:00" in day
    assert "0:00" in day


def test_a_gap_of_the_week_is_loud(reader, away, now):
    away(6, now + DAY, now + DAY + HOUR)
    day = day_of(page(reader, "/roster/week"), "2026-08-12")
    assert 'data-tone="bad"' in day
    assert "Nobody in charge" in day


def test_the_weeks_around_are_one_tap_away(reader):
    text = page(reader, "/roster/week?from=2026-08-20")
    assert "from=2026-08-13" in text
    assert "from=2026-08-27" in text


def test_days_off_are_named(reader, weekly):
    assert "山の日" in page(reader, "/roster/week", language="ja")
    assert "Mountain Day" in page(reader, "/roster/month")


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "0000-01-01", "9999-12-31", "2026-08-11T10:00", "<b>"])
def test_what_is_no_date_is_refused_in_words(reader, day):
    for path in ("/roster/week", "/roster/system"):
        assert "Please write a date, like 2026-08-11." in page(reader, f"{path}?from={day}", 422)


@pytest.mark.parametrize(
    "path", ["/roster/week?from=1970-01-03", "/roster/week?from=2999-11-01", "/roster/system?from=2999-11-01"]
)
def test_the_ends_of_the_calendar_are_answered(reader, path):
    page(reader, path)


def test_an_area_s_page_shows_its_week(reader, weekly):
    text = page(reader, "/roster/night?from=2026-08-17")
    assert 'class="plan"' in text
    assert ">10:00</time>–24:00" in text


def test_an_area_that_nothing_changes_says_so(reader):
    assert "No change is planned." in page(reader, "/roster/system")


def test_the_days_of_new_york_are_its_own(app, reader, away, now):
    app.config["ZONE"] = ZoneInfo("America/New_York")
    away(6, now, now + HOUR)  # 21:42 to 22:42 on the 10th there
    text = page(reader, "/roster/week")
    assert ">21:42</time>–<time" in day_of(text, "2026-08-10")
    assert "Nobody in charge" not in day_of(text, "2026-08-11")


def test_a_day_on_which_the_clocks_change_is_whole(app, reader):
    app.config["ZONE"] = ZoneInfo("America/New_York")
    assert "The same all week" in page(reader, "/roster/week?from=2026-10-30")


def test_a_month_has_every_day_and_the_numbers(reader):
    text = page(reader, "/roster/month?month=2026-09")
    assert text.count("<tr") == 31
    assert 'datetime="2026-09-30"' in text
    assert 'href="tel:+819000000119"' in text
    assert "社長室" in text


def test_a_month_long_ago_has_no_numbers_of_who_is_on_duty_no_more(sign_in, cast, now):
    with writing() as session:
        session.add(
            Override(
                kind="take", person_id=1, area_id=3, starts_at=now - 60 * DAY, ends_at=now - 59 * DAY,
                recorded_at=now - 61 * DAY,
            )
        )  # fmt: skip
    assert "+819000000101" not in page(sign_in(cast.reader), "/roster/month?month=2026-06")
    assert "+819000000101" in page(sign_in(cast.responder), "/roster/month?month=2026-06")


def test_five_areas_are_two_sheets(reader, weekly):
    assert page(reader, "/roster/month").count("<table") == 2


@pytest.mark.parametrize("month", ["soon", "2026-13", "2026-00", "1969-12", "3000-01", "2026"])
def test_what_is_no_month_is_refused_in_words(reader, month):
    assert "Please write a month, like 2026-08." in page(reader, f"/roster/month?month={month}", 422)


@pytest.mark.parametrize("month", ["1970-01", "2999-12"])
def test_the_first_and_the_last_month_are_answered(reader, month):
    page(reader, f"/roster/month?month={month}")


def test_my_duties_mark_apart_where_i_am_a_deputy(sign_in, cast):
    text = page(sign_in(cast.deputy), "/roster/mine")
    in_charge, _, deputy = text.partition('id="as-deputy"')
    assert "Customers: guests" in in_charge
    assert "System" not in in_charge
    assert "Deputy, rank 1" in deputy


def test_my_turns_are_told_with_their_times(sign_in, cast, weekly):
    text = page(sign_in(cast.bridge), "/roster/mine")
    assert "now, until" in text or "Mon, 17 Aug 10:00" in text


def test_a_standing_order_has_no_end(sign_in, cast):
    text = page(sign_in(cast.responder), "/roster/mine")
    assert "the whole time" in text
    assert "until <time" not in text.partition('id="in-charge"')[2]


def test_who_is_away_is_not_on_duty(sign_in, cast, away, now):
    away(2, now - HOUR, now + 30 * DAY)
    assert "You are not in charge in these four weeks." in page(sign_in(cast.responder), "/roster/mine")


def test_who_stands_nowhere_is_told_so(reader):
    text = page(reader, "/roster/mine")
    assert "You are not in charge in these four weeks." in text
    assert "You are not a deputy in these four weeks." in text


@pytest.mark.parametrize("path", ["/roster/week", "/roster/month", "/roster/mine", "/roster/search"])
def test_the_number_of_queries_does_not_grow(reader, now, count_queries, path):
    page(reader, path)
    db.session.remove()
    with count_queries() as few:
        page(reader, path)
    with writing() as session:
        for number in range(12):
            new = Area(key=f"a{number}", name=f"領域{number}", created_at=now, position=20 + number)
            plan = Plan(area=new, starts_at=now, recorded_at=now)
            plan.slots = [PlanSlot(rank=0, person_id=4), PlanSlot(rank=1, person_id=6)]
            session.add_all([plan, Absence(person_id=4, starts_at=now, ends_at=now + HOUR, recorded_at=now)])
    db.session.remove()
    with count_queries() as many:
        page(reader, path)
    assert len(many) <= len(few) <= 16


def test_without_areas_every_page_says_so(reader, now):
    with writing() as session:
        for number in range(1, 5):
            session.get(Area, number).retired_at = now - 99 * DAY
    for path in ("/roster", "/roster/week", "/roster/month"):
        assert "No area has been set up yet." in page(reader, path)
