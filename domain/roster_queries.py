"""The statements that load the roster, built once: `at` is the instant from which on things can matter."""

from typing import Any

from sqlalchemy import and_, bindparam, case, null, or_, select

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
    RosterRevision,
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


def _relevant() -> Any:
    # A version counts from the later of its start and its recording (R21); the last of those in force wins (R9).
    # Area by area, so that a long history is not sorted as a whole.
    # The bare table: this is built while the domain is still being imported, before all of its tables are known.
    version = Plan.__table__.alias().c
    effective = case((version.starts_at > version.recorded_at, version.starts_at), else_=version.recorded_at)
    in_force = (
        select(version.id)
        .where(version.area_id == Area.id, version.starts_at <= _AT, version.recorded_at <= _AT)
        .order_by(effective.desc(), version.recorded_at.desc(), version.id.desc())
        .limit(1)
        .correlate(Area)
        .scalar_subquery()
    )
    to_come = select(Plan.id).where(or_(Plan.starts_at > _AT, Plan.recorded_at > _AT))
    return select(in_force).select_from(Area).union_all(to_come)


_slots, _plans, _overrides, _absences = (kind.__table__.c for kind in (PlanSlot, Plan, Override, Absence))

PLANS = (
    select(_plans.id, _plans.area_id, _plans.starts_at, _plans.recorded_at, _plans.windows)
    .where(_plans.id.in_(_relevant()))
    .order_by(_plans.recorded_at, _plans.id)
)
"""The version in force in each area, and all versions to come, in the order recorded."""

SLOTS = (
    select(_slots.plan_id, _slots.row, _slots.person_id, _slots.rotation_id, _slots.offset)
    .where(_slots.plan_id.in_(bindparam("plans", expanding=True)))
    .order_by(_slots.plan_id, _slots.row, _slots.rank)
)
"""Their places, row by row."""

OVERRIDES = (
    select(
        _overrides.id, _overrides.area_id,
        _overrides.kind, _overrides.person_id, _overrides.starts_at, _overrides.ends_at, _overrides.for_person_id,
        null().label("areas"), _overrides.status, _overrides.recorded_at, _overrides.cancelled_at,
    )
    .where(in_force_after(Override, _AT), _overrides.status == "agreed", _overrides.starts_at <= _UNTIL)
    .order_by(_overrides.starts_at)
)  # fmt: skip
"""The agreed ones that are in force or to come by `until`, by their start. From the third column on (`ENTRY`) they are
what `duty.Override` takes; the area is told apart before, so that it says none.
"""

ENTRY = slice(2, None)
"""The columns of an override that `duty.Override` takes."""

ABSENCES = (
    select(
        _absences.id, _absences.person_id, _absences.starts_at, _absences.ends_at, _absences.weekly,
        _absences.recorded_at, _absences.cancelled_at,
    )
    .where(in_force_after(Absence, _AT), _absences.starts_at <= _UNTIL)
    .order_by(_absences.starts_at)
)  # fmt: skip
"""Those that are in force or to come by `until`, by their start."""

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
GONE = (
    select(Person.__table__.c.id, Person.__table__.c.deactivated_at)
    .where(Person.id.in_(bindparam("people", expanding=True)), Person.deactivated_at.is_not(None))
)  # fmt: skip
"""Who of these left, and when."""

AREAS = select(Area).where(Area.retired_at.is_(None)).order_by(Area.position, Area.id)
LAST_RESORT = select(LastResort).order_by(LastResort.position, LastResort.id)
SETTINGS = select(RosterSettings).limit(1)
REVISION = select(
    RosterRevision.number, RosterRevision.plans, RosterRevision.overrides, RosterRevision.absences
).limit(1)  # fmt: skip
"""How often the roster was changed: as a whole, and in its parts."""

ATTEMPTS = select(Attempt).where(Attempt.incident == bindparam("incident")).order_by(Attempt.at, Attempt.id)
"""Everybody who was called in an incident, in order."""

VERSIONS = select(Plan).where(
    Plan.area_id == bindparam("area"),
    Plan.id.in_(_relevant()),
)
"""One area's version in force, and those to come."""
