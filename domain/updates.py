"""What the bridge publishes: updates, the templates that help to write them, the drafts that survive everything."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain import internal
from domain.db import Model, db
from domain.errors import Refused
from domain.events import record
from domain.people import Person
from domain.text import clean, is_blank

if TYPE_CHECKING:
    from domain.lifecycle import Incident

WORDS = ("situation", "guest_notice", "partner_notice", "workaround", "not_yet")
"""What an update says, in the order of the bridge's form."""

FOR_CUSTOMERS = ("guest_notice", "partner_notice")
"""What is handed on as it stands: nothing in it can be internal."""

WORDS_LENGTH = 10_000
"""Characters of one of them, at most."""

TEMPLATE_STATES = ("declared", "investigating", "identified", "monitoring", "resolved")
"""What there is a template for: the holding text of a declaration, and each state."""

BUSY = timedelta(minutes=30)
"""How long after its last change a draft means that somebody is writing."""

DRAFT_LENGTH = 60_000
"""Characters of a whole draft, at most: five fields and some."""


class Update(Model):
    """What the bridge published: never changed. A correction is an update of its own that names what it corrects.

    `kind`: declared (the holding text), published, unchanged (no news), imported. `wrote_as`: as what the
    author could publish (bridge, commander, responder, admin). `format` of imported words: text, html or markdown.
    `services` keeps the state of each service as of this update: {service id: state}.
    What is marked as internal stands in `internal` only, each of the words whole; the words themselves are without it,
    so that whoever takes them to the outside takes nothing that is not meant for it.
    """

    __tablename__ = "updates"
    __table_args__ = (Index("ix_updates_incident_published", "incident_id", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="published")
    state: Mapped[str] = mapped_column(String(15))
    situation: Mapped[str] = mapped_column(Text, default="")
    guest_notice: Mapped[str] = mapped_column(Text, default="")
    partner_notice: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")
    not_yet: Mapped[str] = mapped_column(Text, default="")
    format: Mapped[str] = mapped_column(String(10), default="markdown")
    next_update_at: Mapped[datetime | None]
    next_update_reason: Mapped[str] = mapped_column(String(300), default="")
    services: Mapped[dict[str, str]] = mapped_column(default=dict)
    internal: Mapped[dict[str, str]] = mapped_column(default=dict)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("updates.id"), index=True)
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    wrote_as: Mapped[str] = mapped_column(String(15), default="")

    incident: Mapped["Incident"] = relationship(back_populates="updates")
    published_by: Mapped[Person | None] = relationship()
    corrects: Mapped["Update | None"] = relationship(remote_side=[id])

    @property
    def root(self) -> int:
        """The id of the update that this one corrects, through any number of corrections; its own where it is none."""
        update = self
        while update.corrects_id is not None:
            update = db.session.get_one(Update, update.corrects_id)
        return update.id

    def whole(self, name: str) -> str:
        """One of the words with what is internal in it: for our own people on the portal and the incident's channel."""
        text: str = self.internal.get(name) or getattr(self, name)
        return text


class UpdateTemplate(Model):
    """Words that the bridge's form offers for a state, in a language. Kept by administrators."""

    __tablename__ = "update_templates"
    __table_args__ = (UniqueConstraint("state", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(15))
    locale: Mapped[str] = mapped_column(String(5))
    situation: Mapped[str] = mapped_column(Text, default="")
    guest_notice: Mapped[str] = mapped_column(Text, default="")
    partner_notice: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")
    not_yet: Mapped[str] = mapped_column(Text, default="")


class UpdateDraft(Model):
    """What somebody has typed into the bridge's form and not yet published: survives browser, device and day."""

    __tablename__ = "update_drafts"
    __table_args__ = (UniqueConstraint("incident_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    words: Mapped[dict[str, str]] = mapped_column(default=dict)
    saved_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


def kept_words(words: Mapping[str, str]) -> dict[str, str]:
    """The words of an update as they are typed: cleaned, none missing, with what is marked as internal.

    Raises:
        Refused: one is too long, nothing may be said, a mark is not closed, or words for customers are marked.
    """
    said = {name: clean(words.get(name)) for name in WORDS}
    for name, text in said.items():
        if len(text) > WORDS_LENGTH:
            raise Refused(name, "words_long", most=WORDS_LENGTH)
        if name in FOR_CUSTOMERS and internal.has(text):
            raise Refused(name, "internal_for_customers")
        if internal.is_broken(text):
            raise Refused(name, "internal_broken")
    if all(is_blank(internal.public(text)) for name, text in said.items() if name != "not_yet"):
        raise Refused("situation", "words_missing")
    return said


def parted(said: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The words for everybody, and whole those in which something is internal."""
    return (
        {name: internal.public(text) for name, text in said.items()},
        {name: text for name, text in said.items() if internal.has(text)},
    )


def template_for(state: str, locale: str) -> UpdateTemplate | None:
    """The words that administrators keep for a state in a language (ja, en), or None: the built-in ones count."""
    return db.session.scalar(
        select(UpdateTemplate).where(UpdateTemplate.state == state, UpdateTemplate.locale == locale)
    )


def templates() -> dict[tuple[str, str], UpdateTemplate]:
    """All that administrators have changed, by state and language."""
    return {(kept.state, kept.locale): kept for kept in db.session.scalars(select(UpdateTemplate))}


def keep_template(state: str, locale: str, words: Mapping[str, str], *, by: Person, at: datetime) -> UpdateTemplate:
    """Keeps the words for a state in a language.

    Raises:
        Refused: no such state, too long, or nothing in it.
    """
    if state not in TEMPLATE_STATES:
        raise Refused("state", "state_missing")
    said = kept_words(words)
    template = template_for(state, locale) or UpdateTemplate(state=state, locale=locale)
    for name, text in said.items():
        setattr(template, name, text)
    db.session.add(template)
    record("template.kept", by=by, at=at, state=state, locale=locale)
    return template


def save_draft(incident: "Incident", person: Person, words: Mapping[str, str], *, at: datetime) -> UpdateDraft | None:
    """Keeps what somebody has typed so far; one draft a person and incident. Nothing typed, or far too much: none.

    What was emptied is kept as empty: the last update's words must not come back by themselves.
    """
    typed = {name[:60]: clean(text) for name, text in words.items()}
    if not any(typed.values()) or sum(map(len, typed.values())) > DRAFT_LENGTH:
        return None
    draft = draft_of(incident, person) or UpdateDraft(incident_id=incident.id, person_id=person.id)
    draft.words, draft.saved_at = typed, at
    db.session.add(draft)
    db.session.flush()
    return draft


def drop_draft(incident: "Incident", person: Person) -> None:
    """The draft is published, or not wanted any more."""
    draft = draft_of(incident, person)
    if draft is not None:
        db.session.delete(draft)
        db.session.flush()


def draft_of(incident: "Incident", person: Person) -> UpdateDraft | None:
    """What the person has typed and not yet published, on whatever device."""
    return db.session.scalar(
        select(UpdateDraft).where(UpdateDraft.incident_id == incident.id, UpdateDraft.person_id == person.id)
    )


def others_writing(incident: "Incident", person: Person, at: datetime) -> list[UpdateDraft]:
    """Drafts of others that changed within the last half hour."""
    query = (
        select(UpdateDraft)
        .options(joinedload(UpdateDraft.person))
        .where(
            UpdateDraft.incident_id == incident.id,
            UpdateDraft.person_id != person.id,
            UpdateDraft.saved_at > at - BUSY,
        )
        .order_by(UpdateDraft.saved_at.desc())
    )
    return list(db.session.scalars(query))
