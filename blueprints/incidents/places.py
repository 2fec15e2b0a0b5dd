"""Who and what an incident can be given: facilities in use, people who may hold a position."""

from sqlalchemy import func, or_, select

from domain.catalog import Facility
from domain.db import db
from domain.people import Person
from domain.roster import Area, Plan, PlanSlot, RotationMember


def known_facilities() -> list[Facility]:
    """Those in use, by reading."""
    query = select(Facility).where(Facility.retired_at.is_(None)).order_by(Facility.reading, Facility.name)
    return list(db.session.scalars(query))


def named_facilities(ids: set[int]) -> list[Facility]:
    """Those in use among the ids given."""
    if not ids:
        return []
    query = select(Facility).where(Facility.id.in_(ids), Facility.retired_at.is_(None)).order_by(Facility.reading)
    return list(db.session.scalars(query))


def assignable() -> list[Person]:
    """People who may be given a position: who has ever stood in a plan of an area in use, and administrators."""
    person_id = func.coalesce(PlanSlot.person_id, RotationMember.person_id)
    planned = (
        select(person_id)
        .join(Plan, PlanSlot.plan_id == Plan.id)
        .join(Area, Plan.area_id == Area.id)
        .outerjoin(RotationMember, RotationMember.rotation_id == PlanSlot.rotation_id)
        .where(Area.retired_at.is_(None), person_id.is_not(None))
    )
    query = (
        select(Person)
        .where(Person.deactivated_at.is_(None), or_(Person.id.in_(planned), Person.is_admin.is_(True)))
        .order_by(Person.reading, Person.name)
    )
    return list(db.session.scalars(query))
