"""History from elsewhere: Statuspage's incidents.json, or a plain form with `title` and `updates`, kept once."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

from sqlalchemy import select

from domain import catalog
from domain.db import db
from domain.lifecycle import MAINTENANCE_STATES, STATES, Incident, IncidentService
from domain.text import clean, cut, fold, one_line
from domain.updates import Update

TITLE_LENGTH = 200
_INCIDENT_STATES = {
    **{state: state for state in STATES},
    "postmortem": "resolved",
    "completed": "resolved",
    "scheduled": "investigating",
    "in_progress": "identified",
    "verifying": "monitoring",
}
_WORK_STATES = {
    **{state: state for state in MAINTENANCE_STATES},
    "resolved": "completed",
    "postmortem": "completed",
    "investigating": "in_progress",
    "identified": "in_progress",
    "monitoring": "verifying",
}
_SERVICE_STATE = {"minor": "degraded_performance", "major": "partial_outage", "critical": "major_outage"}
_HTML = re.compile(r"</?(?:p|br|a|b|strong|em|i|u|ul|ol|li|small|span|div|h\d|code|pre|hr|blockquote)\b[^<>]*>", re.I)
_MARKDOWN = re.compile(r"\[[^\]\n]+\]\([a-z]+:|\*\*\S|^\s{0,3}(?:#{1,6}|[-*+]|\d+\.|>)\s|^```", re.I | re.M)


class NotUnderstood(ValueError):
    """The file is none of the forms that can be moved in. Nothing was changed."""


@dataclass
class PastUpdate:
    at: datetime
    state: str
    body: str
    format: str


@dataclass
class Past:
    """One record as it will be kept. `odd`: what is strange about it, in words; it is kept as well as can be."""

    key: str
    name: str
    title: str
    kind: str
    severity: str
    state: str
    source: str
    began_at: datetime
    ends_at: datetime | None
    resolved_at: datetime | None
    components: list[str]
    updates: list[PastUpdate]
    odd: list[str] = field(default_factory=list)


def read(data: Any, *, at: datetime, touches: str = "Touches:") -> tuple[list[Past], list[str]]:
    """The records of a decoded JSON file, and a sentence for each that could not be read at all.

    `touches` begins the line that keeps the names of components that are no services here.

    Raises:
        NotUnderstood: it is no object with a list of incidents.
    """
    if not isinstance(data, dict):
        raise NotUnderstood("The file holds no JSON object.")
    lists = [data[name] for name in ("incidents", "scheduled_maintenances") if name in data]
    if not lists or not all(isinstance(one, list) for one in lists):
        raise NotUnderstood("The file has no list “incidents” (or “scheduled_maintenances”).")
    page = data.get("page")
    source = one_line(str(page.get("name") or "Statuspage")) if isinstance(page, dict) else "Statuspage"
    found: list[Past] = []
    unread: list[str] = []
    for number, raw in enumerate((raw for one in lists for raw in one), start=1):
        try:
            found.append(_record(raw, source, at, touches))
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
            name = raw.get("id") or raw.get("name") if isinstance(raw, dict) else None
            unread.append(f"Record {number} ({cut(one_line(str(name or 'without id')), 60)}) cannot be read: {error}")
    if not found and unread:
        raise NotUnderstood(f"No record of the file can be read. {unread[0]}")
    return found, unread


def _record(raw: Any, source: str, at: datetime, touches: str) -> Past:
    odd: list[str] = []
    if not isinstance(raw, dict):
        raise ValueError("it is no object")
    updates = raw.get("incident_updates") or raw.get("updates") or []
    if not isinstance(updates, list) or not all(isinstance(one, dict) for one in updates):
        raise ValueError("its updates are no list of objects")
    began = _time(raw.get("scheduled_for") or raw.get("started_at") or raw.get("created_at"))
    times = [when for one in updates if (when := _when(one)) is not None]
    if began is None:
        if not times:
            raise ValueError("it has no time at all")
        began = min(times)
        odd.append("it has no beginning; the first update's time was taken")
    title = one_line(str(raw.get("name") or raw.get("title") or "")) or one_line(str(raw.get("id") or "")) or "…"
    impact = str(raw.get("impact") or "none")
    work = impact == "maintenance" or raw.get("kind") == "maintenance" or "scheduled_for" in raw
    states = _WORK_STATES if work else _INCIDENT_STATES
    past = Past(
        key=_key(raw, title, began), name=one_line(str(raw.get("id") or title)), title=title,
        kind="maintenance" if work else "incident",
        severity=impact if not work and impact in _SERVICE_STATE else "none",
        state=_state(raw.get("status"), states, odd), source=cut(one_line(str(raw.get("organisation") or source)), 100),
        began_at=began, ends_at=_time(raw.get("scheduled_until")), resolved_at=_time(raw.get("resolved_at")),
        components=_components(raw.get("components")), odd=odd,
        updates=list(_updates(updates, began, states, odd)),
    )  # fmt: skip
    if not work and past.severity != impact:
        odd.append(f"its impact “{impact}” is not known; it was taken as none")
    _settle(past, at)
    _keep_names(past, touches)
    return past


def _settle(past: Past, at: datetime) -> None:
    """Makes state and end agree: an end that is recorded counts, and one that is missing is the last update's."""
    over = "completed" if past.kind == "maintenance" else "resolved"
    if past.kind == "maintenance":
        past.ends_at = past.ends_at or past.resolved_at
    if past.state == over and past.resolved_at is None:
        past.resolved_at = past.updates[-1].at if past.updates else past.began_at
        past.odd.append("it is over, but its end is not recorded; the last update's time was taken")
    elif past.state != over and past.resolved_at is not None and past.resolved_at <= at:
        past.odd.append(f"it says “{past.state}”, but its end has passed; it was taken as over")
        past.state = over
    elif past.state != over:
        past.resolved_at = None
    if past.resolved_at is not None and past.resolved_at < past.began_at:
        past.odd.append("it ends before it begins; both are kept as recorded")


