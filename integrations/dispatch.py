"""Carries the outbox out: looks, claims, commits, reads, sends outside of any transaction, settles."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain import mobilising, outbox, slack_notes
from domain.db import db, writing
from domain.outbox import DeliveryError
from integrations.base import Sender, Sent
from integrations.console import ConsoleSender
from integrations.facts import load

MARGIN = 1.5
"""Seconds by which a lease outlives the sender's time limit: a request in flight may still act until then."""

log = structlog.get_logger()


class Dispatcher:
    """Delivers one word at a time; call it inside an app context. `clock` gives aware UTC."""

    def __init__(
        self, senders: Mapping[str, Sender | ConsoleSender], clock: Callable[[], datetime], margin: float = MARGIN
    ) -> None:
        self._senders = {name: one for name, one in senders.items() if not isinstance(one, ConsoleSender)}
        self._consoles = {name: one for name, one in senders.items() if isinstance(one, ConsoleSender)}
        self._clock = clock
        self._margin = margin
        longest = max((one.time_limit for one in self._senders.values()), default=0.0)
        self._lease = timedelta(seconds=longest + margin)

    def each(self) -> list["Dispatcher"]:
        """One for each service, and one for all that are not set up, which never take long: each can be worked in a
        thread of its own, and a slow one holds up no other."""
        parts: list[dict[str, Any]] = [{name: one} for name, one in self._senders.items()]
        return [Dispatcher(one, self._clock, self._margin) for one in (*parts, self._consoles) if one]

    def answer_at(self, url: str) -> None:
        """Where the portal answers, for links in messages, where no BASE_URL says so."""
        for sender in self._senders.values():
            sender.base_url = sender.base_url or url

    def next(self) -> bool:
        """Makes one attempt at what is due; False when nothing was."""
        self._show_held()
        if self.due_now() and (claimed := self._claim()):
            self._settle(claimed, self._attempt(claimed))
            return True
        return False

    def due(self) -> datetime | None:
        """When the next delivery can be claimed (aware UTC; in the past: now); None when nothing waits."""
        try:
            return outbox.next_due(list(self._senders)) if self._senders else None
        finally:
            db.session.rollback()

    def due_now(self) -> bool:
        """A read, so that an idle worker never takes the lock of the writers."""
        first = self.due()
        return first is not None and first <= self._clock()

    def _show_held(self) -> None:
        if self._consoles:
            # Ids commit in their order: what is older than the newest that was shown was shown as well.
            found = outbox.held(list(self._consoles), max(console.seen for console in self._consoles.values()))
            for name, console in self._consoles.items():
                console.show(one for one in found if one.service == name)
            db.session.rollback()

    def _claim(self) -> tuple[int, int, str, float] | None:
        """Id, attempt, service and deadline (monotonic seconds) of what is ours now; it is committed."""
        with writing():
            delivery = outbox.claim(list(self._senders), self._clock(), self._lease)
            if delivery is None:
                return None
            deadline = time.monotonic() + self._senders[delivery.service].time_limit
            return delivery.id, delivery.attempts, delivery.service, deadline

    def _attempt(self, claimed: tuple[int, int, str, float]) -> Sent | DeliveryError:
        delivery_id, _, service, deadline = claimed
        try:
            facts = load(delivery_id, deadline, self._clock())
            # The read ends here: nothing of the database is held while the network takes its time.
            db.session.rollback()
            return self._senders[service].send(facts)
        except DeliveryError as error:
            return error
        except Exception as error:
            # A mistake of ours must not stop the others; this one is tried again, and says what happened.
            log.exception("a delivery failed unexpectedly", delivery=delivery_id)
            return DeliveryError(f"{type(error).__name__}: {error}", ambiguous=True)
        finally:
            db.session.rollback()

    def _settle(self, claimed: tuple[int, int, str, float], outcome: Sent | DeliveryError) -> None:
        delivery_id, attempt, _, _ = claimed
        with writing():
            at = self._clock()
            delivery = outbox.claimed(delivery_id, attempt)
            if delivery is None:
                return
            if isinstance(outcome, Sent):
                delivery.succeed(at, outcome.outside_id, outcome.place, outcome.url)
                if outcome.notes:
                    delivery.details = {**delivery.details, **outcome.notes}
                mobilising.arrived(delivery, at)
                slack_notes.arrived(delivery, outcome.content, at)
            elif outcome.needless:
                delivery.drop(at, outcome.message)
            elif outcome.permanent:
                delivery.give_up(outcome, at)
            else:
                delivery.retry(outcome, at)
