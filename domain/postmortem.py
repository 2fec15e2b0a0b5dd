"""The postmortem: when people meet, what went well, what was luck, why it happened, asked several times."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model
from domain.incidents import Incident
from domain.people import Person


class Postmortem(Model):
    """What an incident taught. `meets_at`: when people are to meet; `held_at`: when they said that they had.

    `whys`: each answers the one before it. `cause_key`: the cause folded; the same cause has the same.
    """

    __tablename__ = "postmortems"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), unique=True)
    meets_at: Mapped[datetime | None] = mapped_column(index=True)
    place: Mapped[str] = mapped_column(String(300), default="")
    host_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    held_at: Mapped[datetime | None]
    went_well: Mapped[str] = mapped_column(Text, default="")
    lucky: Mapped[str] = mapped_column(Text, default="")
    hard: Mapped[str] = mapped_column(Text, default="")
    whys: Mapped[list[str]] = mapped_column(JSON, default=list)
    cause: Mapped[str] = mapped_column(String(200), default="")
    cause_key: Mapped[str] = mapped_column(String(200), index=True, default="")
    version: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    incident: Mapped[Incident] = relationship()
    host: Mapped[Person | None] = relationship(foreign_keys=[host_id])
    changed_by: Mapped[Person | None] = relationship(foreign_keys=[changed_by_id])
