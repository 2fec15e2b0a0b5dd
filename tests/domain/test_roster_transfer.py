"""A roster moves in and out: whatever its file says, the database then answers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain import roster, roster_document, roster_export, roster_file, roster_transfer
from domain.beginnings import furnish
from domain.db import db, writing
from domain.events import Event
from domain.people import Person
from domain.roster import REACH, Absence, Area, Attempt, LastResort, Override, Plan
from domain.roster_file import RosterFileError
from tests.conftest import empty
from tests.domain.roster_cases import CASES
from tests.domain.test_duty_properties import rosters

Json = dict[str, Any]
EXAMPLES = json.loads((Path(__file__).parent / "roster_examples.json").read_text())["vectors"]
NOW = datetime(2026, 2, 3, 3, tzinfo=UTC)
AREAS = {"guest": {"plans": [{"from": "2026-01-01", "rows": [{"slots": ["Aki", "Ben"]}]}]}}
SMALL = {"people": ["Aki", "Ben"], "areas": AREAS}


@pytest.fixture
def bare(app: Any) -> None:
    empty()


def move_in(source: Any) -> roster_transfer.Added:
    found = roster_document.read(source)
    with writing():
        return roster_transfer.carry_out(found, by=None, at=NOW)


def answered(query: Json) -> Json:
    """A question's answer out of the database, in the words of the neutral form."""
    zone = roster.zone(roster.settings())
    if "at" in query:
        at = roster_file.moment(query["at"], zone)
        incident = None if query.get("incident") is None else roster.incident_called(str(query["incident"]))
        facts = roster.facts(at, back=REACH, incident=incident)
        found = facts.duty_of(_area(facts, query["area"]), incident)
        return {
            "line": [place.person.name for place in found.people],
            "on_duty": found.in_charge.person.name if found.in_charge else None,
            "since": roster_file.text(found.since),
            "until": roster_file.text(found.until),
            "next": found.next_person.name if found.next_person else None,
            "gap": found.gap,
            "last_resort": [contact.name for contact in found.last_resort],
            "suggest": found.suggest.name if found.suggest else None,
            "exhausted": found.exhausted,
            "warnings": found.warnings,
        }
    start, end = (roster_file.moment(query[name], zone) for name in ("from", "to"))
    facts = roster.facts(start, ahead=max(end - start, timedelta()))
    parts = [
        [roster_file.text(one.start), roster_file.text(one.end), one.person.name if one.person else None]
        for one in roster.stretches(facts, _area(facts, query["area"]), start, end, last=end)
    ]
    return {"timeline": parts, "gaps": [part[:2] for part in parts if part[2] is None]}


def _area(facts: roster.Facts, name: str) -> Area:
    return next(area for area in facts.areas if roster_export.called(area) == name)


def worked_out(source: Json, query: Json) -> Json:
    return roster_file.answer(roster_file.parse(source, strict=False), query)


@pytest.mark.parametrize("case", [*EXAMPLES, *CASES], ids=lambda case: str(case["id"]))
def test_the_database_answers_what_the_file_does(bare: None, case: Json) -> None:
    move_in(case["roster"])
    found = answered(case["query"])
    assert found == worked_out(case["roster"], case["query"])
    assert {key: found.get(key) for key in case["expect"]} == case["expect"]


@pytest.mark.parametrize("case", [case for case in CASES if "at" in case["query"]], ids=lambda case: str(case["id"]))
def test_it_answers_the_same_where_nobody_asks_since_when(bare: None, case: Json) -> None:
    move_in(case["roster"])
    at = roster_file.moment(case["query"]["at"], roster.zone(roster.settings()))
    facts, wanted = roster.facts(at), worked_out(case["roster"], case["query"])
    found = facts.duty_of(_area(facts, case["query"]["area"]))
    assert found is not None
    assert [place.person.name for place in found.people] == wanted["line"]
    assert roster_file.text(found.until) == wanted["until"]
    assert (found.next_person.name if found.next_person else None) == wanted["next"]
    month = at + timedelta(days=30)
    days = {**case["query"], "from": roster_file.text(at), "to": roster_file.text(month)}
    parts = worked_out(case["roster"], {key: value for key, value in days.items() if key != "at"})["timeline"]
    shown = roster.stretches(facts, found.area, at, month, last=month)
    assert [part.person.name if part.person else None for part in shown] == [part[2] for part in parts]


