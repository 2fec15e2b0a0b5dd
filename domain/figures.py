"""Figures: how fast, how often, how kept, by month and in all. Drills are left out everywhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, case, func, select

from domain.actions import OPEN, Action
from domain.additions import Voice
from domain.db import Instant, db, organisation
from domain.formation import Position
from domain.incidents import Incident
from domain.people import Person
from domain.suspicion import Report
from domain.updates import Update

COUNT, TIME, SHARE, MEAN = "count", "time", "share", "mean"
FORMS = {
    "reports": COUNT, "none_reports": COUNT, "voices": COUNT, "incidents": COUNT,
    "to_acknowledgement": TIME, "to_declaration": TIME, "to_first_update": TIME, "to_mitigation": TIME,
    "to_restoration": TIME, "to_closing": TIME, "duration": TIME,
    "promises": SHARE, "updates": MEAN, "actions_in_time": SHARE,
}  # fmt: skip
"""Every figure, in the order of the page, and how its values become one: counted, their median, their mean."""

GRACE = timedelta(minutes=1)
"""A promise knows no seconds: what came within the minute was in time."""


@dataclass(frozen=True)
class Value:
    """One number. `of`: from how many; `tenth`: of times, what nine of ten did not exceed. Times are minutes."""

    number: float | None = None
    of: int = 0
    tenth: float | None = None


@dataclass(frozen=True)
class Figure:
    """A figure by month (the first day of it) and in all."""

    code: str
    form: str
    months: dict[date, Value]
    whole: Value

    def at(self, month: date) -> Value:
        return self.months.get(month) or _value(self.form, [])


@dataclass
class Load:
    """What one person carried: in how many incidents, how many positions, how long."""

    person: Person
    incidents: set[int] = field(default_factory=set)
    positions: int = 0
    length: timedelta = timedelta()


@dataclass
class Thanks:
    """Somebody who told us, or saw it too. `none`: reports of theirs that turned out to be none."""

    person: Person
    reports: int = 0
    none: int = 0
    voices: int = 0


@dataclass(frozen=True)
class Figures:
    """All of them. `months`: every month from the first in which anything happened to the last."""

    figures: dict[str, Figure]
    months: list[date]


Samples = dict[str, list[tuple[date, float]]]


def all_figures(at: datetime) -> Figures:
    """Every figure as of `at` (aware UTC), by months of the organisation: six queries, however much happened."""
    samples: Samples = {code: [] for code in FORMS}
    months = _Months(organisation().zone)
    reports, drills = _reports(), _drills()
    _count_reports(samples, months, reports, drills)
    incidents = {row.id: row for row in _incidents(at)}
    _count_incidents(samples, months, incidents, reports, at)
    _count_actions(samples, at)
    found = {code: _figure(code, form, samples[code]) for code, form in FORMS.items()}
    known = {month for one in found.values() for month in one.months}
    return Figures(found, list(span_of(min(known), max(known))) if known else [])


class _Months:
    """The month in which an instant lies, its first day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def __call__(self, at: datetime) -> date:
        local = at.astimezone(self._zone)
        return date(local.year, local.month, 1)


