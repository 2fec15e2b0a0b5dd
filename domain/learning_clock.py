"""What learning tells by the clock: actions that come due or are late, a digest each week, postmortems to plan."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from domain import outbox, postmortem, workdays
from domain.actions import OPEN, Action
from domain.db import db, organisation
from domain.formation import Position
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.postmortem import Postmortem
from domain.roster_watch import Word
from domain.telling import DIRECT, MAIL
from domain.walltime import DAY

SOON, LATE, DIGEST = "told.action_soon", "told.action_late", "told.actions"
PLAN, MEETING = "told.postmortem", "told.meeting"
KINDS = (SOON, LATE, DIGEST, PLAN, MEETING)

HOURS = (9 * 60, 18 * 60)
"""When people are told, minutes after midnight in the organisation's zone, and on working days only."""

BEFORE = 2
"""Working days before a date on which its owner is reminded."""

STILL = 7 * DAY
"""How long after its day a reminder of what is late is still written down: then the digest has it."""


def look(at: datetime) -> list[Word]:
    """What is to be said at `at` (aware UTC) and was not yet. Reads only; no query outside of working hours."""
    local = at.astimezone(organisation().zone)
    if not HOURS[0] <= local.hour * 60 + local.minute < HOURS[1]:
        return []
    today, off = local.date(), postmortem.days_off(at)
    if not workdays.is_workday(today, off):
        return []
    found = [*_of_actions(today, off), *_of_postmortems(at, today, off)]
    known = outbox.known([word.key for word in found])
    return [word for word in found if word.key not in known]


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Writes them into the outbox, but for those that somebody else has written down in the meantime."""
    known = outbox.known([word.key for word in words])
    return [
        outbox.enqueue(
            word.lane.partition(":")[0], word.kind, at=at, incident_id=word.details.get("incident"),
            details=word.details, lane=word.lane, key=word.key,
        )
        for word in words
        if word.key not in known
    ]  # fmt: skip


def _word(kind: str, person: Person, *cause: object, **details: object) -> Word:
    key = hashlib.sha256("\n".join(map(str, (kind, person.id, *cause))).encode()).hexdigest()[:32]
    # Who is not in Slack gets a mail: an action whose owner never hears of it is not followed.
    service = DIRECT if person.slack_id else MAIL
    return Word(key, kind, f"{service}:person-{person.id}", {"person": person.id, **details})


# Actions


def _of_actions(today: date, off: frozenset[date]) -> Iterator[Word]:
    """To the owner: before the date, the working day after it, and each week all that are late for longer."""
    query = (
        select(Action)
        .options(joinedload(Action.owner))
        .where(Action.state.in_(OPEN), Action.due_on <= today + 14 * DAY)
        .order_by(Action.due_on, Action.id)
    )
    monday = workdays.on_or_after(today - today.weekday() * DAY, off)
    late: dict[int, list[Action]] = defaultdict(list)
    for action in db.session.scalars(query):
        if not action.owner.is_active:
            continue
        told_late = workdays.after(action.due_on, 1, off)
        cause = {"action": action.id, "due": action.due_on.isoformat(), "incident": action.incident_id}
        mark = (action.id, action.due_on)
        written = action.created_at.astimezone(organisation().zone).date()
        # Who wrote it down today knows.
        if workdays.before(action.due_on, BEFORE, off) <= today <= action.due_on and written < today:
            yield _word(SOON, action.owner, *mark, **cause)
        elif told_late <= today < told_late + STILL:
            yield _word(LATE, action.owner, *mark, **cause)
        if told_late < monday <= today:
            late[action.owner_id].append(action)
    week = "{}-{}".format(*today.isocalendar()[:2])
    for actions in late.values():
        yield _word(DIGEST, actions[0].owner, week, actions=[one.id for one in actions])


# Postmortems


def _of_postmortems(at: datetime, today: date, off: frozenset[date]) -> Iterator[Word]:
    """That a meeting is to be planned, three times at most; on its day, to everybody who had a position."""
    ahead = postmortem.ahead(at)
    took_part = _took_part([incident.id for incident, _ in ahead])
    for incident, known in ahead:
        people = took_part[incident.id]
        if known is not None and known.meets_at is not None:
            yield from _meetings(incident, known, people, at, today)
        elif (due := postmortem.due_on(incident, off)) is not None:
            yield from _plannings(incident, known, people, due, today, off)


def _plannings(
    incident: Incident, known: Postmortem | None, people: list[Person], due: date, today: date, off: frozenset[date]
) -> Iterator[Word]:
    days = (workdays.before(due, BEFORE, off), due, workdays.after(due, 1, off))
    reached = [day for day in days if day <= today]
    whom = (known.host if known else None, *people, incident.closed_by, incident.declared_by)
    person = next((one for one in whom if one is not None and one.is_active), None)
    if person is not None and reached and today < days[-1] + STILL:
        yield _word(PLAN, person, incident.id, reached[-1], incident=incident.id, due=due.isoformat())


def _meetings(incident: Incident, known: Postmortem, people: list[Person], at: datetime, today: date) -> Iterator[Word]:
    meets = known.meets_at
    if meets is None or meets <= at or meets.astimezone(organisation().zone).date() != today:
        return
    invited = {one.id: one for one in (known.host, *people, incident.declared_by) if one is not None and one.is_active}
    for person in invited.values():
        yield _word(MEETING, person, incident.id, meets.isoformat(), incident=incident.id, at=meets.isoformat())


def _took_part(incidents: list[int]) -> dict[int, list[Person]]:
    """Who was given a position in each incident, commanders first: one query."""
    found: dict[int, list[Person]] = defaultdict(list)
    query = (
        select(Position)
        .options(joinedload(Position.person))
        .where(Position.incident_id.in_(incidents))
        .order_by(Position.position != "commander", Position.id)
    )
    for position in db.session.scalars(query) if incidents else ():
        if position.person not in found[position.incident_id]:
            found[position.incident_id].append(position.person)
    return found


EVERY = timedelta(minutes=5)
"""Between two looks: nothing here is in a hurry."""
