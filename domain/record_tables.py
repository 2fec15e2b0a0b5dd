"""The record as tables: sections as merged text beside the log of what was merged, versions, hypotheses, carets."""

from datetime import datetime
from typing import Any, Optional

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model
from domain.incidents import Incident
from domain.people import Person


class Section(Model):
    """One part of an incident's record. `text` is what the log says as plain text, for people and searches.

    `packed` is the log up to `packed_seq` in one piece; what came after it lies in `record_updates`, up to `seq`.
    `internal`: it is left out of what partners get.
    """

    __tablename__ = "record_sections"
    __table_args__ = (UniqueConstraint("incident_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    key: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, default="")
    internal: Mapped[bool] = mapped_column(default=False)
    seq: Mapped[int] = mapped_column(default=0)
    packed: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)
    packed_seq: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    incident: Mapped[Incident] = relationship()
    updated_by: Mapped[Optional["Person"]] = relationship()


class Merged(Model):
    """One update of the merging library's, as it came. Packed into its section from time to time."""

    __tablename__ = "record_updates"
    __table_args__ = (UniqueConstraint("section_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("record_sections.id"))
    seq: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)


class Edition(Model):
    """What a section said after some minutes of writing. `text` None: what it says now; `restored`: of which number.

    `authors`: ids of whoever wrote in those minutes, in the order in which they began.
    """

    __tablename__ = "record_versions"
    __table_args__ = (UniqueConstraint("section_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("record_sections.id"))
    number: Mapped[int]
    what: Mapped[str] = mapped_column(String(10), default="edit")
    text: Mapped[str | None] = mapped_column(Text, deferred=True)
    began_at: Mapped[datetime]
    at: Mapped[datetime]
    authors: Mapped[list[Any]] = mapped_column(JSON)
    restored: Mapped[int | None]


class Hypothesis(Model):
    """What the cause may be. Its words, how it was tested and what came out are sections: h3, h3-test, h3-result."""

    __tablename__ = "record_hypotheses"
    __table_args__ = (UniqueConstraint("incident_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(10), default="open")
    created_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)

    @property
    def keys(self) -> tuple[str, str, str]:
        """The keys of its three sections."""
        return f"h{self.number}", f"h{self.number}-test", f"h{self.number}-result"


class Caret(Model):
    """Where somebody writes now, in one tab. `place`: the merging library's own way to say it; empty: nowhere yet."""

    __tablename__ = "record_carets"
    __table_args__ = (UniqueConstraint("incident_id", "tab"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    tab: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    section: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class Picture(Model):
    """A picture in a record, encoded anew by us: never the bytes that came in."""

    __tablename__ = "record_pictures"
    __table_args__ = (UniqueConstraint("incident_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100))
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]


class Mirror(Model):
    """That a record is mirrored to Confluence, and when something last changed here that no event tells of."""

    __tablename__ = "record_mirrors"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    changed_at: Mapped[datetime | None]
