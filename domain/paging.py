"""Paging through PagerDuty: what is proposed and why, what was decided, alerts per area, their end."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import business_hours, holidays, outbox, roster
from domain.db import Model, db, organisation
from domain.errors import Conflict, Refused
from domain.events import record
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area
from domain.walltime import DAYS, dates_around

if TYPE_CHECKING:
    from domain.lifecycle import Incident

SERVICE = "pagerduty"
TRIGGER, ACKNOWLEDGE, RESOLVE = "page.trigger", "page.acknowledge", "page.resolve"
SCALES = ("minor", "major", "critical")
DOUBLE = timedelta(seconds=30)
"""The same area or person so soon after is a button that was pressed twice."""

KEY_LENGTH = 32


class PagingKey(Model):
    """An area's routing key. A table of its own: no page that shows an area ever loads it."""

    __tablename__ = "area_paging_keys"

    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Proposal:
    """Whether to page everybody, and why: `outside` business hours and `large` both.

    `hours`: those of the day, minutes after midnight, as (start, end); none: there are none on that day.
    """

    page: bool
    outside: bool
    large: bool
    severity: str
    weekday: str
    holiday: bool
    time: str
    hours: tuple[tuple[int, int], ...]

    def plain(self) -> dict[str, Any]:
        """As JSON: what the event and the incident keep."""
        return {**vars(self), "hours": [list(one) for one in self.hours]}


def proposal(severity: str, at: datetime) -> Proposal:
    """What the rule proposes for an incident of this scale (empty: not known yet) at `at` (aware UTC).

    Business hours and what is large are settings; public holidays and the organisation's own days off count as `hol`.
    """
    house = organisation()
    local = at.astimezone(house.zone)
    first, last = dates_around(at, at, house.zone)
    days_off = holidays.days_off({first.year, last.year}, holidays.country(roster.settings()))
    outside = not business_hours.is_open(house.business_hours, at, house.zone, days_off)
    large = severity in SCALES and SCALES.index(severity) >= SCALES.index(house.page_from)
    today = local.date()
    hours = tuple((one.start, one.end) for one in business_hours.of_day(house.business_hours, today, days_off))
    return Proposal(
        outside and large, outside, large, severity, DAYS[today.weekday()], today in days_off, f"{local:%-H:%M}", hours
    )


def page_everybody(incident: "Incident", *, by: Person, at: datetime) -> list[Delivery]:
    """One alert for each area in use."""
    return page_areas(incident, roster.areas(), by=by, at=at)


def page_areas(incident: "Incident", areas: Iterable[Area], *, by: Person, at: datetime) -> list[Delivery]:
    """One alert for each of the areas; pressed twice it is one.

    Raises:
        Conflict: the incident is restored or closed.
    """
    _open(incident)
    recent = {one.details.get("area") for one in _recent(incident, at) if one.details.get("person") is None}
    new = [area for area in areas if area.key not in recent]
    found = [_trigger(incident, area, None, at) for area in new]
    if found:
        record("incident.paged", by=by, at=at, incident_id=incident.id, areas=[area.key for area in new])
    return found


def page_person(incident: "Incident", person: Person, *, by: Person, at: datetime) -> Delivery | None:
    """An alert that names a person, to the first area in whose line they stand; pressed twice it is one.

    PagerDuty takes alerts for services and not for people: the area's schedule decides whose telephone rings.

    Raises:
        Conflict: the incident is restored or closed, or the person stands in no line now.
    """
    _open(incident)
    if any(one.details.get("person") == person.id for one in _recent(incident, at)):
        return None
    for duty in roster.duty_now(at):
        if any(place.person.id == person.id for place in duty.people):
            found = _trigger(incident, duty.area, person, at)
            record("incident.paged", by=by, at=at, incident_id=incident.id, areas=[duty.area.key], person=person.id)
            return found
    raise Conflict("not_in_line", name=person.name)


def acknowledge(incident: "Incident", *, at: datetime, areas: Iterable[str] | None = None) -> None:
    """Somebody is at it: the alerts of these areas (None: all) are acknowledged. Again changes nothing."""
    wanted = None if areas is None else set(areas)
    _follow_up(
        incident,
        ACKNOWLEDGE,
        at,
        [one for one in _triggers(incident) if wanted is None or one.details.get("area") in wanted],
    )


