"""The resolver held against a slow twin, written from the rules alone, across every change of clocks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import duty, roster_file
from domain.walltime import instant

pytestmark = pytest.mark.one_database

Json = dict[str, Any]
PEOPLE = ["Aki", "Ben", "Chie"]
ZONES = ["Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]
STARTS = ["2026-03-06", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23", "2026-10-30", "2011-12-27"]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY, MINUTE, STEP = timedelta(days=1), timedelta(minutes=1), timedelta(minutes=15)
ALWAYS, NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Twin:
    """Answers from the neutral form by looking at one instant at a time; it shares no code with the resolver."""

    def __init__(self, source: Json) -> None:
        self.source = source
        self.zone = source["zone"]

    def at(self, text: str | None, zone: str, default: datetime) -> datetime:
        if text is None:
            return default
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else first_shown(found, zone)

    def counts(self, entry: Json, at: datetime) -> bool:
        start, recorded = (self.at(entry.get(key), self.zone, ALWAYS) for key in ("start", "recorded_at"))
        end, cancelled = (self.at(entry.get(key), self.zone, NEVER) for key in ("end", "cancelled_at"))
        if "from_date" in entry:
            start = first_shown(datetime.fromisoformat(entry["from_date"]), self.zone)
            end = first_shown(datetime.fromisoformat(entry["to_date"]) + DAY, self.zone)
        return max(start, recorded) <= at < min(end, cancelled)

    def in_window(self, window: Json, at: datetime, zone: str) -> bool:
        days = (date.fromordinal(at.date().toordinal() + number) for number in range(-4, 4))
        wanted = window.get("days", [*DAYS, "hol"])
        return any(self.day_type(day) in wanted and self.covers(window, day, at, zone) for day in days)

    def covers(self, window: Json, day: date, at: datetime, zone: str) -> bool:
        start, end = (on(day, window[key], zone) for key in ("start", "end"))
        if minutes(window["end"]) <= minutes(window["start"]):
            end = on(day + DAY, window["end"], zone)
        return start <= at < end

    def day_type(self, day: date) -> str:
        return "hol" if day.isoformat() in self.source["holidays"] else DAYS[day.weekday()]

    def member(self, slot: Json, at: datetime) -> str | None:
        rotation = self.source["rotations"][slot["rotation"]]
        start = datetime.fromisoformat(rotation["start"])
        passed, day = -1, start.date()
        while day <= (at + 2 * DAY).date():
            weekly = rotation["unit"] == "week" and (day - start.date()).days % 7 == 0
            daily = rotation["unit"] == "day" and DAYS[day.weekday()] in rotation.get("days", DAYS)
            handover = first_shown(datetime.combine(day, start.time()), rotation.get("zone", self.zone))
            passed += (weekly or daily) and handover <= at
            day += DAY
        members = rotation["members"]
        if passed < 0 or not members:
            return None
        return members[(passed // rotation["every"] + slot["offset"]) % len(members)]

    def slots(self, at: datetime) -> list[str]:
        area = self.source["areas"]["a"]
        zone, best = area.get("zone", self.zone), None
        for number, plan in enumerate(area["plans"]):
            recorded = self.at(plan.get("recorded_at"), zone, ALWAYS)
            rank = (max(self.at(plan["from"], zone, ALWAYS), recorded), recorded, number)
            if rank[0] <= at and (best is None or rank > best[0]):
                best = (rank, plan)
        for row in best[1]["rows"] if best else []:
            if not row.get("windows") or any(self.in_window(window, at, zone) for window in row["windows"]):
                found = [self.member(slot, at) if isinstance(slot, dict) else slot for slot in row["slots"]]
                return [person for person in found if person]
        return []

    def line(self, at: datetime) -> list[str]:
        places = [[person] for person in self.slots(at)]
        agreed = [one for one in self.source["overrides"] if one.get("status", "agreed") == "agreed"]
        entries = [one for one in agreed if self.counts(one, at)]
        for one in sorted(entries, key=lambda one: self.at(one.get("recorded_at"), self.zone, ALWAYS)):
            if "a" in (one.get("areas") or ["a"]):
                places = self.override(one, places)
        away = {
            one["person"]
            for one in self.source["absences"]
            if self.counts(one, at) and ("weekly" not in one or self.in_window(one["weekly"], at, self.zone))
        }
        return list(dict.fromkeys(place[-1] for place in places if place[-1] not in away))

    def override(self, one: Json, places: list[list[str]]) -> list[list[str]]:
        person, other = one["person"], one["for"]
        if one["kind"] == "take":
            return [[person], *places]
        changed = []
        for place in places:
            sought = {other} if one["kind"] == "cover" else {person, other}
            found = [number for number, name in enumerate(place) if name in sought]
            if found:
                kept = place[: found[0] + 1]
                place = [*kept, other if one["kind"] == "swap" and kept[-1] == person else person]
            changed.append(place)
        return changed

    def on_duty(self, at: datetime) -> str | None:
        return next(iter(self.line(at)), None)


@cache
def first_shown(wall: datetime, zone: str) -> datetime:
    """R3 word for word: the clock is watched minute by minute until it shows the time or later."""
    at = wall.replace(tzinfo=UTC) - timedelta(hours=27)
    while at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall:
        at += MINUTE
    return at


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def on(day: date, text: str, zone: str) -> datetime:
    return first_shown(datetime.combine(day, time()) + timedelta(minutes=minutes(text)), zone)


def _day(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


names = st.sampled_from(PEOPLE)
times = st.sampled_from(["00:00", "01:30", "02:00", "02:15", "02:30", "03:00", "09:00", "21:00", "24:00"])
windows = st.fixed_dictionaries(
    {"start": times, "end": times}, optional={"days": st.lists(st.sampled_from([*DAYS, "hol"]), min_size=1)}
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


def overrides(walls: st.SearchStrategy[str]) -> st.SearchStrategy[list[Json]]:
    return st.lists(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["cover", "swap", "take"]), "person": names, "for": names, "start": walls},
            optional={
                "end": walls,
                "recorded_at": walls,
                "cancelled_at": walls,
                "areas": st.sampled_from([[], ["a"], ["b"]]),
                "status": st.sampled_from(["agreed", "proposed", "declined"]),
            },
        ),
        max_size=4,
    )


def absences(walls: st.SearchStrategy[str], dates: st.SearchStrategy[str]) -> st.SearchStrategy[list[Json]]:
    recorded = {"recorded_at": walls, "cancelled_at": walls}
    span = {"start": walls, "end": walls}
    return st.lists(
        st.one_of(
            st.fixed_dictionaries({"person": names, "start": walls}, optional={"end": walls, **recorded}),
            st.fixed_dictionaries({"person": names, "from_date": dates, "to_date": dates}, optional=recorded),
            st.fixed_dictionaries({"person": names, "weekly": windows}, optional={**span, **recorded}),
        ),
        max_size=3,
    )


@st.composite
def rotations(draw: st.DrawFn, day: str) -> Json:
    clock = st.sampled_from(["02:30", "10:00"])
    wanted = {
        "members": st.lists(names, max_size=3),
        "unit": st.sampled_from(["week", "day"]),
        "every": st.integers(1, 3),
        "start": st.builds(lambda days, at: f"{_day(day, -days)}T{at}", st.integers(-5, 20), clock),
    }
    optional = {"zone": st.sampled_from(ZONES), "days": st.lists(st.sampled_from(DAYS), min_size=1, unique=True)}
    return draw(st.fixed_dictionaries(wanted, optional=optional))


@st.composite
def rosters(draw: st.DrawFn) -> tuple[Json, datetime]:
    """A roster around a change of clocks, and the instant at which its two weeks begin."""
    day = draw(st.sampled_from(STARTS))
    clock = st.sampled_from(["01:30", "02:30", "09:00", "18:00", "02:10Z"])
    walls = st.builds(lambda days, at: f"{_day(day, days)}T{at}", st.integers(0, 9), clock)
    dates = st.integers(0, 9).map(lambda days: _day(day, days))
    plan = st.fixed_dictionaries({"from": walls, "rows": rows}, optional={"recorded_at": walls})
    plans = [{"from": "2011-01-01T00:00", "rows": draw(rows)}, *draw(st.lists(plan, max_size=3))]
    source = {
        "zone": draw(st.sampled_from(ZONES)),
        "areas": {"a": {"plans": plans}, "b": {}},
        "rotations": {"r": draw(rotations(day))},
        "overrides": draw(overrides(walls)),
        "absences": draw(absences(walls, dates)),
        "holidays": [_day(day, 2)],
    }
    if draw(st.booleans()):
        source["areas"]["a"]["zone"] = draw(st.sampled_from(ZONES))
    return source, datetime.fromisoformat(day).replace(tzinfo=UTC)


def _samples(begin: datetime, count: int) -> Iterator[datetime]:
    return (begin + number * STEP for number in range(count))


walls_of_years = st.datetimes(datetime.fromisoformat("2011-01-01"), datetime.fromisoformat("2027-01-01"))


@settings(max_examples=60, deadline=None)
@given(rosters(), st.integers(0, 14 * 96))
def test_the_line_is_the_twins(made: tuple[Json, datetime], step: int) -> None:
    roster, twin = roster_file.parse(made[0]), Twin(made[0])
    for at in _samples(made[1] + step * STEP, 20):
        assert [place.holder for place in duty.line(roster, "a", at)] == twin.line(at)


@settings(max_examples=30, deadline=None)
@given(rosters(), st.integers(0, 14 * 96))
def test_until_and_since_are_what_the_twin_finds_step_by_step(made: tuple[Json, datetime], step: int) -> None:
    at, twin = made[1] + step * STEP, Twin(made[0])
    found = duty.answer(roster_file.parse(made[0]), "a", at)
    person = twin.on_duty(at)
    assert found.on_duty == person
    for number in range(1, 150):
        later, earlier = at + number * STEP, at - number * STEP
        if found.until is None or later < found.until:
            assert twin.on_duty(later) == person
        if found.since is None or earlier >= found.since:
            assert twin.on_duty(earlier) == person
    if found.until:
        assert twin.on_duty(found.until) == found.next != person == twin.on_duty(found.until - MINUTE)
    if found.since:
        assert twin.on_duty(found.since) == person != twin.on_duty(found.since - MINUTE)


@settings(max_examples=30, deadline=None)
@given(rosters(), st.integers(0, 10 * 96))
def test_the_timeline_is_the_twins_and_loses_and_doubles_no_instant(made: tuple[Json, datetime], step: int) -> None:
    begin, twin = made[1] + step * STEP, Twin(made[0])
    end = begin + 2 * DAY
    parts = duty.timeline(roster_file.parse(made[0]), "a", begin, end)
    assert (parts[0][0], parts[-1][1]) == (begin, end)
    assert all(one[1] == two[0] and one[2] != two[2] for one, two in pairwise(parts))
    for at in _samples(begin, 192):
        assert [person for left, right, person in parts if left <= at < right] == [twin.on_duty(at)]


@settings(max_examples=40, deadline=None)
@given(rosters())
def test_every_part_of_the_timeline_is_what_an_answer_inside_it_says(made: tuple[Json, datetime]) -> None:
    roster, begin = roster_file.parse(made[0]), made[1]
    parts = duty.timeline(roster, "a", begin, begin + 14 * DAY)
    for start, end, person in parts[1:-1]:
        found = duty.answer(roster, "a", start + (end - start) / 2)
        assert (found.on_duty, found.since, found.until) == (person, start, end)


@settings(max_examples=60, deadline=None)
@given(rosters(), names, names, st.sampled_from(["cover", "swap", "take"]), st.integers(0, 7 * 96 - 1))
def test_whatever_is_recorded_later_never_changes_the_past(
    made: tuple[Json, datetime], person: str, other: str, kind: str, step: int
) -> None:
    source, begin = made
    past, recorded = begin + step * STEP, {"recorded_at": (begin + 7 * DAY).isoformat()}
    late = {"kind": kind, "person": person, "for": other, "start": begin.isoformat(), **recorded}
    plan = {"from": begin.isoformat(), "rows": [{"slots": [other]}], **recorded}
    area = source["areas"]["a"]
    changed = {
        **source,
        "overrides": [*source["overrides"], late],
        "absences": [*source["absences"], {"person": person, "start": begin.isoformat(), **recorded}],
        "areas": {**source["areas"], "a": {**area, "plans": [*area["plans"], plan]}},
    }
    before, after = (duty.answer(roster_file.parse(one), "a", past) for one in (source, changed))
    assert (before.line, before.since) == (after.line, after.since)


@settings(deadline=None)
@given(st.sampled_from(ZONES), walls_of_years)
def test_a_wall_time_is_the_first_instant_that_shows_it_or_later(zone: str, wall: datetime) -> None:
    wall = wall.replace(second=0, microsecond=0)
    assert instant(wall, ZoneInfo(zone)) == first_shown(wall, zone)


@given(st.sampled_from(ZONES), st.lists(walls_of_years, min_size=2))
def test_wall_times_keep_their_order(zone: str, walls: list[datetime]) -> None:
    whole = sorted(wall.replace(microsecond=0) for wall in walls)
    found = [instant(wall, ZoneInfo(zone)) for wall in whole]
    assert found == sorted(found)
