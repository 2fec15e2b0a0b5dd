"""conversations.*: finding, making, joining and reading channels."""

import base64
from typing import Any

from local_slack.chat import shown
from local_slack.checks import Refusal
from local_slack.registry import Json, Request, method
from local_slack.workspace import BOT_USER, TEAM_ID, Channel, Message


def described(channel: Channel, user: str = BOT_USER) -> Json:
    """A channel as Slack describes it."""
    if channel.is_im:
        return {"id": channel.id, "is_im": True, "created": channel.created, "user": channel.members[-1]}
    return {
        "id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_channel": not channel.is_private,
        "is_group": False, "is_im": False, "is_mpim": False, "is_private": channel.is_private,
        "created": channel.created, "creator": channel.creator, "is_archived": channel.is_archived,
        "is_general": channel.name == "general", "is_member": user in channel.members,
        "num_members": len(channel.members), "context_team_id": TEAM_ID,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
    }  # fmt: skip


def paged(call: Request, found: list[Any], default: int, most: int) -> tuple[list[Any], Json]:
    """One page of a list, and the `response_metadata` that leads to the next; raises `invalid_cursor`."""
    limit, start = call.number("limit", default, most), 0
    if cursor := call.text("cursor"):
        try:
            start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
        except ValueError:
            raise Refusal("invalid_cursor") from None
    further = start + limit < len(found)
    following = base64.b64encode(f"next:{start + limit}".encode()).decode() if further else ""
    return found[start : start + limit], {"response_metadata": {"next_cursor": following}}


@method("conversations.list", tier=20)
def list_channels(call: Request) -> Json:
    kinds = set(call.listed("types") or ["public_channel"])
    if unknown := kinds - {"public_channel", "private_channel", "im", "mpim"}:
        raise Refusal("invalid_types", *(f"[ERROR] unknown type: {one}" for one in sorted(unknown)))
    found = []
    for channel in call.workspace.channels.values():
        kind = "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"
        hidden = channel.is_private and call.user not in channel.members
        if kind in kinds and not hidden and not (channel.is_archived and call.flag("exclude_archived")):
            found.append(described(channel, call.user))
    page, more = paged(call, found, 100, 1000)
    return {"channels": page, **more}


@method("conversations.info", "channel")
def info(call: Request) -> Json:
    return {"channel": described(call.workspace.channel(call.args["channel"]), call.user)}


def _between(call: Request, messages: list[Message]) -> list[Message]:
    """Messages after `oldest` and before `latest`; the bounds count only where `inclusive` is set."""
    try:
        oldest, latest = float(call.text("oldest") or 0), float(call.text("latest") or "inf")
    except ValueError:
        raise Refusal("invalid_ts_oldest") from None
    if call.flag("inclusive"):
        return [one for one in messages if oldest <= float(one["ts"]) <= latest]
    return [one for one in messages if oldest < float(one["ts"]) < latest]


@method("conversations.history", "channel")
def history(call: Request) -> Json:
    """Newest first, without replies. Needs membership, which is why the portal joins once."""
    channel = call.workspace.joined(call.args["channel"])
    top = [one for one in channel.messages if one.get("thread_ts") in (None, one["ts"]) or one.get("reply_broadcast")]
    page, more = paged(call, _between(call, top)[::-1], 100, 999)
    wanted = call.flag("include_all_metadata")
    return {
        "messages": [shown(one, metadata=wanted) for one in page],
        "has_more": bool(more["response_metadata"]["next_cursor"]), "pin_count": len(channel.pins), **more,
    }  # fmt: skip


