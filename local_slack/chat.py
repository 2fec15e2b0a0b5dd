"""chat.*, pins, bookmarks, reactions: everything that a message can be asked."""

from typing import Any

from local_slack.checks import TEXT_CUT, UPDATE_MAX, Refusal, checked_blocks, checked_metadata, parsed
from local_slack.registry import Json, Request, method
from local_slack.workspace import Channel, Message, permalink_path


def shown(message: Message, *, metadata: bool = False) -> Json:
    """A message as Slack hands it out: metadata only to those who ask for it."""
    return {
        name: value for name, value in message.items() if not name.startswith("_") and (metadata or name != "metadata")
    }


def _content(call: Request, most: int | None = None) -> tuple[str, list[Json] | None]:
    text, blocks = call.text("text"), checked_blocks(call.args.get("blocks"))
    attachments = parsed(call.args.get("attachments") or [], "invalid_attachments")
    if not text and not blocks and not attachments:
        raise Refusal("no_text")
    if most and len(text) > most:
        raise Refusal("msg_too_long")
    return text, blocks


def _target(call: Request) -> Channel:
    wanted = call.text("channel")
    if wanted in call.workspace.users:
        return call.workspace.direct([wanted])
    channel = call.workspace.channel(wanted, by_name=True)
    if channel.is_private and call.user not in channel.members:
        raise Refusal("channel_not_found")
    return channel


@method("chat.postMessage", "channel", tier=60)
def post_message(call: Request) -> Json:
    """Posts. A thread on a message that nobody knows is accepted, as Slack accepts it."""
    channel = _target(call)
    text, blocks = _content(call)
    more: Json = {"blocks": blocks, "metadata": checked_metadata(call.args.get("metadata"))}
    if call.text("thread_ts"):
        more |= {"thread_ts": call.text("thread_ts"), "reply_broadcast": call.flag("reply_broadcast") or None}
    for name in ("username", "icon_emoji"):
        more[name] = call.args.get(name)
    message = call.workspace.post(channel, call.user, text[:TEXT_CUT], **more)
    answer: Json = {"channel": channel.id, "ts": message["ts"], "message": shown(message, metadata=True)}
    if len(text) > TEXT_CUT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


@method("chat.update", "channel", "ts")
def update(call: Request) -> Json:
    """Edits one's own message. Text alone leaves the old blocks; an empty list of blocks takes them away."""
    channel = call.workspace.channel(call.args["channel"])
    message = call.workspace.message(channel, call.text("ts"))
    if message["user"] != call.user:
        raise Refusal("cant_update_message")
    text, blocks = _content(call, UPDATE_MAX)
    metadata = checked_metadata(call.args.get("metadata"))
    call.workspace.edit(message, call.user, text=text or None, blocks=blocks, metadata=metadata)
    return {
        "channel": channel.id, "ts": message["ts"], "text": message["text"],
        "message": shown(message, metadata=True),
    }  # fmt: skip


@method("chat.delete", "channel", "ts")
def delete(call: Request) -> Json:
    """Removes one's own message."""
    channel = call.workspace.channel(call.args["channel"])
    message = call.workspace.message(channel, call.text("ts"))
    if message["user"] != call.user:
        raise Refusal("cant_delete_message")
    call.workspace.remove(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


@method("chat.getPermalink", "channel", "message_ts", tier=600)
def get_permalink(call: Request) -> Json:
    """The address of one message on the page."""
    channel = call.workspace.channel(call.args["channel"])
    message = call.workspace.message(channel, call.text("message_ts"))
    return {"channel": channel.id, "permalink": call.base + permalink_path(channel, message)}


@method("chat.postEphemeral", "channel", "user", tier=100)
def post_ephemeral(call: Request) -> Json:
    """A message for one person, who has to be in the channel."""
    channel = call.workspace.channel(call.args["channel"])
    if call.workspace.user(call.args["user"]).id not in channel.members:
        raise Refusal("user_not_in_channel")
    text, blocks = _content(call)
    message = call.workspace.whisper(channel, call.text("user"), text, blocks=blocks)
    return {"message_ts": message["ts"]}


@method("pins.add", "channel", "timestamp", tier=20)
def pin(call: Request) -> Json:
    channel = call.workspace.joined(call.args["channel"])
    message = call.workspace.message(channel, call.text("timestamp"))
    if message["ts"] in channel.pins:
        raise Refusal("already_pinned")
    channel.pins.append(message["ts"])
    call.workspace.touch()
    return {}


@method("bookmarks.add", "channel_id", "title", "type", tier=20)
def bookmark(call: Request) -> Json:
    """A link at the head of a channel; only the type `link` can be added."""
    channel = call.workspace.joined(call.args["channel_id"])
    if call.text("type") != "link":
        raise Refusal("invalid_bookmark_type")
    if not call.text("link").startswith(("https://", "http://")):
        raise Refusal("invalid_link")
    entry: dict[str, Any] = {
        "id": call.workspace.new_id("Bk"), "channel_id": channel.id, "title": call.text("title"), "type": "link",
        "link": call.text("link"), "emoji": call.args.get("emoji"), "date_created": int(call.workspace.clock()),
    }  # fmt: skip
    channel.bookmarks.append(entry)
    call.workspace.touch()
    return {"bookmark": entry}


@method("bookmarks.list", "channel_id")
def bookmarks(call: Request) -> Json:
    """The links at the head of a channel."""
    return {"bookmarks": list(call.workspace.joined(call.args["channel_id"]).bookmarks)}


@method("reactions.add", "channel", "timestamp", "name")
def react(call: Request) -> Json:
    channel = call.workspace.joined(call.args["channel"])
    message = call.workspace.message(channel, call.text("timestamp"))
    name = call.text("name").strip(":")
    if any(one["name"] == name and call.user in one["users"] for one in message.get("reactions") or []):
        raise Refusal("already_reacted")
    call.workspace.react(message, name, call.user)
    return {}