def test_a_change_far_ahead_is_found(bare: None) -> None:
    takes = [{"kind": "take", "person": "Ben", "areas": ["b"], "start": f"2026-03-{day:02}"} for day in (1, 2, 3)]
    takes.append({"kind": "take", "person": "Ben", "areas": ["guest"], "start": "2026-04-01T00:00Z"})
    away = [
        {"person": "Ben", "start": "2026-05-01T00:00Z"},
        {"person": "Aki", "start": "2026-02-20", "end": "2026-02-21"},
    ]
    move_in({**SMALL, "areas": {**AREAS, "b": {}}, "overrides": takes, "absences": away})
    found = roster.facts(NOW).duties()
    assert roster_file.text(found[0].until) == "2026-02-19T15:00:00Z"
    facts = roster.facts(NOW + timedelta(days=20))
    assert roster_file.text(facts.duties()[0].until) == "2026-04-01T00:00:00Z"
    assert roster_file.text(facts.changes_at()) == "2026-02-28T15:00:00Z"
    assert roster_file.text(roster.facts(datetime(2026, 4, 2, tzinfo=UTC)).changes_at()) == "2026-05-01T00:00:00Z"


@pytest.mark.parametrize("case", [case for case in CASES if "at" in case["query"]], ids=lambda case: str(case["id"]))
def test_it_answers_the_same_out_of_what_was_kept_earlier(bare: None, case: Json) -> None:
    move_in(case["roster"])
    at = roster_file.moment(case["query"]["at"], roster.zone(roster.settings()))
    wanted = worked_out(case["roster"], {key: one for key, one in case["query"].items() if key != "incident"})
    for earlier in (timedelta(hours=20), timedelta(minutes=30), timedelta()):
        found = next(one for one in roster.duty_now(at - earlier) if one.area.name == case["query"]["area"])
    assert [place.person.name for place in found.people] == wanted["line"]
    assert roster_file.text(found.until) == wanted["until"]
    assert (found.next_person.name if found.next_person else None) == wanted["next"]
    assert found.warnings == wanted["warnings"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_what_was_exported_answers_the_same_elsewhere(bare: None, case: Json) -> None:
    move_in(case["roster"])
    before, exported = answered(case["query"]), json.loads(json.dumps(roster_export.export(NOW)))
    incident = case["query"].get("incident")
    asked = case["query"] | ({"incident": roster_file.incident_key(incident)} if incident else {})
    assert worked_out(exported, asked) == before
    empty()
    move_in(exported)
    assert answered(case["query"]) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rosters(), st.lists(st.integers(0, 14 * 96), min_size=2, max_size=4))
def test_any_roster_moves_in_and_out_and_in_again(app: Any, made: tuple[Json, datetime], steps: list[int]) -> None:
    source, begin = {**made[0], "people": ["Aki", "Ben", "Chie"]}, made[1]
    times = [(begin + step * timedelta(minutes=15)).isoformat() for step in sorted(steps)]
    queries: list[Json] = [{"area": "a", "at": at} for at in times]
    queries.append({"area": "a", "from": times[0], "to": times[-1]})
    wanted = [worked_out(source, query) for query in queries]
    empty()
    move_in(source)
    assert [answered(query) for query in queries] == wanted
    exported = roster_export.export(NOW)
    assert move_in(exported).counts == {}
    empty()
    move_in(exported)
    assert [answered(query) for query in queries] == wanted


@pytest.mark.parametrize("case", [*EXAMPLES, *CASES], ids=lambda case: str(case["id"]))
def test_a_second_time_nothing_is_added(bare: None, case: Json) -> None:
    move_in(case["roster"])
    added = move_in(case["roster"])
    assert (dict(added.counts), added.people) == ({}, [])