def span_of(first: date, last: date) -> Iterable[date]:
    """Every month from one to another, both included."""
    while first <= last:
        yield first
        first = next_month(first)


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_before(month: date, number: int) -> date:
    """The month `number` months earlier."""
    whole = month.year * 12 + month.month - 1 - number
    return date(whole // 12, whole % 12 + 1, 1)


def _figure(code: str, form: str, samples: list[tuple[date, float]]) -> Figure:
    by_month: dict[date, list[float]] = defaultdict(list)
    for month, number in samples:
        by_month[month].append(number)
    months = {month: _value(form, numbers) for month, numbers in by_month.items()}
    return Figure(code, form, months, _value(form, [number for _, number in samples]))


def _value(form: str, numbers: list[float]) -> Value:
    if form == COUNT:
        return Value(sum(numbers), len(numbers))
    if not numbers:
        return Value()
    if form == TIME:
        ordered = sorted(numbers)
        return Value(median(ordered), len(ordered), ordered[min(int(len(ordered) * 0.9), len(ordered) - 1)])
    return Value(sum(numbers) / len(numbers), len(numbers))


# Reports


def _reports() -> list[Row[Any]]:
    query = select(
        Report.id, Report.reporter_id, Report.created_at, Report.acknowledged_at, Report.status, Report.incident_id,
        Report.duplicate_of_id,
    )  # fmt: skip
    return list(db.session.execute(query.order_by(Report.created_at, Report.id)))


def _drills() -> set[int]:
    return set(db.session.scalars(select(Incident.id).where(Incident.drill.is_(True))))


def _real(reports: list[Row[Any]], drills: set[int]) -> list[Row[Any]]:
    """Without those of drills, and without what was the same as one of them."""
    out: set[int] = set()
    for row in sorted(reports, key=lambda one: one.id):
        if row.incident_id in drills or row.duplicate_of_id in out:
            out.add(row.id)
    return [row for row in reports if row.id not in out]


def _count_reports(samples: Samples, months: _Months, reports: list[Row[Any]], drills: set[int]) -> None:
    real = _real(reports, drills)
    known = {row.id for row in real}
    for row in real:
        month = months(row.created_at)
        samples["reports"].append((month, 1))
        if row.status == "no_incident":
            samples["none_reports"].append((month, 1))
        if row.acknowledged_at is not None:
            samples["to_acknowledgement"].append((month, _minutes(row.created_at, row.acknowledged_at)))
    for report_id, created_at in db.session.execute(select(Voice.report_id, Voice.created_at)):
        if report_id in known:
            samples["voices"].append((months(created_at), 1))


# Incidents


def _incidents(at: datetime) -> list[Row[Any]]:
    query = select(
        Incident.id, Incident.began_at, Incident.declared_at, Incident.resolved_at, Incident.closed_at, Incident.source,
    )  # fmt: skip
    return list(
        db.session.execute(
            query.where(
                Incident.kind == "incident", Incident.drill.is_(False), Incident.outcome == "",
                Incident.began_at <= at,
            )
        )
    )  # fmt: skip


def _updates() -> dict[int, Row[Any]]:
    """By incident how many updates there are, when the first one was written and when the impact was eased."""
    written = case((Update.kind == "published", Update.published_at))
    eased = case((Update.state.in_(("monitoring", "resolved")), Update.published_at))
    query = select(
        Update.incident_id,
        func.sum(case((Update.kind != "declared", 1), else_=0)).label("number"),
        func.min(written, type_=Instant()).label("first"),
        func.min(eased, type_=Instant()).label("eased"),
    ).group_by(Update.incident_id)
    return {row.incident_id: row for row in db.session.execute(query)}


def _count_incidents(
    samples: Samples, months: _Months, incidents: dict[int, Row[Any]], reports: list[Row[Any]], at: datetime
) -> None:
    first: dict[int, datetime] = {}
    for row in reports:
        if row.incident_id is not None and row.status == "incident":
            first.setdefault(row.incident_id, row.created_at)
    updates = _updates()
    for number, row in incidents.items():
        said = updates.get(number)
        month = months(row.began_at if row.source else row.declared_at)
        samples["incidents"].append((month, 1))
        if row.resolved_at is not None and row.resolved_at >= row.began_at:
            samples["duration"].append((month, _minutes(row.began_at, row.resolved_at)))
        if said is not None and said.number:
            samples["updates"].append((month, said.number))
        if number in first and not row.source:
            _count_times(samples, month, first[number], row, said)
    _count_promises(samples, months, incidents, at)


def _count_times(samples: Samples, month: date, reported: datetime, row: Row[Any], said: Row[Any] | None) -> None:
    """From the first report on. What came before the report (it was declared first) is left out."""
    ends = {
        "to_declaration": row.declared_at,
        "to_first_update": said.first if said is not None else None,
        "to_mitigation": min(filter(None, (said.eased if said is not None else None, row.resolved_at)), default=None),
        "to_restoration": row.resolved_at,
        "to_closing": row.closed_at,
    }
    for code, ended in ends.items():
        if ended is not None and ended >= reported:
            samples[code].append((month, _minutes(reported, ended)))


def _count_promises(samples: Samples, months: _Months, incidents: dict[int, Row[Any]], at: datetime) -> None:
    """Each promise of a next update: kept, where anything was published by then; one that is not due does not count."""
    order = (Update.published_at, Update.id)
    following = func.lead(Update.published_at, type_=Instant()).over(partition_by=Update.incident_id, order_by=order)
    whole = select(Update.incident_id, Update.next_update_at.label("due"), following.label("next")).subquery()
    for number, due, ended in db.session.execute(select(whole).where(whole.c.due.is_not(None))):
        row = incidents.get(number)
        if row is None or row.source:
            continue
        if ended is None and row.closed_at is not None and row.closed_at <= due:
            continue
        if ended is None and due + GRACE > at:
            continue
        samples["promises"].append((months(due), float(ended is not None and ended <= due + GRACE)))


# Actions


def _count_actions(samples: Samples, at: datetime) -> None:
    """By the month in which they are due: those that are done, and those whose date has passed."""
    today, zone = at.astimezone(organisation().zone).date(), organisation().zone
    query = (
        select(Action.due_on, Action.state, Action.ended_at)
        .join(Action.incident)
        .where(Incident.drill.is_(False), Action.state != "dropped")
    )
    for due_on, state, ended_at in db.session.execute(query):
        if state in OPEN and due_on >= today:
            continue
        kept = ended_at is not None and state == "done" and ended_at.astimezone(zone).date() <= due_on
        samples["actions_in_time"].append((due_on.replace(day=1), float(kept)))


def _minutes(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds() / 60, 0.0)


# People


def load(start: datetime, end: datetime) -> list[Load]:
    """Who carried how much in [start, end) (aware UTC): positions that were given in an incident, the most first.

    A position that was never handed on ends with the incident's restoration. One query.
    """
    over = func.coalesce(Position.until, Incident.resolved_at, Incident.closed_at, type_=Position.until.type)
    query = (
        select(Person, Position.incident_id, Position.since, over)
        .join(Person, Position.person_id == Person.id)
        .join(Position.incident)
        .where(Incident.drill.is_(False), Incident.kind == "incident", Position.since < end)
    )
    found: dict[int, Load] = {}
    for person, incident, since, until in db.session.execute(query):
        first, last = max(since, start), min(until or end, end)
        if last <= start or (until is not None and until < since):
            continue
        one = found.setdefault(person.id, Load(person))
        one.incidents.add(incident)
        one.positions += 1
        one.length += max(last - first, timedelta())
    return sorted(found.values(), key=lambda one: (-one.length, -one.positions, one.person.search))


def thanks(start: datetime, end: datetime) -> list[Thanks]:
    """Everybody who reported or saw it too in [start, end), by reading: this is no ranking. Three queries."""
    real = {row.id: row for row in _real(_reports(), _drills())}
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in real.values():
        if start <= row.created_at < end:
            counted[row.reporter_id][0] += 1
            counted[row.reporter_id][1] += row.status == "no_incident"
    voices = select(Voice.report_id, Voice.person_id).where(Voice.created_at >= start, Voice.created_at < end)
    for report_id, person_id in db.session.execute(voices):
        if report_id in real:
            counted[person_id][2] += 1
    people = db.session.scalars(select(Person).where(Person.id.in_(counted)).order_by(Person.search))
    return [Thanks(person, *counted[person.id]) for person in people]
