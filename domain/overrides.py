"""Covers, swaps, taking over: offered, answered, cancelled. Nothing is edited, nothing works backwards."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from domain import events, roster
from domain.absences import is_absent
from domain.db import db
from domain.entries import check_present, check_span, ends_no_earlier, told
from domain.errors import Conflict, NotAllowed, Refused
from domain.people import Person
from domain.roster import Area, Facts, Override
from domain.roster_queries import in_force_after

LOOK = timedelta(days=62)
"""How far ahead is looked whether an entry in the list changes anything."""


@dataclass(frozen=True)
class _Wanted:
    """A cover or a swap before it is recorded."""

    kind: str
    person: Person
    for_person: Person
    area: Area | None
    starts_at: datetime
    ends_at: datetime | None

    @property
    def area_id(self) -> int | None:
        return self.area.id if self.area else None

    @property
    def two(self) -> tuple[int, int]:
        return self.person.id, self.for_person.id


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
    wanted = _Wanted("cover", person, for_person, area, starts_at, ends_at)
    _check(wanted, at)
    if (known := _known(wanted)) is not None:
        return known
    _check_effect(wanted, at)
    in_line = by.is_admin or _stands_in_a_line(by, at)
    if by.id not in wanted.two and not in_line:
        raise NotAllowed("cover_of_others")
    return _offer(wanted, "cover_offered", by.is_admin or (by.id == person.id and in_line), by=by, at=at)


def propose_swap(
    person: Person,
    for_person: Person,
    area: Area | None,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Person,
    at: datetime,
) -> Override:
    """Two people exchange their places over a span (R13) in an area, or in all of them (None).

    One of the two proposes it and the other is asked; recorded by an administrator it counts at once.

    Raises:
        NotAllowed: it is about others, by somebody who is no administrator.
        Refused: as `offer_cover` does; it would change nothing when neither of them stands in a line then.
        Conflict: the area is retired.
    """
    wanted = _Wanted("swap", person, for_person, area, starts_at, ends_at)
    _check(wanted, at)
    check_present(for_person, "for_person")
    if (known := _known(wanted)) is not None:
        return known
    _check_effect(wanted, at)
    if by.id not in wanted.two and not by.is_admin:
        raise NotAllowed("swap_of_others")
    return _offer(wanted, "swap_proposed", by.is_admin, by=by, at=at)


def _check(wanted: _Wanted, at: datetime) -> None:
    if wanted.area is not None and wanted.area.retired_at is not None:
        raise Conflict("area_retired")
    if wanted.person.id == wanted.for_person.id:
        raise Refused("person", "swap_oneself" if wanted.kind == "swap" else "cover_oneself")
    check_present(wanted.person, "person")
    check_span(wanted.starts_at, wanted.ends_at, at)


def _check_effect(wanted: _Wanted, at: datetime) -> None:
    start, end = roster.clipped(wanted.starts_at, wanted.ends_at, at)
    in_line = roster.facts(at).holders(wanted.area_id, start, end)
    if wanted.for_person.id not in in_line and (wanted.kind == "cover" or wanted.person.id not in in_line):
        names = {"name": wanted.for_person.name, "other": wanted.person.name}
        raise Refused("for_person", f"{wanted.kind}_no_effect", **names)


def _known(wanted: _Wanted) -> Override | None:
    people = [wanted.two] if wanted.kind == "cover" else [wanted.two, wanted.two[::-1]]
    query = select(Override).where(
        Override.kind == wanted.kind,
        or_(*(and_(Override.person_id == one, Override.for_person_id == other) for one, other in people)),
        Override.area_id == wanted.area_id,
        Override.status != "declined",
        Override.cancelled_at.is_(None),
        Override.starts_at <= wanted.starts_at,
    )
    return next((one for one in db.session.scalars(query) if ends_no_earlier(one.ends_at, wanted.ends_at)), None)


def _offer(wanted: _Wanted, kind: str, agreed: bool, *, by: Person, at: datetime) -> Override:
    override = Override(
        kind=wanted.kind,
        status="agreed" if agreed else "proposed",
        person_id=wanted.person.id,
        for_person_id=wanted.for_person.id,
        area_id=wanted.area_id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
    )
    return _add(override, kind, by=by, at=at)


def _stands_in_a_line(person: Person, at: datetime) -> bool:
    return any(place.person.id == person.id for found in roster.duty_now(at) for place in found.people)


def _add(override: Override, kind: str, *, by: Person, at: datetime) -> Override:
    override.recorded_at, override.recorded_by_id = at, by.id
    db.session.add(override)
    db.session.flush()
    _record(kind, override, by=by, at=at, **told(override.starts_at, override.ends_at))
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


def agree(override: Override, *, by: Person, at: datetime) -> None:
    """The one who was asked agrees. It counts from now on: a proposal never counted, so nothing past changes (R21).

    Raises:
        NotAllowed: somebody else, who is no administrator.
        Conflict: no longer open (agreed, declined, cancelled, over).
    """
    _answer(override, by=by, at=at)
    override.status, override.recorded_at = "agreed", at
    db.session.flush()
    _record(f"{override.kind}_agreed", override, by=by, at=at)


def decline(override: Override, *, by: Person, at: datetime) -> None:
    """The one who was asked cannot. Raises as `agree` does."""
    _answer(override, by=by, at=at)
    override.status = "declined"
    db.session.flush()
    _record(f"{override.kind}_declined", override, by=by, at=at)


def _answer(override: Override, *, by: Person, at: datetime) -> None:
    if override.asked_id != by.id and not by.is_admin:
        raise NotAllowed("cover_of_others")
    if override.status != "proposed" or is_over(override, at):
        raise Conflict("cover_not_open")


def is_over(override: Override, at: datetime) -> bool:
    """Whether it is cancelled or has ended."""
    return override.cancelled_at is not None or (override.ends_at is not None and override.ends_at <= at)


def may_cancel(override: Override, person: Person) -> bool:
    """Both who are named, who recorded it, and administrators."""
    named = (override.person_id, override.for_person_id, override.recorded_by_id)
    return person.id in named or person.is_admin


def cancel(override: Override, *, by: Person, at: datetime) -> None:
    """Ends a cover or a swap, or hands back what was taken. What was is not changed (R21).

    Raises:
        NotAllowed: somebody who is not named in it, did not record it and is no administrator.
        Conflict: cancelled before, declined, or over.
    """
    if not may_cancel(override, by):
        raise NotAllowed("cover_of_others")
    if override.status == "declined" or is_over(override, at):
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
    check_present(by, "until")
    start = max(starts_at or at, at)
    check_span(start, until, at)
    then = roster.area_duty(area.key, start)
    if then and then.in_charge and then.in_charge.person.id == by.id:
        return None
    if is_absent(by, start):
        raise Conflict("you_are_absent")
    override = Override(kind="take", person_id=by.id, area_id=area.id, starts_at=start, ends_at=until)
    return _add(override, "duty_taken", by=by, at=at)


# Two covers that were meant as one swap


def opposite(override: Override, at: datetime) -> Override | None:
    """The cover that says the same the other way round over some of the same time: people record "A covers B" and
    "B covers A" when they mean a swap, but by R12 the later one undoes the earlier.
    """
    if override.kind != "cover" or override.status == "declined" or is_over(override, at):
        return None
    query = select(Override).where(
        Override.kind == "cover",
        Override.person_id == override.for_person_id,
        Override.for_person_id == override.person_id,
        Override.area_id == override.area_id,
        Override.status != "declined",
        in_force_after(Override, at),
    )
    found = (other for other in db.session.scalars(query.order_by(Override.id)) if _overlap(override, other, at))
    return next(found, None)


def _overlap(one: Override, other: Override, at: datetime) -> tuple[datetime, datetime | None] | None:
    """The time ahead of `at` that both hold; None: there is none."""
    start = max(one.starts_at, other.starts_at, at)
    end = min((end for end in (one.ends_at, other.ends_at) if end is not None), default=None)
    return (start, end) if end is None or start < end else None


def make_swap(override: Override, *, by: Person, at: datetime) -> Override:
    """Two opposite covers become one swap over the time that both hold; what either holds beyond it stays a cover.

    It counts at once when both were agreed to, or an administrator does it; else the other is asked.

    Raises:
        NotAllowed: somebody who is not one of the two, and no administrator.
        Conflict: there is no opposite cover any more.
    """
    if by.id not in (override.person_id, override.for_person_id) and not by.is_admin:
        raise NotAllowed("swap_of_others")
    other = opposite(override, at)
    if other is None:
        raise Conflict("cover_not_open")
    span = _overlap(override, other, at)
    assert span is not None
    for cover in (override, other):
        cover.cancelled_at = at
        _record("cover_cancelled", cover, by=by, at=at)
        for rest in _rests(cover, span, at):
            _add(rest, "cover_offered", by=by, at=at)
    agreed = by.is_admin or override.status == other.status == "agreed"
    swap = _copy(override, kind="swap", status="agreed" if agreed else "proposed", starts_at=span[0], ends_at=span[1])
    return _add(swap, "swap_proposed", by=by, at=at)


def _rests(cover: Override, span: tuple[datetime, datetime | None], at: datetime) -> list[Override]:
    """What a cover holds before and after a span that is taken out of it."""
    found = []
    if max(cover.starts_at, at) < span[0]:
        found.append(_copy(cover, starts_at=max(cover.starts_at, at), ends_at=span[0]))
    if span[1] is not None and (cover.ends_at is None or cover.ends_at > span[1]):
        found.append(_copy(cover, starts_at=span[1], ends_at=cover.ends_at))
    return found


def _copy(override: Override, **changes: Any) -> Override:
    names = ("kind", "status", "person_id", "for_person_id", "area_id", "starts_at", "ends_at")
    return Override(**{name: getattr(override, name) for name in names} | changes)


# What is open, what is coming


def idle(facts: Facts, overrides: Iterable[Override]) -> set[int]:
    """The ids of those covers and swaps that would change nothing in the two months ahead: nobody whom they name
    stands in the line then, as it stands when their turn comes (R11 to R13).
    """
    found = set()
    for one in overrides:
        start, end = roster.clipped(one.starts_at, one.ends_at, facts.at)
        if one.kind == "take" or end <= start:
            continue
        mark = (one.recorded_at, one.id)
        before = {
            area: [row for row in rows if (row.recorded_at, row.id) < mark] for area, rows in facts.overrides.items()
        }
        earlier = replace(facts, overrides=before)
        named = {one.for_person_id} | ({one.person_id} if one.kind == "swap" else set())
        if not named & earlier.holders(one.area_id, start, min(end, start + LOOK)):
            found.add(one.id)
    return found


def open_requests(person: Person, at: datetime) -> list[Override]:
    """The covers and swaps that wait for this person's yes or no, the next one first."""
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
