"""A private answer in Slack: to the `response_url` of what a person did, or to a person in a channel."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.error import HTTPError

from domain.answers import HELP
from domain.outbox import DeliveryError
from integrations.base import Sent
from integrations.facts import DeliveryFacts
from integrations.slack_errors import classify
from integrations.wording import Wording


class Asks(Protocol):
    """What is needed of an attempt of the Slack sender."""

    trouble: Any

    @property
    def wording(self) -> Wording: ...

    def ask(self, method: str, **arguments: Any) -> Any: ...

    def time_left(self) -> float: ...


def answer_privately(attempt: Asks, facts: DeliveryFacts) -> Sent:
    """To one person; they see it twice where Slack's own answer was lost, which does no harm. Raises DeliveryError."""
    try:
        if facts.kind == HELP:
            attempt.ask("chat.postEphemeral", **{name: facts.details[name] for name in ("channel", "user", "text")})
        else:
            respond(facts.details, attempt.time_left(), attempt.wording)
    except attempt.trouble as error:
        said = classify(error, False, attempt.wording)
        # Nobody needs to correct anything so that somebody is answered.
        raise DeliveryError(said.message, needless=said.permanent, retry_after=said.retry_after) from error
    return Sent()


def respond(details: Mapping[str, Any], seconds: float, wording: Wording) -> None:
    """Posts the answer; the person sees it where they pressed. Raises DeliveryError, OSError.

    Slack takes it for half an hour. What it takes no more is dropped: nobody can do anything about it.
    """
    _ = wording.gettext
    url = str(details.get("url", ""))
    gone = DeliveryError(_("Slack takes no answer to this any more, so it was not sent."), needless=True)
    if not url.startswith(("https://", "http://")):
        raise gone
    body = json.dumps({"response_type": "ephemeral", "replace_original": False, "text": details["text"]}).encode()
    kind = {"Content-Type": "application/json; charset=utf-8"}
    request = urllib.request.Request(url, body, kind, method="POST")  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            answer.read()
    except HTTPError as refused:
        with refused:
            code = refused.code
        if 400 <= code < 500 and code != 429:
            raise gone from None
        raise DeliveryError(_("Slack has a problem (%(code)s). We keep trying.") % {"code": f"HTTP {code}"}) from None
