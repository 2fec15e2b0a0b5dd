"""Who is on duty, rule by rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import duty, roster_file

pytestmark = pytest.mark.one_database

Json = dict[str, Any]
NOW = datetime(2026, 2, 3, 3, tzinfo=UTC)
"""Tuesday noon in Tokyo."""
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:30", "end": "17:30"}


def roster(*slots: Any, **facts: Any) -> duty.Roster:
    rows = facts.pop("rows", [{"slots": list(slots) or ["Aki", "Ben", "Chie"]}])
    area = {"plans": facts.pop("plans", [{"from": "2026-01-01T00:00", "rows": rows}])}
    return roster_file.parse({"areas": {"guest": area, "bridge": area}, "last_resort": ["Desk"], **facts})


def override(kind: str, person: str, other: str | None = None, **more: Any) -> Json:
    return {"kind": kind, "for": other, **away(person), **more}


def away(person: str, **more: Any) -> Json:
    return {"person": person, "start": "2026-02-03T09:00", "end": "2026-02-03T18:00", **more}


def attempt(person: str | None, minute: int, result: str = "no_answer", incident: str = "42") -> Json:
    return {"incident": incident, "person": person, "at": f"2026-02-03T11:{minute:02}", "result": result}


def ask(facts: duty.Roster, at: datetime = NOW, incident: str | None = None) -> duty.Answer:
    return duty.answer(facts, "guest", at, incident)


def line(facts: duty.Roster, at: datetime = NOW) -> list[duty.Person]:
    return ask(facts, at).line


def test_a_vacant_slot_is_skipped() -> None:
    assert line(roster(None, "Ben", None)) == ["Ben"]


def test_the_first_row_that_applies_supplies_the_slots_even_if_all_are_vacant() -> None:
    assert line(roster(rows=[{"slots": [None], "windows": [OFFICE]}, {"slots": ["Ben"]}])) == []


def test_a_holiday_is_no_weekday() -> None:
    rows = [{"slots": ["Aki"], "windows": [OFFICE]}, {"slots": ["Ben"]}]
    assert line(roster(rows=rows, holidays=["2026-02-03"])) == ["Ben"]


def test_a_night_belongs_to_the_date_on_which_it_starts() -> None:
    rows = [{"slots": ["Aki"], "windows": [{"days": ["hol"], "start": "21:00", "end": "05:00"}]}, {"slots": ["Ben"]}]
    facts = roster(rows=rows, holidays=["2026-02-03"])
    assert line(facts, datetime(2026, 2, 3, 19, 59, 59, tzinfo=UTC)) == ["Aki"]


def test_start_equal_to_end_is_one_full_wall_day() -> None:
    found = ask(roster(rows=[{"slots": ["Aki"], "windows": [{"days": ["tue"], "start": "09:00", "end": "09:00"}]}]))
    assert (found.since, found.until) == (datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 2, 4, tzinfo=UTC))


def test_a_later_version_counts_from_its_start() -> None:
    plans = [{"from": f"2026-0{month}-01", "rows": [{"slots": [name]}]} for month, name in ((1, "Aki"), (2, "Ben"))]
    assert line(roster(plans=plans)) == ["Ben"]


def test_of_two_versions_with_one_start_the_later_recorded_counts() -> None:
    plans = [
        {"from": "2026-02-01", "recorded_at": "2026-01-20", "rows": [{"slots": ["Ben"]}]},
        {"from": "2026-02-01", "recorded_at": "2026-01-10", "rows": [{"slots": ["Aki"]}]},
    ]
    assert line(roster(plans=plans)) == ["Ben"]


def test_before_the_first_version_there_is_nobody() -> None:
    assert ask(roster(), datetime(2025, 12, 1, tzinfo=UTC)).gap


@pytest.mark.parametrize("status", ["proposed", "declined"])
def test_what_is_not_agreed_never_counts(status: str) -> None:
    assert line(roster(overrides=[override("cover", "Dan", "Aki", status=status)])) == ["Aki", "Ben", "Chie"]


def test_an_override_touches_only_the_areas_it_names() -> None:
    facts = roster(overrides=[override("cover", "Dan", "Aki", areas=["bridge"])])
    assert (line(facts)[0], duty.answer(facts, "bridge", NOW).on_duty) == ("Aki", "Dan")


def test_a_span_that_ends_before_it_starts_is_never_in_force() -> None:
    assert line(roster(absences=[away("Aki", end="2026-02-03T09:00")]))[0] == "Aki"


def test_a_chain_of_covers_gives_the_last_of_it() -> None:
    facts = roster(overrides=[override("cover", "Dan", "Aki"), override("cover", "Eva", "Dan")])
    assert duty.line(facts, "guest", NOW)[0].memory == ("Aki", "Dan", "Eva")


def test_a_correction_drops_the_earlier_stand_in() -> None:
    facts = roster(overrides=[override("cover", "Dan", "Aki"), override("cover", "Eva", "Aki")])
    assert duty.line(facts, "guest", NOW)[0].memory == ("Aki", "Eva")


def test_the_order_is_that_of_recording_not_of_the_list() -> None:
    late = override("cover", "Dan", "Aki", recorded_at="2026-02-02")
    early = override("cover", "Eva", "Aki", recorded_at="2026-02-01")
    assert line(roster(overrides=[late, early]))[0] == "Dan"


def test_a_swap_exchanges_two_people() -> None:
    assert line(roster(overrides=[override("swap", "Chie", "Aki")])) == ["Chie", "Ben", "Aki"]


def test_a_swap_relieves_the_first_of_the_two_in_the_memory() -> None:
    facts = roster(overrides=[override("cover", "Ben", "Aki"), override("swap", "Ben", "Aki")])
    assert [place.memory for place in duty.line(facts, "guest", NOW)] == [("Aki", "Ben"), ("Ben", "Aki"), ("Chie",)]


def test_who_takes_stands_in_front_and_nobody_is_removed() -> None:
    assert line(roster(overrides=[override("take", "Chie")])) == ["Chie", "Aki", "Ben"]


@pytest.mark.parametrize("kind", ["cover", "swap"])
def test_an_override_of_somebody_who_is_not_there_has_no_effect(kind: str) -> None:
    assert ask(roster(overrides=[override(kind, "Dan", "Eva")])).warnings == ["no_effect"]


def test_a_warning_is_said_once() -> None:
    twice = [override("cover", "Dan", "Eva")] * 2
    assert ask(roster("Aki", overrides=twice)).warnings == ["no_effect", "no_deputy"]


def test_the_place_of_an_absent_stand_in_lapses() -> None:
    assert line(roster(overrides=[override("cover", "Dan", "Aki")], absences=[away("Dan")])) == ["Ben", "Chie"]


def test_a_stand_in_stays_when_the_owner_is_away() -> None:
    assert line(roster(overrides=[override("cover", "Dan", "Aki")], absences=[away("Aki")]))[0] == "Dan"


def test_a_weekly_absence_holds_on_its_days_inside_its_span() -> None:
    weekly = {"days": ["tue"], "start": "10:00", "end": "13:00"}
    found = ask(roster(absences=[{"person": "Aki", "weekly": weekly, "start": "2026-02-01", "end": "2026-02-09"}]))
    assert (found.on_duty, found.until) == ("Ben", datetime(2026, 2, 3, 4, tzinfo=UTC))
    assert ask(roster(absences=[{"person": "Aki", "weekly": weekly, "end": "2026-02-02"}])).on_duty == "Aki"


def test_whole_dates_include_both() -> None:
    found = ask(roster(absences=[{"person": "Aki", "from_date": "2026-02-03", "to_date": "2026-02-03"}]))
    assert (found.since, found.until) == (datetime(2026, 2, 2, 15, tzinfo=UTC), datetime(2026, 2, 3, 15, tzinfo=UTC))


def test_a_cancelled_absence_ends_when_it_is_cancelled() -> None:
    assert ask(roster(absences=[away("Aki", cancelled_at="2026-02-03T13:00")])).until == NOW + timedelta(hours=1)


def test_an_entry_recorded_late_counts_from_its_recording() -> None:
    assert ask(roster(absences=[away("Aki", recorded_at="2026-02-03T11:00")])).since == NOW - timedelta(hours=1)


def test_nobody_left_is_a_gap_with_the_last_resort() -> None:
    found = ask(roster("Aki", absences=[away("Aki")]))
    assert (found.gap, found.exhausted, found.last_resort, found.warnings) == (True, False, ["Desk"], ["gap"])


def test_one_person_alone_has_no_deputy() -> None:
    assert ask(roster("Aki")).warnings == ["no_deputy"]


def test_a_change_among_deputies_is_no_change() -> None:
    assert ask(roster(absences=[away("Ben")])).until is None


def test_adjoining_duties_of_one_person_are_one() -> None:
    found = ask(roster(rows=[{"slots": ["Aki", "Ben"], "windows": [OFFICE]}, {"slots": ["Aki", "Chie"]}]))
    assert (found.since, found.until) == (datetime(2025, 12, 31, 15, tzinfo=UTC), None)


@pytest.mark.parametrize(("beyond", "seen"), [(0, True), (1, False)])
def test_until_and_since_reach_366_days_and_no_further(beyond: int, seen: bool) -> None:
    reach = duty.REACH + timedelta(seconds=beyond)
    start, end = ((NOW + sign * reach).isoformat() for sign in (-1, 1))
    found = ask(roster("Aki", plans=[{"from": "2020-01-01", "rows": [{"slots": ["Aki"]}]}],
                       overrides=[override("take", "Ben", start=start, end=end)]))  # fmt: skip
    assert (found.on_duty, found.since is not None, found.until is not None) == ("Ben", seen, seen)


def test_a_fraction_of_a_second_loses_no_change() -> None:
    facts = roster(absences=[away("Aki", weekly={"start": "12:30", "end": "13:00"})])
    for fraction in range(0, 1_000_000, 125_000):
        at = NOW - timedelta(days=3, microseconds=fraction)
        assert ask(facts, at).until == datetime(2026, 2, 3, 3, 30, tzinfo=UTC)


def test_a_rotation_is_vacant_before_its_first_handover_and_without_members() -> None:
    for members, start in ((["Aki"], "2026-02-03T12:00:01"), ([], "2026-01-01")):
        assert line(roster({"rotation": "r"}, rotations={"r": {"members": members, "start": start}})) == []


def test_a_daily_rotation_ticks_on_its_days_only_every_so_many_handovers() -> None:
    turn = {"members": ["Aki", "Ben"], "unit": "day", "days": ["mon", "wed"], "every": 2, "start": "2026-01-31T10:00"}
    found = ask(roster({"rotation": "r"}, {"rotation": "r", "offset": 1}, rotations={"r": turn}))
    assert (found.line, found.until) == (["Aki", "Ben"], datetime(2026, 2, 9, 1, tzinfo=UTC))


def test_the_suggestion_is_the_first_not_tried() -> None:
    assert ask(roster(attempts=[attempt("Aki", 5)]), incident="42").suggest == "Ben"


def test_without_an_incident_nobody_was_tried() -> None:
    assert ask(roster(attempts=[attempt("Aki", 5)])).suggest == "Aki"


def test_of_a_persons_attempts_the_latest_counts() -> None:
    assert ask(roster(attempts=[attempt("Aki", 5), attempt("Aki", 6, "reached")]), incident="42").suggest == "Aki"


def test_everybody_tried_is_exhausted_and_shows_the_last_resort() -> None:
    found = ask(roster("Aki", "Ben", attempts=[attempt("Aki", 5), attempt("Ben", 6, "declined")]), incident="42")
    assert (found.suggest, found.exhausted, found.last_resort, found.gap) == (None, True, ["Desk"], False)


def test_a_new_start_forgets_earlier_attempts() -> None:
    tries = [attempt("Aki", 5), attempt(None, 6, "start_over"), attempt("Ben", 7)]
    assert ask(roster(attempts=tries), incident="42").suggest == "Aki"


def test_a_timeline_of_no_length_is_empty() -> None:
    assert duty.timeline(roster(), "guest", NOW, NOW) == []


def test_gaps_are_the_parts_with_nobody() -> None:
    day = timedelta(days=1)
    found = duty.gaps(roster("Aki", absences=[away("Aki")]), "guest", NOW - day, NOW + day)
    assert found == [(datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 2, 3, 9, tzinfo=UTC))]


def test_lines_follow_each_other_and_change_with_the_deputies() -> None:
    found = list(duty.lines(roster(absences=[away("Ben")]), "guest", NOW - timedelta(hours=6), NOW))
    assert [(start, end) for start, end, _line in found] == [
        (NOW - timedelta(hours=6), NOW - timedelta(hours=3)),
        (NOW - timedelta(hours=3), NOW),
    ]
    assert [[place.holder for place in places] for _start, _end, places in found] == [
        ["Aki", "Ben", "Chie"],
        ["Aki", "Chie"],
    ]
