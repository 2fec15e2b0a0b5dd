"""Declaring mobilises: what a declaration starts outside, in which order; what came of it; what follows changes."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import channel_names, outbox, paging, roster
from domain.db import Model, db, organisation
from domain.events import Event, record
from domain.outbox import Delivery, enqueue
from domain.people import Person

if TYPE_CHECKING:
    from domain.lifecycle import Incident

MOST_INVITED = 100
"""People in one call of Slack's `conversations.invite`."""

CALLS = ("system", "customer")
DEPUTIES = {"minor": 0, "major": 1, "critical": None}
"""Down to which rank of deputies a line is invited by the scale: none, the first, the whole line."""

MINOR_AREAS = ("system", "bridge")
"""The kinds of areas that are invited to a small incident."""


HANDED_OVER, ASKED, PROMISED = "channel.handover", "channel.ask", "channel.promise"
"""Said in the incident's channel: who holds a position now; that nobody does, and who would take it; that an update is
due."""


class Mobilisation(Model):
    """What an incident has outside: its channel and its calls; and whether everybody was to be paged.

    `wanted`: the name that its channel was to have. `page`: what the person decided, None where nobody was asked;
    `proposal`: what the rule had proposed and why (`paging.Proposal`).
    """

    __tablename__ = "mobilisations"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    wanted: Mapped[str] = mapped_column(String(80), index=True)
    channel_id: Mapped[str | None] = mapped_column(String(30))
    channel_name: Mapped[str | None] = mapped_column(String(100))
    channel_url: Mapped[str | None] = mapped_column(Text)
    system_call: Mapped[str | None] = mapped_column(Text)
    customer_call: Mapped[str | None] = mapped_column(Text)
    page: Mapped[bool | None]
    proposal: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    def call(self, name: str) -> str | None:
        """The address of the `system` or the `customer` call."""
        return self.system_call if name == "system" else self.customer_call


def of(incident: "Incident") -> Mobilisation | None:
    """What an incident has outside; None for planned work and what was moved in from elsewhere."""
    return db.session.get(Mobilisation, incident.id)


def steps(incident: "Incident") -> list[Delivery]:
    """Everything that was written down for the incident, in order: one query."""
    query = select(Delivery).where(Delivery.incident_id == incident.id).order_by(Delivery.id)
    return list(db.session.scalars(query))


def gather(incident: "Incident", *, by: Person, reporter: Person | None, at: datetime, page: bool | None) -> None:
    """The first half, before the reports are told: the channel with what belongs into it, the people, the news.

    Each step has a lane of its own: what is refused or tried again holds up nobody but those who need it.
    """
    house = organisation()
    named: dict[str, Any] = {"at": at, "zone": house.zone, "code": incident.code, "severity": incident.severity}
    names = channel_names.candidates(house.channel_name, title=incident.title, **named)
    if db.session.scalar(select(Mobilisation.incident_id).where(Mobilisation.wanted == names[0]).limit(1)) is not None:
        names = names[1:]
    proposed = paging.proposal(incident.severity, at)
    db.session.add(Mobilisation(incident_id=incident.id, wanted=names[0], page=page, proposal=proposed.plain()))
    record("incident.page_decided", by=by, at=at, incident_id=incident.id, page=page, proposal=proposed.plain())
    details = {"names": names, "fallbacks": channel_names.fallbacks(house.channel_name, **named)}
    channel = _slack(incident, "channel.create", at, details=details)
    first = _slack(incident, "channel.first", at, needs=channel)
    if not incident.drill:
        # A drill is in the drill channel, which is not its own: nothing of that is changed.
        _slack(incident, "channel.pin", at, needs=first)
        _slack(incident, "channel.topic", at, needs=channel)
        _slack(incident, "channel.purpose", at, needs=channel)
        _slack(incident, "channel.bookmark", at, needs=channel, details={"what": "portal"}, name="bookmark-portal")
    invite(incident, [*invited(incident, at), by, *([reporter] if reporter else [])], at=at)
    enqueue("slack", "incident.declared", at=at, incident_id=incident.id, details={"page": page})
    for name in () if incident.drill else house.announce:
        _slack(incident, "incident.announced", at, details={"channel": name}, name=f"to-{name}"[:30])


def call_together(incident: "Incident", *, by: Person, at: datetime, page: bool | None) -> None:
    """The second half: everybody is paged if the person decided so, and the two calls are opened."""
    if page:
        paging.page_everybody(incident, by=by, at=at)
    for call in CALLS:
        enqueue(
            "calls", "call.open", at=at, incident_id=incident.id, details={"call": call},
            lane=f"calls:incident-{incident.id}:{call}",
        )  # fmt: skip


def invited(incident: "Incident", at: datetime) -> list[Person]:
    """Whom the scale asks into the channel: small: who is on duty for system and bridge; medium: who is on duty
    everywhere, and the first deputies; large: the whole lines.
    """
    most = DEPUTIES.get(incident.severity)
    return [
        place.person
        for duty in roster.duty_now(at)
        if incident.severity != "minor" or duty.area.kind in MINOR_AREAS
        for place in duty.people
        if most is None or place.rank <= most
    ]


def invite(incident: "Incident", people: Iterable[Person], *, at: datetime) -> None:
    """Asks people into the incident's channel; who was asked before is not asked again."""
    channel = _of_kind(incident, "channel.create")
    if channel is None:
        return
    known = {number for one in _all_of_kind(incident, "channel.invite") for number in one.details.get("people", ())}
    new = list(dict.fromkeys(person.id for person in people if person.id not in known))
    for start in range(0, len(new), MOST_INVITED):
        part = new[start : start + MOST_INVITED]
        _slack(incident, "channel.invite", at, needs=channel, details={"people": part}, name=f"invite-{part[0]}")


