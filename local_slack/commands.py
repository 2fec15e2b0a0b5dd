"""Slash commands and the message shortcut: what a person types or picks, signed, and what becomes of the answer."""

import json
import re
import secrets
from typing import Any

from local_slack.chat import shown
from local_slack.checks import Refusal, checked_blocks
from local_slack.interactions import actor, post_signed
from local_slack.settings import Settings
from local_slack.workspace import BOT_USER, TEAM_ID, ResponseUrl


def command(settings: Settings, base: str, channel: str, user: str, typed: str) -> tuple[int, str]:
    """Types `/duty system` as a person; the answer is shown to them, or to all where the app says so."""
    workspace = settings.workspace
    found = re.match(r"(/[^\s]+)\s*(.*)", typed.strip(), re.S)
    if found is None:
        raise Refusal("not_a_command")
    if not settings.commands:
        return 0, "no address for commands (--commands)"
    with workspace.lock:
        place, who = workspace.channel(channel, by_name=True), workspace.user(user)
        text = found[2].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        fields = {
            "token": "deprecated", "team_id": TEAM_ID, "team_domain": "aoba-ticket", "channel_id": place.id,
            "channel_name": place.name, "user_id": who.id, "user_name": who.name, "command": found[1], "text": text,
            "api_app_id": "A0NOROSHI", "is_enterprise_install": "false",
            "response_url": response_url(settings, base, place.id, "", who.id),
            "trigger_id": workspace.issue_trigger(who.id),
        }  # fmt: skip
    status, answer = post_signed(settings, settings.commands, fields, f"→ {found[1]}")
    if status == 200 and answer.strip():
        _answered(settings, place.id, user, answer)
    return status, answer


def _answered(settings: Settings, channel: str, user: str, answer: str) -> None:
    workspace = settings.workspace
    place = workspace.channel(channel)
    try:
        content: dict[str, Any] = json.loads(answer)
    except ValueError:
        content = {"text": answer}
    text, blocks = str(content.get("text") or ""), checked_blocks(content.get("blocks"))
    if content.get("response_type") == "in_channel":
        workspace.post(place, BOT_USER, text, blocks=blocks)
    elif text or blocks:
        workspace.whisper(place, user, text, blocks=blocks)


def response_url(settings: Settings, base: str, channel: str, ts: str, user: str) -> str:
    """A fresh address at which the app may answer, for half an hour."""
    workspace, key = settings.workspace, secrets.token_urlsafe(12)
    workspace.response_urls[key] = ResponseUrl(channel, ts, user, workspace.clock() + 1800)
    return f"{base}response/{key}"


def shortcut(settings: Settings, base: str, channel: str, ts: str, callback: str, user: str) -> dict[str, Any]:
    """The payload of a shortcut that somebody picks at a message."""
    workspace = settings.workspace
    with workspace.lock:
        place = workspace.channel(channel, by_name=True)
        message = workspace.message(place, ts)
        return {
            "type": "message_action",
            **actor(workspace, user),
            "callback_id": callback,
            "message_ts": ts,
            "channel": {"id": place.id, "name": place.name},
            "message": shown(message),
            "response_url": response_url(settings, base, place.id, ts, user),
        }
