"""Private answers to what a person did in Slack: written down with what was decided, said by the worker."""

import hashlib
from datetime import datetime

from domain import outbox
from domain.outbox import Delivery

ANSWER, HELP = "answer.private", "answer.help"


def tell(*, to: str, url: str, text: str, at: datetime) -> Delivery | None:
    """A sentence for the person alone. `to`: their Slack id; `url`: Slack's `response_url`, needed for it."""
    if not url:
        return None
    return outbox.enqueue("slack", ANSWER, at=at, details={"url": url, "text": text}, lane=_lane(to))


def explain(*, event: str, channel: str, to: str, text: str, at: datetime) -> Delivery | None:
    """What the app can do, for the person alone, where they called it; None where this `event` was answered before."""
    key = hashlib.sha256(f"{HELP}\n{event}".encode()).hexdigest()[:32]
    if outbox.known([key]):
        return None
    details = {"channel": channel, "user": to, "text": text}
    return outbox.enqueue("slack", HELP, at=at, details=details, lane=_lane(to), key=key)


def _lane(to: str) -> str:
    """One for each person: whoever cannot be answered holds up nobody else."""
    return f"slack:answer-{to[:40]}"
