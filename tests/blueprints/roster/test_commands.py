"""`flask roster`: who is in charge, in words and for machines; answers worked out from a file."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from domain import roster_file
from domain.db import db
from domain.people import Person
from domain.roster import Override
from tests.conftest import empty

VECTOR = {
    "vectors": [
        {
            "id": "one",
            "roster": {
                "people": ["Aki", "Ben"],
                "areas": {"guest": {"plans": [{"from": "2026-01-01T00:00", "rows": [{"slots": ["Aki", "Ben"]}]}]}},
            },
            "query": {"area": "guest", "at": "2026-02-03T12:00:00+09:00"},
        }
    ]
}


@pytest.fixture
def run(app):
    return lambda *arguments: app.test_cli_runner().invoke(args=["roster", *arguments])


def test_it_says_who_is_in_charge(run, cast):
    shown = run("show", "--area", "system", "--at", "2026-08-11T10:42")
    assert shown.exit_code == 0
    assert shown.output == "system: 岡本 沙織, 伊藤 航\n"


def test_it_says_it_to_machines(run, cast):
    answer = json.loads(run("show", "--json", "--at", "2026-08-11T10:42").output)
    assert list(answer) == ["guest", "partner", "system", "bridge"]
    assert answer["system"]["on_duty"] == "岡本 沙織"
    assert answer["guest"]["warnings"] == ["no_deputy"]


@pytest.mark.parametrize("arguments", [["--area", "nowhere"], ["--at", "soon"]])
def test_what_it_does_not_know_is_said_in_a_sentence(run, cast, arguments):
    shown = run("show", *arguments)
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: ")


def test_it_works_out_the_answers_of_a_file(run, tmp_path):
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(VECTOR))
    answer = json.loads(run("answer", str(file), "--json").output)
    assert (answer["one"]["line"], answer["one"]["until"]) == (["Aki", "Ben"], None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"vectors": [{"id": 1}]}',
        "\x00",
        '{"vectors": [{"id": "a", "roster": {}, "query": {"area": "x", "at": "y"}}]}',
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(run, tmp_path, text):  # fmt: skip
    file = tmp_path / "roster.json"
    file.write_text(text)
    answer = run("answer", str(file), "--json")
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: ")


EXAMPLES = json.loads((Path(__file__).parents[2] / "domain" / "roster_examples.json").read_text())["vectors"]


@pytest.fixture
def bare(app):
    empty()


@pytest.fixture
def move_in(run, tmp_path):
    def moving(source):
        file = tmp_path / "roster.json"
        file.write_text(source if isinstance(source, str) else json.dumps(source))
        return run("import", str(file))

    return moving


def arguments(query):
    return [one for name, value in query.items() for one in (f"--{name}", str(value))]


@pytest.mark.parametrize("vector", EXAMPLES, ids=lambda vector: vector["title"])
def test_a_worked_example_moves_in_and_is_shown(run, bare, move_in, vector):
    assert move_in(vector["roster"]).exit_code == 0
    shown = run("show", *arguments(vector["query"]), "--json")
    answer = json.loads(shown.output)["guest"]
    assert {key: answer.get(key) for key in vector["expect"]} == vector["expect"]
    document = {"vectors": [vector]}
    assert {vector["id"]: answer} == roster_file.answer_vectors(document)


def test_an_import_says_what_it_added_and_whom(bare, move_in):
    source = EXAMPLES[8]["roster"]
    added = move_in(source).output.splitlines()
    assert added == [
        "areas: 1 added",
        "plans: 1 added",
        "absences: 2 added",
        "last resort: 1 added",
        "people who were not known, added without sign-in: Aki, Ben",
    ]
    assert move_in(source).output == "Everything was here already.\n"


def test_an_import_names_every_bad_line_and_changes_nothing(run, bare, move_in):
    shown = move_in(
        {"areas": EXAMPLES[0]["roster"]["areas"], "people": ["Aki", "Ben"], "absences": [{"person": "Eva"}]}
    )
    assert shown.exit_code == 1
    assert [line.split(":")[0] for line in shown.output.splitlines()] == [
        "Error",
        "areas.guest.plans[0].rows[0].slots[2]",
        "areas.guest.plans[0].rows[0].slots[3]",
        "absences[0].person",
    ]
    assert run("show", "--json").output == "{}\n"


@pytest.mark.parametrize("source", ["", "[]", "\x00", "5", '{"areas": []}', "[" * 100_000])
def test_a_roster_that_is_none_is_refused_in_a_sentence(bare, move_in, source):
    shown = move_in(source)
    assert (shown.exit_code, shown.output[:7]) == (1, "Error: ")


def test_an_export_moves_in_elsewhere(run, cast, move_in):
    exported = run("export").output
    before = run("show", "--json").output
    empty()
    assert move_in(exported).exit_code == 0
    assert run("show", "--json").output == before


def test_a_timeline_is_shown_in_the_rosters_time(run, bare, move_in):
    move_in(EXAMPLES[11]["roster"])
    shown = run("show", "--from", "2026-02-03", "--to", "2026-02-03T24:00")
    assert shown.output.splitlines()[:3] == [
        "guest:",
        "  2026-02-03 00:00 – 2026-02-03 09:00  nobody in charge",
        "  2026-02-03 09:00 – 2026-02-03 18:00  Aki",
    ]


def test_one_end_alone_is_no_span(run, cast):
    assert run("show", "--from", "2026-02-03").exit_code == 1


def test_an_area_is_found_by_its_name_too(run, cast):
    shown = json.loads(run("show", "--area", "システム", "--json").output)
    assert shown["システム"]["on_duty"] == "岡本 沙織"


def test_a_cover_known_from_the_beginning_claims_no_time_of_recording(bare, move_in, sign_in):
    move_in(EXAMPLES[6]["roster"])
    someone, cover = db.session.scalars(select(Person)).first(), db.session.scalars(select(Override)).first()
    page = sign_in(someone).get(f"/roster/covers/{cover.id}")
    assert page.status_code == 200
    assert "0001" not in page.text
