"""Blocks as Slack takes and refuses them; channel names; views."""

import pytest

from local_slack.checks import Refusal, block_problems, checked_channel_name

pytestmark = pytest.mark.one_database


def text(words: str, kind: str = "mrkdwn") -> dict:
    return {"type": kind, "text": words}


def section(words: str) -> dict:
    return {"type": "section", "text": text(words)}


def button(words: str = "確認します", **more: object) -> dict:
    return {"type": "actions", "elements": [{"type": "button", "text": text(words, "plain_text"), **more}]}


def context(count: int) -> dict:
    return {"type": "context", "elements": [text("a")] * count}


IMAGE = {"type": "image", "image_url": "https://example.jp/a.png", "alt_text": "a"}


@pytest.mark.parametrize(
    "block",
    [
        section("あ" * 3000),
        {"type": "section", "fields": [text("a" * 2000)] * 10},
        {"type": "section", "text": text("a"), "accessory": button()["elements"][0]},
        {"type": "header", "text": text("あ" * 150, "plain_text")},
        context(10),
        {"type": "actions", "elements": [button(action_id=f"a{n}")["elements"][0] for n in range(25)]},
        button("あ" * 75, value="v" * 2000, url="https://example.jp/", action_id="a" * 255, style="danger"),
        IMAGE,
        {"type": "divider", "block_id": "b" * 255},
    ],
)
def test_at_the_limit_it_passes(block) -> None:
    assert block_problems([block]) == []


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (section("あ" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
        (
            {"type": "section", "fields": [text("a")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        ({"type": "section", "fields": [text("a" * 2001)]}, "must be less than 2001 characters"),
        ({"type": "header", "text": text("a")}, "must be one of: plain_text [json-pointer:/blocks/0/text/type]"),
        ({"type": "header", "text": text("a" * 151, "plain_text")}, "must be less than 151 characters"),
        (context(0), "no fewer than 1 items allowed"),
        (context(11), "no more than 10 items allowed"),
        ({"type": "actions", "elements": [button()["elements"][0]] * 26}, "no more than 25 items allowed"),
        (button("a" * 76), "must be less than 76 characters"),
        (button(value="v" * 2001), "must be less than 2001 characters"),
        (button(url="https://" + "u" * 3000), "must be less than 3001 characters"),
        (button(action_id="a" * 256), "must be less than 256 characters"),
        (button(style="loud"), "must be one of: primary, danger"),
        (button(colour="red"), "invalid additional property: colour"),
        ({"type": "image", "image_url": "https://example.jp/a.png"}, "missing required field: alt_text"),
        ({"type": "image", "alt_text": "a"}, "missing required field: image_url"),
        ({"type": "divider", "block_id": "b" * 256}, "must be less than 256 characters"),
        ({"type": "banner"}, "unsupported type: banner [json-pointer:/blocks/0/type]"),
        ("words", "unsupported type: None"),
    ],
)
def test_beyond_the_limit_it_is_refused(block, words) -> None:
    assert any(words in one and one.startswith("[ERROR] ") for one in block_problems([block]))


def test_fifty_blocks_and_unique_ids() -> None:
    assert block_problems([{"type": "divider"}] * 50) == []
    assert "no more than 50 items allowed" in block_problems([{"type": "divider"}] * 51)[0]
    assert "already exists" in block_problems([{"type": "divider", "block_id": "a"}] * 2)[0]


def test_the_api_answers_invalid_blocks_in_slacks_manner(client, refused) -> None:
    error = refused(client.chat_postMessage, "invalid_blocks", channel="hotline", text="a", blocks=[section("")])
    expected = "must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    assert error.response["response_metadata"]["messages"] == [f"[ERROR] {expected}"]
    assert error.response["errors"] == [expected]
    refused(client.chat_postMessage, "invalid_blocks_format", channel="hotline", text="a", blocks="[")


def test_channel_names() -> None:
    for name in ("incdent_20260811_チケットが表示されない", "a-b_c9", "あ" * 80):
        assert checked_channel_name(name) == name
    wrong = {"": "required", "a" * 81: "maxlength", "Upper": "specials", "a b": "specials", "a.b": "specials"}
    for name, error in {**wrong, "-_-": "punctuation"}.items():
        with pytest.raises(Refusal, match=f"invalid_name_{error}"):
            checked_channel_name(name)
    with pytest.raises(Refusal, match="invalid_name_specials"):
        checked_channel_name("障害", ascii_only=True)


MODAL = {"type": "modal", "title": text("障害の宣言", "plain_text"), "blocks": [section("a")]}


def test_a_view_opens_once_with_its_trigger(slack, client, refused) -> None:
    trigger = slack.workspace.issue_trigger("U0SATO")
    assert client.views_open(trigger_id=trigger, view=MODAL)["view"]["id"].startswith("V")
    refused(client.views_open, "exchanged_trigger_id", trigger_id=trigger, view=MODAL)
    refused(client.views_open, "invalid_trigger_id", trigger_id="1.2", view=MODAL)
    late = slack.workspace.issue_trigger("U0SATO", seconds=-1)
    refused(client.views_open, "expired_trigger_id", trigger_id=late, view=MODAL)


def test_a_views_title_is_short(slack, client, refused) -> None:
    trigger = slack.workspace.issue_trigger("U0SATO")
    long = {**MODAL, "title": text("あ" * 25, "plain_text")}
    error = refused(client.views_open, "invalid_arguments", trigger_id=trigger, view=long)
    assert "/view/title/text" in error.response["response_metadata"]["messages"][0]
