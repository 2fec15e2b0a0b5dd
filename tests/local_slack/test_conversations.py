"""Channels: made, found page by page, joined, read."""

import pytest

from local_slack import LocalSlack

pytestmark = pytest.mark.one_database


def test_the_list_comes_in_pages(slack, client) -> None:
    names, cursor = [], None
    while cursor != "":
        page = client.conversations_list(limit=3, cursor=cursor)
        assert len(page["channels"]) <= 3
        names += [one["name"] for one in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
    assert names == ["hotline", "general", "status", "drill"]


def test_the_list_hides_what_was_not_asked_for(slack, client, refused) -> None:
    made = client.conversations_create(name="secret", is_private=True)["channel"]["id"]
    client.conversations_archive(channel=made)
    names = [one["name"] for one in client.conversations_list(types="public_channel,private_channel")["channels"]]
    assert "secret" in names
    listed = client.conversations_list(types="private_channel", exclude_archived=True)["channels"]
    assert listed == []
    refused(client.conversations_list, "invalid_cursor", cursor="?")
    refused(client.conversations_list, "invalid_limit", limit=1001)


def test_history_needs_membership_and_joining_an_id(client, refused) -> None:
    refused(client.conversations_history, "not_in_channel", channel="C0HOTLINE")
    refused(client.conversations_join, "channel_not_found", channel="hotline")
    client.conversations_join(channel="C0HOTLINE")
    assert client.conversations_join(channel="C0HOTLINE")["warning"] == "already_in_channel"
    assert client.conversations_history(channel="C0HOTLINE")["messages"] == []
    assert client.conversations_info(channel="C0HOTLINE")["channel"]["is_member"]


def test_history_between_and_in_pages(client) -> None:
    client.conversations_join(channel="C0STATUS0")
    sent = [client.chat_postMessage(channel="status", text=str(n))["ts"] for n in range(5)]

    def texts(**args: object) -> list[str]:
        return [one["text"] for one in client.conversations_history(channel="C0STATUS0", **args)["messages"]]

    assert texts() == ["4", "3", "2", "1", "0"]
    assert texts(oldest=sent[1]) == ["4", "3", "2"]
    assert texts(oldest=sent[1], latest=sent[3], inclusive=True) == ["3", "2", "1"]
    first = client.conversations_history(channel="C0STATUS0", limit=2)
    assert first["has_more"]
    assert texts(limit=2, cursor=first["response_metadata"]["next_cursor"]) == ["2", "1"]


def test_create_with_a_japanese_name_that_stays_taken(slack, client, refused) -> None:
    made = client.conversations_create(name="incdent_20260811_チケット")["channel"]
    assert made["is_member"]
    client.conversations_archive(channel=made["id"])
    refused(client.conversations_create, "name_taken", name=made["name"])
    refused(client.chat_postMessage, "is_archived", channel=made["id"], text="a")
    slack.workspace.ascii_names_only = True
    refused(client.conversations_create, "invalid_name_specials", name="障害")


def test_invite(client, refused) -> None:
    made = client.conversations_create(name="incdent_1")["channel"]["id"]
    client.conversations_invite(channel=made, users="U0SATO,U0ITO")
    refused(client.conversations_invite, "already_in_channel", channel=made, users="U0SATO")
    refused(client.conversations_invite, "cant_invite_self", channel=made, users="U0NOROSHI")
    error = refused(client.conversations_invite, "user_not_found", channel=made, users="U0OTSUKA,U0NOBODY")
    assert error.response["errors"] == [{"user": "U0NOBODY", "ok": False, "error": "user_not_found"}]
    assert client.conversations_members(channel=made)["members"] == ["U0NOROSHI", "U0SATO", "U0ITO"]
    client.conversations_invite(channel=made, users="U0OTSUKA,U0NOBODY", force=True)
    assert "U0OTSUKA" in client.conversations_members(channel=made)["members"]
    many = ",".join(f"U{n}" for n in range(101))
    refused(client.conversations_invite, "too_many_users", channel=made, users=many)


def test_topic_and_purpose(slack, client, refused) -> None:
    made = client.conversations_create(name="incdent_2")["channel"]["id"]
    client.conversations_setTopic(channel=made, topic="あ" * 250)
    refused(client.conversations_setTopic, "too_long", channel=made, topic="あ" * 251)
    client.conversations_setPurpose(channel=made, purpose="復旧まで")
    assert slack.workspace.channel(made).purpose == "復旧まで"


def test_people_and_groups(slack, client, refused) -> None:
    assert client.users_lookupByEmail(email="sato@example.jp")["user"]["id"] == "U0SATO"
    refused(client.users_lookupByEmail, "users_not_found", email="nobody@example.jp")
    assert client.users_info(user="U0ITO")["user"]["real_name"] == "伊藤 航"
    refused(client.users_info, "user_not_found", user="U0NOBODY")
    assert len(client.users_list(limit=2)["members"]) == 2
    client.usergroups_users_update(usergroup="S0SYSTEM0", users="U0ITO")
    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U0ITO"]
    refused(client.usergroups_users_update, "no_such_subteam", usergroup="S0", users="U0ITO")
    refused(client.usergroups_users_update, "invalid_users", usergroup="S0SYSTEM0", users="U0NOBODY")
    refused(client.usergroups_users_update, "invalid_users", usergroup="S0SYSTEM0", users="U0ITO,U0NOROSHI")
    refused(client.conversations_open, "cannot_dm_bot", users="U0NOROSHI")


def test_a_scope_that_the_app_does_not_have_is_named(slack: LocalSlack, client, refused) -> None:
    slack.scopes = frozenset({"im:write", "chat:write", "channels:history"})
    error = refused(client.usergroups_users_update, "missing_scope", usergroup="S0SYSTEM0", users="U0ITO")
    assert error.response["needed"] == "usergroups:write"
    direct = client.conversations_open(users="U0ITO")["channel"]["id"]
    client.chat_postMessage(channel=direct, text="a")
    error = refused(client.conversations_history, "missing_scope", channel=direct)
    assert error.response["needed"] == "im:history"


def test_an_upload_is_shared_in_a_channel(slack: LocalSlack, client, refused) -> None:
    picture = b"\x89PNG\r\n\x1a\n not much of a picture"
    upload = {
        "channel": "C0HOTLINE",
        "file": picture,
        "filename": "gate.png",
        "title": "ゲート",
        "initial_comment": "写真",
    }
    refused(client.files_upload_v2, "not_in_channel", **upload)
    client.conversations_join(channel="C0HOTLINE")
    ts = client.chat_postMessage(channel="hotline", text="a")["ts"]
    client.files_upload_v2(**upload, thread_ts=ts)
    message = slack.messages("hotline")[1]
    assert (message["text"], message["thread_ts"], message["files"][0]["title"]) == ("写真", ts, "ゲート")
    assert slack.workspace.files[message["files"][0]["id"]].body == picture


def test_a_file_without_bytes_cannot_be_completed(client, refused) -> None:
    file_id = client.files_getUploadURLExternal(filename="a.txt", length=3)["file_id"]
    refused(client.files_completeUploadExternal, "file_not_found", files=[{"id": file_id}])
