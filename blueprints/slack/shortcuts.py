"""The message shortcut: any message becomes a report, with its words, its author and its address."""

import hashlib

from flask_babel import gettext
from sqlalchemy import select

from blueprints.shared.language import now
from blueprints.slack.caller import Caller, link, refusal, said, whisper
from blueprints.slack.commands import name_of, thanks
from blueprints.slack.reading import Json, permalink, text_at
from domain import hotline
from domain.db import db, writing
from domain.errors import DomainError
from domain.hotline import Report
from domain.mrkdwn import unmarked
from domain.outbox import Delivery
from domain.people import Person
from domain.text import clean, cut, is_blank

MESSAGE = "report_message"
"""The `callback_id` of the shortcut in the manifest."""

ROOM = 500
"""Characters that are kept for what is said about the message."""


def taken(caller: Caller, content: Json) -> None:
    """Reports the message and tells the person privately; a message that was reported already is seen by one more."""
    if text_at(content, "callback_id") == MESSAGE:
        whisper(caller, refusal(caller) or _report(caller, content))


def _report(caller: Caller, content: Json) -> str:
    channel, ts = text_at(content, "channel", "id"), text_at(content, "message", "ts")
    body = _body(content, channel, ts)
    key = hashlib.sha256(f"message\n{channel}\n{ts}".encode()).hexdigest()
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            earlier = _earlier(key, channel, ts)
            if earlier is None:
                return thanks(hotline.file(key=key, by=by, at=now(), body=body).id)
            code, number = earlier.code, earlier.add_voice(by=by, at=now()).id
    except DomainError as error:
        return said(error)
    return gettext(
        "This was reported already, as %(report)s. It is noted that you see it, too. Thank you.",
        report=link(code, "hotline.show", id=number),
    )


def _earlier(key: str, channel: str, ts: str) -> Report | None:
    """The report that was made of this message, or that this message of ours announces."""
    announced = select(Delivery.report_id).where(
        Delivery.outside_id == ts, Delivery.outside_place == channel, Delivery.report_id.is_not(None)
    )
    made = select(Report).where((Report.key == key) | Report.id.in_(announced))
    return db.session.scalar(made.order_by(Report.id).limit(1)) if ts else None


def _body(content: Json, channel: str, ts: str) -> str:
    """The message's words, cut where they are too many, and under them whose they are and where they stand."""
    author = text_at(content, "message", "user")
    who = name_of(author) or text_at(content, "message", "username") or author or gettext("somebody")
    where = permalink(content, channel, ts, text_at(content, "message", "thread_ts"))
    source = gettext("Slack message by %(name)s: %(link)s", name=who[:100], link=where[:ROOM])
    words = clean(unmarked(text_at(content, "message", "text"), name_of))
    if is_blank(words):
        return source
    return f"{cut(words, hotline.LONGEST - len(source) - 2)}\n\n{source}"
