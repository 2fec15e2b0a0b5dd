"""Changes to the roster: plans, absences, covers, taking over. Nothing is edited, nothing works backwards."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from domain import events, roster
from domain.db import db
from domain.errors import Conflict, NotAllowed, Refused
from domain.people import Person
from domain.roster import RANKS, Absence, Area, Gap, Override, Plan, PlanSlot, Stretch
from domain.roster_queries import in_force_after

GRACE = timedelta(hours=1)
"""A plan's start this little before now is the time it took to fill in the form: it means now."""


def latest_plan(area: Area) -> Plan | None:
    """The version recorded last, whether it is in force yet or not. Its id is what `set_plan` wants to have seen."""
    return db.session.scalar(select(Plan).where(Plan.area_id == area.id).order_by(Plan.id.desc()).limit(1))


def set_plan(
    area: Area, people: Sequence[Person | None], *, starts_at: datetime, seen: int | None, by: Person, at: datetime
) -> Plan:
    """A new version of the plan: the person responsible first, then the deputies in order; None is a vacant place.

    `seen` is the id of the latest plan that whoever changes it looked at. The same plan sent twice is one version.

    Raises:
        Refused: nobody, more than five, somebody twice, somebody who left, a start in the past.
        Conflict: another version was recorded in between, or the area is retired.
    """
    line = line_of(people)
    if area.retired_at is not None:
        raise Conflict("area_retired")
    check_start(starts_at, at)
    starts_at = max(starts_at, at)
    latest = latest_plan(area)
    if latest is not None and latest.id != seen:
        if _same(latest, line) and starts_at - latest.starts_at <= GRACE:
            return latest
        raise Conflict("plan_changed")
    plan = Plan(area_id=area.id, starts_at=starts_at, recorded_at=at, recorded_by_id=by.id)
    plan.slots = [PlanSlot(rank=rank, person_id=person.id if person else None) for rank, person in enumerate(line)]
    db.session.add(plan)
    db.session.flush()
    ids = [person.id if person else None for person in line]
    events.record("plan_set", by=by, at=at, area=area.key, plan=plan.id, people=ids, starts_at=starts_at.isoformat())
    return plan


def check_start(starts_at: datetime, at: datetime) -> None:
    """Raises `Refused` for a plan that would begin in the past: nothing works backwards (R21)."""
    if starts_at < at - GRACE:
        raise Refused("starts_at", "plan_in_past")


def line_of(people: Sequence[Person | None]) -> list[Person | None]:
    """The places as they are kept: no vacant ones at the end, everybody present and once. Raises as `set_plan`."""
    line = list(people)
    while line and line[-1] is None:
        line.pop()
    if not line:
        raise Refused("person-0", "plan_nobody")
    if len(line) > RANKS:
        raise Refused(f"person-{RANKS - 1}", "plan_too_long")
    known: set[int] = set()
    for rank, person in enumerate(line):
        if person is None:
            continue
        _present(person, f"person-{rank}")
        if person.id in known:
            raise Refused(f"person-{rank}", "plan_twice", name=person.name)
        known.add(person.id)
    return line


def _same(plan: Plan, line: Sequence[Person | None]) -> bool:
    return [slot.person_id for slot in plan.slots] == [person.id if person else None for person in line]


def _present(person: Person, field: str) -> None:
    if person.deactivated_at is not None:
        raise Refused(field, "person_left", name=person.name)


def _span(starts_at: datetime, ends_at: datetime | None, at: datetime) -> None:
    """Refuses a span that is never in force (R1) or already over."""
    if ends_at is None:
        return
    if ends_at <= starts_at:
        raise Refused("ends_at", "ends_before_begin")
    if ends_at <= at:
        raise Refused("ends_at", "ends_in_past")


def record_absence(
    person: Person, *, starts_at: datetime, ends_at: datetime | None, by: Person, at: datetime
) -> Absence:
    """Somebody will be away, from every area (R15); `ends_at` None: until further notice. `left_uncovered` says
    what follows. A span that another absence already holds is not recorded twice.

    Raises:
        NotAllowed: somebody else's, by somebody who is no administrator.
        Refused: the end is not after the beginning or already past, or the person has left.
    """
    if person.id != by.id and not by.is_admin:
        raise NotAllowed("absence_of_others")
    _present(person, "person")
    _span(starts_at, ends_at, at)
    for known in db.session.scalars(
        select(Absence).where(Absence.person_id == person.id, Absence.cancelled_at.is_(None))
    ):
        if known.starts_at <= starts_at and _ends_no_earlier(known.ends_at, ends_at):
            return known
    absence = Absence(person_id=person.id, starts_at=starts_at, ends_at=ends_at, recorded_at=at, recorded_by_id=by.id)
    db.session.add(absence)
    db.session.flush()
    events.record("absence_recorded", by=by, at=at, absence=absence.id, person=person.id, **_told(starts_at, ends_at))
    return absence


