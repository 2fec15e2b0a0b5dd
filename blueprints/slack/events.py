"""Events of Slack: a mention is answered; a mark at a message, an edit and a deletion reach the timeline."""

import re

import structlog
from flask import current_app, request
from flask_babel import gettext

from blueprints.shared.language import now
from blueprints.slack import commands
from blueprints.slack.caller import calling, refusal
from blueprints.slack.reading import Json, text_at
from domain import answers, slack_notes
from domain.db import db, writing
from domain.people import Person

log = structlog.get_logger()


def happened(number: str, event: Json) -> None:
    """Follows what happened, once, however often Slack tells it. `number`: Slack's id of the event."""
    kind = text_at(event, "type")
    if kind == "app_mention" and not text_at(event, "bot_id"):
        _mentioned(number, event)
    elif kind in ("reaction_added", "reaction_removed"):
        _marked(number, event)
    elif kind == "message" and text_at(event, "subtype") in ("message_changed", "message_deleted"):
        _changed(number, event)


def _mentioned(number: str, event: Json) -> None:
    caller = calling(_id(event, "user"))
    _whisper(number, _id(event, "channel"), caller.slack_id, commands.explanation(caller))


def _marked(number: str, event: Json) -> None:
    """The reaction of the timeline, at a message in an incident's channel, by somebody who may write there."""
    mark = current_app.config["SLACK_TIMELINE_REACTION"]
    channel, ts = _id(event, "item", "channel"), _id(event, "item", "ts")
    if text_at(event, "reaction") != mark or text_at(event, "item", "type") != "message":
        return
    if slack_notes.incident_of(channel, ts) is None:
        return
    caller = calling(_id(event, "user"))
    if no := refusal(caller, responder=True):
        if text_at(event, "type") == "reaction_added":
            sentence = gettext("This message was not taken into the timeline.")
            _whisper(number, channel, caller.slack_id, f"{sentence} {no}")
        return
    what = slack_notes.MARKED if text_at(event, "type") == "reaction_added" else slack_notes.UNMARKED
    with writing():
        by = db.session.get_one(Person, caller.known.id)
        if slack_notes.marking(what, channel=channel, ts=ts, mark=mark, by=by, event=number, at=now()) is None:
            _again(number)


def _changed(number: str, event: Json) -> None:
    """Every edit in every channel where the app is comes here: what does not stand in a timeline costs one look."""
    channel, mark = _id(event, "channel"), current_app.config["SLACK_TIMELINE_REACTION"]
    ts = _id(event, "deleted_ts") or _id(event, "message", "ts")
    if not slack_notes.is_followed(channel, ts):
        return
    with writing():
        slack_notes.changing(channel=channel, ts=ts, mark=mark, event=number, at=now())


def _id(event: Json, *path: str) -> str:
    """An id of Slack's at a path; "" where there is none, or something that is no id."""
    found = text_at(event, *path)
    return found if re.fullmatch(r"[A-Za-z0-9.]{1,40}", found, re.ASCII) else ""


def _whisper(number: str, channel: str, to: str, text: str) -> None:
    with writing():
        if answers.explain(event=number, channel=channel, to=to, text=text, at=now()) is None:
            _again(number)


def _again(number: str) -> None:
    log.info("an event of Slack came again", event_id=number, retry=request.headers.get("X-Slack-Retry-Num"))
