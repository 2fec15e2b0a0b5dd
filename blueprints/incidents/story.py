"""The story of an incident as its page tells it: updates and what else happened, newest first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from blueprints.shared.language import moment
from blueprints.shared.words import word
from domain.db import db
from domain.events import Event
from domain.hotline import Report
from domain.incidents import Incident, Update
from domain.people import Person

_TOLD = (
    "incident.edited", "incident.reopened", "incident.closed", "incident.followed_up_again", "incident.merged",
    "incident.merged_here", "incident.no_incident",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One thing in the story. `lines` are sentences; `update` is set where something was published.

    `corrected_by`: the later update that puts this one right.
    """

    at: datetime
    who: Person | None
    update: Update | None = None
    corrected_by: Update | None = None
    lines: list[str] = field(default_factory=list)


def story(incident: Incident) -> list[Entry]:
    """Newest first: two queries, however long it is."""
    published = list(
        db.session.scalars(
            select(Update).where(Update.incident_id == incident.id).options(joinedload(Update.published_by))
        )
    )
    by_id = {update.id: update for update in published}
    corrected = {update.corrects_id: update for update in published if update.corrects_id in by_id}
    entries = [
        Entry(update.published_at, update.published_by, update, corrected.get(update.id)) for update in published
    ]
    told = db.session.scalars(
        select(Event)
        .where(Event.incident_id == incident.id, Event.kind.in_(_TOLD))
        .options(joinedload(Event.actor))
        .order_by(Event.id)
    )
    entries += [Entry(event.at, event.actor, lines=lines_of(event)) for event in told]
    return sorted(entries, key=lambda entry: (entry.at, entry.update.id if entry.update else 0), reverse=True)


def first_report(incident: Incident) -> Report | None:
    """The report that it began with."""
    return db.session.scalar(
        select(Report)
        .where(Report.incident_id == incident.id)
        .options(joinedload(Report.reporter))
        .order_by(Report.created_at)
        .limit(1)
    )


def lines_of(event: Event) -> list[str]:
    """What happened, in words; of an edit a line for each thing that changed."""
    if event.kind == "incident.reopened":
        return [gettext("Reopened: the restoration did not hold.")]
    if event.kind == "incident.closed":
        return [gettext("Customer follow-up is finished.")]
    if event.kind == "incident.merged":
        return [gettext("Goes on as %(code)s.", code=event.details["into"])]
    if event.kind == "incident.merged_here":
        return [gettext("%(code)s goes on here.", code=event.details["other"])]
    if event.kind == "incident.no_incident":
        return [gettext("It was no incident.")]
    if event.kind == "incident.followed_up_again":
        return [gettext("Customer follow-up goes on after all.")]
    return [_change(name, *values) for name, values in event.details.items()]


def _change(name: str, before: Any, after: Any) -> str:
    if name == "title":
        return gettext("Headline changed: “%(before)s” → “%(after)s”", before=before, after=after)
    if name == "severity":
        before, after = (str(word(value).label) for value in (before, after))
        return gettext("Scale changed: %(before)s → %(after)s", before=before, after=after)
    if name == "began_at":
        before, after = (moment(datetime.fromisoformat(value)) for value in (before, after))
        return gettext("Beginning changed: %(before)s → %(after)s", before=before, after=after)
    if name == "resolved_at":
        before, after = (moment(datetime.fromisoformat(value)) for value in (before, after))
        return gettext("End of the impact changed: %(before)s → %(after)s", before=before, after=after)
    everywhere = gettext("All facilities")
    return gettext("Facilities changed: %(before)s → %(after)s", before=before or everywhere, after=after or everywhere)
