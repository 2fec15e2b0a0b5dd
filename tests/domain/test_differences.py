"""What changed between two texts, as people read it."""

import pytest

from domain.differences import between

pytestmark = pytest.mark.one_database


def kinds(before, after):
    return [line.kind for line in between(before, after)]


def test_the_same_has_no_differences():
    assert between("a\nb", "a\nb") == []


def test_a_line_that_came_and_one_that_went():
    assert kinds("a\nc", "a\nb\nc") == ["same", "new", "same"]
    assert kinds("a\nb\nc", "a\nc") == ["same", "gone", "same"]


def test_within_a_line_only_what_changed_is_marked():
    gone, new = between("改札で読めない", "受付で読めない")
    assert gone.pieces == ((True, "改札"), (False, "で読めない"))
    assert new.pieces == ((True, "受付"), (False, "で読めない"))


def test_what_did_not_change_is_left_out_but_for_a_little():
    text = "\n".join(str(number) for number in range(100))
    assert kinds(text, text.replace("50", "x")) == ["gap", "same", "same", "gone", "new", "same", "same", "gap"]


def test_ten_thousand_lines_take_no_minutes():
    one, other = ("\n".join(f"{letter}{number}" for number in range(10_000)) for letter in "ab")
    assert len(between(one, other)) == 20_000
    assert kinds("", "x") == ["new"]
