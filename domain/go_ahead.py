"""An update that waits for the commander's go-ahead, where the organisation wants it to be possible (a setting)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain import formation, promises, telling
from domain.catalog import Service
from domain.db import Model, db, organisation
from domain.errors import Conflict, NotAllowed, Refused
from domain.events import record
from domain.incidents import WORDS, Incident, Update
from domain.people import Person
from domain.telling import DIRECT, MAIL, Word
from domain.text import clean, cut
from domain.updates import kept_words, save_draft

ASKED, ANSWERED = "told.go_ahead", "told.go_ahead_answer"
STATES = ("waiting", "given", "refused", "withdrawn")
NOTE = 500
"""Characters of why not, at most."""


class PendingUpdate(Model):
    """What somebody wants to publish. `given`: what `Incident.publish` takes, as plain values; `state`: see STATES.

    `asked_id`: who commanded when it was asked, and is told of it.
    """

    __tablename__ = "pending_updates"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    asked_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime]
    wrote_as: Mapped[str] = mapped_column(String(15))
    given: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")

    incident: Mapped[Incident] = relationship()
    by: Mapped[Person] = relationship(foreign_keys=[by_id])
    asked: Mapped[Person] = relationship(foreign_keys=[asked_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def words(self) -> dict[str, str]:
        words: dict[str, str] = self.given["words"]
        return words

    @property
    def due(self) -> datetime | None:
        """When the next update comes, as it was promised when this was written."""
        kept = self.given["next_update_at"]
        return datetime.fromisoformat(kept) if kept else None

    @property
    def is_overtaken(self) -> bool:
        """Whether other words were published since it was written: then it is written anew, not waved through."""
        try:
            self.incident.check_seen(self.given["seen"])
        except Conflict:
            return True
        return False

    def give(self, *, by: Person, at: datetime) -> Update:
        """Publishes it, in the name of who wrote it: the commander's go-ahead, or the bridge that waits no longer.

        “In 20 minutes” counts from now on. Given already: the same update.

        Raises:
            Conflict: it was refused or withdrawn, or something else was published in between.
            Refused: the time that was promised has passed.
        """
        if self.state == "given" and (said := _published(self)) is not None:
            return said
        self._check_waits()
        update = self.incident.publish(
            key=self.key, by=self.by, at=at, wrote_as=self.wrote_as, **self._as_published(at)
        )  # fmt: skip
        self._decide("given", by, at)
        return update

    def refuse(self, note: str, *, by: Person, at: datetime) -> None:
        """Not like this, or not yet: the words come back to who wrote them as their draft. Again changes nothing.

        Raises:
            Conflict: it was given or withdrawn.
            Refused: the note is too long.
        """
        if self.state == "refused":
            return
        self._check_waits()
        self.note = clean(note)
        if len(self.note) > NOTE:
            raise Refused("note", "words_long", most=NOTE)
        self._decide("refused", by, at)

    def withdraw(self, *, by: Person, at: datetime, draft: bool = True) -> None:
        """Nobody waits for it any more. Again changes nothing. `draft`: the words go back to who wrote them.

        Raises:
            Conflict: it was given or refused.
        """
        if self.state != "withdrawn":
            self._check_waits()
            self._decide("withdrawn", by, at, draft)

    def _check_waits(self) -> None:
        if self.state != "waiting":
            name = self.decided_by.name if self.decided_by else ""
            raise Conflict("go_ahead_decided", name=name)

    def _decide(self, state: str, by: Person, at: datetime, draft: bool = True) -> None:
        self.state, self.decided_at, self.decided_by = state, at, by
        db.session.flush()
        if state != "given" and draft:
            save_draft(self.incident, self.by, {**self.words, "state": str(self.given["state"])}, at=at)
        record(f"incident.go_ahead_{state}", by=by, at=at, incident_id=self.incident_id, note=self.note)
        _tell(self, at)
        if by.id != self.by_id and state != "withdrawn":
            _tell_author(self, at)

    def _as_published(self, at: datetime) -> dict[str, Any]:
        given = dict(self.given)
        due, relative = self.due, given.pop("relative")
        if due is not None and relative:
            due = at + (due - self.asked_at)
        services = db.session.scalars(select(Service).where(Service.id.in_([int(one) for one in given["services"]])))
        given["services"] = {one: given["services"][str(one.id)] for one in services}
        ended = given["ended_at"]
        given["ended_at"] = datetime.fromisoformat(ended) if ended else None
        return {**given, "next_update_at": due}


def wanted() -> bool:
    """Whether the commander can be asked."""
    return organisation().go_ahead


def ask(
    incident: Incident, *, key: str, by: Person, at: datetime, given: Mapping[str, Any], wrote_as: str,
    relative: bool = False,
) -> PendingUpdate:  # fmt: skip
    """Asks the commander; the same `key` again gives the same. What waited before is withdrawn: one waits at a time.

    `given`: what `Incident.publish` takes, but for key, author and time. `relative`: its promise is a span from now.

    Raises:
        Conflict: nobody is to be asked (or the author commands), somebody published in between, it is closed.
        Refused: as `Incident.publish`, as far as it can be known beforehand.
    """
    if not wanted():
        raise NotAllowed("go_ahead_off")
    if earlier := db.session.scalar(select(PendingUpdate).where(PendingUpdate.key == key)):
        if (earlier.incident_id, earlier.by_id) != (incident.id, by.id):
            raise Conflict("key_used")
        return earlier
    incident.check_seen(given.get("seen"))
    words = kept_words(given["words"])
    due = given.get("next_update_at")
    if given["state"] != incident.last_state and incident.kind == "incident":
        promises.check(due, str(given.get("next_update_reason") or ""), at)
    commander = formation.holder(incident, "commander", at)
    if commander is None:
        raise Conflict("go_ahead_nobody")
    if commander.id == by.id:
        raise Conflict("go_ahead_yours")
    if (before := waiting(incident)) is not None:
        before.withdraw(by=by, at=at)
    pending = PendingUpdate(
        key=key, incident=incident, by=by, asked=commander, asked_at=at, wrote_as=wrote_as,
        given=_plain(given, words, relative),
    )  # fmt: skip
    db.session.add(pending)
    db.session.flush()
    record("incident.go_ahead_asked", by=by, at=at, incident_id=incident.id, person=commander.id, name=commander.name)
    _tell(pending, at)
    return pending


def _plain(given: Mapping[str, Any], words: dict[str, str], relative: bool) -> dict[str, Any]:
    """What is published later, as plain values."""
    due, ended = given.get("next_update_at"), given.get("ended_at")
    return {
        **given, "words": words, "next_update_at": due.isoformat() if due else None, "relative": relative,
        "services": {str(one.id): state for one, state in (given.get("services") or {}).items()},
        "ended_at": ended.isoformat() if ended else None,
    }  # fmt: skip


def last(incident: Incident) -> PendingUpdate | None:
    """What waits, or was sent back and nothing was published since: one query, another where there is one."""
    query = select(PendingUpdate).where(PendingUpdate.incident_id == incident.id).order_by(PendingUpdate.id.desc())
    pending = db.session.scalar(query.limit(1))
    if pending is None or pending.state == "waiting":
        return pending
    return pending if pending.state == "refused" and not pending.is_overtaken else None


def waiting(incident: Incident) -> PendingUpdate | None:
    """What waits for a go-ahead: one query."""
    query = select(PendingUpdate).where(PendingUpdate.incident_id == incident.id, PendingUpdate.state == "waiting")
    return db.session.scalar(query.order_by(PendingUpdate.id.desc()).limit(1))


def overtake(incident: Incident, *, by: Person, at: datetime) -> None:
    """Something was published without waiting: what waited does not any more. Others get their words back."""
    pending = waiting(incident) if wanted() else None
    if pending is not None:
        pending.withdraw(by=by, at=at, draft=pending.by_id != by.id)


def found(incident: Incident, number: int) -> PendingUpdate | None:
    """The pending update of an incident with this id, or None."""
    query = select(PendingUpdate).where(PendingUpdate.id == number, PendingUpdate.incident_id == incident.id)
    return db.session.scalar(query)


def decides(pending: PendingUpdate, person: Person, at: datetime) -> bool:
    """Whether the go-ahead is this person's to give: who commands now, or did when it was asked."""
    held = formation.holder(pending.incident, "commander", at)
    return person.id in (pending.asked_id, held.id if held else None)


def _published(pending: PendingUpdate) -> Update | None:
    return db.session.scalar(select(Update).where(Update.key == pending.key))


def _tell(pending: PendingUpdate, at: datetime) -> None:
    """The commander, by one message that says later what became of it. Whoever decided it there knows."""
    _say(pending, ASKED, pending.asked, at)


def _tell_author(pending: PendingUpdate, at: datetime) -> None:
    _say(pending, ANSWERED, pending.by, at)


def _say(pending: PendingUpdate, kind: str, person: Person, at: datetime) -> None:
    service = DIRECT if person.slack_id else MAIL
    details = {"pending": pending.id}
    word = Word(kind, person, (pending.id,), service, pending.incident_id, details=details)
    known = telling.written([word.key])
    if word.key in known:
        telling.change(known[word.key], details, at)
    else:
        telling.tell([word], at)


def short(pending: PendingUpdate) -> str:
    """The words in short, for a message: what is for whom stands in the portal."""
    return cut("\n\n".join(pending.words[name] for name in WORDS if pending.words.get(name)), 1500)
