"""People from CSV files: what a file would change, which lines cannot be taken, that exactly the plan is done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain import people_import
from domain.db import db, writing
from domain.people import Person, by_email

HEADER = "email,name,reading,department,phone,slack_id,admin\n"


def plan(text: str | bytes) -> people_import.Plan:
    return people_import.plan(people_import.read(text if isinstance(text, bytes) else text.encode(), "JP"))


def problems(text: str | bytes) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in plan(text).problems]


def carry_out(text, cast, now):
    file = people_import.read(text.encode(), "JP")
    with writing():
        people_import.carry_out(people_import.plan(file), by=cast.admin, at=now)


def test_a_new_person_is_added(cast, now):
    text = HEADER + "okubo@example.jp,大久保 美奈子,おおくぼ みなこ,営業,090-0000-0105,U0OKUBO1,\n"
    assert [row.change for row in plan(text).rows] == ["added"]
    carry_out(text, cast, now)
    person = by_email("okubo@example.jp")
    assert (person.name, person.department, person.phone, person.slack_id, person.is_admin) == (
        "大久保 美奈子",
        "営業",
        "+819000000105",
        "U0OKUBO1",
        False,
    )
    assert person.password_hash is None


def test_a_change_is_shown_as_old_and_new(cast):
    row = plan("email,department\nREADER@example.jp,営業\n").rows[0]
    assert row.change == "changed"
    assert row.changes == {"department": ("", "営業")}


def test_who_is_like_that_already_stays(cast):
    assert [row.change for row in plan("email,name\nreader@example.jp,佐藤 美咲\n").rows] == ["same"]


def test_an_empty_cell_takes_nothing_away(cast, now):
    carry_out(HEADER + "responder@example.jp,岡本 沙織,,営業,,,\n", cast, now)
    assert (cast.responder.phone, cast.responder.slack_id) == ("+819000000119", "U0OKAMOTO")
    assert cast.responder.department == "営業"


def test_who_is_not_named_is_not_deactivated(cast, now):
    carry_out("email,name\nokubo@example.jp,大久保\n", cast, now)
    assert cast.reader.is_active
    assert db.session.scalar(select(func.count(Person.id))) == 7


def test_who_left_is_not_brought_back(cast, now):
    carry_out("email,department\noutsider@example.jp,営業\n", cast, now)
    assert not cast.outsider.is_active


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_of_every_spreadsheet_are_read(cast, encoding, end):
    text = f'メール,名前,よみ,部署,電話,Slack,管理者{end}okubo@example.jp,"大久保, 美奈子",おおくぼ,営業,,,はい{end}'
    row = plan(text.encode(encoding)).rows[0]
    assert (row.after.name, row.after.reading, row.after.is_admin) == ("大久保, 美奈子", "おおくぼ", True)


def test_columns_come_in_any_order_and_unknown_ones_are_passed_over(cast):
    row = plan("入社日,名前,email\n2020-04-01,大久保,okubo@example.jp\n").rows[0]
    assert (row.after.name, row.after.email) == ("大久保", "okubo@example.jp")


def test_every_bad_line_is_named_with_its_column(cast):
    text = HEADER + (
        "okubo@example.jp,大久保,,,内線 23,,\n"
        "\n"
        "no address,佐々木,,,,@sasaki,\n"
        ",加藤,,,,,\n"
        "kato@example.jp,,,,,,\n"
        "ito@example.jp,伊藤,,,,,maybe\n"
    )
    assert problems(text) == [
        (2, "phone", "phone_bad"),
        (4, "email", "email_bad"),
        (4, "slack_id", "slack_id_bad"),
        (5, "email", "email_missing"),
        (6, "name", "name_missing"),
        (7, "admin", "not_yes_or_no"),
    ]


def test_a_line_with_a_quoted_line_break_counts_as_one(cast):
    assert problems(HEADER + '"okubo@example.jp","大久保\n美奈子",,,,,\nbad,x,,,,,\n') == [(3, "email", "email_bad")]


def test_an_email_stands_once(cast):
    assert problems("email,name\na@example.jp,a\nA@example.jp,b\n") == [(3, "email", "twice")]


def test_a_slack_id_belongs_to_one_person(cast):
    assert problems("email,slack_id\nreader@example.jp,U0OKAMOTO\n") == [(2, "slack_id", "slack_id_twice")]


def test_two_people_may_exchange_their_slack_ids(cast, now):
    with writing():
        cast.reader.slack_id = "U0SATO01"
    carry_out("email,slack_id\nreader@example.jp,U0OKAMOTO\nresponder@example.jp,U0SATO01\n", cast, now)
    assert (cast.reader.slack_id, cast.responder.slack_id) == ("U0OKAMOTO", "U0SATO01")


def test_the_last_administrator_stays_one(cast):
    assert problems("email,admin\nadmin@example.jp,no\n") == [(2, "admin", "last_administrator")]


def test_a_new_administrator_without_a_password_does_not_replace_the_last(cast):
    assert problems("email,name,admin\nadmin@example.jp,,no\nx@example.jp,x,yes\n") == [
        (2, "admin", "last_administrator")
    ]


def test_one_bad_line_changes_nothing(cast, now):
    with pytest.raises(ValueError):
        carry_out("email,name\nokubo@example.jp,大久保\nbad,x\n", cast, now)
    assert by_email("okubo@example.jp") is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_lines"),
        (b"email,name\n", "no_lines"),
        (b"name,department\nx,y\n", "no_column"),
        (b"\xff\xfe\x00\x01", "not_text"),
        (b"email\n" + b"a@b.jp\n" * 5001, "too_many_lines"),
        (b'email,name\n"never closed', "not_csv"),
        (b"email,name\na@b.jp," + b"x" * 200_000, "not_csv"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(cast, data, code):
    assert code in [found[2] for found in problems(data)]


def test_the_same_plan_has_the_same_fingerprint_and_another_another(cast, now):
    text = "email,department\nreader@example.jp,営業\n"
    before = plan(text).fingerprint
    assert plan(text).fingerprint == before
    with writing():
        cast.reader.department = "経理"
    assert plan(text).fingerprint != before


def test_five_thousand_lines_cost_a_constant_number_of_looks(cast, count_queries):
    few = "email,name\n" + "".join(f"p{number}@example.jp,人\n" for number in range(3))
    many = "email,name\n" + "".join(f"p{number}@example.jp,人\n" for number in range(5000))
    with count_queries() as for_few:
        plan(few)
    with count_queries() as for_many:
        assert len(plan(many).of("added")) == 5000
    assert len(for_few) == len(for_many) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_understood_or_refused(data):
    people_import.read(data, "JP")


@given(st.lists(st.lists(st.text(max_size=12), max_size=8), max_size=6))
def test_any_cells_are_understood_or_refused(rows):
    text = HEADER + "\n".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    people_import.read(text.encode("utf-8", "replace"), "JP")
