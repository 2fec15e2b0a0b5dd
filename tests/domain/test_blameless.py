"""Hints for wording without blame: in both languages, gentle, never about words without blame."""

import pytest

from domain import blameless

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("佐藤さんのせいで止まった", "culprit"), ("担当者の不注意だった", "trait"), ("設定ミスが原因", "error"),
        ("事前に確認すべきだった", "should"), ("手順の確認を見落とした", "forgot"), ("今後は気をつける", "careful"),
        ("周知を徹底する", "careful"), ("ヒューマンエラー", "error"), ("It was Ken's team, blame them", "culprit"),
        ("a careless deploy", "trait"), ("Human error", "error"), ("They should have checked", "should"),
        ("The engineer forgot the flag", "forgot"), ("We will be more careful", "careful"),
    ],
)  # fmt: skip
def test_a_word_that_looks_for_a_culprit_is_found(text, code):
    assert code in [hint.code for hint in blameless.hints(text)]


@pytest.mark.parametrize(
    "text",
    [
        "", "配信の前に読み取りの試験がなく、古い形式のQRコードが読めなかった", "期限の切れた証明書に気づく仕組みがなかった",
        "そのせいろ", "The certificate expired and nothing noticed", "The health check passed although reading failed",
        "責任者へ連絡がついた",
    ],
)  # fmt: skip
def test_what_blames_nobody_is_left_alone(text):
    assert blameless.hints(text) == []


def test_the_word_is_named_as_it_was_typed():
    assert blameless.hints("うっかり消した")[0].word == "うっかり"


def test_one_hint_for_each_kind_over_all_texts():
    found = blameless.hints("うっかり", "不注意", "うっかり")
    assert [hint.code for hint in found] == ["trait"]


def test_a_long_text_takes_no_time():
    assert blameless.hints("は" * 10_000 + "責任は" + "あ" * 10_000) == []