@method("conversations.replies", "channel", "ts")
def replies(call: Request) -> Json:
    """A thread, its parent first. Asked with the ts of a reply, Slack gives that reply alone."""
    channel = call.workspace.joined(call.args["channel"])
    ts = call.text("ts")
    parent = [one for one in channel.messages if one["ts"] == ts]
    answers = [one for one in channel.messages if one.get("thread_ts") == ts and one["ts"] != ts]
    if not parent and not answers:
        raise Refusal("thread_not_found")
    page, more = paged(call, parent + _between(call, answers), 1000, 1000)
    wanted = call.flag("include_all_metadata")
    messages = [shown(one, metadata=wanted) for one in page]
    return {"messages": messages, "has_more": bool(more["response_metadata"]["next_cursor"]), **more}


@method("conversations.join", "channel")
def join(call: Request) -> Json:
    channel = call.workspace.channel(call.args["channel"])
    if channel.is_archived:
        raise Refusal("is_archived")
    if channel.is_private:
        raise Refusal("method_not_supported_for_channel_type")
    answer: Json = {}
    if not call.workspace.join(channel, call.user):
        answer = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"channel": described(channel, call.user), **answer}


@method("conversations.create", tier=20)
def create(call: Request) -> Json:
    channel = call.workspace.create(call.text("name"), call.user, private=call.flag("is_private"))
    return {"channel": described(channel, call.user)}


def _uninvitable(call: Request, channel: Channel, user: str) -> str:
    known = call.workspace.users.get(user)
    if not known:
        return "user_not_found"
    if user == call.user:
        return "cant_invite_self"
    return "already_in_channel" if user in channel.members else "cant_invite" if known.deleted else ""


@method("conversations.invite", "channel", "users")
def invite(call: Request) -> Json:
    """At most 100 people; one who cannot come fails the call, unless `force` is set."""
    channel = call.workspace.joined(call.args["channel"])
    users = call.listed("users")
    if len(users) > 100:
        raise Refusal("too_many_users")
    if channel.is_archived:
        raise Refusal("is_archived")
    wrong: list[Json] = []
    for user in users:
        if error := _uninvitable(call, channel, user):
            wrong.append({"user": user, "ok": False, "error": error})
    good = [user for user in users if user not in {one["user"] for one in wrong}]
    if wrong and not (call.flag("force") and good):
        raise Refusal(wrong[0]["error"], errors=wrong)
    for user in good:
        call.workspace.join(channel, user)
    return {"channel": described(channel, call.user), **({"errors": wrong} if wrong else {})}


@method("conversations.setTopic", "channel", "topic", tier=20)
def set_topic(call: Request) -> Json:
    return _set(call, "topic")


@method("conversations.setPurpose", "channel", "purpose", tier=20)
def set_purpose(call: Request) -> Json:
    return _set(call, "purpose")


def _set(call: Request, name: str) -> Json:
    channel = call.workspace.joined(call.args["channel"])
    if len(call.text(name)) > 250:
        raise Refusal("too_long")
    if channel.is_archived:
        raise Refusal("is_archived")
    setattr(channel, name, call.text(name))
    call.workspace.touch()
    return {name: call.text(name), "channel": described(channel, call.user)}


@method("conversations.open")
def open_direct(call: Request) -> Json:
    """The direct conversation with one person, or up to eight."""
    if call.text("channel"):
        return {"channel": {"id": call.workspace.channel(call.args["channel"]).id}}
    users = call.listed("users")
    if not users:
        raise Refusal("users_list_not_supplied")
    if len(users) > 8:
        raise Refusal("too_many_users")
    if any(call.workspace.user(one).is_bot for one in users):
        raise Refusal("cannot_dm_bot")
    return {"channel": {"id": call.workspace.direct(users).id}}


@method("conversations.archive", "channel", tier=20)
def archive(call: Request) -> Json:
    channel = call.workspace.joined(call.args["channel"])
    if channel.is_archived:
        raise Refusal("already_archived")
    if channel.name == "general":
        raise Refusal("cant_archive_general")
    channel.is_archived = True
    call.workspace.touch()
    return {}


@method("conversations.members", "channel", tier=100)
def members(call: Request) -> Json:
    page, more = paged(call, call.workspace.channel(call.args["channel"]).members, 100, 1000)
    return {"members": page, **more}
