"""The page: channels, messages as Slack draws them, the log of calls, buttons that can be pressed."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from markupsafe import Markup

from local_slack import events, modals, mrkdwn
from local_slack.api import settings
from local_slack.checks import Refusal
from local_slack.commands import command, shortcut
from local_slack.interactions import payload, send
from local_slack.workspace import TEAM_NAME, Channel, Message

TOKYO = ZoneInfo("Asia/Tokyo")
SHOWN = 200
"""Messages of a channel on the page; older ones are in the API."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' http: https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
WEEKDAYS = "月火水木金土日"
bp = Blueprint("page", __name__, template_folder="templates", static_folder="static", static_url_path="/_static")


@bp.before_request
def local_only() -> None:
    """Refuses everybody but this machine, also a foreign site that a browser here was lured to."""
    host = (request.host or "").rsplit(":", 1)[0]
    origin = request.headers.get("Origin")
    if request.remote_addr != "127.0.0.1" or host not in ("127.0.0.1", "localhost"):
        abort(403)
    if origin and urlsplit(origin).netloc != request.host:
        abort(403)


@bp.after_request
def guard(answer: Response) -> Response:
    """What was posted here can run nothing and load nothing but pictures."""
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@bp.app_template_filter("mrkdwn")
def mrkdwn_filter(text: Any) -> Markup:
    return mrkdwn.rich(text, settings().workspace.name_of)


@bp.app_template_filter("slack_text")
def text_filter(value: dict[str, Any]) -> Markup:
    """A text object, each kind in its own way."""
    return mrkdwn_filter(value["text"]) if value["type"] == "mrkdwn" else mrkdwn.plain(value["text"])


@bp.app_template_filter("emoji")
def emoji_filter(name: str) -> str:
    return mrkdwn.emoji(name)


@bp.app_template_filter("when")
def when_filter(ts: str | float) -> str:
    """The wall clock in Tokyo: 8月11日（火）10:42:05."""
    at = datetime.fromtimestamp(float(ts), UTC).astimezone(TOKYO)
    return f"{at.month}月{at.day}日（{WEEKDAYS[at.weekday()]}）{at:%H:%M:%S}"


@bp.app_template_filter("iso")
def iso_filter(ts: str | float) -> str:
    return datetime.fromtimestamp(float(ts), UTC).astimezone(TOKYO).isoformat(timespec="seconds")


@bp.app_template_filter("person")
def person_filter(user: str) -> str:
    return settings().workspace.name_of(user) or user


def _threads(messages: list[Message]) -> list[tuple[Message, list[Message]]]:
    """Messages with their replies; a reply whose parent is not there stands by itself."""
    here = {one["ts"] for one in messages}
    replies: dict[str, list[Message]] = {}
    top = []
    for one in messages:
        parent = one.get("thread_ts", one["ts"])
        if parent != one["ts"] and parent in here:
            replies.setdefault(str(parent), []).append(one)
        else:
            top.append(one)
    return [(one, replies.get(one["ts"], [])) for one in top[-SHOWN:]]


def _shown(wanted: str | None) -> Channel:
    try:
        return settings().workspace.channel(wanted or "hotline", by_name=True)
    except Refusal:
        abort(404)


def _live(wanted: str | None) -> dict[str, Any]:
    workspace = settings().workspace
    channel = _shown(wanted)
    whispers = [one for one in workspace.ephemerals if one["channel"] == channel.id]
    messages = sorted([*channel.messages, *whispers], key=lambda one: float(one["ts"]))
    return {
        "team": TEAM_NAME,
        "channel": channel,
        "channels": list(workspace.channels.values()),
        "threads": _threads(messages),
        "calls": list(workspace.calls)[::-1],
        "pending": settings().faults.pending(),
    }


@bp.get("/")
def index() -> str:
    """The whole page; what changes is in the part that `live` gives."""
    with settings().workspace.lock:
        people = [one for one in settings().workspace.users.values() if not one.is_bot]
        found = {**_live(request.args.get("channel")), "people": people, "interactions": settings().interactions}
        return render_template("local_slack.html", **found)


