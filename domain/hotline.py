"""The hotline: a suspicion that anyone reports, the voices of others who see it, and what became of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.catalog import Facility, Service, Symptom
from domain.db import Model
from domain.incidents import Incident
from domain.people import Person

VERDICTS = ("acknowledged", "no_incident", "duplicate", "incident")
OPEN = ("received", "acknowledged")
"""A report in one of these is a suspicion: nobody has judged it yet, and the board says so."""


class Report(Model):
    """A suspicion. `status`: received, acknowledged, incident, duplicate or no_incident."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(20), default="received", index=True)
    reporter_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    symptom_id: Mapped[int | None] = mapped_column(ForeignKey("symptoms.id"), index=True)
    body: Mapped[str] = mapped_column(Text, default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"), index=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facilities.id"), index=True)
    facility_text: Mapped[str] = mapped_column(String(200), default="")
    since: Mapped[datetime | None]
    customers: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    judged_at: Mapped[datetime | None]
    judged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)

    reporter: Mapped[Person] = relationship(foreign_keys=[reporter_id])
    acknowledged_by: Mapped[Person | None] = relationship(foreign_keys=[acknowledged_by_id])
    judged_by: Mapped[Person | None] = relationship(foreign_keys=[judged_by_id])
    symptom: Mapped[Symptom | None] = relationship()
    service: Mapped[Service | None] = relationship()
    facility: Mapped[Facility | None] = relationship()
    incident: Mapped[Incident | None] = relationship(foreign_keys=[incident_id])
    duplicate_of: Mapped["Report | None"] = relationship(remote_side=[id])
    voices: Mapped[list["Voice"]] = relationship(back_populates="report", order_by="Voice.id")
    additions: Mapped[list["Addition"]] = relationship(back_populates="report", order_by="Addition.id")
    photos: Mapped[list["Photo"]] = relationship(back_populates="report", order_by="Photo.id")

    @property
    def code(self) -> str:
        """Short, stable, sayable: `R-312`."""
        return f"R-{self.id}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class Voice(Model):
    """Somebody else sees the same. One a person and report: a second tap changes the first."""

    __tablename__ = "voices"
    __table_args__ = (UniqueConstraint("report_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    customers: Mapped[int | None]
    created_at: Mapped[datetime]

    report: Mapped[Report] = relationship(back_populates="voices")
    person: Mapped[Person] = relationship()


class Addition(Model):
    """What a reporter added after sending: words, facility, number of customers."""

    __tablename__ = "additions"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    report: Mapped[Report] = relationship(back_populates="additions")
    person: Mapped[Person] = relationship()


class Photo(Model):
    """A picture to a report, re-encoded by us: no EXIF, no place, never the bytes that came in."""

    __tablename__ = "photos"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]

    report: Mapped[Report] = relationship(back_populates="photos")
