"""The live topic `incident-<id>`: the page of one incident, for one language and class of rights."""

from datetime import datetime, timedelta
from typing import Any

from blueprints.incidents.chronicle import NAMES, recent
from blueprints.incidents.formed import formed, here, who_holds
from blueprints.incidents.mobilised import mobilised
from blueprints.incidents.story import first_report, story
from blueprints.shared import live
from blueprints.shared.keeping import until
from blueprints.shared.language import now
from blueprints.shared.who import my_rights
from domain import followup, go_ahead, incidents, questions, reaching, roster
from domain.incidents import Incident
from domain.roster import Attempt


def shown(incident: Incident) -> dict[str, Any]:
    """What the live part of the page needs. A constant number of queries."""
    level = my_rights().level
    reached = reach(incident, now())
    formation = formed(incident, level, now(), reached["duties"] if reached else None)
    until(changes_at(incident, now()), reached["changes_at"] if reached else None)
    outside = mobilised(incident, level, who_holds(formation["held"], "bridge"))
    gives = level != "reader" and incident.closed_at is None
    return {
        "incident": incident,
        "words": incidents.words_of([incident]).get(incident.id),
        "story": story(incident),
        "recent": recent(incident, level),
        **NAMES,
        "origin": first_report(incident),
        "level": level,
        "reach": reached,
        "formation": formation if incident.kind == "incident" or incident.positions else None,
        "mobilised": outside,
        "pending": go_ahead.last(incident) if go_ahead.wanted() and incident.closed_at is None else None,
        "follow_ups": followup.of(incident) if incident.resolved_at and not incident.source else [],
        "mergeable": _mergeable(incident) if gives else [],
        "questions": questions.of(incident) if incident.kind == "incident" else [],
        "here": here(incident, reached["duties"] if reached else [], outside["present"] if outside else [], now())
        if gives
        else [],
    }


def _mergeable(incident: Incident) -> list[Incident]:
    """What an incident could be the same as."""
    if incident.kind != "incident":
        return []
    return [one for one in incidents.open_incidents(now()) if one.id != incident.id and one.drill == incident.drill]


def reach(incident: Incident, at: datetime) -> dict[str, Any] | None:
    """Whom to call now and what came of earlier calls; None where nobody needs to be called any more."""
    if incident.kind != "incident" or incident.closed_at is not None or incident.source:
        return None
    attempts = reaching.attempts(incident)
    calls: dict[int | None, Attempt] = {}
    for attempt in reversed(attempts):
        if attempt.result == "start_over":
            calls.clear()
        else:
            calls[attempt.person_id] = attempt
    facts = roster.facts(at, incident=incident.code)
    duties = facts.duties(incident.code)
    return {"duties": duties, "calls": calls, "attempts": attempts, "changes_at": facts.changes_at()}


@live.topic("incident")
def incident_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """The page's live part; None where there is no such incident."""
    incident = incidents.by_code(subject) if subject.isdecimal() else None
    if incident is None:
        return None
    context = shown(incident)
    html = live.swap(f"incident-{incident.id}", "incidents/_show.html", **context)
    handover = context["reach"]["changes_at"] if context["reach"] else None
    instants = [changes_at(incident, now()), handover]
    return html, min((instant for instant in instants if instant), default=None)


def changes_at(incident: Incident, at: datetime) -> datetime | None:
    """When the clock alone changes what is shown: a promise comes due, each minute after; work begins and ends."""
    due = incident.next_update_at
    if due is not None and due <= at:
        return at + timedelta(minutes=1)
    instants = [due, incident.began_at, incident.ends_at]
    return min((instant for instant in instants if instant and instant > at), default=None)
