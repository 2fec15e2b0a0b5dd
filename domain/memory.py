"""What the house remembers: the words of every incident, by which those like a new one are found."""

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.db import Model


class IncidentWord(Model):
    """A word of an incident, and how much it says there. Words begin with their kind: `w:入場`, `s:3` is a service."""

    __tablename__ = "incident_words"

    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True, index=True)
    weight: Mapped[float] = mapped_column(Float)


class Memory(Model):
    """How far an incident's words are known: up to which event. `similar`: the likest past ones then, [id, score]."""

    __tablename__ = "memories"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    event_id: Mapped[int] = mapped_column(default=0, index=True)
    similar: Mapped[list[Any]] = mapped_column(JSON, default=list)
