"""Which areas there are, in which order, and whom to call when nobody of an area can be reached."""

import re
import unicodedata
from datetime import datetime

from sqlalchemy import func, select

from domain import events, roster
from domain.db import db
from domain.errors import Refused
from domain.people import Person
from domain.roster import AREA_KINDS, Area, LastResort
from domain.text import has_words, is_blank

RESERVED_KEYS = ("absences", "covers", "emergency-contacts", "week", "month", "mine", "search", "hours", "days")
"""Words that stand in the place of an area's key in addresses."""

GROUP_ID = re.compile(r"S[A-Z0-9]{6,19}", re.ASCII)


def add_area(*, name: str, name_en: str, kind: str, by: Person, at: datetime) -> Area:
    """A new area behind the others. Its key, which addresses carry, is made from the English name and stays.

    Raises:
        Refused: no name, a name in use, an unknown kind.
    """
    _area_names(name, kind, None)
    position = (db.session.scalar(select(func.max(Area.position))) or 0) + 1
    area = Area(key=_free_key(name_en or kind), kind=kind, name=name, name_en=name_en, position=position, created_at=at)
    db.session.add(area)
    db.session.flush()
    events.record("area_added", by=by, at=at, area=area.key, name=name, area_kind=kind)
    return area


def change_area(area: Area, *, name: str, name_en: str, kind: str, by: Person, at: datetime) -> None:
    """Other names, another kind. Raises as `add_area` does."""
    _area_names(name, kind, area)
    before = {"name": area.name, "name_en": area.name_en, "area_kind": area.kind}
    area.name, area.name_en, area.kind = name, name_en, kind
    db.session.flush()
    events.record("area_changed", by=by, at=at, area=area.key, name=name, name_en=name_en, before=before)


def _area_names(name: str, kind: str, area: Area | None) -> None:
    if is_blank(name) or not has_words(name):
        raise Refused("name", "area_needs_name")
    if kind not in AREA_KINDS:
        raise Refused("kind", "area_needs_kind")
    same = select(Area.id).where(Area.name == name, Area.id != (area.id if area else 0))
    if db.session.scalar(same.limit(1)) is not None:
        raise Refused("name", "area_name_taken")


def set_zone(area: Area, zone: str | None, *, by: Person, at: datetime) -> None:
    """The zone of an area's windows (R2), as `zoneinfo` names it; None: the roster's.

    Raises:
        Refused: a plan of the area has windows already: they would be read anew, and nothing works backwards (R21).
    """
    if area.zone == zone:
        return
    if any(any(plan.windows) for plan in area.plans):
        raise Refused("zone", "zone_in_use")
    before, area.zone = area.zone, zone
    db.session.flush()
    events.record("area_zone_set", by=by, at=at, area=area.key, zone=zone, before=before)


def set_group(area: Area, group: str | None, *, by: Person, at: datetime) -> None:
    """The Slack user group in which whoever is in charge is kept, by its id; None: no group.

    Raises:
        Refused: it is no id of a Slack user group, or it is another area's.
    """
    if area.slack_group == group:
        return
    if group is not None:
        _check_group(group, area)
    before, area.slack_group = area.slack_group, group
    db.session.flush()
    events.record("area_group_set", by=by, at=at, area=area.key, slack_group=group, before=before)


def _check_group(group: str, area: Area) -> None:
    if not GROUP_ID.fullmatch(group):
        raise Refused("slack_group", "slack_group_bad")
    # Two areas would take the group from each other with every look.
    if db.session.scalar(select(Area.id).where(Area.slack_group == group, Area.id != area.id).limit(1)) is not None:
        raise Refused("slack_group", "group_taken")


def _free_key(wanted: str) -> str:
    """`customers-guests` of `Customers: guests`; with a number where it is taken."""
    plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32] or "area"
    taken = set(db.session.scalars(select(Area.key).where(Area.key.startswith(base, autoescape=True))))
    taken.update(RESERVED_KEYS)
    return next(key for key in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if key not in taken)


def move_area(area: Area, *, up: bool, by: Person, at: datetime) -> None:
    """One place up or down among the areas in use; at the end of the line nothing happens."""
    line = roster.areas()
    place = next((n for n, other in enumerate(line) if other.id == area.id), None)
    there = None if place is None else place + (-1 if up else 1)
    if place is None or there is None or not 0 <= there < len(line):
        return
    line.insert(there, line.pop(place))
    for position, other in enumerate(line, start=1):
        other.position = position
    db.session.flush()
    events.record("area_moved", by=by, at=at, area=area.key, position=area.position)


def retire_area(area: Area, *, by: Person, at: datetime) -> None:
    """The area is no longer used; what was stays. Nothing happens when it is retired already."""
    if area.retired_at is None:
        area.retired_at = at
        db.session.flush()
        events.record("area_retired", by=by, at=at, area=area.key)


def bring_back_area(area: Area, *, by: Person, at: datetime) -> None:
    """A retired area is used again, with the plan it had."""
    if area.retired_at is not None:
        area.retired_at = None
        db.session.flush()
        events.record("area_returned", by=by, at=at, area=area.key)


def add_last_resort(*, name: str, phone: str, by: Person, at: datetime) -> LastResort:
    """One more contact for when nobody can be reached; `phone` is E.164. The same one twice is one.

    Raises:
        Refused: no name.
    """
    if is_blank(name):
        raise Refused("last_resort_name", "last_resort_needs_name")
    known = db.session.scalar(select(LastResort).where(LastResort.name == name, LastResort.phone == phone).limit(1))
    if known is not None:
        return known
    position = (db.session.scalar(select(func.max(LastResort.position))) or 0) + 1
    contact = LastResort(name=name, phone=phone, position=position)
    db.session.add(contact)
    db.session.flush()
    events.record("last_resort_added", by=by, at=at, name=name)
    return contact


def remove_last_resort(contact: LastResort, *, by: Person, at: datetime) -> None:
    """Takes a contact away; the audit log keeps that it was there."""
    events.record("last_resort_removed", by=by, at=at, name=contact.name)
    db.session.delete(contact)
    db.session.flush()


def retired() -> list[Area]:
    """The areas that are no longer used, the latest first."""
    return list(db.session.scalars(select(Area).where(Area.retired_at.is_not(None)).order_by(Area.retired_at.desc())))
