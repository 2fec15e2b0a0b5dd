"""What is added to a report after it was sent: voices of others, words, photos."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model
from domain.people import Person

if TYPE_CHECKING:
    from domain.suspicion import Report


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

    report: Mapped["Report"] = relationship(back_populates="voices")
    person: Mapped[Person] = relationship()


class Addition(Model):
    """What a reporter added after sending: words, facility, number of customers."""

    __tablename__ = "additions"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    report: Mapped["Report"] = relationship(back_populates="additions")
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

    report: Mapped["Report"] = relationship(back_populates="photos")
