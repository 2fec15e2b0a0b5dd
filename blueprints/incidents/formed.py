"""Who holds what in an incident, who could be given it, how it changed hands: for its page and the bridge's desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from blueprints.incidents.places import assignable
from blueprints.shared.words import POSITIONS
from domain import formation, roster
from domain.calls import CallPresence
from domain.events import Event
from domain.formation import Here, Holder
from domain.incidents import Incident
from domain.people import Person
from domain.roster import AreaDuty


@dataclass(frozen=True)
class HandedOver:
    """One hand-over in words."""

    at: datetime
    text: str
    by: Person | None


def formed(incident: Incident, level: str, at: datetime, duties: list[AreaDuty] | None) -> dict[str, Any]:
    """What the page shows of it. `duties`: who is in charge at `at`; None: not loaded yet."""
    if duties is None and incident.kind == "incident" and not incident.source:
        # What is over is shown as it stood when it ended.
        duties = roster.duty_now(incident.closed_at or at)
    held = formation.holders(incident, duties or [])
    past = formation.history(incident)
    return {
        "held": held,
        "unfilled": formation.unfilled(incident, held),
        "asking": formation.asking(incident, held, at, formation.emptied(past)),
        "history": [_in_words(event) for event in past],
        "level": level,
    }


def here(incident: Incident, duties: list[AreaDuty], present: list[CallPresence], at: datetime) -> list[Here]:
    """Who may be given a position, those who are here first: also whoever joined a call without standing in a plan."""
    in_calls = [(one.person_id, one.call) for one in present]
    people = {one.id: one for one in [*assignable(), *(one.person for one in present)] if one.is_active}
    return formation.who_is_here(incident, people.values(), duties, at, in_calls)


def who_holds(held: dict[str, Holder], position: str) -> Person | None:
    return held[position].person if position in held else None


def _in_words(event: Event) -> HandedOver:
    return HandedOver(event.at, handed_over(event), event.actor)


def handed_over(event: Event) -> str:
    """“Scribe: Sato → Ito”, as it was called then. Older ones have no names kept."""
    details = event.details
    position = str(POSITIONS.get(details.get("position", ""), ""))
    names = {one: details.get(one) or gettext("nobody") for one in ("before", "name")}
    return gettext("%(position)s: %(before)s → %(name)s", position=position, **names)