def _ends_no_earlier(known: datetime | None, wanted: datetime | None) -> bool:
    return known is None or (wanted is not None and known >= wanted)


def _told(starts_at: datetime, ends_at: datetime | None) -> dict[str, Any]:
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat() if ends_at else None}


def left_uncovered(absence: Absence, at: datetime) -> list[Gap]:
    """The gaps, from `at` on, that are there because of this absence: at most a year ahead."""
    return consequences(absence, at)[1]


def consequences(absence: Absence, at: datetime) -> tuple[list[tuple[Area, list[Stretch]]], list[Gap]]:
    """What an absence means from `at` on: who is in charge meanwhile, in each area in which the person would have
    been, and the times in which nobody is.
    """
    facts = roster.facts(at)
    start, end = roster.clipped(absence.starts_at, absence.ends_at, at)
    if end <= start:
        return [], []
    otherwise = facts.without_absence(absence.id)
    touched = []
    for area in facts.areas:
        planned = roster.stretches(otherwise, area, start, end)
        if any(stretch.person and stretch.person.id == absence.person_id for stretch in planned):
            touched.append((area, roster.stretches(facts, area, start, end, last=absence.ends_at)))
    before = roster.gaps(otherwise, start, end, last=absence.ends_at)
    return touched, [gap for gap in roster.gaps(facts, start, end, last=absence.ends_at) if gap not in before]


def cancel_absence(absence: Absence, *, by: Person, at: datetime) -> None:
    """Back earlier, or not away at all. What was is not changed (R21).

    Raises:
        NotAllowed: somebody else's, by somebody who is no administrator.
        Conflict: cancelled before, or over.
    """
    if absence.person_id != by.id and not by.is_admin:
        raise NotAllowed("absence_of_others")
    if absence.cancelled_at is not None or (absence.ends_at is not None and absence.ends_at <= at):
        raise Conflict("absence_over")
    absence.cancelled_at = at
    db.session.flush()
    events.record("absence_cancelled", by=by, at=at, absence=absence.id, person=absence.person_id)


def offer_cover(
    person: Person,
    for_person: Person,
    area: Area | None,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Person,
    at: datetime,
) -> Override:
    """`person` stands in for `for_person` (R12) in an area, or in all of them (None).

    It counts at once when an administrator records it, or `person` does and stands in a line already. Else somebody
    is asked (`Override.asked`): rights follow from the roster, so nobody gives them to themselves.
    The same cover sent twice is one.

    Raises:
        NotAllowed: it is about others, and whoever records it stands in no line.
        Refused: the two are one, somebody left, the span is empty or past, or it would change nothing.
        Conflict: the area is retired.
    """
    if area is not None and area.retired_at is not None:
        raise Conflict("area_retired")
    if person.id == for_person.id:
        raise Refused("person", "cover_oneself")
    _present(person, "person")
    _span(starts_at, ends_at, at)
    if (known := _known_cover(person, for_person, area, starts_at, ends_at)) is not None:
        return known
    if not _stands_anywhere(for_person, area, starts_at, ends_at, at):
        raise Refused("for_person", "cover_no_effect", name=for_person.name)
    in_line = by.is_admin or _stands_in_a_line(by, at)
    if by.id not in (person.id, for_person.id) and not in_line:
        raise NotAllowed("cover_of_others")
    agreed = by.is_admin or (by.id == person.id and in_line)
    return _add(
        Override(
            kind="cover",
            status="agreed" if agreed else "proposed",
            person_id=person.id,
            for_person_id=for_person.id,
            area_id=area.id if area else None,
            starts_at=starts_at,
            ends_at=ends_at,
        ),
        "cover_offered",
        by=by,
        at=at,
    )


def _stands_in_a_line(person: Person, at: datetime) -> bool:
    return any(place.person.id == person.id for found in roster.duty_now(at) for place in found.people)


def _add(override: Override, kind: str, *, by: Person, at: datetime) -> Override:
    override.recorded_at, override.recorded_by_id = at, by.id
    db.session.add(override)
    db.session.flush()
    _record(kind, override, by=by, at=at, **_told(override.starts_at, override.ends_at))
    return override


def _record(kind: str, override: Override, *, by: Person, at: datetime, **more: Any) -> None:
    events.record(
        kind,
        by=by,
        at=at,
        override=override.id,
        person=override.person_id,
        for_person=override.for_person_id,
        area=override.area.key if override.area else None,
        status=override.status,
        **more,
    )


def _known_cover(
    person: Person, for_person: Person, area: Area | None, starts_at: datetime, ends_at: datetime | None
) -> Override | None:
    query = select(Override).where(
        Override.kind == "cover",
        Override.person_id == person.id,
        Override.for_person_id == for_person.id,
        Override.area_id == (area.id if area else None),
        Override.status != "declined",
        Override.cancelled_at.is_(None),
        Override.starts_at <= starts_at,
    )
    return next((known for known in db.session.scalars(query) if _ends_no_earlier(known.ends_at, ends_at)), None)


