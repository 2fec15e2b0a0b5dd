"""Followers: who wants to be told of what, how, and whether at night; each update reaches each of them once."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import formation, telling
from domain.catalog import Service
from domain.db import Model, db, organisation
from domain.errors import Conflict, Refused
from domain.events import record
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area
from domain.telling import DIRECT, MAIL, Word
from domain.updates import Update
from domain.walltime import on_date

if TYPE_CHECKING:
    from domain.lifecycle import Incident

KINDS = ("all", "area", "service", "incident")
WAYS = ("", "slack", "mail")
"""How somebody is told. Empty: in Slack where they have a Slack id, else by mail."""

UPDATE, NIGHT = "told.update", "told.night"
DAY = timedelta(days=1)


class Follow(Model):
    """Somebody follows something. `subject`: the id of the area, service or incident; 0 for all."""

    __tablename__ = "follows"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "subject"),
        Index("ix_follows_subject", "kind", "subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]


class FollowSettings(Model):
    """How a person wants to be told. `token`: the address in their mails by which they end it without signing in."""

    __tablename__ = "follow_settings"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    way: Mapped[str] = mapped_column(String(5), default="")
    at_night: Mapped[bool] = mapped_column(default=False)
    token: Mapped[str] = mapped_column(String(43), unique=True)


@dataclass(frozen=True)
class Follower:
    """Somebody to be told: by which service, and whether now or in the morning."""

    person: Person
    service: str
    at_night: bool


def follow(person: Person, kind: str, subject: int, *, at: datetime) -> None:
    """The person follows it; again changes nothing.

    Raises:
        Refused: there is no such thing to follow.
        Conflict: the incident is closed: nothing more comes of it.
    """
    _check(kind, subject)
    subject = 0 if kind == "all" else subject
    settings(person)
    if _of(person, kind, subject) is None:
        db.session.add(Follow(person_id=person.id, kind=kind, subject=subject, since=at))
        db.session.flush()
        record("followed", by=person, at=at, what=kind, subject=subject)


def unfollow(person: Person, kind: str, subject: int, *, at: datetime) -> None:
    """The person does not follow it any more; again changes nothing."""
    found = _of(person, kind, 0 if kind == "all" else subject)
    if found is not None:
        db.session.delete(found)
        db.session.flush()
        record("unfollowed", by=person, at=at, what=kind, subject=found.subject)


def follow_only(person: Person, wanted: set[tuple[str, int]], *, at: datetime) -> None:
    """Exactly this is followed from now on. Closed incidents that were followed are left out without a word.

    Raises:
        Refused, Conflict: as in `follow`.
    """
    there = {(one.kind, one.subject) for one in followed_by(person)}
    for kind, subject in sorted(there - wanted):
        unfollow(person, kind, subject, at=at)
    for kind, subject in sorted(wanted - there):
        follow(person, kind, subject, at=at)


def end_all(person: Person, *, at: datetime) -> None:
    """Nothing is followed any more, and what waits for the morning is not sent."""
    for one in followed_by(person):
        db.session.delete(one)
    waiting = select(Delivery).where(
        Delivery.state == "waiting", Delivery.kind.in_((UPDATE, NIGHT)), Delivery.service.in_((DIRECT, MAIL))
    )
    for row in db.session.scalars(waiting):
        if row.details.get("person") == person.id:
            row.drop(at)
    db.session.flush()
    record("unfollowed", by=person, at=at, what="everything", subject=0)


def settings(person: Person) -> FollowSettings:
    """How the person wants to be told; made when it is first asked for. Call it in `writing()`."""
    found = kept_settings(person)
    if found is None:
        found = FollowSettings(person_id=person.id, token=secrets.token_urlsafe(32))
        db.session.add(found)
        db.session.flush()
    return found


def kept_settings(person: Person) -> FollowSettings | None:
    """The same where it was made; reads only."""
    return db.session.get(FollowSettings, person.id)


def choose(person: Person, *, way: str, at_night: bool) -> None:
    """How the person wants to be told from now on.

    Raises:
        Refused: no such way.
    """
    if way not in WAYS:
        raise Refused("way", "way_unknown")
    mine = settings(person)
    mine.way, mine.at_night = way, at_night


def of_token(token: str) -> Person | None:
    """Whose mails the address of a token ends; None where it is nobody's."""
    query = select(Person).join(FollowSettings, FollowSettings.person_id == Person.id)
    return db.session.scalar(query.where(FollowSettings.token == token)) if token.isascii() else None


def followed_by(person: Person) -> list[Follow]:
    """Everything that a person follows."""
    return list(db.session.scalars(select(Follow).where(Follow.person_id == person.id).order_by(Follow.id)))


def move(incident: "Incident", into: "Incident") -> None:
    """Who followed the one follows the other."""
    there = set(_followers_of_one(into))
    query = select(Follow).where(Follow.kind == "incident", Follow.subject == incident.id)
    for one in db.session.scalars(query):
        if one.person_id in there:
            db.session.delete(one)
        else:
            one.subject = into.id
    db.session.flush()


def _followers_of_one(incident: "Incident") -> Iterable[int]:
    query = select(Follow.person_id).where(Follow.kind == "incident", Follow.subject == incident.id)
    return db.session.scalars(query)


def is_night(at: datetime) -> bool:
    """Whether it is night in the organisation's zone (a setting, by default 22:00 to 7:00)."""
    house = organisation()
    local = at.astimezone(house.zone)
    minute, (start, end) = local.hour * 60 + local.minute, house.night
    return start <= minute < end if start <= end else minute >= start or minute < end


