"""The neutral form of a roster: the worked examples, and every problem named with its place."""

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
        ({"areas": {"a": {"plans": [{"from": "2026-01-01T00:00", "rows": [{"slots": list("ABCDEF")}]}]}}}, "rows[0].slots"),
        ({"areas": {"a": {"plans": [{"from": "soon", "rows": []}]}}}, "plans[0].from"),
        ({"overrides": [{"kind": "dance"}]}, "overrides[0]"),
        ({"absences": [{"person": "Nobody"}], "people": ["Aki"]}, "absences[0].person"),
        ({"holidays": ["2026-13-01"]}, "holidays[0]"),
    ],
)
def test_a_problem_is_named_with_its_place(change: dict, place: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(RosterFileError) as error:
        roster_file.parse(change)
    assert any(place in problem for problem in error.value.problems)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(RosterFileError) as error:
        roster_file.parse({"zone": "x", "holidays": ["y"], "overrides": [{}]})
    assert len(error.value.problems) == 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["areas", "plans", "rows", "slots", "zone", "kind", "overrides", "x"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(json_values)
def test_anything_else_is_refused_in_words_and_never_with_another_error(document: object) -> None:
    try:
        roster_file.parse(document)
    except RosterFileError as error:
        assert error.problems
