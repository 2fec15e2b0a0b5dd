"""The control endpoint: faults from outside, all messages as JSON. For this machine only."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from local_slack.api import settings
from local_slack.checks import Refusal
from local_slack.page import local_only

bp = Blueprint("control", __name__, url_prefix="/_control")
bp.before_request(local_only)


@bp.get("/faults")
def show() -> Response:
    """What still waits, and what has happened."""
    faults = settings().faults
    return jsonify(pending=faults.pending(), fired=faults.fired)


@bp.post("/faults")
def add() -> Response | tuple[Response, int]:
    """One fault or a list of them, as the arguments of Faults.add; {"kind": "random", "seed", "probability"} too."""
    body = request.get_json(silent=True)
    faults = settings().faults
    try:
        for one in body if isinstance(body, list) else [body]:
            wanted: dict[str, Any] = dict(one or {})
            if wanted.get("kind") == "random":
                wanted.pop("kind")
                faults.random(**wanted)
            else:
                faults.add(**wanted)
    except (TypeError, ValueError) as wrong:
        return jsonify(ok=False, error=str(wrong)), 400
    settings().workspace.touch()
    return jsonify(ok=True, pending=faults.pending())


@bp.delete("/faults")
def clear() -> Response:
    """Everything works again."""
    settings().faults.clear()
    settings().workspace.touch()
    return jsonify(ok=True)


@bp.get("/messages")
def messages() -> Response | tuple[Response, int]:
    """All messages of a channel with metadata and pings."""
    try:
        return jsonify(messages=settings().workspace.messages(request.args.get("channel", "hotline")))
    except Refusal as refusal:
        return jsonify(ok=False, error=refusal.error), 404
