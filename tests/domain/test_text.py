"""What people type, cleaned."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import text

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  入口で\r\n赤い画面  ", "入口で\n赤い画面"),
        ("a\x00b", "ab"),
        ("\ud83d", "\ufffd"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("か\u3099", "が"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        (None, ""),
    ],
)
def test_it_keeps_words_and_drops_what_misleads_or_breaks(typed: str | None, kept: str) -> None:
    assert text.clean(typed) == kept


@pytest.mark.parametrize("read", [text.clean, text.one_line, text.fold, text.is_blank])
@pytest.mark.parametrize(
    "typed",
    [
        "a" + " " * 300_000 + "b",
        "a" + "\u0300\u0316" * 150_000 + "b",
        "a" + "\n " * 150_000 + "b",
        "\u0344\u0316" * 150_000,
    ],
)
def test_nothing_that_is_typed_holds_the_process(read: Callable[[str], object], typed: str) -> None:
    began = time.process_time()
    read(typed)
    assert time.process_time() - began < 2


def test_one_line_joins_lines_with_one_space() -> None:
    assert text.one_line(" a  b \n\n \t c\r\nd ") == "a  b c d"


def test_marks_stay_on_their_letters_in_long_texts() -> None:
    assert text.clean("か\u3099" * 1000) == "が" * 1000


@pytest.mark.parametrize("typed", ["", "   ", "\u3000\u3000", "\u200b", "\u2800", "ㅤ"])
def test_it_sees_that_nothing_can_be_seen(typed: str) -> None:
    assert text.is_blank(typed)


@pytest.mark.parametrize(
    ("typed", "expected"), [("🔥🔥", False), ("…！？", False), ("QR", True), ("障害", True), ("３", True)]
)
def test_a_title_needs_something_that_can_be_said(typed: str, expected: bool) -> None:
    assert text.has_words(typed) is expected


@pytest.mark.parametrize("typed", ["ミドリ水族館", "ﾐﾄﾞﾘ水族館", "みどり 水族館"])
def test_searching_does_not_mind_width_kana_and_spaces(typed: str) -> None:
    assert text.fold(typed) == "みどり水族館"


@given(st.text(alphabet=st.characters(codec=None)))
def test_cleaned_text_can_always_be_stored(typed: str) -> None:
    cleaned = text.clean(typed)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert text.clean(cleaned) == cleaned


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_cut_is_never_too_long(typed: str, length: int) -> None:
    assert len(text.cut(typed, length)) <= length
