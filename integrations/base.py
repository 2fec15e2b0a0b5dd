"""What a sender is: an object for one service that carries a delivery out and says where it lies now."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from integrations.facts import DeliveryFacts


@dataclass(frozen=True)
class Sent:
    """Where it lies outside: the service's id, the place (a channel) and the address for people."""

    outside_id: str | None = None
    place: str | None = None
    url: str | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What else is to be known about it: kept in the delivery's details."""
    content: Any = None
    """What was fetched, for whoever settles the delivery: kept nowhere else."""


class Sender(Protocol):
    """Speaks to one service. `time_limit`: seconds for a whole attempt, kept by the sender itself."""

    service: str
    time_limit: float
    base_url: str

    def send(self, facts: DeliveryFacts) -> Sent:
        """Carries it out, outside of any transaction; raises DeliveryError."""


def seconds_left(facts: DeliveryFacts) -> float:
    """How much of the attempt's time is left. The lease outlives it by the margin."""
    return facts.deadline - time.monotonic()
