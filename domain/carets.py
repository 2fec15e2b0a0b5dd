"""Who writes in a record now, and where: told to everybody else, forgotten as soon as they are gone."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from domain.db import db
from domain.incidents import Incident
from domain.people import Person
from domain.record_tables import Caret

AWAY = timedelta(seconds=45)
"""After how long without a word somebody is gone: a browser says every 20 s that it is still there."""

MOST = 50
"""Tabs in one record, at most."""


def put(incident: Incident, tab: str, section: str, place: str, *, by: Person, at: datetime) -> None:
    """Somebody's tab writes there now; an empty `section`: nowhere any more."""
    db.session.execute(delete(Caret).where(Caret.incident_id == incident.id, Caret.at < at - AWAY))
    found = db.session.scalar(select(Caret).where(Caret.incident_id == incident.id, Caret.tab == tab))
    if not section:
        if found is not None and found.person_id == by.id:
            db.session.delete(found)
        return
    if found is None:
        found = Caret(incident_id=incident.id, tab=tab, person_id=by.id, section=section, place=place, at=at)
        db.session.add(found)
    elif found.person_id == by.id:
        found.section, found.place, found.at = section, place, at
    db.session.flush()


def here(incident: Incident, at: datetime) -> list[Caret]:
    """Who is there now, in the order in which they came: one query."""
    query = select(Caret).options(joinedload(Caret.person)).where(Caret.incident_id == incident.id)
    return list(db.session.scalars(query.where(Caret.at >= at - AWAY).order_by(Caret.id).limit(MOST)))