def morning_after(at: datetime) -> datetime:
    """The next end of a night."""
    house = organisation()
    today = at.astimezone(house.zone).date()
    ends = (on_date(day, house.night[1], house.zone) for day in (today, today + DAY))
    return next(end for end in ends if end > at)


def followers(incident: "Incident", said: Update | None = None, at: datetime | None = None) -> list[Follower]:
    """Who is to be told of an incident, each once, however many of their rules match. A drill has none.

    Responders who were given a position in it always are. Whoever holds one, by the roster too, is told at night as
    well. Of an area of customers' follow those updates that have words for them; of any other area all.
    """
    if incident.drill:
        return []
    held = {one.person_id for one in incident.positions if one.until is None}
    matches = or_(
        Follow.kind == "all",
        and_(Follow.kind == "incident", Follow.subject == incident.id),
        and_(Follow.kind == "service", Follow.subject.in_([row.service_id for row in incident.affected])),
        and_(Follow.kind == "area", Follow.subject.in_(_areas(said))),
    )
    following = select(Follow.person_id).where(matches)
    awake = {one.person.id for one in formation.now_held(incident, at).values()} if at and is_night(at) else held
    rows = db.session.execute(
        select(Person, FollowSettings)
        .outerjoin(FollowSettings, FollowSettings.person_id == Person.id)
        .where(Person.deactivated_at.is_(None), or_(Person.id.in_(following), Person.id.in_(held)))
        .order_by(Person.id)
    )
    return [
        Follower(person, service(person, kept), person.id in awake or bool(kept and kept.at_night))
        for person, kept in rows
    ]


def _areas(said: Update | None) -> list[int]:
    """The areas that an update speaks to."""
    silent = {
        kind for kind, words in (("guest", "guest_notice"), ("partner", "partner_notice"))
        if said is not None and not getattr(said, words)
    }  # fmt: skip
    return list(db.session.scalars(select(Area.id).where(Area.retired_at.is_(None), Area.kind.not_in(silent))))


def service(person: Person, kept: FollowSettings | None) -> str:
    """By which service a person is told."""
    way = kept.way if kept else ""
    return MAIL if way == "mail" or not person.slack_id else DIRECT


def services(people: Iterable[Person]) -> dict[int, str]:
    """By which service each of several people is told, by their id: one query."""
    wanted = {person.id: person for person in people}
    kept = db.session.scalars(select(FollowSettings).where(FollowSettings.person_id.in_(wanted)))
    ways = {one.person_id: one for one in kept}
    return {number: service(person, ways.get(number)) for number, person in wanted.items()}


def tell(incident: "Incident", update: Update, at: datetime) -> None:
    """Writes down who is told of an update: now, or in one summary in the morning. Its author knows already.

    A correction edits what was told; that no news came is told to nobody. Call it in the update's transaction.
    """
    if incident.drill or update.kind == "unchanged":
        return
    root, night = update.root, is_night(at)
    people = [one for one in followers(incident, update, at) if one.person.id != update.published_by_id]
    keys = {telling.key_of(UPDATE, (root,), one.person.id): one for one in people}
    told = telling.written(keys) if update.corrects_id else {}
    words, later = [], []
    for key, one in keys.items():
        asleep = night and not one.at_night
        if key in told and not (asleep and told[key].service == MAIL):
            telling.change(told[key], {"update": update.id}, at)
        elif asleep:
            later.append(one)
        else:
            details = {"update": update.id}
            words.append(Word(UPDATE, one.person, (root,), one.service, incident.id, details=details))
    telling.tell([*words, *_in_the_morning(later, update, at)], at)


def _in_the_morning(people: list[Follower], update: Update, at: datetime) -> list[Word]:
    """One summary a person and night: what is written down already takes this update in."""
    if not people:
        return []
    morning = morning_after(at)
    words = [
        Word(
            NIGHT, one.person, (morning.isoformat(),), one.service, details={"updates": [update.id]}, not_before=morning
        )
        for one in people
    ]
    there = telling.written([word.key for word in words])
    for row in there.values():
        if row.state == "waiting":
            row.details = {**row.details, "updates": [*row.details["updates"], update.id]}
    return [word for word in words if word.key not in there]


def news(update_ids: Iterable[int]) -> list[Update]:
    """Of some updates those that nothing newer has taken the place of, one for each incident, the oldest first."""
    wanted = set(update_ids)
    found = db.session.scalars(select(Update).where(Update.id.in_(wanted)))
    incidents = {update.incident_id for update in found}
    newest = []
    for incident_id in incidents:
        query = select(Update).where(Update.incident_id == incident_id, Update.kind != "unchanged")
        last = db.session.scalar(query.order_by(Update.id.desc()).limit(1))
        if last is not None and last.id in wanted:
            newest.append(last)
    return sorted(newest, key=lambda update: update.id)


def _of(person: Person, kind: str, subject: int) -> Follow | None:
    return db.session.scalar(
        select(Follow).where(Follow.person_id == person.id, Follow.kind == kind, Follow.subject == subject)
    )


def _check(kind: str, subject: int) -> None:
    from domain.lifecycle import Incident  # it knows us

    if kind == "all":
        return
    found = {"area": Area, "service": Service, "incident": Incident}.get(kind)
    row = db.session.get(found, subject) if found else None
    if row is None or getattr(row, "retired_at", None) is not None:
        raise Refused("what", "nothing_to_follow")
    if isinstance(row, Incident) and row.closed_at is not None:
        raise Conflict("incident_closed", incident=row.code)