def count(kind: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def test_people_whom_the_file_lists_are_made_without_a_way_in(bare: None) -> None:
    added = move_in(SMALL)
    assert added.people == ["Aki", "Ben"]
    people = db.session.scalars(select(Person).order_by(Person.id)).all()
    assert [(one.email, one.password_hash) for one in people] == [
        ("roster-1@import.invalid", None),
        ("roster-2@import.invalid", None),
    ]


def test_people_are_found_by_name_and_by_email(app: Any, cast: Any) -> None:
    area = {"plans": [{"from": "2026-01-01", "rows": [{"slots": ["岡本 沙織", "Deputy@example.jp"]}]}]}
    added = move_in({"areas": {"new": area}, "calendar": "JP"})
    assert added.people == []
    assert answered({"area": "new", "at": "2026-02-03T12:00"})["line"] == ["岡本 沙織", "伊藤 航"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"people": ["Aki"]}, "areas.guest.plans[0].rows[0].slots[1]: 'Ben' is neither listed under people nor known"),
        ({"absences": [{"person": "Nobody"}]}, "absences[0].person: 'Nobody'"),
        ({"overrides": [{"kind": "take", "person": "Aki", "start": "soon"}]}, "overrides[0].start"),
        ({"people": ["Aki", "Ben", "a\0b"]}, "people[2]"),
        ({"people": ["Aki", "Ben", "x" * 101]}, "people[2]"),
        ({"people": ["Aki", "Ben", "\ud800"]}, "people[2]"),
        ({"areas": {**AREAS, "y" * 61: {}}}, "areas.yyy"),
        ({"calendar": "XX"}, "calendar"),
        ({"working_days": ["2026-02-30"]}, "working_days[0]"),
    ],
)
def test_with_one_bad_line_nothing_is_changed(bare: None, change: Json, place: str) -> None:
    with pytest.raises(RosterFileError) as error:
        move_in({**SMALL, **change})
    db.session.rollback()
    assert any(problem.startswith(place) for problem in error.value.problems)
    assert [count(kind) for kind in (Person, Area, Plan, Event)] == [0, 0, 0, 0]


def test_every_bad_line_is_named(bare: None) -> None:
    with pytest.raises(RosterFileError) as error:
        move_in({**SMALL, "people": [], "absences": [{"person": "Eva"}], "last_resort": [5]})
    assert len(error.value.problems) == 1
    with pytest.raises(RosterFileError) as error:
        move_in({**SMALL, "people": [], "absences": [{"person": "Eva"}]})
    assert len(error.value.problems) == 3


def test_a_name_that_two_people_bear_is_refused(app: Any, cast: Any) -> None:
    with writing() as session:
        session.add(Person(email="other@example.jp", name="岡本 沙織", created_at=NOW))
    with pytest.raises(RosterFileError, match="2 people are called '岡本 沙織'"):
        move_in({"absences": [{"person": "岡本 沙織"}], "calendar": "JP"})


def test_two_people_of_one_name_move_as_their_emails_and_keep_their_name(bare: None) -> None:
    move_in(SMALL)
    with writing() as session:
        session.add(Person(email="aki@example.jp", name="Aki", created_at=NOW))
    exported = roster_export.export(NOW)
    assert exported["names"] == {"roster-1@import.invalid": "Aki"}
    empty()
    move_in(exported)
    assert answered({"area": "guest", "at": "2026-02-03T12:00"})["line"] == ["Aki", "Ben"]


def test_the_furnished_areas_take_the_file_in(bare: None) -> None:
    with writing():
        furnish(NOW)
    assert "areas" not in move_in(SMALL).counts
    area = db.session.scalar(select(Area).where(Area.key == "guest"))
    assert (area.name, len(area.plans)) == ("顧客（ゲスト）", 1)


def test_an_area_whose_name_can_be_no_key_is_found_by_its_name(bare: None) -> None:
    move_in(
        {"people": ["Aki"], "areas": {"a/b": AREAS["guest"], "mine": {}, "..": {}}, "absences": []}
        | {"people": ["Aki", "Ben"]}
    )
    keys = {area.name: area.key for area in roster.areas()}
    assert keys == {"a/b": "area-1", "mine": "area-2", "..": "area-3"}
    assert answered({"area": "a/b", "at": "2026-02-03T12:00"})["on_duty"] == "Aki"


