"""`/ask`: a question back to the bridge, typed in Slack: `/ask INC-5 will it be refunded?`, or without the code."""

import hashlib

from flask_babel import gettext

from blueprints.shared.language import now
from blueprints.shared.pages import new_key
from blueprints.slack.caller import Caller, escaped, link, said
from domain import incidents, questions
from domain.db import db, writing
from domain.errors import DomainError
from domain.incidents import Incident
from domain.people import Person
from domain.text import is_blank


def ask(caller: Caller, text: str) -> str:
    """Asks, and says where the answer will stand; where it is not clear about which incident, says what is open."""
    incident, body = _about(text)
    if incident is None or is_blank(body):
        return _how()
    # A trigger is of one command only: the same command again is the same question.
    key = hashlib.sha256(f"ask\n{caller.trigger}".encode()).hexdigest() if caller.trigger else new_key()
    page = link(incident.code, "incidents.show", code=incident.code)
    known = [one for one in questions.alike(incident, body) if one.answer is not None]
    try:
        with writing():
            by = db.session.get_one(Person, caller.known.id)
            questions.ask(incident, body, key=key, by=by, at=now())
    except DomainError as error:
        return said(error)
    answer = gettext("Asked about %(incident)s. The bridge sees it; you are told when it is answered.", incident=page)
    if known and known[0].answer:
        about = {"question": escaped(known[0].body[:200]), "answer": escaped(known[0].answer.body[:500])}
        answer += "\n" + gettext("This was answered already: %(question)s → %(answer)s", **about)
    return answer


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
