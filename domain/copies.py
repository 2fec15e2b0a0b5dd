"""Who copied which words for customers: when these are corrected or withdrawn, they are told, and only they."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain import telling
from domain.db import Model, db
from domain.errors import Refused
from domain.people import Person
from domain.telling import DIRECT, MAIL, Word
from domain.text import is_blank
from domain.updates import FOR_CUSTOMERS, Update

if TYPE_CHECKING:
    from domain.lifecycle import Incident

COPIED = "told.copied"


class Copy(Model):
    """Words that somebody copied; the same words again are the same row. `name`: one of FOR_CUSTOMERS.

    `told`: the update that corrected or withdrew them since; `seen_at`: when the person said that they know.
    """

    __tablename__ = "copies"
    __table_args__ = (UniqueConstraint("incident_id", "person_id", "name", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    update_id: Mapped[int] = mapped_column(ForeignKey("updates.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(15))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    told_id: Mapped[int | None] = mapped_column(ForeignKey("updates.id"), index=True)
    seen_at: Mapped[datetime | None]

    incident: Mapped["Incident"] = relationship()
    update: Mapped[Update] = relationship(foreign_keys=[update_id])
    person: Mapped[Person] = relationship()
    told: Mapped[Update | None] = relationship(foreign_keys=[told_id])

    @property
    def text(self) -> str:
        """What stands in their place now; empty where they were withdrawn."""
        return str(getattr(self.told, self.name)) if self.told else ""

    def see(self, at: datetime) -> None:
        """The person knows. Again changes nothing."""
        if self.told_id is not None and self.seen_at is None:
            self.seen_at = at
            db.session.flush()
            _note_what_is_left(self.person)


def note(update: Update, name: str, *, by: Person, at: datetime) -> Copy | None:
    """Somebody copied these words of an update. Who copies what counts now knows of every correction before it.

    None where there are no such words. Words that were corrected before they were copied are told of at once.

    Raises:
        Refused: no words for customers have this name.
    """
    if name not in FOR_CUSTOMERS:
        raise Refused("name", "copied_unknown")
    text = str(getattr(update, name))
    if is_blank(text):
        return None
    key = {"incident_id": update.incident_id, "person_id": by.id, "name": name, "digest": _digest(text)}
    found = db.session.scalar(select(Copy).filter_by(**key))
    if found is None:
        found = Copy(**key, update=update, at=at)
        db.session.add(found)
    found.at, found.update = at, update
    db.session.flush()
    latest = update.incident.latest
    if latest is not None and getattr(latest, name) == text:
        _knows(found, at)
    elif (later := _what_took_it_away(found)) is not None:
        _tell([found], later, at)
    return found


def follow(incident: "Incident", update: Update, before: Update | None, at: datetime) -> None:
    """Called with every update: whoever copied words that it corrects or withdraws is told. `before`: what counted."""
    for name in FOR_CUSTOMERS if update.kind != "unchanged" else ():
        gone = {_digest(text) for text in _taken_away(update, before, name)}
        if not gone:
            continue
        query = select(Copy).where(Copy.incident_id == incident.id, Copy.name == name, Copy.digest.in_(gone))
        _tell(db.session.scalars(query.options(joinedload(Copy.person))), update, at)


def notices(person: Person) -> list[Copy]:
    """What the person copied and does not know yet to be wrong, the newest first: one query."""
    query = (
        select(Copy)
        .where(Copy.person_id == person.id, Copy.told_id.is_not(None), Copy.seen_at.is_(None))
        .options(joinedload(Copy.incident), joinedload(Copy.update), joinedload(Copy.told))
        .order_by(Copy.told_id.desc(), Copy.id.desc())
    )
    return list(db.session.scalars(query))


def found(person: Person, number: int) -> Copy | None:
    """The copy of a person with this id, or None."""
    return db.session.scalar(select(Copy).where(Copy.id == number, Copy.person_id == person.id))


def _taken_away(update: Update, before: Update | None, name: str) -> set[str]:
    """The words that do not count any more since this update: what it corrects, and what stood and is gone.

    Words that only gave way to newer ones were right when they were copied: nobody is told.
    """
    now = str(getattr(update, name))
    gone = set()
    if is_blank(now) and before is not None:
        gone.add(str(getattr(before, name)))
    wrong = update.corrects
    while wrong is not None:
        gone.add(str(getattr(wrong, name)))
        wrong = wrong.corrects
    return {text for text in gone if text != now and not is_blank(text)}


def _what_took_it_away(copy: Copy) -> Update | None:
    """The last update that corrected or withdrew these words, before they were copied from a page that was old."""
    query = select(Update).where(Update.incident_id == copy.incident_id, Update.kind != "unchanged").order_by(Update.id)
    said = list(db.session.scalars(query))
    steps = zip(said[1:], said, strict=False)
    taken = [
        one for one, before in steps
        if copy.digest in {_digest(text) for text in _taken_away(one, before, copy.name)}
    ]  # fmt: skip
    return taken[-1] if taken else None


def _tell(copies: Iterable[Copy], update: Update, at: datetime) -> None:
    """On the portal, and by one message for each copy, which is edited when it changes again. A drill sends none."""
    words = []
    for copy in copies:
        person = copy.person
        if person.id == update.published_by_id or not person.is_active:
            continue
        copy.told, copy.seen_at, person.has_notices = update, None, True
        details = {"copy": copy.id, "update": update.id}
        word = Word(
            COPIED, person, (copy.id,), DIRECT if person.slack_id else MAIL, copy.incident_id, details=details
        )  # fmt: skip
        if not update.incident.drill:
            words.append(word)
    there = telling.written([word.key for word in words])
    for word in words:
        if word.key in there:
            telling.change(there[word.key], word.details, at)
    telling.tell([word for word in words if word.key not in there], at)
    db.session.flush()


def _knows(copy: Copy, at: datetime) -> None:
    """Whoever copied what counts now has the right words: earlier ones need no notice."""
    query = select(Copy).where(
        Copy.incident_id == copy.incident_id, Copy.person_id == copy.person_id, Copy.name == copy.name,
        Copy.told_id.is_not(None), Copy.seen_at.is_(None),
    )  # fmt: skip
    for old in db.session.scalars(query):
        old.seen_at = at
    copy.told = None
    db.session.flush()
    _note_what_is_left(copy.person)


def _note_what_is_left(person: Person) -> None:
    left = select(func.count(Copy.id)).where(
        Copy.person_id == person.id, Copy.told_id.is_not(None), Copy.seen_at.is_(None)
    )  # fmt: skip
    person.has_notices = bool(db.session.scalar(left))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
