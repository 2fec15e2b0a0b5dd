"""The timeline of an incident: everybody reads it, responders write."""

from flask import abort

from domain import timeline
from domain.incidents import Incident
from domain.timeline import Entry


def entry_of(incident: Incident, number: int) -> Entry:
    """The entry of this incident with this id; 404 where there is none."""
    entry = timeline.found(incident, number)
    if entry is None:
        abort(404)
    return entry
