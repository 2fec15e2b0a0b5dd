"""The messages: whole, valid and harmless, whatever people type; every state said in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.support import NullTranslations
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.text import clean, is_blank
from integrations.facts import DeliveryFacts, IncidentFacts, Named, Outside, ReportFacts, UpdateFacts
from integrations.slack_messages import Message, build, report_message
from integrations.slack_text import clusters, line, pieces, typed, untyped
from integrations.wording import Wording
from local_slack.checks import block_problems
from local_slack.mrkdwn import pings

pytestmark = pytest.mark.one_database

AT = datetime(2026, 8, 11, 0, 7, tzinfo=UTC)
EN = Wording("en", ZoneInfo("Asia/Tokyo"))
BASE = "https://noroshi.example.jp/"
REPORT = ReportFacts(
    id=12, reporter="佐藤 美咲", status="received", filed_at=AT, symptom=Named("入場できない", "Guests cannot enter"),
    body="ゲートで止まっています", service=Named("入場管理", "Admission"), facility="みどり水族館", customers=40,
    voices=2,
)  # fmt: skip
INCIDENT = IncidentFacts(
    code="INC-3", title="入場できない", severity="major", state="investigating", drill=False, began_at=AT,
    next_update_at=AT + timedelta(minutes=5), services=(Named("入場管理", "Admission"),),
)  # fmt: skip
EVIL = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&!*_~`|@#\n:\u200d\u0301🇯🇵👩\ufe0f "), st.characters(exclude_categories=("Cs",))
    ),
    max_size=400,
)
ANY = st.one_of(
    EVIL,
    st.builds(lambda text, times: f"{text}<!channel>&" * times, st.text("aか<&\n", max_size=9), st.integers(1, 400)),
)


def facts(kind: str, **more: Any) -> DeliveryFacts:
    given = {"report": REPORT, "incident": INCIDENT, "thread": Outside("C1", "1.1"), "by": "岡本 沙織"} | more
    return DeliveryFacts(id=1, key="k", kind=kind, attempt=1, since=AT, deadline=0.0, **given)


def all_of(message: Message) -> list[Message]:
    return [message, *message.rest]


def shown(message: Message) -> str:
    return str([one.blocks for one in all_of(message)])


def typed_words(message: Message) -> str:
    blocks = [block for one in all_of(message) for block in one.blocks]
    return untyped("".join(one["text"]["text"] for one in blocks if one.get("block_id", "").startswith("words-")))


def check(message: Message, called: list[str]) -> None:
    for number, one in enumerate(all_of(message)):
        assert block_problems(one.blocks) == []
        assert 0 < len(one.text) < 4000
        assert sum(len(block.get("text", {}).get("text", "")) for block in one.blocks) < 12_000
        assert pings(one.text, one.blocks) == (called if number == 0 else [])
        assert pings(one.text, None) == (called if number == 0 else [])


@settings(deadline=None, max_examples=80)
@given(body=ANY, name=EVIL)
def test_any_report_is_whole_valid_and_calls_the_channel_only(body: str, name: str) -> None:
    body, name = clean(body), clean(name) or "x"
    report = replace(
        REPORT, body=body, reporter=name, facility=name, symptom=Named(name), service=Named(name),
        status="acknowledged", acknowledged_by=name, acknowledged_at=AT,
    )  # fmt: skip
    message = report_message(report, EN, BASE)
    check(message, ["channel"])
    assert typed_words(message).replace("\u200b", "") == body.replace("\u200b", "")


@settings(deadline=None, max_examples=60)
@given(body=ANY, what=st.sampled_from(["no_incident", "duplicate", "reopened", "voice", "details", "joined"]))
def test_nothing_typed_into_a_thread_calls_anybody(body: str, what: str) -> None:
    body = clean(body)
    report = replace(REPORT, body=body, reporter=body[:100] or "x")
    message = build(
        facts("report.told", report=report, by=body[:100], details={"what": what, "note": body, "body": body}), EN, BASE
    )
    check(message, [])
    assert typed_words(message).replace("\u200b", "") == body.replace("\u200b", "")


@settings(deadline=None, max_examples=60)
@given(title=EVIL, body=ANY)
def test_an_incident_of_any_words_is_valid(title: str, body: str) -> None:
    title = clean(title) or "x"
    incident = replace(INCIDENT, title=title, services=(Named(title),) * 30, facilities=(title,) * 30)
    check(build(facts("incident.declared", incident=incident), EN, BASE), ["channel"])
    update = UpdateFacts("published", "identified", clean(body), next_update_reason=title)
    message = build(facts("incident.updated", incident=incident, update=update), EN, BASE)
    check(message, [])
    assert typed_words(message).replace("\u200b", "") == clean(body).replace("\u200b", "")


@given(text=ANY, size=st.integers(330, 600))
@settings(deadline=None, max_examples=100)
def test_pieces_never_cut_an_escape_or_a_character(text: str, size: int) -> None:
    found = pieces(text, size)
    assert untyped("".join(found)).replace("\u200b", "") == text.replace("\u200b", "")
    assert all(len(piece) <= size + 1 and piece.strip() for piece in found)
    assert all(typed(untyped(piece)) == piece for piece in found)


@pytest.mark.parametrize("one", ["👩\u200d👩\u200d👧", "🇯🇵", "👍🏽", "か\u3099", "❤\ufe0f", "🏴\U000e0067\U000e007f"])
def test_what_people_see_as_one_is_not_cut(one: str) -> None:
    assert list(clusters(f"a{one}b")) == ["a", one, "b"]
    assert list(clusters(one * 3)) == [one] * 3


def test_a_pile_of_marks_is_cut_in_the_end() -> None:
    assert all(len(piece) <= 400 for piece in pieces("e" + "\u0301" * 5000, 400))


def test_pieces_end_with_a_line_where_one_is_near() -> None:
    assert pieces("a" * 90 + "\n" + "b" * 50, 100) == ["a" * 90 + "\n", "b" * 50]


def test_a_line_says_that_it_was_cut() -> None:
    assert line("a <b>\n c", 100) == "a &lt;b&gt; c"
    assert line("é" * 10, 5) == "é" * 4 + "…"


def test_a_report_says_everything() -> None:
    words = shown(report_message(REPORT, EN, BASE))
    for expected in (
        "R-12", "佐藤 美咲", "Guests cannot enter", "ゲートで止まっています", "Admission", "みどり水族館", "40 people",
        "2 people", "Aug 11, 9:07 JST", "<https://noroshi.example.jp/reports/12|", "Nobody is checking yet",
    ):  # fmt: skip
        assert expected in words


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"status": "acknowledged", "acknowledged_by": "岡本", "acknowledged_at": AT}, "岡本 is checking (Aug 11, 9"),
        ({"status": "no_incident"}, "It was no incident. Thank you, 佐藤 美咲"),
        ({"status": "duplicate", "same_as": 9}, "/reports/9|R-9>"),
        ({"status": "duplicate", "incident": "INC-3"}, "/incidents/INC-3|INC-3>"),
        ({"status": "incident", "incident": "INC-3"}, "An incident was declared: <https"),
    ],
)
def test_the_message_says_what_became_of_it(changed: dict[str, Any], expected: str) -> None:
    assert expected in shown(report_message(replace(REPORT, **changed), EN, BASE))


def test_without_an_address_of_ours_there_is_no_link() -> None:
    words = shown(report_message(replace(REPORT, status="incident", incident="INC-3"), EN))
    assert "http" not in words
    assert "INC-3" in words


def test_a_drill_says_so_first_in_every_message() -> None:
    drill = replace(INCIDENT, drill=True)
    update = UpdateFacts("published", "identified", "x")
    messages = [
        build(facts("incident.declared", incident=drill), EN, BASE),
        build(facts("incident.updated", incident=drill, update=update), EN, BASE),
        report_message(replace(REPORT, drill=True), EN, BASE),
        build(facts("report.told", report=replace(REPORT, drill=True), details={"what": "incident"}), EN, BASE),
    ]
    for message in messages:
        assert message.text.startswith("[DRILL]")
        assert message.blocks[0]["text"]["text"].startswith("[DRILL]")


def test_no_news_is_said_without_repeating_the_situation() -> None:
    update = UpdateFacts("unchanged", "identified", "前と同じ", next_update_at=AT)
    words = shown(build(facts("incident.updated", update=update), EN, BASE))
    assert "Nothing new; work continues." in words
    assert "前と同じ" not in words


def test_what_was_added_later_is_told_as_it_is_now() -> None:
    details = {"what": "details", "body": "東口です", "changed": ["customers", "facility_id", "since", "service_id"]}
    report = replace(REPORT, since=AT)
    words = shown(build(facts("report.told", report=report, details=details), EN, BASE))
    assert all(one in words for one in ("東口です", "みどり水族館", "40 people", "Admission", "Aug 11, 9:07 JST"))


def test_japanese_goes_through_the_catalogue() -> None:
    class Texts(NullTranslations):
        def ugettext(self, message: str) -> str:
            return {"Reported by": "報告した人"}.get(message, message)

    words = shown(report_message(REPORT, Wording("ja", ZoneInfo("Asia/Tokyo"), texts=Texts()), BASE))
    assert "*報告した人*\\n佐藤 美咲" in words
    assert "入場できない" in words
    assert "8月11日 9:07（JST）" in words


def test_a_report_without_a_sentence_is_one_message() -> None:
    message = report_message(replace(REPORT, body=""), EN, BASE)
    assert message.rest == []
    assert is_blank(typed_words(message))