def _stands_anywhere(
    person: Person, area: Area | None, starts_at: datetime, ends_at: datetime | None, at: datetime
) -> bool:
    """Whether the person has a place of their own, or stands in for somebody, at any time of the span."""
    start, end = roster.clipped(starts_at, ends_at, at)
    return person.id in roster.facts(at).holders(area.id if area else None, start, end)


def agree(override: Override, *, by: Person, at: datetime) -> None:
    """The one who was asked agrees. It counts from now on: a proposal never counted, so nothing past changes (R21).

    Raises:
        NotAllowed: somebody else, who is no administrator.
        Conflict: no longer open (agreed, declined, cancelled, over).
    """
    _answer(override, by=by, at=at)
    override.status, override.recorded_at = "agreed", at
    db.session.flush()
    _record("cover_agreed", override, by=by, at=at)


def decline(override: Override, *, by: Person, at: datetime) -> None:
    """The one who was asked cannot. Raises as `agree` does."""
    _answer(override, by=by, at=at)
    override.status = "declined"
    db.session.flush()
    _record("cover_declined", override, by=by, at=at)


def _answer(override: Override, *, by: Person, at: datetime) -> None:
    if override.asked_id != by.id and not by.is_admin:
        raise NotAllowed("cover_of_others")
    if override.status != "proposed" or _over(override, at):
        raise Conflict("cover_not_open")


def _over(override: Override, at: datetime) -> bool:
    return override.cancelled_at is not None or (override.ends_at is not None and override.ends_at <= at)


def may_cancel(override: Override, person: Person) -> bool:
    """Both who are named, who recorded it, and administrators."""
    named = (override.person_id, override.for_person_id, override.recorded_by_id)
    return person.id in named or person.is_admin


def cancel(override: Override, *, by: Person, at: datetime) -> None:
    """Ends a cover, or hands back what was taken. What was is not changed (R21).

    Raises:
        NotAllowed: somebody who is not named in it, did not record it and is no administrator.
        Conflict: cancelled before, declined, or over.
    """
    if not may_cancel(override, by):
        raise NotAllowed("cover_of_others")
    if override.status == "declined" or _over(override, at):
        raise Conflict("cover_not_open")
    override.cancelled_at = at
    db.session.flush()
    _record("cover_cancelled", override, by=by, at=at)


def take(
    area: Area, *, until: datetime | None, by: Person, at: datetime, starts_at: datetime | None = None
) -> Override | None:
    """`by` is in charge of the area, before everybody else (R14), from now on or from `starts_at`.

    None: they are in charge then anyway.

    Raises:
        Refused: `until` is not after now.
        Conflict: the area is retired; or `by` is recorded as absent, which would undo it (R15).
    """
    if area.retired_at is not None:
        raise Conflict("area_retired")
    _present(by, "until")
    start = max(starts_at or at, at)
    _span(start, until, at)
    then = roster.area_duty(area.key, start)
    if then and then.in_charge and then.in_charge.person.id == by.id:
        return None
    if roster.is_absent(by, start):
        raise Conflict("you_are_absent")
    override = Override(kind="take", person_id=by.id, area_id=area.id, starts_at=start, ends_at=until)
    return _add(override, "duty_taken", by=by, at=at)


def open_requests(person: Person, at: datetime) -> list[Override]:
    """The covers that wait for this person's yes or no, the next one first."""
    query = (
        select(Override)
        .where(
            or_(
                and_(Override.person_id == person.id, Override.recorded_by_id != person.id),
                and_(Override.for_person_id == person.id, Override.recorded_by_id == Override.person_id),
            ),
            Override.status == "proposed",
            in_force_after(Override, at),
        )
        .order_by(Override.starts_at, Override.id)
    )
    return list(db.session.scalars(query))


def coming_overrides(at: datetime, area: Area) -> list[Override]:
    """The covers and takings over of an area that are in force, to come, or waiting for an answer."""
    query = (
        select(Override)
        .where(
            in_force_after(Override, at),
            Override.status != "declined",
            or_(Override.area_id == area.id, Override.area_id.is_(None)),
        )
        .options(joinedload(Override.person), joinedload(Override.for_person), joinedload(Override.area))
        .order_by(Override.starts_at, Override.id)
    )
    return list(db.session.scalars(query))


def coming_absences(at: datetime, people: Iterable[int]) -> list[Absence]:
    """The absences of these people (ids) that are in force or to come, the next one first."""
    query = (
        select(Absence)
        .where(in_force_after(Absence, at), Absence.person_id.in_(set(people)))
        .options(joinedload(Absence.person))
        .order_by(Absence.starts_at, Absence.id)
    )
    return list(db.session.scalars(query))
