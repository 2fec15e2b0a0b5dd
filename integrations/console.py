"""Stands in for a service that is not configured: says once what is held, and leaves it waiting."""

from collections.abc import Callable, Iterable

from domain.outbox import Delivery


class ConsoleSender:
    """Sends nothing. One line for each held delivery, the first time it is seen: kind and code, nothing personal."""

    def __init__(self, service: str, say: Callable[[str], None] | None = None) -> None:
        self.service = service
        self.seen = 0
        """The highest id that was shown; ids commit in their order."""
        self._say = say or (lambda line: print(line, flush=True))

    def show(self, held: Iterable[Delivery]) -> None:
        """Says what is new among the held deliveries."""
        for delivery in held:
            if delivery.id > self.seen:
                self._say(f"held: {self.service} is not set up; {delivery.kind}{_subject(delivery)} waits")
                self.seen = delivery.id


def _subject(delivery: Delivery) -> str:
    if delivery.report_id:
        return f" of R-{delivery.report_id}"
    return f" of INC-{delivery.incident_id}" if delivery.incident_id else ""
