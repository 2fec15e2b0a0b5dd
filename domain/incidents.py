"""What is going on and what has been: open incidents with the words that count, states of services, the history."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from itertools import chain
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from domain import mobilising, promises
from domain.catalog import Facility, Service, worst
from domain.db import Instant, db
from domain.errors import Conflict
from domain.events import record
from domain.formation import POSITIONS, Position
from domain.lifecycle import (
    SEVERITIES,
    STATES,
    Incident,
    IncidentService,
    begun,
    good_severity,
    good_title,
    incident_facilities,
)
from domain.maintenances import plan_maintenance, state_at, upcoming
from domain.people import Person
from domain.text import fold
from domain.updates import WORDS, Update, UpdateDraft, UpdateTemplate, kept_words

__all__ = [
    "POSITIONS", "SEVERITIES", "STATES", "WORDS", "Incident", "IncidentService", "Position", "Update", "UpdateDraft",
    "UpdateTemplate", "by_code", "current_words", "declare", "history", "is_month", "last_update", "months",
    "on_board", "open_incidents", "plan_maintenance", "service_states", "stands", "state_at",
    "upcoming_maintenances", "words_of",
]  # fmt: skip

PER_PAGE = 50


class Suspicion(Protocol):
    """The report that an incident is declared from (`hotline.Report`; the hotline knows us, not we it)."""

    incident_id: int | None
    reporter: Person

    def become(self, incident: "Incident", *, by: Person, at: datetime) -> None: ...


@dataclass(frozen=True)
class Said:
    """One of the words of an incident as it counts now. `unchanged_since` is known in `current_words` only."""

    text: str
    format: str
    confirmed_at: datetime
    unchanged_since: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True)
class Words:
    """What is said about an incident now: `words["guest_notice"]`, and who said it when and as what."""

    update: Update
    said: dict[str, Said]

    def __getitem__(self, name: str) -> Said:
        return self.said[name]


def declare(
    *,
    key: str,
    by: Person,
    at: datetime,
    title: str,
    severity: str,
    services: Mapping[Service, str],
    began_at: datetime,
    facilities: list[Facility] | None = None,
    report: Suspicion | None = None,
    holding: bool = True,
    holding_words: Mapping[str, str] | None = None,
    page: bool | None = None,
    drill: bool = False,
    wrote_as: str = "responder",
) -> Incident:
    """Declares an incident; the same `key` again gives the same incident. `facilities` None means all.

    The holding text is published at once unless `holding` is False; details are promised soon (`promises.first`).
    What starts outside is written down in its order (`mobilising`); `page`: whether everybody is paged, None: nobody
    asked.

    Raises:
        Conflict: the report has become an incident already (`incident` in its params is the code).
        Refused: title without words or too long, no severity, no such service state, a beginning in the future.
    """
    title = good_title(title)
    if earlier := db.session.scalar(select(Incident).where(Incident.key == key)):
        if (earlier.kind, earlier.title) != ("incident", title):
            raise Conflict("key_used", incident=earlier.code)
        return earlier
    if report is not None and report.incident_id is not None:
        raise Conflict("report_has_incident", incident=f"INC-{report.incident_id}")
    incident = Incident(
        key=key, kind="incident", title=title, severity=good_severity(severity), state="investigating",
        drill=drill, all_facilities=facilities is None, facilities=list(facilities or []), search="",
        began_at=begun(began_at, at), declared_at=at, declared_by_id=by.id, next_update_at=promises.first(at),
    )  # fmt: skip
    db.session.add(incident)
    incident.touch(services)
    db.session.flush()
    incident.find_by(incident.code, incident.title)
    record("incident.declared", by=by, at=at, incident_id=incident.id, page=page, drill=drill)
    mobilising.gather(incident, by=by, reporter=report.reporter if report else None, at=at, page=page)
    if report is not None:
        report.become(incident, by=by, at=at)
    mobilising.call_together(incident, by=by, at=at, page=page)
    if holding:
        said = kept_words(holding_words or {})
        incident.say(f"{key[:55]}:holding", "declared", by, at, said, promises.first(at), wrote_as=wrote_as)
    return incident


def by_code(code: str) -> Incident | None:
    """The incident called `INC-42` (also `inc-42`, `42`), or None."""
    match = re.fullmatch(r"(?:inc-?)?([0-9]{1,9})", code.strip().casefold())
    return db.session.get(Incident, int(match[1])) if match else None


def stands(at: ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    """The conditions of what stands on the board: open incidents, planned work to come or under way."""
    return (
        Incident.closed_at.is_(None),
        or_(and_(Incident.kind == "incident", Incident.declared_at <= at), upcoming(at)),
    )


# Statements that every board asks are built once, when the first one does (by then all tables are known): building
# one costs as much as answering it.
@cache
def _on_board() -> Select[Incident]:
    at = bindparam("at", type_=Instant())
    return (
        select(Incident)
        .options(joinedload(Incident.latest).joinedload(Update.published_by))
        .where(*stands(at))
        .order_by(Incident.resolved_at.is_not(None), Incident.began_at.desc(), Incident.id.desc())
    )


@cache
def _affected() -> Select[IncidentService]:
    return (
        select(IncidentService)
        .options(joinedload(IncidentService.service))
        .where(IncidentService.incident_id.in_(bindparam("incidents", expanding=True)))
        .order_by(IncidentService.incident_id, IncidentService.service_id)
    )


@cache
def _facilities() -> Select[Any]:
    return (
        select(incident_facilities.c.incident_id, Facility)
        .join(Facility, Facility.id == incident_facilities.c.facility_id)
        .where(incident_facilities.c.incident_id.in_(bindparam("incidents", expanding=True)))
        .order_by(Facility.reading)
    )


@cache
def _last_update() -> Select[Update]:
    return (
        select(Update)
        .join(Update.incident)
        .options(contains_eager(Update.incident))
        .where(Update.kind != "imported", Incident.drill.is_(False))
        .order_by(Update.id.desc())
        .limit(1)
    )


def on_board(at: datetime) -> tuple[list[Incident], list[Incident]]:
    """Open incidents and planned work, as `open_incidents` and `upcoming_maintenances` tell: three queries at most."""
    found = list(db.session.scalars(_on_board(), {"at": at}))
    _load_what_they_touch(found)
    works = [one for one in found if one.kind == "maintenance"]
    return (
        [one for one in found if one.kind == "incident"],
        sorted(works, key=lambda work: (work.began_at, work.id)),
    )


def _load_what_they_touch(found: list[Incident]) -> None:
    """The services and facilities of several incidents at once, where there are any."""
    affected: dict[int, list[IncidentService]] = {incident.id: [] for incident in found}
    if affected:
        for line in db.session.scalars(_affected(), {"incidents": list(affected)}):
            affected[line.incident_id].append(line)
    places: dict[int, list[Facility]] = {incident.id: [] for incident in found if not incident.all_facilities}
    if places:
        for number, facility in db.session.execute(_facilities(), {"incidents": list(places)}):
            places[number].append(facility)
    for incident in found:
        set_committed_value(incident, "affected", affected[incident.id])
        if incident.id in places:
            set_committed_value(incident, "facilities", places[incident.id])


def open_incidents(at: datetime) -> list[Incident]:
    """Incidents on the board: declared and not closed, drills too (flagged). A constant number of queries.

    Those that last first, each part with the newest first; `latest`, services and named facilities are loaded.
    """
    return on_board(at)[0]


def upcoming_maintenances(at: datetime) -> list[Incident]:
    """Planned work that is under way or still to come, the soonest first."""
    return on_board(at)[1]


def words_of(shown: Iterable[Any]) -> dict[int, Words]:
    """What counts now for each incident that has said something: no query where `latest` is loaded."""
    return {incident.id: _words(incident.latest, {}) for incident in shown if incident.latest is not None}


def current_words(incident: Incident) -> Words | None:
    """What counts now, each of the words with since when it has stood unchanged; None before the first update."""
    latest: Update | None = incident.latest
    if latest is None:
        return None
    since = dict.fromkeys(WORDS, latest.published_at)
    standing = set(WORDS)
    for update in reversed(incident.updates):
        standing = {name for name in standing if update.whole(name) == latest.whole(name)}
        since.update(dict.fromkeys(standing, update.published_at))
    return _words(latest, since)


def _words(latest: Any, since: dict[str, datetime]) -> Words:
    """Of an update, or of what the board has loaded of one."""
    text = latest.whole if isinstance(latest, Update) else partial(getattr, latest)
    return Words(
        latest,
        {name: Said(text(name), latest.format, latest.published_at, since.get(name)) for name in WORDS},
    )


def last_update() -> Update | None:
    """The newest update that was published here about something real: when all was last known to be well."""
    return db.session.scalar(_last_update())


def service_states(at: datetime, shown: Iterable[Any] | None = None) -> dict[int, tuple[str, list[str]]]:
    """The state now of every service that is not well, with the codes of what causes it. Drills never count.

    `shown`: incidents and planned work, where they are loaded already.
    """
    causes = [
        one
        for one in (chain(*on_board(at)) if shown is None else shown)
        if one.resolved_at is None
        and not one.drill
        and (one.kind == "incident" or state_at(one, at) in ("in_progress", "verifying"))
    ]
    found: dict[int, tuple[str, list[str]]] = {}
    for cause in sorted(causes, key=lambda one: one.id):
        for line in cause.affected:
            if line.state != "operational":
                before, codes = found.get(line.service_id, ("operational", []))
                found[line.service_id] = (worst([before, line.state]), [*codes, cause.code])
    return found


@dataclass(frozen=True)
class History:
    """A page of the past. `months`: (first day, newest first); `newer`, `older`: the parameters of those pages."""

    months: list[tuple[date, list[Incident]]]
    newer: dict[str, str | int] | None
    older: dict[str, str | int] | None


def is_month(text: str) -> bool:
    """Whether the text is a month: `2026-08`."""
    return re.fullmatch(r"(19[7-9]\d|2\d{3})-(0[1-9]|1[0-2])", text) is not None


def history(*, month: str, query: str, page: int, zone: ZoneInfo, at: datetime) -> History:
    """What began before `at`, newest first, without drills: PER_PAGE a page (from 1), each month of `zone` a part.

    `month` (`2026-08`, of `zone`) and `query` (title, code or words said) narrow it down; `""` does not.
    """
    wanted = [Incident.began_at <= at, Incident.drill.is_(False)]
    if month:
        start, end = _bounds(month, zone)
        wanted += [Incident.began_at >= start, Incident.began_at < end]
    if folded := fold(query):
        wanted.append(Incident.search.contains(folded, autoescape=True))
    page = min(page, 100_000)
    found = list(
        db.session.scalars(
            select(Incident)
            .where(*wanted)
            .order_by(Incident.began_at.desc(), Incident.id.desc())
            .limit(PER_PAGE + 1)
            .offset((page - 1) * PER_PAGE)
        )
    )
    more: dict[str, str | int] = {"month": month} if month else {}
    return History(
        months=_by_month(found[:PER_PAGE], zone),
        newer={**more, "page": page - 1} if page > 1 else None,
        older={**more, "page": page + 1} if len(found) > PER_PAGE else None,
    )


def months(zone: ZoneInfo, at: datetime) -> list[tuple[date, int]]:
    """Every month of `zone` in which something began, newest first, with how many."""
    counts: dict[date, int] = {}
    query = (
        select(Incident.began_at)
        .where(Incident.began_at <= at, Incident.drill.is_(False))
        .order_by(Incident.began_at.desc())
    )
    for began_at in db.session.scalars(query):
        first = began_at.astimezone(zone).date().replace(day=1)
        counts[first] = counts.get(first, 0) + 1
    return list(counts.items())


def _bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    start, end = (datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in (first, after))
    return start, end


def _by_month(found: list[Incident], zone: ZoneInfo) -> list[tuple[date, list[Incident]]]:
    parts: dict[date, list[Incident]] = {}
    for incident in found:
        parts.setdefault(incident.began_at.astimezone(zone).date().replace(day=1), []).append(incident)
    return list(parts.items())
