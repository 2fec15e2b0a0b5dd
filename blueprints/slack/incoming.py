"""The three addresses that Slack calls. What is not signed by it, or is too old, gets a 4xx and changes nothing."""

from typing import Any

from flask import Response, current_app, g, jsonify, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from blueprints.shared.language import now
from blueprints.slack import bp, buttons, commands, events, shortcuts, submissions
from blueprints.slack.caller import calling
from blueprints.slack.reading import form_of, json_of, text_at
from blueprints.slack.signature import is_slacks

LARGEST = 1024 * 1024
"""Bytes: Slack's own requests are far smaller."""


class Refused(HTTPException):
    """Not to be heard. The sentence is for whoever sets it up."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@bp.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[Response, int]:
    """A 4xx in words, as JSON."""
    words = error.description if isinstance(error, Refused) else gettext("This could not be read")
    return jsonify(error=words), error.code or 400


@bp.before_request
def check_signature() -> None:
    """Before anything is read: it must be Slack's, and new."""
    secret = current_app.config["SLACK_SIGNING_SECRET"]
    if not secret:
        raise Refused(401, gettext("SLACK_SIGNING_SECRET is not set, so nothing that comes from Slack is believed."))
    if (request.content_length or 0) > LARGEST:
        raise Refused(413, gettext("This is too large"))
    g.body = request.get_data(parse_form_data=False)
    stamp = request.headers.get("X-Slack-Request-Timestamp", "")
    if not is_slacks(secret, stamp, request.headers.get("X-Slack-Signature", ""), g.body, now()):
        raise Refused(
            401,
            gettext(
                "The signature is not Slack's, or older than five minutes. "
                "Check SLACK_SIGNING_SECRET and the clock of this machine."
            ),
        )


@bp.post("/slack/commands")
def command() -> Any:
    """A slash command; the answer is for the person alone."""
    form = form_of(g.body)
    if form.get("ssl_check"):
        return ""
    caller = calling(form.get("user_id", ""), form.get("response_url", ""), form.get("trigger_id", ""))
    answer = commands.answer(caller, form)
    content = {"text": answer} if isinstance(answer, str) else answer
    return jsonify(response_type="ephemeral", **content) if content else ""


@bp.post("/slack/interactions")
def interaction() -> Any:
    """A pressed button, a modal that was sent, a shortcut."""
    content = json_of(form_of(g.body).get("payload", ""))
    caller = calling(text_at(content, "user", "id"), text_at(content, "response_url"), text_at(content, "trigger_id"))
    kind = content.get("type")
    if kind == "block_actions":
        buttons.pressed(caller, content)
    elif kind == "message_action":
        shortcuts.taken(caller, content)
    elif kind == "view_submission":
        answer = submissions.sent(caller, content)
        return jsonify(answer) if answer else ""
    # Whatever else there is needs nothing but to be heard.
    return ""


@bp.post("/slack/events")
def event() -> Any:
    """Something that happened in Slack. It comes again until it is acknowledged: each is heard once."""
    content = json_of(g.body)
    if content.get("type") == "url_verification":
        return jsonify(challenge=text_at(content, "challenge"))
    number = text_at(content, "event_id")
    if number and isinstance(content.get("event"), dict):
        events.happened(number, content["event"])
    return ""
