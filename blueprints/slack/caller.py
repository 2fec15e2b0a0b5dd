"""Who does something in Slack: the person with this Slack id, their language, their rights; and what they are told."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request, url_for
from flask_babel import gettext, refresh

from blueprints.shared import words
from blueprints.shared.language import now
from domain import answers, people, rights
from domain.db import writing
from domain.errors import DomainError
from domain.people import Person
from domain.rights import Rights
from settings import LANGUAGES


@dataclass(frozen=True)
class Caller:
    """Somebody in Slack. `url`: where they can be answered privately; `trigger`: opens one modal, within 3 seconds."""

    slack_id: str
    person: Person | None
    rights: Rights
    url: str = ""
    trigger: str = ""

    @property
    def known(self) -> Person:
        """Who it is, after `refusal` has let them through."""
        assert self.person is not None
        return self.person


def calling(slack_id: str, url: str = "", trigger: str = "") -> Caller:
    """Who it is. From here on everything is said in their language."""
    person = people.by_slack(slack_id)
    locale = person.locale if person and person.is_active else None
    g.language = locale if locale in LANGUAGES else current_app.config["LOCALE"]
    refresh()
    return Caller(slack_id, person, rights.of(person, now()), url, trigger)


def refusal(caller: Caller, *, responder: bool = False) -> str | None:
    """Why they may not do it and what they can do instead; None where they may."""
    if caller.person is None:
        return gettext(
            "You are not known here yet: nobody has the Slack ID %(id)s. "
            "Please ask an administrator to enter it under People. If it is urgent, write in #hotline.",
            id=escaped(caller.slack_id),
        )
    if not caller.person.is_active:
        return gettext(
            "Your access here has ended. If it should not have, please ask an administrator. "
            "If it is urgent, write in #hotline."
        )
    if responder and not caller.rights.responder:
        sentence = str(words.SENTENCES["responders_only"])
        return gettext("%(sentence)s You can always report with /hotline.", sentence=sentence)
    return None


def whisper(caller: Caller, text: str) -> None:
    """Tells them privately, a moment later: the answer to a pressed button is no place for words."""
    to, url, at = caller.slack_id, caller.url, now()
    with writing():
        answers.tell(to=to, url=url, text=text, at=at)


def escaped(text: str) -> str:
    """Typed text in Slack's mrkdwn: it pings nobody and forges no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def said(error: DomainError) -> str:
    """What the domain refused, for Slack."""
    return escaped(words.sentence(error))


def address(endpoint: str, **values: Any) -> str:
    """The absolute address of one of our pages."""
    base = str(current_app.config["BASE_URL"] or request.url_root).rstrip("/")
    return base + url_for(endpoint, **values)


def link(label: str, endpoint: str, **values: Any) -> str:
    """A link in mrkdwn."""
    return f"<{escaped(address(endpoint, **values))}|{escaped(label).replace('|', '¦')}>"
