"""Pictures of a record: where a section names one ([画像3], or [picture 3]) it is shown."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from domain.db import db
from domain.errors import Refused
from domain.incidents import Incident
from domain.people import Person
from domain.record_tables import Picture
from domain.text import cut, one_line

MOST = 200
"""Pictures of a record, at most."""


@dataclass(frozen=True)
class Sight:
    """What a page needs to know of a picture to leave room for it."""

    number: int
    name: str
    width: int
    height: int


def add(
    incident: Incident, *, data: bytes, media_type: str, width: int, height: int, name: str, key: str, by: Person,
    at: datetime,
) -> int:  # fmt: skip
    """Keeps a picture, encoded by us; its number in the record. The same `key` again is the same picture.

    Raises:
        Refused: there are too many.
    """
    mine = select(Picture.number).where(Picture.incident_id == incident.id)
    if earlier := db.session.scalar(mine.where(Picture.key == key)):
        return earlier
    last = db.session.scalar(select(func.max(Picture.number)).where(Picture.incident_id == incident.id)) or 0
    if last >= MOST:
        raise Refused("photo", "record_many_pictures", most=MOST)
    made = Picture(
        incident_id=incident.id, person_id=by.id, number=last + 1, key=key, name=cut(one_line(name), 100),
        media_type=media_type, width=width, height=height, data=data, created_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.number


def of(incident: Incident) -> dict[int, Sight]:
    """All of a record by number, without their bytes: one query."""
    query = select(Picture.number, Picture.name, Picture.width, Picture.height)
    rows = db.session.execute(query.where(Picture.incident_id == incident.id))
    return {row.number: Sight(row.number, row.name, row.width, row.height) for row in rows}


def found(incident: Incident, number: int) -> Picture | None:
    """One picture with its bytes."""
    query = select(Picture).options(undefer(Picture.data))
    return db.session.scalar(query.where(Picture.incident_id == incident.id, Picture.number == number))