def answered(incident: "Incident", person: Person, *, at: datetime) -> None:
    """The person is there: the alerts of the areas in whose line they stand are acknowledged."""
    if not _triggers(incident):
        return
    stands = [duty.area.key for duty in roster.duty_now(at) if any(one.person.id == person.id for one in duty.people)]
    acknowledge(incident, at=at, areas=stands)


def follow(incident: "Incident", at: datetime) -> None:
    """The alerts go along with the incident: acknowledged once its cause is known, resolved when it is restored."""
    if incident.kind != "incident":
        return
    if incident.resolved_at is not None:
        end(incident, at)
    elif incident.state != "investigating":
        acknowledge(incident, at=at)


def end(incident: "Incident", at: datetime) -> None:
    """Nobody needs to come any more: alerts are resolved, those that were not sent yet never are."""
    for one in _triggers(incident):
        if one.state == "waiting" and one.attempts == 0:
            one.drop(at)
    _follow_up(incident, RESOLVE, at, _triggers(incident))


def set_key(area: Area, key: str, *, by: Person, at: datetime) -> None:
    """The area's own routing key; empty takes it away. The log says that it changed, never what it is.

    Raises:
        Refused: it is not 32 letters and digits.
    """
    key = key.strip()
    if key and not (len(key) == KEY_LENGTH and key.isascii() and key.isalnum()):
        raise Refused("pagerduty_key", "pagerduty_key_wrong")
    known = db.session.get(PagingKey, area.id)
    if known is not None and not key:
        db.session.delete(known)
    elif known is not None:
        known.key = key
    elif key:
        db.session.add(PagingKey(area_id=area.id, key=key))
    db.session.flush()
    record("area_paging_key_set" if key else "area_paging_key_removed", by=by, at=at, area=area.key)


def key_ending(area: Area) -> str:
    """The last four signs of the area's key, by which an administrator knows it again; empty where there is none."""
    known = db.session.get(PagingKey, area.id)
    return known.key[-4:] if known else ""


def areas_with_key() -> set[str]:
    """The keys (as in addresses) of the areas that have a routing key of their own."""
    return set(db.session.scalars(select(Area.key).join(PagingKey, PagingKey.area_id == Area.id)))


def _open(incident: "Incident") -> None:
    if incident.resolved_at is not None or incident.closed_at is not None or incident.kind != "incident":
        raise Conflict("incident_over")


def _triggers(incident: "Incident") -> list[Delivery]:
    query = select(Delivery).where(Delivery.incident_id == incident.id, Delivery.kind == TRIGGER)
    return list(db.session.scalars(query.order_by(Delivery.id)))


def _recent(incident: "Incident", at: datetime) -> list[Delivery]:
    return [one for one in _triggers(incident) if at - one.created_at <= DOUBLE]


def _trigger(incident: "Incident", area: Area, person: Person | None, at: datetime) -> Delivery:
    key = secrets.token_hex(16)
    details = {"area": area.key, "dedup": f"noroshi-{key}", "person": person.id if person else None}
    return outbox.enqueue(
        SERVICE, TRIGGER, at=at, incident_id=incident.id, details=details, lane=_lane(incident, details), key=key
    )


def _lane(incident: "Incident", details: dict[str, Any]) -> str:
    return f"{SERVICE}:incident-{incident.id}:{str(details['dedup'])[-8:]}"


def _follow_up(incident: "Incident", kind: str, at: datetime, triggers: list[Delivery]) -> None:
    """Acknowledges or resolves the alerts that may be there: not those that were refused or never sent."""
    there = [one for one in triggers if one.state == "sent" or (one.state in outbox.OPEN and one.attempts)]
    if kind == ACKNOWLEDGE:
        there = [one for one in triggers if one.state in ("sent", *outbox.OPEN)]
    if not there:
        return
    done = select(Delivery).where(Delivery.incident_id == incident.id, Delivery.kind.in_((kind, RESOLVE)))
    known = {one.details.get("dedup") for one in db.session.scalars(done)}
    for one in there:
        if one.details["dedup"] not in known:
            outbox.enqueue(
                SERVICE,
                kind,
                at=at,
                incident_id=incident.id,
                details=dict(one.details),
                lane=_lane(incident, one.details),
            )
