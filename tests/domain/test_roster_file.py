"""The neutral form of a roster: the worked examples, and every problem named with its place."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import roster_file
from domain.roster_file import RosterFileError

pytestmark = pytest.mark.one_database
EXAMPLES = json.loads((Path(__file__).parent / "roster_examples.json").read_text())


@pytest.mark.parametrize("vector", EXAMPLES["vectors"], ids=lambda vector: vector["title"])
def test_a_worked_example_is_answered(vector: dict) -> None:  # type: ignore[type-arg]
    answer = roster_file.answer_vectors({"vectors": [vector]})[vector["id"]]
    assert {key: answer.get(key) for key in vector["expect"]} == vector["expect"]


def test_a_roster_may_stand_beside_and_be_named() -> None:
    vector = {**EXAMPLES["vectors"][0], "roster": "shared"}
    document = {"vectors": [vector], "rosters": {"shared": EXAMPLES["vectors"][0]["roster"]}}
    assert roster_file.answer_vectors(document)[vector["id"]]["on_duty"] == "Aki"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"areas": {"a": {"plans": [{"from": "2026-01-01", "rows": [{"slots": list("ABCDEF")}]}]}}}, "rows[0].slots"),
        ({"areas": {"a": {"plans": [{"from": "soon", "rows": []}]}}}, "plans[0].from"),
        ({"overrides": [{"kind": "dance"}]}, "overrides[0]"),
        ({"absences": [{"person": "Nobody"}], "people": ["Aki"]}, "absences[0].person"),
        ({"holidays": ["2026-13-01"]}, "holidays[0]"),
        ({"people": [["Aki"]]}, "people[0]"),
        ({"rotations": {"r": {"members": ["A"], "start": "2026-01-01T00:00", "every": 0}}}, "rotations.r.every"),
        ({"overrides": [{"kind": "take", "person": "A", "start": "2026-01-01", "areas": ["x"]}]}, "overrides[0].areas"),
        ({"absences": [{"person": "A", "weekly": {"start": "25:00", "end": "09:00"}}]}, "absences[0].weekly[0].start"),
        ({"attempts": [{"incident": "1", "at": "2026-01-01", "result": "no_answer"}]}, "attempts[0].person"),
    ],
)
def test_a_problem_is_named_with_its_place(change: dict, place: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(RosterFileError) as error:
        roster_file.parse(change)
    assert any(place in problem for problem in error.value.problems)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-01T24:00+09:00", "2026-01-01T15:00:00Z"),
        ("2026-01-01T24:00", "2026-01-01T15:00:00Z"),
        ("2026-01-01T18:00:00Z", "2026-01-01T18:00:00Z"),
        ("2026-01-01", "2025-12-31T15:00:00Z"),
    ],
)
def test_a_time_is_absolute_with_an_offset_and_else_the_rosters(written: str, meant: str) -> None:
    found = roster_file.parse({"absences": [{"person": "Aki", "start": written}]}).absences[0]
    assert roster_file.text(found.start) == meant


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59", "9999-12-31T24:00", "9999-12-31T23:59:59-09:00"])
def test_the_end_of_the_calendar_is_no_error(end: str) -> None:
    assert roster_file.parse({"absences": [{"person": "Aki", "start": "0001-01-01T00:00", "end": end}]})


def test_a_question_needs_no_list_of_people() -> None:
    vector = EXAMPLES["vectors"][0]
    document = {"vectors": [{**vector, "roster": {**vector["roster"], "people": []}}]}
    assert roster_file.answer_vectors(document)[vector["id"]]["on_duty"] == "Aki"


def test_a_vector_that_cannot_be_answered_is_named() -> None:
    with pytest.raises(RosterFileError, match=r"vectors\[0\].query.area: there is no area 'x'"):
        roster_file.answer_vectors({"vectors": [{"id": "1", "roster": {}, "query": {"area": "x", "at": "2026-01-01"}}]})


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(RosterFileError) as error:
        roster_file.parse({"zone": "x", "holidays": ["y"], "overrides": [5], "areas": 7})
    places = {problem.split(":")[0] for problem in error.value.problems}
    assert {"zone", "holidays[0]", "overrides[0]", "areas"} <= places


KEYS = ["areas", "plans", "rows", "slots", "windows", "start", "end", "zone", "kind", "person", "overrides", "weekly"]
more_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("9999-12-31T24:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(
    st.sampled_from(["zone", "people", "areas", "rotations", "overrides", "absences", "attempts", "holidays"]),
    more_values
    | st.lists(st.dictionaries(st.sampled_from(KEYS), more_values))
    | st.dictionaries(st.text(max_size=2), more_values),
)  # fmt: skip


@given(documents | more_values)
def test_anything_else_is_refused_in_words_and_never_with_another_error(document: object) -> None:
    with contextlib.suppress(RosterFileError):
        roster_file.parse(document)


@given(more_values)
def test_no_document_of_questions_raises_another_error(document: object) -> None:
    vectors = {"vectors": [document, {"id": "1", "roster": document, "query": document}]}
    with pytest.raises(RosterFileError):
        roster_file.answer_vectors(vectors)
