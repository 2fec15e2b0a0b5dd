"""Messages: posting, editing, threads, what is kept and handed out."""

import pytest
from slack_sdk import WebClient

from local_slack import LocalSlack

pytestmark = pytest.mark.one_database


def test_a_public_channel_takes_a_message_without_membership(slack, client) -> None:
    answer = client.chat_postMessage(channel="#hotline", text="入場できません")
    assert answer["channel"] == "C0HOTLINE"
    assert slack.messages("hotline")[0]["text"] == "入場できません"


def test_form_and_json_are_the_same(slack: LocalSlack, client: WebClient) -> None:
    client.api_call("chat.postMessage", params={"channel": "hotline", "text": "one"})
    client.api_call("chat.postMessage", data={"channel": "hotline", "text": "two", "blocks": '[{"type":"divider"}]'})
    client.api_call("chat.postMessage", json={"channel": "hotline", "text": "three"})
    assert [one["text"] for one in slack.messages("hotline")] == ["one", "two", "three"]


def test_who_asks(slack, refused) -> None:
    bare = WebClient(base_url=slack.api_url, retry_handlers=[])
    refused(bare.chat_postMessage, "not_authed", channel="hotline", text="a")
    refused(WebClient("xoxb-other", base_url=slack.api_url).auth_test, "invalid_auth")
    assert bare.api_test()["ok"]


def test_auth_test_names_the_team(client) -> None:
    assert client.auth_test()["team"] == "青葉チケット"


def test_refusals_of_a_post(client, refused) -> None:
    refused(client.api_call, "unknown_method", api_method="chat.shout")
    error = refused(client.api_call, "invalid_arguments", api_method="chat.postMessage", json={"text": "a"})
    assert error.response["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]
    refused(client.chat_postMessage, "channel_not_found", channel="nowhere", text="a")
    refused(client.api_call, "no_text", api_method="chat.postMessage", json={"channel": "hotline", "text": ""})


def test_long_text_is_cut_and_a_long_edit_refused(slack, client, refused) -> None:
    answer = client.chat_postMessage(channel="hotline", text="あ" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(slack.messages("hotline")[0]["text"]) == 40_000
    refused(client.chat_update, "msg_too_long", channel="C0HOTLINE", ts=answer["ts"], text="あ" * 4_001)


def test_an_edit_with_text_alone_leaves_the_blocks(slack, client) -> None:
    sent = client.chat_postMessage(channel="hotline", text="a", blocks=[{"type": "divider"}])
    client.chat_update(channel="C0HOTLINE", ts=sent["ts"], text="b")
    message = slack.messages("hotline")[0]
    assert (message["text"], message["blocks"][0]["type"]) == ("b", "divider")
    assert message["edited"]["user"] == "U0NOROSHI"


def test_an_edit_needs_an_id_and_a_message_of_ones_own(slack, client, refused) -> None:
    sent = client.chat_postMessage(channel="hotline", text="a")
    refused(client.chat_update, "channel_not_found", channel="hotline", ts=sent["ts"], text="b")
    refused(client.chat_update, "message_not_found", channel="C0HOTLINE", ts="1.000000", text="b")
    other = slack.workspace.post(slack.workspace.channel("C0HOTLINE"), "U0SATO", "mine")
    refused(client.chat_update, "cant_update_message", channel="C0HOTLINE", ts=other["ts"], text="b")


def test_threads_also_on_a_message_that_nobody_knows(slack, client) -> None:
    parent = client.chat_postMessage(channel="hotline", text="a")["ts"]
    client.chat_postMessage(channel="hotline", text="b", thread_ts=parent)
    client.chat_postMessage(channel="hotline", text="c", thread_ts="1.000000")
    client.conversations_join(channel="C0HOTLINE")
    assert [one["text"] for one in client.conversations_replies(channel="C0HOTLINE", ts=parent)["messages"]] == [
        "a",
        "b",
    ]
    assert [one["text"] for one in client.conversations_history(channel="C0HOTLINE")["messages"]] == ["a"]
    assert slack.messages("hotline")[0]["reply_count"] == 1


def test_metadata_is_handed_out_only_when_asked_for(client) -> None:
    metadata = {"event_type": "noroshi", "event_payload": {"key": "k1"}}
    client.chat_postMessage(channel="hotline", text="a", metadata=metadata)
    client.conversations_join(channel="C0HOTLINE")
    silent = client.conversations_history(channel="C0HOTLINE")["messages"][0]
    asked = client.conversations_history(channel="C0HOTLINE", include_all_metadata=True)["messages"][0]
    assert "metadata" not in silent
    assert "_pings" not in asked
    assert asked["metadata"] == metadata


@pytest.mark.parametrize("metadata", [{}, {"event_type": "a"}, {"event_type": "a", "event_payload": "b"}, "nonsense"])
def test_metadata_has_a_type_and_a_payload(client, refused, metadata) -> None:
    args = {"channel": "hotline", "text": "a", "metadata": metadata}
    refused(client.api_call, "invalid_metadata_format", api_method="chat.postMessage", json=args)


def test_delete_and_permalink(slack, client, refused) -> None:
    ts = client.chat_postMessage(channel="hotline", text="a")["ts"]
    link = client.chat_getPermalink(channel="C0HOTLINE", message_ts=ts)["permalink"]
    assert link == f"{slack.url}archives/C0HOTLINE/p{ts.replace('.', '')}"
    client.chat_delete(channel="C0HOTLINE", ts=ts)
    assert slack.messages("hotline") == []
    refused(client.chat_getPermalink, "message_not_found", channel="C0HOTLINE", message_ts=ts)


def test_ephemerals_are_in_no_history(slack, client, refused) -> None:
    client.chat_postEphemeral(channel="C0HOTLINE", user="U0SATO", text="a")
    assert slack.messages("hotline") == []
    assert slack.workspace.ephemerals[0]["_for"] == "U0SATO"
    refused(client.chat_postEphemeral, "user_not_found", channel="C0HOTLINE", user="U0NOBODY", text="a")


def test_pins_reactions_and_bookmarks_need_membership(slack, client, refused) -> None:
    ts = client.chat_postMessage(channel="hotline", text="a")["ts"]
    refused(client.pins_add, "not_in_channel", channel="C0HOTLINE", timestamp=ts)
    client.conversations_join(channel="C0HOTLINE")
    client.pins_add(channel="C0HOTLINE", timestamp=ts)
    refused(client.pins_add, "already_pinned", channel="C0HOTLINE", timestamp=ts)
    client.reactions_add(channel="C0HOTLINE", timestamp=ts, name="eyes")
    refused(client.reactions_add, "already_reacted", channel="C0HOTLINE", timestamp=ts, name="eyes")
    client.bookmarks_add(channel_id="C0HOTLINE", title="記録", type="link", link="https://example.jp/")
    bad = {"channel_id": "C0HOTLINE", "title": "a", "type": "folder"}
    refused(client.bookmarks_add, "invalid_bookmark_type", **bad)
    assert slack.workspace.channel("C0HOTLINE").bookmarks[0]["title"] == "記録"


def test_a_message_to_a_person_opens_the_conversation(client) -> None:
    opened = client.conversations_open(users="U0SATO")["channel"]["id"]
    assert client.chat_postMessage(channel="U0SATO", text="a")["channel"] == opened
