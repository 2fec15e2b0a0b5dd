"""What the plain text of a section means."""

import pytest

from domain.record_text import paragraphs, pictures_in

pytestmark = pytest.mark.one_database


def test_empty_lines_part_paragraphs_and_others_do_not():
    assert [one.words for one in paragraphs("一行目\n二行目\n\n \n次")] == ["一行目\n二行目", "次"]


@pytest.mark.parametrize("text", ["【社内】内緒", "[internal] 内緒", "［社内］：内緒"])
def test_an_internal_paragraph_is_left_out_for_partners(text):
    assert [(one.words, one.internal) for one in paragraphs(text)] == [("内緒", True)]
    assert paragraphs(text, internal=False) == []


def test_the_mark_counts_only_at_the_beginning():
    assert not paragraphs("これは【社内】ではない")[0].internal


def test_pictures_stand_where_they_are_named():
    assert paragraphs("前[画像3]後")[0].parts == ("前", 3, "後")
    assert pictures_in("[picture 1] と [画像 2]") == [1, 2]
