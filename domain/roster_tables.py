"""The roster's tables: areas, plan versions, rotations, overrides, absences, attempts, last resort."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model
from domain.people import Person

AREA_KINDS = ("guest", "partner", "system", "bridge", "other")
RANKS = 5
"""The person responsible and deputies of rank 1 to 4 (R4)."""

ALWAYS = datetime(1, 1, 2, tzinfo=UTC)
"""Recorded, or begun, before anything else: what a file knows from the beginning. (A day from the end of the calendar:
a database shows it in its own zone.)"""

Windows = list[dict[str, Any]]
"""Parts of a day as the roster's neutral form has them: `{"days"?: [...], "start": "22:00", "end": "06:00"}` (R5)."""


class Area(Model):
    """A part of the work that somebody always answers for. `kind` says what the flow uses it for."""

    __tablename__ = "areas"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10), default="other")
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int] = mapped_column(default=0)
    zone: Mapped[str | None] = mapped_column(String(64))
    """The zone of its windows (R2); none: the roster's."""
    slack_group: Mapped[str | None] = mapped_column(String(20))
    """The Slack user group in which whoever is on duty is kept; none: no group."""
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
    starts_at: Mapped[datetime] = mapped_column(index=True)
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    windows: Mapped[list[Windows]] = mapped_column(JSON, default=lambda: [[]])
    """For each row, top to bottom, the windows in which it applies; none: always (R5, R7)."""

    area: Mapped[Area] = relationship(back_populates="plans")
    slots: Mapped[list["PlanSlot"]] = relationship(
        back_populates="plan", order_by="[PlanSlot.row, PlanSlot.rank]", cascade="save-update, merge"
    )
    recorded_by: Mapped[Person | None] = relationship()

    @property
    def effective_at(self) -> datetime:
        """A version counts from the later of its start and its recording (R21)."""
        return max(self.starts_at, self.recorded_at)


class PlanSlot(Model):
    """A place in a row of a plan: rank 0 is responsible, 1 to 4 the deputies (R4). Filled by a person or a rotation,
    `offset` members on (R8); by neither: vacant.
    """

    __tablename__ = "plan_slots"
    __table_args__ = (UniqueConstraint("plan_id", "row", "rank"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    row: Mapped[int] = mapped_column(default=0)
    rank: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    rotation_id: Mapped[int | None] = mapped_column(ForeignKey("rotations.id"), index=True)
    offset: Mapped[int] = mapped_column(default=0)

    plan: Mapped[Plan] = relationship(back_populates="slots")
    person: Mapped[Person | None] = relationship()
    rotation: Mapped["Rotation | None"] = relationship()


class Rotation(Model):
    """Members who take turns by the calendar (R8). Never edited: a change is a new rotation in a new plan version."""

    __tablename__ = "rotations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    start: Mapped[str] = mapped_column(String(19))
    """Wall time of hand-over 0, `2026-01-05T09:00:00`, in the rotation's zone."""
    zone: Mapped[str | None] = mapped_column(String(64))
    """None: the roster's (R2)."""
    unit: Mapped[str] = mapped_column(String(5), default="week")
    every: Mapped[int] = mapped_column(default=1)
    days: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Weekdays (mon to sun) on which a daily rotation hands over; none: every day."""
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    members: Mapped[list["RotationMember"]] = relationship(order_by="RotationMember.position")


class RotationMember(Model):
    """Whose turn it is at which place of the cycle, from 0."""

    __tablename__ = "rotation_members"

    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotations.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)

    person: Mapped[Person] = relationship()


class Override(Model):
    """A cover, swap or take over a span (R10 to R14). `area` empty means every area. Never edited, only cancelled."""

    __tablename__ = "overrides"
    __table_args__ = (Index("ix_overrides_ends_at", "ends_at"),)

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
    """Somebody is away over a span, or on weekly windows in it, from every area (R15). Never edited, only cancelled."""

    __tablename__ = "absences"
    __table_args__ = (Index("ix_absences_ends_at", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    cancelled_at: Mapped[datetime | None]
    weekly: Mapped[Windows | None] = mapped_column(JSON(none_as_null=True))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Attempt(Model):
    """Somebody was called in an incident: no_answer, declined, reached; or everybody again: start_over (R22, R23)."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident: Mapped[str] = mapped_column(String(40), index=True)
    """The incident's code; what a file calls one that is not known here."""
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    """From which area's line the person was called: for the story alone, an attempt counts in every area."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    result: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    area: Mapped[Area | None] = relationship()
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    by: Mapped[Person | None] = relationship(foreign_keys=[by_id])


class Handover(Model):
    """A line from who leaves a duty to who comes: what they should know."""

    __tablename__ = "handovers"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    body: Mapped[str] = mapped_column(String(1000))

    area: Mapped[Area] = relationship()
    by: Mapped[Person] = relationship()


class Holiday(Model):
    """A day of the organisation's own: off beside the public ones (`is_off`), or a public one on which it works."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    is_off: Mapped[bool] = mapped_column(default=True)


class RosterSettings(Model):
    """The one row of what the whole roster goes by; without it, the organisation's settings."""

    __tablename__ = "roster_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    zone: Mapped[str | None] = mapped_column(String(64))
    country: Mapped[str | None] = mapped_column(String(10))
    """Whose public holidays count, `JP`; empty: only the organisation's own days; None: the setting's."""


class RosterRevision(Model):
    """The one row that says how often the roster was changed. The database raises it itself, by triggers on every table
    that an answer is made of: whoever keeps answers asks it whether they still hold, and what is to be loaded anew.
    """

    __tablename__ = "roster_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    """Of all changes, to any of the tables."""
    plans: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """To plans, their slots, rotations and their members, and the settings."""
    overrides: Mapped[int] = mapped_column(BigInteger, server_default="0")
    absences: Mapped[int] = mapped_column(BigInteger, server_default="0")


class LastResort(Model):
    """Whom to call when nobody of an area can be reached (R18)."""

    __tablename__ = "last_resorts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(default=0)
