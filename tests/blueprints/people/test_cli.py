"""`flask people add` and `flask people import`: what they do, what they say, their exit codes."""

import re

import pytest

from domain import people
from domain.people import by_email


@pytest.fixture
def run(app):
    def command(*args: str, stdin: str | None = None):
        return app.test_cli_runner().invoke(args=["people", *args], input=stdin)

    return command


def test_somebody_is_added_with_a_link(run, cast, client):
    result = run(
        "add", "Okubo@example.jp", "--name", "大久保 美奈子", "--phone", "090-0000-0105", "--slack-id", "u0okubo1"
    )
    assert result.exit_code == 0
    person = by_email("okubo@example.jp")
    assert (person.phone, person.slack_id, person.is_admin) == ("+819000000105", "U0OKUBO1", False)
    link = re.search(r"http://127\.0\.0\.1:8000(/invitations/\S+)", result.output)[1]
    assert client.get(link).status_code == 200


def test_a_password_comes_from_standard_input(run, cast):
    result = run("add", "x@example.jp", "--name", "人", "--admin", "--password-stdin", stdin="three calm words\n")
    assert result.exit_code == 0
    assert "/invitations/" not in result.output
    assert people.check_password(by_email("x@example.jp"), "three calm words")
    assert by_email("x@example.jp").is_admin


@pytest.mark.parametrize(
    ("args", "stdin", "says"),
    [
        (("reader@example.jp", "--name", "x"), None, "佐藤 美咲 has this email"),
        (("no address", "--name", "x"), None, "An email address looks like"),
        (("x@example.jp", "--name", " "), None, "Please enter the name"),
        (("x@example.jp", "--name", "x", "--phone", "内線 23"), None, "in digits"),
        (("x@example.jp", "--name", "x", "--slack-id", "@x"), None, "begins with U or W"),
        (("x@example.jp", "--name", "x", "--password-stdin"), "short\n", "at least 10"),
        (("x@example.jp", "--name", "x", "--password-stdin"), "", "at least 10"),
    ],
)
def test_what_is_refused_is_said_in_one_sentence(run, cast, args, stdin, says):
    result = run("add", *args, stdin=stdin)
    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output
    assert by_email("x@example.jp") is None


def test_a_file_is_imported(run, cast, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes("メール,名前,部署\r\nokubo@example.jp,大久保,営業\r\nreader@example.jp,,経理\r\n".encode("cp932"))
    result = run("import", str(file))
    assert result.exit_code == 0
    assert "Added 1, changed 1, as they were 0." in result.output
    assert cast.reader.department == "経理"


def test_a_bad_line_is_named_and_nothing_is_changed(run, cast, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email,name\nokubo@example.jp,大久保\nbad,x\n")
    result = run("import", str(file))
    assert result.exit_code == 1
    assert "Line 3, Email address: An email address looks like" in result.output
    assert "Nothing was changed" in result.output
    assert by_email("okubo@example.jp") is None


def test_a_missing_file_is_said(run, cast):
    assert run("import", "nowhere.csv").exit_code == 2
