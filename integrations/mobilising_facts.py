"""What the steps of a declaration are made of: channel, calls, roles, people to invite, whom to page. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain import formation, mobilising
from domain.db import db
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.paging import PagingKey
from domain.people import Person
from domain.roster import Area
from integrations.duty_facts import Named

FIRST = ("channel.first", "channel.changed")
"""What says who has what."""

PREFIXES = ("channel.", "call.", "page.", "incident.", "update.")


@dataclass(frozen=True)
class Guest:
    """Somebody who is invited. `slack_id` is empty where we know none, or where they have left."""

    id: int
    name: str
    slack_id: str = ""


@dataclass(frozen=True)
class MobilisingFacts:
    """An incident's outside as it is now. `unfilled`: what an ask is still about.

    `routing_key`: the area's own, empty where it has none: never shown.
    """

    channel_id: str = ""
    channel_name: str = ""
    calls: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[tuple[str, str], ...] = ()
    unfilled: tuple[str, ...] = ()
    closed: bool = False
    resolved: bool = False
    guests: tuple[Guest, ...] = ()
    area: Named | None = None
    person: str = ""
    routing_key: str = ""


def load_mobilising(row: Delivery, incident: Incident, at: datetime) -> MobilisingFacts:
    """What belongs to one delivery of an incident, as it is at `at`."""
    found = mobilising.of(incident)
    key = row.details.get("area")
    area = db.session.scalar(select(Area).where(Area.key == key)) if isinstance(key, str) else None
    own = db.session.get(PagingKey, area.id) if area else None
    who = row.details.get("person")
    person = db.session.get(Person, who) if isinstance(who, int) else None
    held = formation.now_held(incident, at) if row.kind in (*FIRST, mobilising.ASKED) else {}
    open_still = formation.unfilled(incident, held)
    return MobilisingFacts(
        channel_id=(found.channel_id if found else None) or "",
        channel_name=(found.channel_name if found else None) or "",
        calls={name: url for name in mobilising.CALLS if found and (url := found.call(name))},
        roles=tuple((one.position, one.person.name) for one in held.values()),
        unfilled=tuple(position for position, _ in row.details.get("asks", ()) if position in open_still),
        closed=incident.closed_at is not None,
        resolved=incident.resolved_at is not None,
        guests=_guests(row.details.get("people")) if row.kind == "channel.invite" else (),
        area=Named(area.name, area.name_en) if area else None,
        person=person.name if person else "",
        routing_key=own.key if own else "",
    )


def load_report_paging(row: Delivery) -> MobilisingFacts:
    """Where the alert of a report goes: the same for triggering and resolving it."""
    area = db.session.scalar(select(Area).where(Area.key == row.details["area"]))
    own = db.session.get(PagingKey, area.id) if area else None
    return MobilisingFacts(area=Named(area.name, area.name_en) if area else None, routing_key=own.key if own else "")


def _guests(numbers: Any) -> tuple[Guest, ...]:
    """The people of an invitation, as they are now."""
    people = db.session.scalars(select(Person).where(Person.id.in_(numbers or [])).order_by(Person.id))
    return tuple(Guest(one.id, one.name, (one.slack_id or "") if one.is_active else "") for one in people)
