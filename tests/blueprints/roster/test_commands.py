"""`flask roster`: who is in charge, in words and for machines; answers worked out from a file."""

import json

import pytest

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
