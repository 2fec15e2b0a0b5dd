"""Incidents that end otherwise than by a restoration: merged into another, or none after all."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from domain import followers, followup, paging, questions, restoring
from domain.db import db
from domain.errors import Conflict
from domain.events import record
from domain.incidents import Incident, IncidentService
from domain.lifecycle import ended
from domain.people import Person
from domain.updates import Update, kept_words


def merge(incident: Incident, into: Incident, *, by: Person, at: datetime, situation: str) -> None:
    """It is the same as another: followers, reports, questions and the list of who needs help go there.

    `situation` says so, as its last update, to whoever was told of it. It leaves the board; its page leads to the
    other. Its alerts are resolved. The same again changes nothing.

    Raises:
        Conflict: with itself or in a circle, one of them is closed, a drill with a real one, or planned work.
    """
    if incident.merged_into_id == into.id and into.id != incident.id:
        return
    if into.id == incident.id or _leads_to(into, incident):
        raise Conflict("merged_in_a_circle")
    for one in (incident, into):
        if one.closed_at is not None:
            raise Conflict("incident_closed", incident=one.code)
    if incident.kind != into.kind or incident.kind != "incident" or incident.drill != into.drill:
        raise Conflict("not_to_be_merged", incident=into.code)
    words = {"situation": situation}
    last = incident.say(f"merged-{incident.id}", "published", by, at, kept_words(words), None, wrote_as="responder")
    restoring.announce(incident, last, at)
    known = {row.service_id for row in into.affected}
    into.touch({row.service: row.state for row in incident.affected if row.service_id not in known})
    for move in (followers.move, questions.move, followup.move):
        move(incident, into)
    for report in incident.reports:
        report.incident_id = into.id
        report.hear("merged", into, by=by, at=at)
    incident.merged_into_id, incident.outcome = into.id, "merged"
    incident.closed_at, incident.closed_by_id, incident.next_update_at = at, by.id, None
    db.session.flush()
    db.session.expire(incident, ["merged_into", "reports"])
    db.session.expire(into, ["reports"])
    paging.end(incident, at)
    record("incident.merged", by=by, at=at, incident_id=incident.id, into=into.code)
    record("incident.merged_here", by=by, at=at, incident_id=into.id, other=incident.code)


def _leads_to(one: Incident | None, other: Incident) -> bool:
    while one is not None:
        if one.id == other.id:
            return True
        one = one.merged_into
    return False


def _of_merged(incident: Incident) -> dict[str, str]:
    """States of services, by their id, that came with what was merged into an incident: no update of its says."""
    query = (
        select(IncidentService)
        .join(Incident, Incident.id == IncidentService.incident_id)
        .where(Incident.merged_into_id == incident.id)
    )
    return {str(row.service_id): row.state for row in db.session.scalars(query)}


def no_incident(
    incident: Incident, *, key: str, by: Person, at: datetime, words: Mapping[str, str], wrote_as: str = "responder"
) -> Update:
    """It was none: everybody who was told hears so in `words`, its reporters are thanked, it leaves the board.

    Raises:
        Conflict: it is closed already, or planned work.
        Refused: no words, or too many.
    """
    if incident.outcome == "no_incident" and (last := incident.latest) is not None:
        return last
    if incident.closed_at is not None:
        raise Conflict("incident_closed", incident=incident.code)
    if incident.kind != "incident":
        raise Conflict("not_to_be_merged", incident=incident.code)
    said = kept_words(words)
    incident.state, incident.resolved_at = "resolved", incident.resolved_at or ended(incident, None, at)
    incident.outcome = "no_incident"
    for row in incident.affected:
        row.state = "operational"
    update = incident.say(key, "published", by, at, said, None, wrote_as=wrote_as)
    restoring.announce(incident, update, at)
    for report in list(incident.reports):
        report.was_none_after_all(by=by, at=at)
    incident.closed_at, incident.closed_by_id = at, by.id
    db.session.flush()
    db.session.expire(incident, ["reports"])
    record("incident.no_incident", by=by, at=at, incident_id=incident.id)
    return update


def reopen(incident: Incident, *, key: str, by: Person, at: datetime, due: datetime, situation: str) -> Update:
    """The restoration did not hold: one tap. What was said to customers before it counts again.

    The same `key` again is the same. `situation`: the sentence that says so; `due`: when the next update comes (UTC).

    Raises:
        Conflict: it is not restored, or closed: then it is declared anew.
    """
    if earlier := db.session.scalar(select(Update).where(Update.key == key, Update.incident_id == incident.id)):
        return earlier
    if incident.closed_at is not None:
        raise Conflict("incident_closed", incident=incident.code)
    if incident.resolved_at is None:
        raise Conflict("not_restored_yet", incident=incident.code)
    before = next((one for one in reversed(incident.updates) if one.state != incident.last_state), None)
    names = ("guest_notice", "partner_notice", "workaround", "not_yet")
    words = {name: before.whole(name) if before else "" for name in names}
    known = {**_of_merged(incident), **(before.services if before else {})}
    services = {row.service: known.get(str(row.service_id), row.state) for row in incident.affected}
    return incident.publish(
        key=key, by=by, at=at, state="investigating", words={**words, "situation": situation}, next_update_at=due,
        services=services, seen=incident.latest.id if incident.latest else None, wrote_as="responder", reopen=True,
    )  # fmt: skip