def test_another_zone_than_the_rosters_is_refused_once_it_has_facts(bare: None) -> None:
    move_in(SMALL)
    with pytest.raises(RosterFileError, match="zone: the roster here goes by Asia/Tokyo, the file by Europe/Berlin"):
        move_in({**SMALL, "zone": "Europe/Berlin"})


def test_public_holidays_count_where_the_file_says_so(bare: None) -> None:
    rows = [{"slots": ["Aki"], "windows": [{"days": ["hol"], "start": "00:00", "end": "24:00"}]}, {"slots": ["Ben"]}]
    areas = {"guest": {"plans": [{"from": "2026-01-01", "rows": rows}]}}
    move_in({"people": ["Aki", "Ben"], "areas": areas, "calendar": "JP", "working_days": ["2026-02-11"]})
    exported = roster_export.export(NOW)
    for _turn in range(2):
        shown = [answered({"area": "guest", "at": day})["on_duty"] for day in ("2026-02-11", "2026-02-23")]
        assert shown == ["Ben", "Aki"]
        empty()
        move_in(exported)
    assert "2026-02-23" in exported["holidays"]
    assert "2026-02-11" not in exported["holidays"]


def test_a_cancellation_comes_after(bare: None) -> None:
    cover = {"kind": "take", "person": "Ben", "start": "2026-02-01", "recorded_at": "2026-01-31"}
    move_in({**SMALL, "overrides": [cover]})
    added = move_in({**SMALL, "overrides": [{**cover, "cancelled_at": "2026-02-02"}]})
    assert (dict(added.counts), count(Override)) == ({"cancelled": 1}, 1)
    assert answered({"area": "guest", "at": "2026-02-03T12:00"})["on_duty"] == "Aki"


def test_what_the_file_says_twice_is_kept_twice(bare: None) -> None:
    covers = [{"kind": "cover", "person": name, "for": "Aki", "start": "2026-01-02"} for name in ("Ben", "Eva", "Ben")]
    move_in({**SMALL, "people": ["Aki", "Ben", "Eva"], "overrides": covers})
    assert answered({"area": "guest", "at": "2026-02-03T12:00"})["line"] == ["Ben"]


def test_whoever_left_is_absent_in_the_export_and_moves_in_once(bare: None) -> None:
    move_in(SMALL)
    with writing() as session:
        aki = session.scalar(select(Person).where(Person.name == "Aki"))
        aki.deactivated_at = NOW - timedelta(hours=1)
    exported = roster_export.export(NOW)
    assert exported["absences"] == [{"person": "Aki", "start": "2026-02-03T02:00:00Z"}]
    assert move_in(exported).counts == {}
    assert count(Absence) == 0


def test_a_number_means_the_incident_of_that_code(bare: None) -> None:
    move_in({**SMALL, "attempts": [{"incident": "INC-42", "person": "Aki", "at": "2026-02-03", "result": "declined"}]})
    assert answered({"area": "guest", "at": "2026-02-03T12:00", "incident": 42})["suggest"] == "Ben"


def test_a_contact_without_a_number_is_kept(bare: None) -> None:
    move_in({**SMALL, "last_resort": ["Desk", "Desk"]})
    assert [(one.name, one.phone) for one in db.session.scalars(select(LastResort))] == [("Desk", ""), ("Desk", "")]


def test_an_import_is_written_down_once(bare: None) -> None:
    move_in(SMALL)
    move_in(SMALL)
    found = db.session.scalars(select(Event)).one()
    assert (found.kind, found.details) == ("roster_imported", {"areas": 1, "plans": 1})


def test_the_cast_and_its_areas_move_out(app: Any, cast: Any) -> None:
    exported = roster_export.export(NOW)
    assert exported["areas"]["system"]["name"] == "システム"
    assert exported["calendar"] == "JP"
    assert move_in(exported).counts == {}
    assert count(Attempt) == 0


def test_reading_another_thing_than_a_roster_is_refused() -> None:
    for document in ([], 5, None, {"areas": 5}, {"people": 7}):
        with pytest.raises(RosterFileError):
            roster_document.read(document)
