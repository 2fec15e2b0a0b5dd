"""One request to a service that makes calls: what its answer means for the delivery, in words that name the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.outbox import DeliveryError
from integrations.base import Sent, seconds_left
from integrations.facts import DeliveryFacts
from integrations.http import Answer, Unanswered, Unreachable, request
from integrations.wording import Wording

WAIT_UNTOLD = 30.0
"""Seconds to wait after a 429 that does not say how long."""


@dataclass(frozen=True)
class Asking:
    """Asks `service` for a delivery. `settings`: what an administrator checks where it refuses."""

    service: str
    settings: str
    facts: DeliveryFacts
    wording: Wording

    def send(
        self, method: str, url: str, *, acting: bool = False, json_body: Any = None,
        form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Any answer at all. `acting`: it must not be done twice. Raises DeliveryError."""
        left = seconds_left(self.facts)
        if left < 0.05:
            raise self._error(self.wording.gettext("%(service)s is slow. We keep trying."))
        try:
            return request(method, url, seconds=left, json_body=json_body, form=form, headers=headers)
        except Unreachable:
            raise self._error(self.wording.gettext("%(service)s cannot be reached. We keep trying.")) from None
        except Unanswered:
            sentence = self.wording.gettext("%(service)s did not answer in time, or not completely. We keep trying.")
            raise self._error(sentence, ambiguous=acting) from None

    def good(self, answer: Answer, *, acting: bool = False) -> Answer:
        """The answer, if it is one that we can go on with; raises DeliveryError."""
        _ = self.wording.gettext
        if answer.status in (200, 201):
            return answer
        if answer.status == 429:
            sentence = _("%(service)s asks us to slow down. We keep trying.")
            raise self._error(sentence, retry_after=answer.retry_after or WAIT_UNTOLD)
        if 400 <= answer.status < 500:
            sentence = _("%(service)s refused it (%(reason)s). Check %(settings)s.")
            raise self._error(sentence, permanent=True, reason=reason(answer))
        sentence = _("%(service)s has a problem (HTTP %(code)d). We keep trying.")
        raise self._error(sentence, ambiguous=acting, code=answer.status)

    def address(self, url: object, name: object, *, acting: bool = False) -> Sent:
        """The call that was made; raises DeliveryError where it has no address."""
        if not str(url or "").startswith(("https://", "http://")):
            sentence = self.wording.gettext("%(service)s gave no address for the call.")
            raise self._error(sentence, ambiguous=acting)
        return Sent(str(name or ""), url=str(url))

    def _error(self, sentence: str, *, reason: str = "", code: int = 0, **more: Any) -> DeliveryError:
        given = {"service": self.service, "settings": self.settings, "reason": reason, "code": code}
        return DeliveryError(sentence % given, **more)


def reason(answer: Answer) -> str:
    """What the service says of why it refuses, at most 200 characters; Google's lies one level deeper."""
    inner = answer.body.get("error") if isinstance(answer.body, dict) else None
    if isinstance(inner, dict):
        answer = Answer(answer.status, inner)
    return answer.text("message", "reason", "error_description", "error") or f"HTTP {answer.status}"
