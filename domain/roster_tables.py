"""The roster's tables: areas, plan versions with their places, overrides, absences, last resort."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model
from domain.people import Person

AREA_KINDS = ("guest", "partner", "system", "bridge", "other")
RANKS = 5
"""The person responsible and deputies of rank 1 to 4 (R4)."""


class Area(Model):
    """A part of the work that somebody always answers for. `kind` says what the flow uses it for."""

    __tablename__ = "areas"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10), default="other")
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    plans: Mapped[list["Plan"]] = relationship(back_populates="area", order_by="Plan.id")

    def called(self, locale: str) -> str:
        return self.name_en if locale == "en" and self.name_en else self.name


class Plan(Model):
    """One version of an area's plan (R9). Never edited: a change is a new version with its own start (R21)."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    starts_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    area: Mapped[Area] = relationship(back_populates="plans")
    slots: Mapped[list["PlanSlot"]] = relationship(back_populates="plan", order_by="PlanSlot.rank")
    recorded_by: Mapped[Person | None] = relationship()

    @property
    def effective_at(self) -> datetime:
        """A version counts from the later of its start and its recording (R21)."""
        return max(self.starts_at, self.recorded_at)


class PlanSlot(Model):
    """A place in a plan: rank 0 is the person responsible, 1 to 4 the deputies; nobody = vacant (R4)."""

    __tablename__ = "plan_slots"
    __table_args__ = (UniqueConstraint("plan_id", "rank"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    rank: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    plan: Mapped[Plan] = relationship(back_populates="slots")
    person: Mapped[Person | None] = relationship()


class Override(Model):
    """A cover, swap or take over a span (R10 to R14). `area` empty means every area. Never edited, only cancelled."""

    __tablename__ = "overrides"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10), default="agreed")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    for_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    cancelled_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    for_person: Mapped[Person | None] = relationship(foreign_keys=[for_person_id])
    recorded_by: Mapped[Person | None] = relationship(foreign_keys=[recorded_by_id])
    area: Mapped[Area | None] = relationship()

    @property
    def asked_id(self) -> int | None:
        """Whose yes a proposed cover waits for: of the two named, the one who did not record it; else the stand-in."""
        return self.for_person_id if self.recorded_by_id == self.person_id else self.person_id

    @property
    def asked(self) -> Person | None:
        return self.for_person if self.asked_id == self.for_person_id else self.person


class Absence(Model):
    """Somebody is away over a span, from every area (R15). Never edited, only cancelled."""

    __tablename__ = "absences"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    cancelled_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class LastResort(Model):
    """Whom to call when nobody of an area can be reached (R18)."""

    __tablename__ = "last_resorts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(default=0)
