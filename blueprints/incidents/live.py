"""The live topic `incident-<id>`: the page of one incident, for one language and class of rights."""

from datetime import datetime, timedelta
from typing import Any

from blueprints.incidents.places import assignable
from blueprints.incidents.story import first_report, story
from blueprints.shared import live
from blueprints.shared.language import now
from blueprints.shared.who import my_rights
from domain import incidents
from domain.incidents import Incident


def shown(incident: Incident) -> dict[str, Any]:
    """What the live part of the page needs. A constant number of queries."""
    level = my_rights().level
    return {
        "incident": incident,
        "words": incidents.words_of([incident]).get(incident.id),
        "story": story(incident),
        "origin": first_report(incident),
        "level": level,
        "people": assignable() if level != "reader" and incident.closed_at is None else [],
    }


@live.topic("incident")
def incident_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """The page's live part; None where there is no such incident."""
    incident = incidents.by_code(subject) if subject.isdecimal() else None
    if incident is None:
        return None
    html = live.swap(f"incident-{incident.id}", "incidents/_show.html", **shown(incident))
    return html, changes_at(incident, now())


def changes_at(incident: Incident, at: datetime) -> datetime | None:
    """When the clock alone changes what is shown: a promise comes due, each minute after; work begins and ends."""
    due = incident.next_update_at
    if due is not None and due <= at:
        return at + timedelta(minutes=1)
    instants = [due, incident.began_at, incident.ends_at]
    return min((instant for instant in instants if instant and instant > at), default=None)
