"""Words that say something, each in one spelling; the dictionary comes late and goes again."""

import subprocess
import sys

import pytest

from domain import lexicon

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("申込ができない", "申し込みができない"), ("サーバが遅い", "サーバーが遅い"), ("ＱＲコード", "QRコード"),
        ("ticket", "Tickets"), ("読み取れず", "読み取れない"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_are_one(one, other):
    assert set(lexicon.words(one)) & set(lexicon.words(other))


def test_particles_numbers_and_what_everybody_says_are_left_out():
    assert lexicon.words("現在、12件の障害が発生しており、ご迷惑をおかけしています。") == []
    assert lexicon.words("We are continuing to investigate this issue at 12:30 UTC.") == ["investigate"]


def test_english_stays_english():
    assert lexicon.words("with the webhooks") == ["webhook"]


@pytest.mark.parametrize(
    "text", ["", " \u200b", "!!!", "😀😀", "\x00", "あ" * 30_000, "a" * 30_000, "\ud800", "🈂️" * 5000]
)
def test_any_text_is_taken(text):
    assert len(lexicon.words(text)) <= 5


def test_the_dictionary_is_let_go_when_nobody_asks():
    lexicon.words("決済")
    assert not lexicon.rest(60)
    assert lexicon.rest(0)
    assert not lexicon.rest(0)
    assert lexicon.words("決済") == ["決済"]


def test_the_start_does_not_load_it():
    code = "import sys, app; sys.exit('sudachipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
