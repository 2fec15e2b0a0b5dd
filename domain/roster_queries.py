"""The statements that load the roster, built once: `at` is the instant from which on things can matter."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select

from domain.db import Instant
from domain.people import Person
from domain.roster_tables import (
    Absence,
    Area,
    Attempt,
    LastResort,
    Override,
    Plan,
    PlanSlot,
    RosterSettings,
    Rotation,
    RotationMember,
)

_AT = bindparam("at", type_=Instant())
_UNTIL = bindparam("until", type_=Instant())


def in_force_after(kind: type[Override] | type[Absence], at: Any) -> Any:
    """The condition of entries that are in force at some time after an instant."""
    return and_(
        or_(kind.ends_at.is_(None), kind.ends_at > at), or_(kind.cancelled_at.is_(None), kind.cancelled_at > at)
    )


def _versions(at: datetime | Any) -> Any:
    # A version counts from the later of its start and its recording (R21); the last of those in force wins (R9).
    effective = case((Plan.starts_at > Plan.recorded_at, Plan.starts_at), else_=Plan.recorded_at)
    place = func.row_number().over(
        partition_by=(Plan.area_id, case((effective <= at, 0), else_=1)),
        order_by=(effective.desc(), Plan.recorded_at.desc(), Plan.id.desc()),
    )
    return select(Plan.id, effective.label("effective"), place.label("place")).subquery()


_ranked = _versions(_AT)
_slots, _plans, _overrides, _absences = (kind.__table__.c for kind in (PlanSlot, Plan, Override, Absence))

PLANS = (
    select(
        _plans.id, _plans.area_id, _plans.starts_at, _plans.recorded_at, _plans.windows,
        _slots.row, _slots.person_id, _slots.rotation_id, _slots.offset,
    )
    .join(_ranked, _ranked.c.id == _plans.id)
    .outerjoin(PlanSlot.__table__, _slots.plan_id == _plans.id)
    .where(or_(_ranked.c.place == 1, _ranked.c.effective > _AT))
    .order_by(_plans.recorded_at, _plans.id, _slots.row, _slots.rank)
)  # fmt: skip
"""A row for each place of the version in force in each area, and of all versions to come."""

OVERRIDES = (
    select(*(column for column in _overrides if column.name != "recorded_by_id"))
    .where(in_force_after(Override, _AT), _overrides.status == "agreed", _overrides.starts_at <= _UNTIL)
    .order_by(_overrides.recorded_at, _overrides.id)
)
"""The agreed ones that are in force or to come by `until`, in the order recorded (R11)."""

ABSENCES = (
    select(*(column for column in _absences if column.name != "recorded_by_id"))
    .where(in_force_after(Absence, _AT), _absences.starts_at <= _UNTIL)
    .order_by(_absences.id)
)
"""Those that are in force or to come by `until`."""

ROTATIONS = (
    select(
        Rotation.id, Rotation.name, Rotation.start, Rotation.zone, Rotation.unit, Rotation.every, Rotation.days,
        RotationMember.person_id,
    )
    .outerjoin(RotationMember, RotationMember.rotation_id == Rotation.id)
    .where(Rotation.id.in_(bindparam("rotations", expanding=True)))
    .order_by(Rotation.id, RotationMember.position)
)  # fmt: skip
"""A row for each member of these rotations, in the order of their turns."""

PEOPLE = select(Person).where(Person.id.in_(bindparam("people", expanding=True)))
AREAS = select(Area).where(Area.retired_at.is_(None)).order_by(Area.position, Area.id)
LAST_RESORT = select(LastResort).order_by(LastResort.position, LastResort.id)
SETTINGS = select(RosterSettings).limit(1)
ATTEMPTS = select(Attempt).where(Attempt.incident == bindparam("incident")).order_by(Attempt.at, Attempt.id)
"""Everybody who was called in an incident, in order."""

VERSIONS = select(Plan).where(
    Plan.area_id == bindparam("area"),
    Plan.id.in_(select(_ranked.c.id).where(or_(_ranked.c.place == 1, _ranked.c.effective > _AT))),
)
"""One area's version in force, and those to come."""
