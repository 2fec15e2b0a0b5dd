"""An incident and what can be done with it: publish, restore, reopen, close, assign, edit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Optional

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, String, Table, Text, and_, func, select
from sqlalchemy.orm import Mapped, aliased, foreign, mapped_column, relationship

from domain import copies, followers, followup, formation, mobilising, paging, promises, restoring, spreading
from domain.catalog import SERVICE_STATES, Facility, Service
from domain.db import Base, Model, db
from domain.errors import Conflict, Refused
from domain.events import record
from domain.formation import Position
from domain.people import Person
from domain.text import fold, has_words, one_line
from domain.updates import WORDS, Update, drop_draft, kept_words, parted

if TYPE_CHECKING:
    from domain.suspicion import Report

STATES = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_STATES = ("scheduled", "in_progress", "verifying", "completed")
SEVERITIES = ("minor", "major", "critical")
FOLLOWS = {
    **dict.fromkeys(STATES[:-1], STATES),
    "resolved": ("resolved",),
    **dict.fromkeys(MAINTENANCE_STATES[:-1], MAINTENANCE_STATES),
    "completed": (),
}
"""The lifecycle: the states that an update may bring after each. Another needs an explicit reopening, or is refused."""

TITLE_LENGTH = 120
SLACK = timedelta(minutes=1)
"""How far a beginning may lie ahead: clocks differ."""


incident_facilities = Table(
    "incident_facilities",
    Base.metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("facility_id", ForeignKey("facilities.id"), primary_key=True, index=True),
)


class Incident(Model):
    """An incident, or (`kind` maintenance) planned work with a beginning and an end.

    `state`: one of STATES, or of MAINTENANCE_STATES. `closed_at`: the customer side is done; until then a
    resolved incident stays on the board. `severity` is `none` for planned work, and may be in imported history.
    `outcome`: merged (into `merged_into`) or no_incident where it ended otherwise than by a restoration.
    """

    __tablename__ = "incidents"
    __table_args__ = (Index("ix_incidents_open", "closed_at", "kind", "began_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(12), default="incident")
    title: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(15))
    drill: Mapped[bool] = mapped_column(default=False)
    all_facilities: Mapped[bool] = mapped_column(default=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime | None]
    declared_at: Mapped[datetime]
    declared_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    next_update_at: Mapped[datetime | None]
    next_update_reason: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(100), default="")
    outcome: Mapped[str] = mapped_column(String(12), default="")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    search: Mapped[str] = mapped_column(Text, default="")

    declared_by: Mapped[Person | None] = relationship(foreign_keys=[declared_by_id])
    closed_by: Mapped[Person | None] = relationship(foreign_keys=[closed_by_id])
    merged_into: Mapped[Optional["Incident"]] = relationship(remote_side=[id])
    updates: Mapped[list["Update"]] = relationship(back_populates="incident", order_by="Update.id")
    affected: Mapped[list["IncidentService"]] = relationship(back_populates="incident")
    facilities: Mapped[list[Facility]] = relationship(secondary=incident_facilities, order_by=Facility.reading)
    positions: Mapped[list["Position"]] = relationship(back_populates="incident", order_by="Position.id")
    latest: Mapped["Update | None"] = relationship(
        primaryjoin=lambda: _is_latest(), viewonly=True, uselist=False, overlaps="updates"
    )

    if TYPE_CHECKING:  # `suspicion` adds it: it knows us
        reports: Mapped[list["Report"]]

    @property
    def code(self) -> str:
        """Short, stable, sayable: `INC-42`."""
        return f"INC-{self.id}"

    @property
    def last_state(self) -> str:
        """The state in which it is over: resolved, or completed for planned work."""
        return "completed" if self.kind == "maintenance" else "resolved"

    @property
    def ends_before_beginning(self) -> bool:
        """Whether the recorded end lies before the recorded beginning (imported history): said, never computed with."""
        return self.resolved_at is not None and self.resolved_at < self.began_at

    @property
    def duration(self) -> timedelta | None:
        """From the beginning to the restoration, or None while it lasts and where the record cannot be right."""
        if self.resolved_at is None or self.ends_before_beginning:
            return None
        return self.resolved_at - self.began_at

    def publish(
        self,
        *,
        key: str,
        by: Person,
        at: datetime,
        state: str,
        words: Mapping[str, str],
        next_update_at: datetime | None = None,
        next_update_reason: str = "",
        services: Mapping[Service, str] | None = None,
        seen: int | None = None,
        corrects: int | None = None,
        wrote_as: str = "bridge",
        reopen: bool = False,
        ended_at: datetime | None = None,
    ) -> "Update":
        """Publishes what the bridge wrote, whole; the same `key` and words again give the same update.

        `seen`: the id of the update that the author had before them. `services` not given keep their state.
        `ended_at`: when the impact ended, where it was before the restoration is published.

        Raises:
            Conflict: somebody published in between (`newer` in its params is that update), or the lifecycle forbids it.
            Refused: no words, words too long, an unknown state, a promise in the past or none without a reason, an
                end before the beginning or ahead.
        """
        said = kept_words(words)
        if earlier := self._sent_before(key, {"state": state, **said}):
            return earlier
        self.check_seen(seen)
        self._check_follows(state, seen, reopen)
        reason = one_line(next_update_reason)[:300]
        if state != self.last_state and self.kind == "incident":
            promises.check(next_update_at, reason, at)
        if corrects is not None and not any(update.id == corrects for update in self.updates):
            raise Refused("corrects", "corrects_unknown")
        self.touch(services or {})
        reopened = self.resolved_at is not None and state != self.last_state
        restored = self.resolved_at is None and state == self.last_state
        self._enter(state, ended(self, ended_at, at) if restored else at)
        update = self.say(
            key, "published", by, at, said, next_update_at,
            next_update_reason=reason, corrects_id=corrects, wrote_as=wrote_as,
        )  # fmt: skip
        drop_draft(self, by)
        if reopened:
            record("incident.reopened", by=by, at=at, incident_id=self.id, update=update.id)
        if reopened or restored:
            restoring.tell(self, update, by=by, at=at)
        return update

    def publish_unchanged(
        self, *, key: str, by: Person, at: datetime, next_update_at: datetime | None,
        seen: int | None = None, wrote_as: str = "bridge",
    ) -> "Update":  # fmt: skip
        """No news: the words stay and are confirmed anew, the promise is renewed.

        Raises:
            Conflict: somebody published in between, nothing was published yet, or it is restored already.
            Refused: no next update, or one in the past.
        """
        if earlier := self._sent_before(key, {"kind": "unchanged"}):
            return earlier
        self.check_seen(seen)
        if self.resolved_at is not None:
            raise Conflict("incident_resolved", incident=self.code)
        last = self.latest
        if last is None:
            raise Conflict("nothing_published_yet")
        if next_update_at is None:
            raise Refused("next_update", "next_update_missing")
        promises.check(next_update_at, "", at)
        said = {name: last.whole(name) for name in WORDS}
        return self.say(key, "unchanged", by, at, said, next_update_at, wrote_as=wrote_as, format=last.format)

    def close(self, *, by: Person, at: datetime) -> None:
        """The customer side is done: it leaves the board. Again changes nothing.

        Raises:
            Conflict: it is not restored yet, or somebody still needs help.
        """
        if self.closed_at is not None:
            return
        if self.resolved_at is None:
            raise Conflict("not_restored_yet", incident=self.code)
        if left := followup.number_left(self):
            raise Conflict("help_needed", num=left)
        self.closed_at, self.closed_by_id, self.next_update_at = at, by.id, None
        record("incident.closed", by=by, at=at, incident_id=self.id)
        mobilising.refresh(self, at)

    def follow_up_again(self, *, by: Person, at: datetime) -> None:
        """The customer side was not done after all: it is back on the board. Undoes `close`.

        Raises:
            Conflict: it was merged into another, or was no incident.
        """
        if self.closed_at is None:
            return
        if self.outcome:
            raise Conflict("ended_otherwise", incident=self.code)
        self.closed_at = self.closed_by_id = None
        record("incident.followed_up_again", by=by, at=at, incident_id=self.id)
        mobilising.refresh(self, at)

    def assign(self, position: str, person: Person, *, by: Person, at: datetime) -> Position:
        """Gives a position to somebody, whoever held it before; who holds it already keeps it.

        Raises:
            Refused: no such position, or the person has left.
            Conflict: the incident is closed.
        """
        return formation.assign(self, position, person, by=by, at=at)

    def edit(
        self, *, by: Person, at: datetime, title: str, severity: str, began_at: datetime,
        facilities: list[Facility] | None = None, resolved_at: datetime | None = None,
    ) -> None:  # fmt: skip
        """Changes what was declared; what it was before is written down and shown among the updates.

        `resolved_at`: when the impact ended, where it is restored and that was another time.

        Raises:
            Refused: as in `declare`; an end before the beginning or ahead.
        """
        wanted = {"title": good_title(title), "severity": good_severity(severity), "began_at": begun(began_at, at)}
        if self.resolved_at is not None and resolved_at is not None:
            if not began_at <= resolved_at <= at + SLACK:
                raise Refused("resolved_at", "ended_impossible")
            if abs(resolved_at - self.resolved_at) >= SLACK:
                wanted["resolved_at"] = resolved_at
        changes: dict[str, Any] = {}
        for name, value in wanted.items():
            if (before := getattr(self, name)) != value:
                changes[name] = [_plain(before), _plain(value)]
                setattr(self, name, value)
        before_places = None if self.all_facilities else {place.id for place in self.facilities}
        if before_places != (None if facilities is None else {place.id for place in facilities}):
            changes["facilities"] = [self.facility_names(), ", ".join(place.name for place in facilities or [])]
            self.all_facilities, self.facilities = facilities is None, list(facilities or [])
        if changes:
            self.find_by(self.title)
            record("incident.edited", by=by, at=at, incident_id=self.id, **changes)
            mobilising.renamed(self, at)

    def facility_names(self) -> str:
        """The facilities it touches, for the log; empty for all."""
        return "" if self.all_facilities else ", ".join(place.name for place in self.facilities)

    def _sent_before(self, key: str, said: Mapping[str, str]) -> "Update | None":
        """The update of an earlier tap. What was changed since, and sent again from the same form, is not one."""
        earlier = db.session.scalar(select(Update).where(Update.key == key))
        if earlier is None:
            return None
        if earlier.incident_id != self.id:
            raise Conflict("key_used")
        if any(earlier.whole(name) != text for name, text in said.items()):
            raise Conflict("key_used", newer=earlier)
        return earlier

    def check_seen(self, seen: int | None) -> None:
        """Raises Conflict when it is closed, or when words were published after the update `seen`."""
        if self.closed_at is not None:
            raise Conflict("incident_closed", incident=self.code)
        if seen is None:
            return
        newer = db.session.scalar(
            select(Update)
            .where(Update.incident_id == self.id, Update.id > seen, Update.kind != "unchanged")
            .order_by(Update.id.desc())
            .limit(1)
        )
        if newer is not None:
            raise Conflict("published_between", newer=newer)

    def _check_follows(self, state: str, seen: int | None, reopen: bool) -> None:
        known = MAINTENANCE_STATES if self.kind == "maintenance" else STATES
        if state not in known:
            raise Refused("state", "state_missing")
        if reopen and self.state == "resolved":
            return
        # Whoever had the restoration before them may still improve the wording; anybody else did not know.
        if state not in FOLLOWS[self.state] or (self.resolved_at is not None and seen is None):
            raise Conflict("incident_resolved", incident=self.code)

    def touch(self, services: Mapping[Service, str]) -> None:
        """Sets the states of the services given; others keep theirs."""
        rows = {row.service_id: row for row in self.affected}
        for service, state in services.items():
            if state not in SERVICE_STATES:
                raise Refused(f"service-{service.id}", "service_state_unknown")
            if service.id in rows:
                rows[service.id].state = state
            else:
                self.affected.append(IncidentService(service=service, service_id=service.id, state=state))

    def _enter(self, state: str, at: datetime) -> None:
        self.state = state
        if state == self.last_state:
            self.resolved_at = self.resolved_at or at
            for row in self.affected:
                row.state = "operational"
            if self.kind == "maintenance":
                self.closed_at = at
        else:
            self.resolved_at = None

    def say(
        self, key: str, kind: str, by: Person, at: datetime, said: dict[str, str], due: datetime | None, **more: Any
    ) -> "Update":
        public, whole = parted(said)
        before = self.latest
        self.next_update_at = None if self.resolved_at else due
        self.next_update_reason = more.get("next_update_reason", "")
        update = Update(
            key=key, incident=self, kind=kind, state=self.state, published_at=at, published_by_id=by.id, **public,
            internal=whole, next_update_at=self.next_update_at, **more,
            services={str(row.service_id): row.state for row in self.affected},
        )  # fmt: skip
        db.session.add(update)
        db.session.flush()
        db.session.expire(self, ["latest"])
        self.find_by(*public.values())
        record(f"incident.{kind}", by=by, at=at, incident_id=self.id, update=update.id, state=self.state)
        if kind != "declared":
            mobilising.refresh(self, at)
            paging.follow(self, at)
        spreading.spread(self, update, at)
        followers.tell(self, update, at)
        copies.follow(self, update, before, at)
        return update

    def find_by(self, *texts: str) -> None:
        """Adds to what searches look through, folded; bounded, because a search reads all of it."""
        for text in texts:
            if (folded := fold(text)) not in self.search:
                self.search = f"{self.search} {folded}"[:8000]


class IncidentService(Model):
    """A service that an incident touches, and how badly now."""

    __tablename__ = "incident_services"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"), primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(22))

    incident: Mapped[Incident] = relationship(back_populates="affected")
    service: Mapped[Service] = relationship()


def _is_latest() -> ColumnElement[bool]:
    """Joins an incident with the update that counts now."""
    any_update = aliased(Update)
    last = select(func.max(any_update.id)).where(any_update.incident_id == Incident.id).correlate(Incident)
    return and_(foreign(Update.incident_id) == Incident.id, Update.id == last.scalar_subquery())


def good_title(title: str) -> str:
    """The impact in one line that can be said aloud, or Refused."""
    title = one_line(title)
    if not has_words(title):
        raise Refused("title", "title_missing")
    if len(title) > TITLE_LENGTH:
        raise Refused("title", "title_long", most=TITLE_LENGTH)
    return title


def good_severity(severity: str) -> str:
    if severity not in SEVERITIES:
        raise Refused("severity", "severity_missing")
    return severity


def begun(began_at: datetime, at: datetime) -> datetime:
    if began_at > at + SLACK:
        raise Refused("began_at", "began_in_future")
    return began_at


def ended(incident: Incident, ended_at: datetime | None, at: datetime) -> datetime:
    """When the impact ended, or Refused: not before it began, not ahead. Not told: now."""
    if ended_at is None:
        return at
    if not incident.began_at - SLACK <= ended_at <= at + SLACK:
        raise Refused("ended_at", "ended_impossible")
    # Forms know no seconds: an end in the minute of the beginning is not before it.
    return max(ended_at, incident.began_at)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