def _keep_names(past: Past, touches: str) -> None:
    """Puts what has no column into the first update: a title that is too long, names of components."""
    lines = [past.title] if len(past.title) > TITLE_LENGTH else []
    lines += [f"{touches} {', '.join(past.components)}"] if past.components else []
    if not lines:
        return
    if not past.updates:
        past.updates.append(PastUpdate(past.began_at, past.state, "\n\n".join(lines), "text"))
        return
    first = past.updates[0]
    if first.format == "html":
        first.body = "".join(f"<p>{escape(line)}</p>" for line in lines) + first.body
    elif first.format == "markdown":
        first.body = "\n\n".join([*(re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", line) for line in lines), first.body])
    else:
        first.body = "\n\n".join([*lines, first.body])


def _updates(raw: list[Any], began: datetime, states: Mapping[str, str], odd: list[str]) -> Iterator[PastUpdate]:
    """The updates, oldest first; Statuspage's come newest first."""
    dated = []
    for place, one in enumerate(raw):
        at = _when(one)
        if at is None:
            odd.append("an update has no time; the beginning was taken")
        newest_first = -place if "incident_id" in one or "display_at" in one else place
        dated.append((at or began, newest_first, one))
    for at, _, one in sorted(dated, key=lambda each: each[:2]):
        body = clean(str(one.get("body") or ""))
        yield PastUpdate(at, _state(one.get("status"), states, odd), body, _format(one.get("body_format"), body))


def _when(raw: Any) -> datetime | None:
    return _time(raw.get("display_at") or raw.get("at") or raw.get("created_at"))


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str) or not value.strip():
        return None
    when = datetime.fromisoformat(value.strip())
    if not 1970 <= when.year <= 2999:
        raise ValueError(f"no time that can be meant: {cut(value, 40)}")
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def _state(value: Any, states: Mapping[str, str], odd: list[str]) -> str:
    if str(value) in states:
        return states[str(value)]
    odd.append(f"its status “{cut(one_line(str(value)), 40)}” is not known")
    return next(iter(states.values())) if states is _INCIDENT_STATES else "in_progress"


def _components(raw: Any) -> list[str]:
    names = [one.get("name") if isinstance(one, dict) else one for one in raw or []]
    return list(dict.fromkeys(cut(one_line(str(name)), 100) for name in names if name))


def _format(given: Any, body: str) -> str:
    if given in ("text", "html", "markdown"):
        return str(given)
    return "html" if _HTML.search(body) else "markdown" if _MARKDOWN.search(body) else "text"


def _key(raw: Mapping[str, Any], title: str, began: datetime) -> str:
    identity = one_line(str(raw.get("id") or "")) or f"{title} {began.isoformat()}"
    plain = f"import:{identity}"
    return plain if len(plain) <= 64 else f"import:{hashlib.sha256(identity.encode()).hexdigest()[:56]}"


def keep(found: list[Past], *, at: datetime) -> list[Incident]:
    """Keeps the records that are not here yet, and gives these; what is here already stays as it is.

    A component is linked only where a service is called the same.
    """
    known = set(db.session.scalars(select(Incident.key).where(Incident.key.in_({past.key for past in found}))))
    services = {fold(name): one for one in catalog.services() for name in (one.name, one.name_en) if name}
    kept = []
    for past in found:
        if past.key in known:
            continue
        known.add(past.key)
        kept.append(_incident(past, services))
    db.session.add_all(kept)
    db.session.flush()
    return kept


def _incident(past: Past, services: Mapping[str, catalog.Service]) -> Incident:
    incident = Incident(
        key=past.key, kind=past.kind, title=cut(past.title, TITLE_LENGTH), severity=past.severity, state=past.state,
        drill=False, all_facilities=True, began_at=past.began_at, ends_at=past.ends_at, declared_at=past.began_at,
        resolved_at=past.resolved_at, closed_at=past.resolved_at, source=past.source,
        search=" ".join(fold(text) for text in (past.title, past.source, *(one.body for one in past.updates)))[:8000],
    )  # fmt: skip
    incident.updates = [_update(past.key, number, one) for number, one in enumerate(past.updates)]
    state = "operational" if past.resolved_at else "under_maintenance"
    if past.kind == "incident" and not past.resolved_at:
        state = _SERVICE_STATE.get(past.severity, "operational")
    same = {services[fold(name)].id: services[fold(name)] for name in past.components if fold(name) in services}
    incident.affected = [IncidentService(service=service, state=state) for service in same.values()]
    return incident


def _update(key: str, number: int, past: PastUpdate) -> Update:
    return Update(
        key=hashlib.sha256(f"{key} {number}".encode()).hexdigest(),
        kind="imported",
        state=past.state,
        situation=past.body,
        format=past.format,
        published_at=past.at,
        services={},
    )
