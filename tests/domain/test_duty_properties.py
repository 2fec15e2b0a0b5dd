"""The resolver held against a slow twin that looks at every half hour, across every change of clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import duty, roster_file
from domain.walltime import instant

pytestmark = pytest.mark.one_database

PEOPLE = ["Aki", "Ben", "Chie"]
ZONES = ["Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]
STARTS = ["2026-03-06", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-24", "2026-10-31"]
STEP = timedelta(minutes=30)

names = st.sampled_from(PEOPLE)
times = st.sampled_from(["00:00", "01:30", "02:00", "02:30", "09:00", "21:00", "24:00"])
windows = st.fixed_dictionaries(
    {"start": times, "end": times}, optional={"days": st.lists(st.sampled_from([*duty.DAYS, "hol"]), min_size=1)}
)
slots = st.lists(
    st.one_of(names, st.none(), st.fixed_dictionaries({"rotation": st.just("r"), "offset": st.integers(0, 3)})),
    min_size=1,
    max_size=3,
)
rows = st.lists(
    st.fixed_dictionaries({"slots": slots}, optional={"windows": st.lists(windows, min_size=1, max_size=2)}),
    min_size=1,
    max_size=3,
)


@st.composite
def rosters(draw: st.DrawFn) -> tuple[dict[str, Any], datetime]:
    """A roster around a change of clocks, and the instant at which its two weeks begin."""
    day = draw(st.sampled_from(STARTS))
    walls = st.builds(lambda days, time: f"{_day(day, days)}T{time}", st.integers(0, 6), st.sampled_from(["02:30", "09:00", "18:00"]))
    overrides = st.lists(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["cover", "swap", "take"]), "person": names, "for": names, "start": walls},
            optional={"end": walls, "recorded_at": walls, "cancelled_at": walls},
        ),
        max_size=3,
    )
    absences = st.lists(
        st.one_of(
            st.fixed_dictionaries({"person": names, "start": walls}, optional={"end": walls}),
            st.fixed_dictionaries({"person": names, "weekly": windows}),
        ),
        max_size=2,
    )
    source = {
        "zone": draw(st.sampled_from(ZONES)),
        "areas": {"a": {"plans": [{"from": "2026-01-01T00:00", "rows": draw(rows)}, {"from": draw(walls), "rows": draw(rows)}]}},
        "rotations": {
            "r": {
                "members": draw(st.lists(names, min_size=1, max_size=3)),
                "unit": draw(st.sampled_from(["week", "day"])),
                "every": draw(st.integers(1, 2)),
                "start": f"{_day(day, -draw(st.integers(0, 20)))}T{draw(st.sampled_from(['02:30', '10:00']))}",
            }
        },
        "overrides": draw(overrides),
        "absences": draw(absences),
        "holidays": [_day(day, 2)],
    }
    return source, datetime.fromisoformat(day).replace(tzinfo=UTC)


def _day(day: str, days: int) -> str:
    return (datetime.fromisoformat(day) + timedelta(days=days)).date().isoformat()


@settings(max_examples=60, deadline=None)
@given(rosters(), st.integers(0, 14 * 48))
def test_until_and_since_are_what_a_look_at_every_half_hour_finds(made: tuple[dict[str, Any], datetime], step: int) -> None:
    roster, begin = roster_file.parse(made[0]), made[1]
    at = begin + step * STEP
    answer = duty.answer(roster, "a", at)
    if answer.until:
        assert _person(roster, answer.until) == answer.next != answer.on_duty
        assert _person(roster, answer.until - timedelta(seconds=1)) == answer.on_duty
    if answer.since:
        assert _person(roster, answer.since) == answer.on_duty
        assert _person(roster, answer.since - timedelta(seconds=1)) != answer.on_duty
    for number in range(200):
        later, earlier = at + number * STEP, at - number * STEP
        if answer.until is None or later < answer.until:
            assert _person(roster, later) == answer.on_duty
        if answer.since is None or earlier >= answer.since:
            assert _person(roster, earlier) == answer.on_duty


def _person(roster: duty.Roster, at: datetime) -> object:
    places = duty.line(roster, "a", at)
    return places[0].holder if places else None


@settings(max_examples=60, deadline=None)
@given(rosters())
def test_the_timeline_loses_and_doubles_no_instant_and_agrees_with_the_answer(made: tuple[dict[str, Any], datetime]) -> None:
    roster, begin = roster_file.parse(made[0]), made[1]
    parts = duty.timeline(roster, "a", begin, begin + timedelta(days=14))
    assert parts[0][0] == begin
    assert parts[-1][1] == begin + timedelta(days=14)
    for (_, end, before), (start, _, after) in zip(parts, parts[1:], strict=False):
        assert end == start
        assert before != after
    for start, end, person in parts:
        assert _person(roster, start) == person == _person(roster, end - timedelta(seconds=1))


@settings(max_examples=40, deadline=None)
@given(rosters(), names, names, st.sampled_from(["cover", "swap", "take"]), st.integers(0, 6 * 48))
def test_what_is_recorded_later_never_changes_the_past(
    made: tuple[dict[str, Any], datetime], person: str, other: str, kind: str, step: int
) -> None:
    source, begin = made
    now = begin + timedelta(days=7)
    before = duty.answer(roster_file.parse(source), "a", begin + step * STEP).line
    late = {"kind": kind, "person": person, "for": other, "start": begin.isoformat(), "recorded_at": now.isoformat()}
    away = {"person": person, "start": begin.isoformat(), "recorded_at": now.isoformat()}
    changed = {**source, "overrides": [*source["overrides"], late], "absences": [*source["absences"], away]}
    assert duty.answer(roster_file.parse(changed), "a", begin + step * STEP).line == before


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_a_wall_time_is_the_first_instant_that_shows_it_or_later(zone: str, wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    at = instant(wall, ZoneInfo(zone))
    assert at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) >= wall
    assert (at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall
