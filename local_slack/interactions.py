"""From a click to the app: the signed payload of a button, and what the app may do with its response_url."""

import hashlib
import hmac
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from local_slack.chat import shown
from local_slack.checks import Refusal, checked_blocks
from local_slack.settings import Settings
from local_slack.workspace import TEAM_ID, Message, ResponseUrl, Workspace

SECONDS = 3.0
"""How long Slack waits for the acknowledgement."""

MOST_ANSWER = 250_000
"""Bytes of an answer that are read."""


def signed(secret: str, body: bytes, at: float) -> dict[str, str]:
    """The two headers by which an app knows that a request is Slack's."""
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _pressed(message: Message, action_id: str, block_id: str | None) -> dict[str, Any]:
    for block in message.get("blocks") or []:
        elements = block.get("elements", []) if block["type"] == "actions" else [block.get("accessory") or {}]
        for element in elements:
            if element.get("action_id") == action_id and block_id in (None, block["block_id"]):
                return element | {"block_id": block["block_id"]}
    raise Refusal("action_not_found")


def actor(workspace: Workspace, user_id: str) -> dict[str, Any]:
    """Who did something, in which team, and the trigger that it gives: what every interaction carries."""
    user = workspace.user(user_id)
    return {
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
        "api_app_id": "A0NOROSHI",
        "token": "deprecated",
        "trigger_id": workspace.issue_trigger(user.id),
        "team": {"id": TEAM_ID, "domain": "aoba-ticket"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def payload(settings: Settings, base: str, channel_id: str, ts: str, action: dict[str, Any]) -> dict[str, Any]:
    """The `block_actions` payload of a click; `action` has `action_id`, `user` and, if need be, `block_id`."""
    workspace = settings.workspace
    with workspace.lock:
        channel = workspace.channel(channel_id, by_name=True)
        whispers = [one for one in workspace.ephemerals if one["channel"] == channel.id and one["ts"] == ts]
        message = whispers[0] if whispers else workspace.message(channel, ts)
        user = workspace.user(action["user"])
        pressed = _pressed(message, action["action_id"], action.get("block_id"))
        key = secrets.token_urlsafe(12)
        workspace.response_urls[key] = ResponseUrl(channel.id, ts, user.id, workspace.clock() + 1800)
        fields = ("type", "action_id", "block_id", "text", "value", "style")
        return {
            "type": "block_actions",
            **actor(workspace, user.id),
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": channel.id,
                "is_ephemeral": bool(whispers),
            },
            "trigger_id": workspace.issue_trigger(user.id),
            "team": {"id": TEAM_ID, "domain": "aoba-ticket"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": channel.id, "name": channel.name},
            "message": shown(message, metadata=True),
            "response_url": f"{base}response/{key}",
            "actions": [
                {name: pressed[name] for name in fields if name in pressed} | {"action_ts": workspace.new_ts()}
            ],
        }


def send(settings: Settings, content: dict[str, Any]) -> tuple[int, str]:
    """Sends a signed interaction to the app: its status (0 where nobody answered) and the head of its answer."""
    if not settings.interactions:
        return 0, "no address for interactions (--interactions)"
    fields = {"payload": json.dumps(content, ensure_ascii=False)}
    return post_signed(settings, settings.interactions, fields, "→ interaction")


def post_signed(settings: Settings, url: str, fields: dict[str, str], label: str) -> tuple[int, str]:
    """A signed form to the app: its status (0 where nobody answered within three seconds) and its answer."""
    return post_signed_body(
        settings, url, urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded", label
    )


def post_signed_body(settings: Settings, url: str, body: bytes, kind: str, label: str) -> tuple[int, str]:
    """A signed request to the app: its status (0 where nobody answered within three seconds) and its answer."""
    headers = signed(settings.signing_secret, body, settings.workspace.clock())
    headers["Content-Type"] = kind
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=SECONDS) as answer:
            status, text = answer.status, answer.read(MOST_ANSWER).decode("utf-8", "replace")
    except urllib.error.HTTPError as refused:
        with refused:
            status, text = refused.code, refused.read(2000).decode("utf-8", "replace")
    except (OSError, ValueError) as failed:
        status, text = 0, str(failed)
    settings.workspace.log(label, str(status or "no answer"), text[:200])
    return status, text


def response_url_used(workspace: Workspace, key: str, body: dict[str, Any]) -> None:
    """What the app posts to a response_url: replaces, removes, whispers or posts. Raises used_url, expired_url."""
    found = workspace.response_urls.get(key)
    if not found or workspace.clock() > found.until:
        raise Refusal("expired_url")
    if found.left < 1:
        raise Refusal("used_url")
    channel = workspace.channel(found.channel)
    text, blocks = str(body.get("text") or ""), checked_blocks(body.get("blocks"))
    if not text and not blocks and not body.get("delete_original"):
        raise Refusal("no_text")
    found.left -= 1
    if body.get("delete_original") or body.get("replace_original"):
        _change_original(workspace, found, text, blocks, bool(body.get("delete_original")))
    elif body.get("response_type") == "in_channel":
        workspace.post(channel, "U0NOROSHI", text, blocks=blocks, thread_ts=body.get("thread_ts"))
    else:
        workspace.whisper(channel, found.user, text, blocks=blocks)


def _change_original(
    workspace: Workspace, found: ResponseUrl, text: str, blocks: list[dict[str, Any]] | None, delete: bool
) -> None:
    channel = workspace.channel(found.channel)
    whisper = next((one for one in workspace.ephemerals if one["ts"] == found.ts), None)
    message = whisper or workspace.message(channel, found.ts)
    if not delete:
        workspace.edit(message, "U0NOROSHI", text=text, blocks=blocks or [])
    elif whisper:
        workspace.ephemerals.remove(whisper)
        workspace.touch()
    else:
        workspace.remove(channel, message)
