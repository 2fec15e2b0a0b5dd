"""What people do with messages (write, edit, delete, react), and the events by which the app hears of it."""

import json
import secrets
from typing import Any

from local_slack.chat import shown
from local_slack.checks import Refusal
from local_slack.interactions import post_signed_body
from local_slack.settings import Settings
from local_slack.workspace import BOT_USER, TEAM_ID, Channel, File, Message

Event = dict[str, Any]


def write(
    settings: Settings, base: str, channel: str, user: str, text: str, *, thread_ts: str | None = None,
    files: tuple[tuple[str, bytes], ...] = (),
) -> Message:  # fmt: skip
    """Posts as a person, with files (name, bytes) if need be."""
    workspace = settings.workspace
    with workspace.lock:
        place, who = workspace.channel(channel, by_name=True), workspace.user(user)
        described = [_shared(settings, base, who.id, name, body) for name, body in files] or None
        if not text and not described:
            raise Refusal("no_text")
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        message = workspace.post(place, who.id, text, thread_ts=thread_ts, files=described)
        event = {**shown(message), "channel": place.id, "channel_type": "channel"}
    _tell(settings, place, event)
    return message


def _shared(settings: Settings, base: str, user: str, name: str, body: bytes) -> Event:
    workspace = settings.workspace
    file = File(workspace.new_id("F"), name, len(body), title=name, body=body, shared=True)
    workspace.files[file.id] = file
    return file_shown(file, base, user)


def file_shown(file: File, base: str, user: str) -> Event:
    """A file as Slack describes it. `url_private` wants the app's token, `permalink` is for people."""
    return {
        "id": file.id, "name": file.name, "title": file.title, "size": len(file.body or b""), "user": user,
        "alt_txt": file.alt, "mimetype": file.mimetype, "mode": "hosted",
        "url_private": f"{base}files-pri/{file.id}", "permalink": f"{base}files/{file.id}",
    }  # fmt: skip


def edit(settings: Settings, channel: str, ts: str, text: str, user: str) -> tuple[int, str]:
    """Edits one's own message."""
    workspace = settings.workspace
    with workspace.lock:
        place = workspace.channel(channel, by_name=True)
        message = workspace.message(place, ts)
        if message["user"] != user:
            raise Refusal("cant_update_message")
        before = shown(message)
        workspace.edit(message, user, text=text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "message": shown(message)}
    return _tell(settings, place, {**event, "previous_message": before, **_where(settings, place)})


def delete(settings: Settings, channel: str, ts: str, user: str) -> tuple[int, str]:
    """Deletes one's own message."""
    workspace = settings.workspace
    with workspace.lock:
        place = workspace.channel(channel, by_name=True)
        message = workspace.message(place, ts)
        if message["user"] != user:
            raise Refusal("cant_delete_message")
        workspace.remove(place, message)
        event = {"type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": ts}
    return _tell(settings, place, {**event, "previous_message": shown(message), **_where(settings, place)})


def react(settings: Settings, channel: str, ts: str, name: str, user: str) -> tuple[int, str]:
    """Puts a reaction to a message, or takes one's own away again."""
    workspace = settings.workspace
    with workspace.lock:
        place, who = workspace.channel(channel, by_name=True), workspace.user(user)
        message = workspace.message(place, ts)
        added = workspace.react(message, name.strip(":"), who.id)
        event = {
            "type": "reaction_added" if added else "reaction_removed", "user": who.id, "reaction": name.strip(":"),
            "item_user": message["user"], "item": {"type": "message", "channel": place.id, "ts": ts},
            "event_ts": workspace.new_ts(),
        }  # fmt: skip
    return _tell(settings, place, event)


def _where(settings: Settings, place: Channel) -> Event:
    ts = settings.workspace.new_ts()
    return {"channel": place.id, "channel_type": "channel", "ts": ts, "event_ts": ts}


def _tell(settings: Settings, place: Channel, event: Event) -> tuple[int, str]:
    """The app hears of what happens where it is."""
    if not settings.events or BOT_USER not in place.members:
        return 0, "the app does not hear of it"
    return send_event(settings, envelope(settings, event))


def envelope(settings: Settings, event: Event) -> Event:
    """What an event comes in; its `event_id` stays the same when it is sent again."""
    return {
        "type": "event_callback", "token": "deprecated", "team_id": TEAM_ID, "api_app_id": "A0NOROSHI", "event": event,
        "event_id": f"Ev{secrets.token_hex(5).upper()}", "event_time": int(settings.workspace.clock()),
        "is_ext_shared_channel": False, "authorizations": [{"team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": True}],
    }  # fmt: skip


def send_event(settings: Settings, content: Event) -> tuple[int, str]:
    """Sends it, signed: status and answer of the app."""
    event = content["event"]
    settings.last_event = content
    body, kind = json.dumps(content, ensure_ascii=False).encode(), "application/json"
    label = f"→ {event['type']} {event.get('subtype', '')}".rstrip()
    return post_signed_body(settings, str(settings.events), body, kind, label)
