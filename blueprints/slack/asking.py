"""`/ask`: a question back to the bridge, typed in Slack: `/ask INC-5 will it be refunded?`, or without the code.

What looks alike is offered before: one tap seconds it, another asks all the same.
"""

import hashlib
import json
from typing import Any

from flask_babel import gettext

from blueprints.shared.language import now
from blueprints.shared.pages import new_key
from blueprints.slack.caller import Caller, escaped, link, said
from blueprints.slack.reading import Json, text_at
from domain import incidents, questions
from domain.db import db, writing
from domain.errors import DomainError
from domain.incidents import Incident
from domain.people import Person
from domain.questions import Question
from domain.text import is_blank

BUTTONS = "question."
"""How the `action_id` of every button under an offer begins."""

ASK, SECOND = "question.ask", "question.second."
MOST_VALUE = 2000
"""Characters that Slack lets a button carry."""


def ask(caller: Caller, text: str) -> str | Json:
    """Asks, and says where the answer will stand; or offers what it may be the same as. Where it is not clear about
    which incident, says what is open.
    """
    incident, body = _about(text)
    if incident is None or is_blank(body):
        return _how()
    # A trigger is of one command only: the same command again is the same question.
    key = hashlib.sha256(f"ask\n{caller.trigger}".encode()).hexdigest() if caller.trigger else new_key()
    offered = [one for one in questions.alike(incident, body) if one.key != key]
    value = json.dumps({"incident": incident.id, "key": key, "body": body}, ensure_ascii=False)
    if offered and len(value) <= MOST_VALUE:
        return _offer(incident, offered, value)
    return _asked(caller, incident, body, key)


def pressed(caller: Caller, name: str, value: str) -> str:
    """A button under an offer: I want to know the same, or ask it all the same; what the person is told."""
    if name.startswith(SECOND):
        return _seconded(caller, value)
    content = _kept(value)
    number = content.get("incident")
    incident = db.session.get(Incident, number) if isinstance(number, int) and 0 < number < 2**31 else None
    key, body = text_at(content, "key"), text_at(content, "body")
    if incident is None or not 0 < len(key) <= 64:
        return gettext("This incident was not found.")
    return _asked(caller, incident, body, key)


def _kept(value: str) -> Json:
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _seconded(caller: Caller, value: str) -> str:
    question = (
        db.session.get(Question, int(value)) if value.isascii() and value.isdecimal() and len(value) < 10 else None
    )
    if question is None:
        return gettext("This question was not found.")
    page = link(question.incident.code, "incidents.show", code=question.incident.code)
    try:
        with writing():
            question.second(by=db.session.get_one(Person, caller.known.id), at=now())
    except DomainError as error:
        return said(error)
    return gettext("Noted for %(incident)s: you are told when it is answered.", incident=page)


def _asked(caller: Caller, incident: Incident, body: str, key: str) -> str:
    page = link(incident.code, "incidents.show", code=incident.code)
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            questions.ask(incident, body, key=key, by=by, at=now())
    except DomainError as error:
        return said(error)
    return gettext("Asked about %(incident)s. The bridge sees it; you are told when it is answered.", incident=page)


def _offer(incident: Incident, offered: list[Question], value: str) -> Json:
    """What it may be the same as, each open one with a button; and one that asks all the same."""
    title = gettext("Has it been asked already?")
    code = link(incident.code, "incidents.show", code=incident.code)
    blocks = [_section(f"*{title}* {code}")]
    lines = [title]
    for one in offered:
        words = escaped(one.body[:600])
        if one.answer is not None:
            words = f"{words}\n{gettext('Answered:')} {escaped(one.answer.body[:1500])}"
        lines.append(f"• {words}")
        block = _section(words)
        if one.answer is None:
            block["accessory"] = _button(f"{SECOND}{one.id}", gettext("I want to know this too"), str(one.id))
        blocks.append(block)
    again = _button(ASK, gettext("Ask it all the same"), value)
    blocks.append({"type": "actions", "block_id": "question-actions", "elements": [again]})
    return {"text": "\n".join(lines), "blocks": blocks}


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:2900], "verbatim": True}}


def _button(action: str, label: str, value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label[:75], "emoji": False}
    return {"type": "button", "action_id": action, "text": text, "value": value}


def _about(text: str) -> tuple[Incident | None, str]:
    """Which incident is meant, and the rest; without a code the only one that is open."""
    first, _, rest = text.partition(" ")
    named = incidents.by_code(first) if first.casefold().startswith("inc") else None
    if named is not None:
        return named, rest
    running = [one for one in incidents.open_incidents(now()) if not one.drill]
    return (running[0], text) if len(running) == 1 else (None, text)


def _how() -> str:
    lines = [gettext("Write `/ask` with your question; with several incidents begin with the code: `/ask INC-5 …`")]
    for one in incidents.open_incidents(now()):
        lines.append(f"• {link(one.code, 'incidents.show', code=one.code)} {escaped(one.title)}")
    return "\n".join(lines)
