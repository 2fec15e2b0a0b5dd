"""What an incident's channel is called."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.channel_names import DEFAULT, MOST, candidates, fallbacks, is_pattern, slug
from local_slack.checks import checked_channel_name

pytestmark = pytest.mark.one_database
GIVEN = {"at": datetime(2026, 8, 11, 15, 30, tzinfo=UTC), "zone": ZoneInfo("Asia/Tokyo"), "code": "INC-42"}


def names(title: str, pattern: str = DEFAULT) -> list[str]:
    return candidates(pattern, title=title, severity="critical", **GIVEN)  # type: ignore[arg-type]


def test_the_date_is_that_of_the_declaration_in_the_organisations_zone() -> None:
    assert names("入場QRが読めない")[0] == "incdent_20260812_入場qrが読めない"


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Ｔｉｃｋｅｔ　印刷", "ticket-印刷"), ("a / b & <c>", "a-b-c"), ("ｹﾞｰﾄ停止", "ゲート停止"),
        ("İstanbul", "i-stanbul"), ("決済🔥エラー", "決済-エラー"), ("#general @channel", "general-channel"),
    ],
)  # fmt: skip
def test_what_slack_takes_is_kept(title: str, wanted: str) -> None:
    assert slug(title).strip("-_") == wanted


@pytest.mark.parametrize("title", ["入" * 120, "長" * 61, "a" * 200, "日本語 " * 40, "が" * 79, "İ" * 100, "ﬃ" * 60])
def test_every_name_is_taken_by_slack_whatever_the_headline(title: str) -> None:
    for pattern in (DEFAULT, "{severity}-{title}_{code}", "障害_{date}_{title}"):
        for name in names(title, pattern):
            assert checked_channel_name(name) == name
            assert len(name) <= MOST
    for name in fallbacks(DEFAULT, severity="critical", **GIVEN):  # type: ignore[arg-type]
        assert checked_channel_name(name, ascii_only=True) == name


def test_what_stands_behind_the_title_is_not_cut() -> None:
    assert names("入" * 120, "{date}_{title}_{code}")[0].endswith("_inc-42")


def test_further_names_carry_the_code() -> None:
    assert names("停止")[1:3] == ["incdent_20260812_停止_inc-42", "incdent_20260812_停止_inc-42-2"]


def test_the_fallback_is_ascii_with_date_and_code() -> None:
    assert fallbacks(DEFAULT, severity="minor", **GIVEN)[0] == "incdent_20260812_inc-42"  # type: ignore[arg-type]
    assert fallbacks("障害-{title}", severity="minor", **GIVEN)[0] == "20260812_inc-42"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "good"),
    [
        (DEFAULT, True),
        ("{code}", True),
        ("incident", False),
        ("{date}", False),
        ("{title}{x}", False),
        ("{title", False),
    ],
)
def test_a_pattern_makes_names_that_differ(pattern: str, good: bool) -> None:
    assert is_pattern(pattern) is good