@bp.get("/_live")
def live() -> Response:
    """The same part as in the page. Unchanged: 304."""
    workspace = settings().workspace
    with workspace.lock:
        # The address belongs to the tag: after a new start the count begins again.
        mark = f"{id(workspace)}-{workspace.version}-{request.full_path}-{settings().faults.pending()}"
        tag = hashlib.sha256(mark.encode()).hexdigest()[:16]
        if request.if_none_match.contains(tag):
            answer = Response(status=304)
        else:
            answer = make_response(render_template("_local_slack_live.html", **_live(request.args.get("channel"))))
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/archives/<channel_id>/p<digits>")
def permalink(channel_id: str, digits: str) -> str:
    """One message and its thread: where permalinks lead."""
    with settings().workspace.lock:
        channel = _shown(channel_id)
        message = next((one for one in channel.messages if one["ts"].replace(".", "") == digits), None)
        if not message:
            abort(404)
        replies = [one for one in channel.messages if one.get("thread_ts") == message["ts"] and one is not message]
        found = {"team": TEAM_NAME, "channel": channel, "threads": [(message, replies)]}
        return render_template("local_slack_message.html", **found)


@bp.get("/files/<file_id>")
def file(file_id: str) -> Response:
    """An uploaded file: pictures are shown, everything else is only downloaded."""
    found = settings().workspace.files.get(file_id)
    if not found or found.body is None or not found.shared:
        abort(404)
    answer = Response(found.body, mimetype=found.mimetype)
    if not found.mimetype.startswith("image/"):
        answer.headers.set("Content-Disposition", "attachment", filename=f"{found.id}.bin")
    return answer


@bp.get("/_modal")
def modal() -> Any:
    """The modal in front of a person; 204 where there is none."""
    view = modals.open_for(settings().workspace, request.args.get("user", ""))
    if view is None:
        return "", 204
    return render_template("_local_slack_view.html", view=view, options_of=modals.options_of)


@bp.post("/_do/<what>")
def do(what: str) -> tuple[Response, int]:
    """What a person does beside pressing buttons: types, sends or closes a modal, picks a shortcut, reacts."""
    body = request.get_json(silent=True) or {}
    if what not in DOINGS:
        abort(404)
    try:
        status, answer = DOINGS[what](body, *(str(body.get(name) or "") for name in ("user", "channel", "ts", "typed")))
    except Refusal as refusal:
        return jsonify(status=0, answer="; ".join([refusal.error, *refusal.messages])), 404
    return jsonify(status=status, answer="" if status == 200 else answer[:300]), 200


def _command(_body: dict[str, Any], user: str, channel: str, _ts: str, typed: str) -> tuple[int, str]:
    if typed.startswith("/"):
        return command(settings(), request.host_url, channel, user, typed)
    events.write(settings(), request.host_url, channel, user, typed)
    return 200, ""


def _close(_body: dict[str, Any], user: str, *_: str) -> tuple[int, str]:
    modals.close(settings().workspace, user)
    return 200, ""


DOINGS: dict[str, Callable[..., tuple[int, str]]] = {
    "command": _command,
    "submit": lambda body, user, *_: modals.submit(
        settings(), str(body.get("view")), user, dict(body.get("values") or {})
    ),
    "shortcut": lambda _, user, channel, ts, typed: send(
        settings(), shortcut(settings(), request.host_url, channel, ts, "report_message", user)
    ),
    "react": lambda _, user, channel, ts, typed: events.react(settings(), channel, ts, "memo", user),
    "edit": lambda _, user, channel, ts, typed: events.edit(settings(), channel, ts, typed, user),
    "delete": lambda _, user, channel, ts, typed: events.delete(settings(), channel, ts, user),
    "close": _close,
}
"""What a person does: the body, who, where, at which message, what was typed."""


@bp.post("/_click")
def click() -> tuple[Response, int]:
    """A pressed button goes to the app, signed, as Slack would send it; the app's answer comes back."""
    body = request.get_json(silent=True) or {}
    try:
        content = payload(settings(), request.host_url, str(body.get("channel")), str(body.get("ts")), {
            "action_id": str(body.get("action_id")), "block_id": body.get("block_id"), "user": str(body.get("user")),
        })  # fmt: skip
    except Refusal as refusal:
        return jsonify(status=0, answer=refusal.error), 404
    status, answer = send(settings(), content)
    return jsonify(status=status, answer=answer[:300]), 200