def refresh(incident: "Incident", at: datetime) -> None:
    """Something changed that the pinned message says: it is edited. One edit that still waits shows it all."""
    first = _of_kind(incident, "channel.first")
    if first is None or (first.state == "waiting" and not first.attempts):
        return
    edits = _all_of_kind(incident, "channel.changed")
    if any(one.state == "waiting" and not one.attempts for one in edits):
        return
    for old in edits:
        if old.state == "failed":
            old.drop(at)  # the newest state wins
    _slack(incident, "channel.changed", at, needs=first, name="first")


def renamed(incident: "Incident", at: datetime) -> None:
    """Headline or scale changed: topic and pinned message say so."""
    channel = _of_kind(incident, "channel.create")
    if channel is not None and not incident.drill:
        _slack(incident, "channel.topic", at, needs=channel)
    refresh(incident, at)


def handed_over(
    incident: "Incident", *, position: str, before: str, name: str, by: Person | None, at: datetime,
    key: str | None = None,
) -> Delivery | None:  # fmt: skip
    """Who holds a position now is said in the incident's channel; empty names: nobody; `by` None: by the roster.

    `key`: where several may write it down (`outbox.enqueue`).
    """
    channel = _of_kind(incident, "channel.create")
    if channel is None:
        return None
    details = {"position": position, "before": before, "name": name, "by": by.id if by else None}
    return _slack(incident, HANDED_OVER, at, needs=channel, details=details, name="formation", key=key)


def ask_for(incident: "Incident", asks: list[list[str]], *, at: datetime, key: str) -> Delivery | None:
    """Positions that nobody holds ask in the incident's channel to be taken. `asks`: [position, when it was due]."""
    channel = _of_kind(incident, "channel.create")
    if channel is None:
        return None
    return _slack(incident, ASKED, at, needs=channel, details={"asks": asks}, name="formation", key=key)


def channel(incident: "Incident") -> Delivery | None:
    """The delivery that opens the incident's channel: what is said there needs it. None where there is none."""
    return _of_kind(incident, "channel.create")


def remind(incident: "Incident", details: dict[str, Any], *, at: datetime, key: str) -> Delivery | None:
    """An update that was promised is due: said in the incident's channel (`promise_clock` says to whom).

    None where there is no channel and none will be.
    """
    channel, found = _of_kind(incident, "channel.create"), of(incident)
    if channel is None or (channel.state in outbox.DONE and not (found and found.channel_id)):
        return None
    return _slack(incident, PROMISED, at, needs=channel, details=details, name="promise", key=key)


def asks(incidents: Iterable[int]) -> list[Delivery]:
    """What was asked so far in some incidents, oldest first: one query."""
    query = select(Delivery).where(Delivery.incident_id.in_(list(incidents)), Delivery.kind == ASKED)
    return list(db.session.scalars(query.order_by(Delivery.id)))


def arrived(delivery: Delivery, at: datetime) -> None:
    """What a delivery found outside is kept with its incident. Call it in the transaction that settles it."""
    incident_id = delivery.incident_id
    found = db.session.get(Mobilisation, incident_id) if incident_id else None
    if found is None:
        return
    if delivery.kind == "channel.create":
        found.channel_id, found.channel_name = delivery.outside_id, delivery.outside_place
        found.channel_url = delivery.outside_url
    elif delivery.kind == "call.open":
        call = str(delivery.details["call"])
        setattr(found, f"{call}_call", delivery.outside_url)
        _call_is_there(incident_id, call, at)


def _call_is_there(incident_id: int | None, call: str, at: datetime) -> None:
    """The pinned message and a bookmark lead to the call."""
    from domain.lifecycle import Incident  # it knows us

    incident = db.session.get_one(Incident, incident_id)
    refresh(incident, at)
    channel = _of_kind(incident, "channel.create")
    if channel is not None and not incident.drill:
        _slack(incident, "channel.bookmark", at, needs=channel, details={"what": call}, name=f"bookmark-{call}")


def told_reports(incident: "Incident") -> dict[int, Delivery]:
    """The words in the threads of the reports that led to the incident, by their id: one query."""
    reports = select(Event.report_id).where(Event.incident_id == incident.id, Event.report_id.is_not(None))
    query = (
        select(Delivery).where(Delivery.kind == "report.told", Delivery.report_id.in_(reports)).order_by(Delivery.id)
    )
    return {one.id: one for one in db.session.scalars(query) if one.details.get("what") == "incident"}


def again(delivery: Delivery, *, by: Person, at: datetime) -> None:
    """One more attempt at a step, now. What needs it follows by itself."""
    delivery.send_again(at=at, by=by)


def _all_of_kind(incident: "Incident", kind: str) -> list[Delivery]:
    query = select(Delivery).where(Delivery.incident_id == incident.id, Delivery.kind == kind)
    return list(db.session.scalars(query.order_by(Delivery.id)))


def _of_kind(incident: "Incident", kind: str) -> Delivery | None:
    return next(iter(_all_of_kind(incident, kind)), None)


def _slack(
    incident: "Incident", kind: str, at: datetime, *, needs: Delivery | None = None,
    details: dict[str, Any] | None = None, name: str = "", key: str | None = None,
) -> Delivery:  # fmt: skip
    """A step at Slack in a lane of its own."""
    lane = f"slack:incident-{incident.id}:{name or kind.removeprefix('channel.')}"
    return outbox.enqueue(
        "slack", kind, at=at, incident_id=incident.id, needs=needs, details=details, lane=lane[:60], key=key
    )
