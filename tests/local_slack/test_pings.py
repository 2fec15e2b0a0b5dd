"""Whom a message calls: only real mentions in mrkdwn that Slack looks at."""

import pytest

from local_slack.mrkdwn import pings

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ("<!channel> 入場できません", ["channel"]),
        ("<!here> <!everyone>", ["here", "everyone"]),
        ("<@U0SATO> さん、<@U0SATO|佐藤> さん", ["U0SATO"]),
        ("<!subteam^S0SYSTEM0|@system>", ["S0SYSTEM0"]),
        ("@channel @here @sato", []),
        ("&lt;!channel&gt;", []),
        ("<https://example.jp|!channel>", []),
        ("<!channels>", []),
    ],
)
def test_mentions_in_text(words, called) -> None:
    assert pings(words, None) == called


def test_with_blocks_only_their_mrkdwn_counts(slack, client) -> None:
    plain = {"type": "plain_text", "text": "<!channel>"}
    header, silent = {"type": "header", "text": plain}, {"type": "section", "text": plain}
    client.chat_postMessage(channel="hotline", text="<!channel>", blocks=[header, silent])
    loud = {"type": "section", "text": {"type": "mrkdwn", "text": "<!channel> a"}}
    small = {"type": "context", "elements": [{"type": "mrkdwn", "text": "<@U0ITO>"}]}
    client.chat_postMessage(channel="hotline", text="a", blocks=[header, loud, small])
    assert [one["_pings"] for one in slack.messages("hotline")] == [[], ["channel", "U0ITO"]]


def test_in_a_thread_broadcasts_call_nobody(slack, client) -> None:
    ts = client.chat_postMessage(channel="hotline", text="a")["ts"]
    client.chat_postMessage(channel="hotline", text="<!channel> <@U0SATO>", thread_ts=ts)
    assert slack.messages("hotline")[1]["_pings"] == ["U0SATO"]


def test_an_edit_calls_nobody(slack, client) -> None:
    ts = client.chat_postMessage(channel="hotline", text="a")["ts"]
    client.chat_update(channel="C0HOTLINE", ts=ts, text="<!channel>")
    assert slack.messages("hotline")[0]["_pings"] == []
