"""Incidents: declared, updated by the bridge, restored, followed up with customers, closed."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.catalog import Facility, Service
from domain.db import Base, Model
from domain.people import Person

STATES = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_STATES = ("scheduled", "in_progress", "verifying", "completed")
SEVERITIES = ("minor", "major", "critical")
POSITIONS = (
    "commander",
    "bridge",
    "guest_lead",
    "partner_lead",
    "investigator",
    "first_aid",
    "impact",
    "root_fix",
    "scribe",
)
WORDS = ("situation", "guest_notice", "partner_notice", "workaround", "not_yet")
"""What an update says, in the order of the bridge's form."""

incident_facilities = Table(
    "incident_facilities",
    Base.metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("facility_id", ForeignKey("facilities.id"), primary_key=True, index=True),
)


class Incident(Model):
    """An incident, or (`kind` maintenance) planned work with a beginning and an end.

    `state`: one of STATES, or of MAINTENANCE_STATES. `closed_at`: the customer side is done; until then a
    resolved incident stays on the board. `severity` may also be `none` in imported history.
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
    search: Mapped[str] = mapped_column(Text, default="")

    declared_by: Mapped[Person | None] = relationship(foreign_keys=[declared_by_id])
    closed_by: Mapped[Person | None] = relationship(foreign_keys=[closed_by_id])
    updates: Mapped[list["Update"]] = relationship(back_populates="incident", order_by="Update.id")
    affected: Mapped[list["IncidentService"]] = relationship(back_populates="incident")
    facilities: Mapped[list[Facility]] = relationship(secondary=incident_facilities, order_by=Facility.reading)
    positions: Mapped[list["Position"]] = relationship(back_populates="incident", order_by="Position.id")

    @property
    def code(self) -> str:
        """Short, stable, sayable: `INC-42`."""
        return f"INC-{self.id}"


class IncidentService(Model):
    """A service that an incident touches, and how badly now."""

    __tablename__ = "incident_services"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"), primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(22))

    incident: Mapped[Incident] = relationship(back_populates="affected")
    service: Mapped[Service] = relationship()


class Update(Model):
    """What the bridge published: never changed. A correction is an update of its own that names what it corrects.

    `kind`: declared (the holding text), published, unchanged (no news), imported. `wrote_as`: as what the
    author could publish (bridge, commander, responder, admin). `format` of imported words: text, html or markdown.
    `services` keeps the state of each service as of this update: {service id: state}.
    """

    __tablename__ = "updates"
    __table_args__ = (Index("ix_updates_incident_published", "incident_id", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="published")
    state: Mapped[str] = mapped_column(String(15))
    situation: Mapped[str] = mapped_column(Text, default="")
    guest_notice: Mapped[str] = mapped_column(Text, default="")
    partner_notice: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")
    not_yet: Mapped[str] = mapped_column(Text, default="")
    format: Mapped[str] = mapped_column(String(10), default="markdown")
    next_update_at: Mapped[datetime | None]
    next_update_reason: Mapped[str] = mapped_column(String(300), default="")
    services: Mapped[dict[str, str]] = mapped_column(default=dict)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("updates.id"), index=True)
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    wrote_as: Mapped[str] = mapped_column(String(15), default="")

    incident: Mapped[Incident] = relationship(back_populates="updates")
    published_by: Mapped[Person | None] = relationship()
    corrects: Mapped["Update | None"] = relationship(remote_side=[id])


class Position(Model):
    """Who holds which position in an incident, from when to when. One person may hold several."""

    __tablename__ = "positions"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    position: Mapped[str] = mapped_column(String(15))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    assigned_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    incident: Mapped[Incident] = relationship(back_populates="positions")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class UpdateTemplate(Model):
    """Words that the bridge's form offers for a state, in a language. Kept by administrators."""

    __tablename__ = "update_templates"
    __table_args__ = (UniqueConstraint("state", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(15))
    locale: Mapped[str] = mapped_column(String(5))
    situation: Mapped[str] = mapped_column(Text, default="")
    guest_notice: Mapped[str] = mapped_column(Text, default="")
    partner_notice: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")
    not_yet: Mapped[str] = mapped_column(Text, default="")


class UpdateDraft(Model):
    """What somebody has typed into the bridge's form and not yet published: survives the browser, the day, the person."""

    __tablename__ = "update_drafts"
    __table_args__ = (UniqueConstraint("incident_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    words: Mapped[dict[str, str]] = mapped_column(default=dict)
    saved_at: Mapped[datetime]
