"""The clock on a report that nobody has taken: who of the system area is told in Slack, and when PagerDuty rings."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from domain import outbox, report_paging, roster
from domain.db import db, organisation
from domain.events import Event, record
from domain.followers import is_night
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area, AreaDuty
from domain.roster_watch import Word
from domain.suspicion import Report

KIND = "report.reminder"

LATE = timedelta(hours=1)
"""How long after its time a reminder is still written down: a report that lay for days wakes nobody after a start."""


@dataclass(frozen=True)
class Turn:
    """One reminder. `number`: which of them it is, from 1; `name`: whose turn it is as the roster stands."""

    number: int
    at: datetime
    name: str


@dataclass(frozen=True)
class Waiting:
    """How long a report has waited for somebody to take it, and what comes next.

    `following` None: everybody of the line was told, or nobody of it can be told in Slack (`line` is empty then).
    """

    since: datetime
    following: Turn | None
    line: tuple[str, ...] = ()


def started_at() -> ColumnElement[datetime]:
    """When the clock of a report began, for statements: when it was filed, or opened again the last time."""
    again = (
        select(func.max(Event.at))
        .where(Event.report_id == Report.id, Event.kind == "report.reopened")
        .correlate(Report)
        .scalar_subquery()
    )
    return func.coalesce(again, Report.created_at, type_=Report.created_at.type)


def line(duties: Iterable[AreaDuty]) -> list[Person]:
    """Whose turn it is, one after the other: the lines of the system area, those who can be told in Slack."""
    places = [place for found in duties if found.area.kind == "system" for place in found.people]
    return list({one.person.id: one.person for one in places if one.person.slack_id}.values())


def waiting(since: datetime, names: Sequence[str], at: datetime) -> Waiting | None:
    """What is shown beside a report that nobody has taken; None where nobody is told by the clock."""
    if organisation().reminders is None:
        return None
    turns = (Turn(number, due, name) for (number, due), name in zip(_times(since), names, strict=False))
    return Waiting(since, next((turn for turn in turns if turn.at > at), None), tuple(names))


def of(report: Report, at: datetime) -> Waiting | None:
    """The same of one report; None as soon as somebody has taken it."""
    if report.status != "received" or organisation().reminders is None:
        return None
    since = db.session.scalar(select(started_at()).where(Report.id == report.id))
    assert since is not None
    return waiting(since, [person.name for person in line(roster.duty_now(at))], at)


def look(at: datetime) -> list[Word]:
    """Who is to be told at `at` (aware UTC) and was not yet. Reads only; one query while nothing is due."""
    due = list(_due(at))
    known = outbox.known([*(_key(*one) for one in due), *(report_paging.key(*one[:2]) for one in due)])
    new = [one for one in due if _key(*one) not in known]
    silent = [one for one in due if report_paging.key(*one[:2]) not in known]
    area = report_paging.area() if silent else None
    if not new and area is None:
        return []
    people = line(roster.duty_now(at))
    return _reminders(new, people) + (_pages(silent, people, area) if area else [])


def _reminders(new: Sequence[tuple[int, datetime, int]], people: Sequence[Person]) -> list[Word]:
    found: list[Word] = []
    for report_id, since in dict.fromkeys((report_id, since) for report_id, since, _ in new):
        told = _told(report_id, since)
        left = iter([person for person in people if person.id not in told])
        numbers = sorted(number for one, begun, number in new if (one, begun) == (report_id, since))
        # Nobody is left: everybody was told, and the page says whom to call.
        found += [_word(report_id, since, number, person) for number, person in zip(numbers, left, strict=False)]
    return found


def _pages(silent: Sequence[tuple[int, datetime, int]], people: Sequence[Person], area: Area) -> list[Word]:
    """At night it rings with the first reminder, because a direct message wakes nobody; by day when the first one
    was not answered until the next; at once where nobody of the line can be told in Slack.
    """
    times = [(report_id, since) for report_id, since, number in silent if number > 1 or not people or _at_night(since)]
    details = {"area": area.key}
    return [
        Word(
            report_paging.key(*one),
            report_paging.TRIGGER,
            "",
            {"report": one[0], "since": one[1].isoformat(), **details},
        )
        for one in dict.fromkeys(times)
    ]


def _at_night(since: datetime) -> bool:
    """Whether the first reminder of a clock comes at night."""
    return is_night(next(due for _, due in _times(since)))


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Writes them into the outbox, but for those of others, and of reports that somebody has taken meanwhile."""
    known = outbox.known([word.key for word in words])
    written = []
    for word in words:
        report = db.session.get(Report, word.details["report"])
        if word.key in known or report is None or report.status != "received":
            continue
        written.append(_rung(report, word, at) if word.kind == report_paging.TRIGGER else _reminded(report, word, at))
    return [one for one in written if one is not None]


def _reminded(report: Report, word: Word, at: datetime) -> Delivery | None:
    person = db.session.get(Person, word.details["person"])
    if person is None:
        return None
    number = word.details["number"]
    record("report.reminded", by=None, at=at, report_id=report.id, name=person.name, number=number)
    return outbox.enqueue(
        "slack", KIND, at=at, report_id=report.id, details=word.details, lane=word.lane, key=word.key
    )  # fmt: skip


def _rung(report: Report, word: Word, at: datetime) -> Delivery | None:
    area = report_paging.area()
    since = datetime.fromisoformat(word.details["since"])
    return report_paging.trigger(report.id, since, area, at=at) if area else None


def _due(at: datetime) -> Iterator[tuple[int, datetime, int]]:
    """Every reminder whose time has come: the report's id, when its clock began, its number."""
    times = organisation().reminders
    if times is None:
        return
    longest = times[0] + roster.RANKS * times[1] + LATE
    query = (
        select(Report.id, started_at().label("since"))
        .where(Report.status == "received", started_at() > at - longest)
        .order_by(Report.id)
    )
    for report_id, since in db.session.execute(query):
        for number, due in _times(since):
            if at - LATE < due <= at:
                yield report_id, since, number


def _times(since: datetime) -> Iterator[tuple[int, datetime]]:
    """The reminders of a clock: at most as many as a line has ranks."""
    first, following = organisation().reminders or (timedelta(), timedelta())
    for number in range(1, roster.RANKS + 1):
        yield number, since + first + (number - 1) * following


def _told(report_id: int, since: datetime) -> set[int]:
    """Whom this clock of the report has told already."""
    begun = since.isoformat()
    found = outbox.of_lanes([_lane(report_id)])
    return {one.details["person"] for one in found if one.details["since"] == begun}


def _word(report_id: int, since: datetime, number: int, person: Person) -> Word:
    details = {"report": report_id, "person": person.id, "number": number, "since": since.isoformat()}
    return Word(_key(report_id, since, number), KIND, _lane(report_id), details)


def _lane(report_id: int) -> str:
    """One of its own: what waits in the report's lane must not hold up a reminder."""
    return f"slack:clock-{report_id}"


def _key(report_id: int, since: datetime, number: int) -> str:
    cause = f"{KIND}\n{report_id}\n{since.isoformat()}\n{number}"
    return hashlib.sha256(cause.encode()).hexdigest()[:32]
