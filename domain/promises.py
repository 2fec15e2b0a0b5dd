"""The promise of the next update: when the first one comes, how far apart they may lie, what is none."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.db import organisation
from domain.errors import Refused
from domain.text import is_blank

if TYPE_CHECKING:
    from domain.lifecycle import Incident


def first(at: datetime) -> datetime:
    """By when the first details are promised for what is declared, or opened again, at `at`."""
    return at + organisation().first_update


def longest(incident: "Incident", at: datetime) -> timedelta | None:
    """How far from `at` the next update may lie at most; None: as the bridge thinks right.

    While an incident is young everybody asks; both spans are settings. Planned work has none.
    """
    house = organisation()
    if incident.kind != "incident" or at >= incident.declared_at + house.update_every_for:
        return None
    return house.update_every


def check(due: datetime | None, reason: str, at: datetime) -> None:
    """Raises Refused: no promise and no reason, or one that is past."""
    if due is None and is_blank(reason):
        raise Refused("next_update_reason", "reason_missing")
    if due is not None and due <= at:
        raise Refused("next_update", "next_update_past")
