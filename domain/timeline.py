"""The timeline: what people write down while it happens, and what was there before it was put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Optional

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload, undefer

from domain.db import Model, db
from domain.encoding import Picture
from domain.errors import Conflict, Refused
from domain.events import record
from domain.incidents import Incident
from domain.people import Person
from domain.text import clean, fold, is_blank

KINDS = ("observation", "action", "decision", "communication")

LONGEST = 5000
"""Characters of an entry, at most."""

MOST = 10_000
"""Entries that are written at once, at most."""

AHEAD = timedelta(minutes=5)
"""By how much somebody's clock may be ahead of ours: what happened cannot lie farther in the future."""


class Entry(Model):
    """One thing that somebody noted: `happened_at` is when it happened, `created_at` when it was written down.

    `author` is None where the portal does not know who wrote (in Slack); `author_name` is always there. What is
    struck stays and is shown as such. `internal`: it is left out of what partners get.
    """

    __tablename__ = "timeline_entries"
    __table_args__ = (
        UniqueConstraint("slack_channel", "slack_ts"),
        Index("ix_timeline_entries_order", "incident_id", "happened_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    happened_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(15))
    text: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    author_name: Mapped[str] = mapped_column(String(200))
    for_bridge: Mapped[bool] = mapped_column(default=False)
    internal: Mapped[bool] = mapped_column(default=False)
    batch: Mapped[str | None] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(10), default="portal")
    slack_channel: Mapped[str | None] = mapped_column(String(40))
    slack_ts: Mapped[str | None] = mapped_column(String(40))
    slack_link: Mapped[str | None] = mapped_column(Text)
    slack_text: Mapped[str | None] = mapped_column(Text)
    marked_by: Mapped[str] = mapped_column(String(200), default="")
    struck_at: Mapped[datetime | None]
    struck_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]

    incident: Mapped[Incident] = relationship()
    author: Mapped[Person | None] = relationship(foreign_keys=[author_id])
    struck_by: Mapped[Person | None] = relationship(foreign_keys=[struck_by_id])
    versions: Mapped[list["Version"]] = relationship(lambda: Version, back_populates="entry", order_by="Version.id")
    files: Mapped[list["File"]] = relationship(lambda: File, back_populates="entry", order_by="File.id")

    def correct(
        self, text: str, *, by: Person | None, at: datetime, kind: str | None = None, internal: bool | None = None,
        for_bridge: bool | None = None, seen: str | None = None,
    ) -> None:  # fmt: skip
        """Puts the words right; what was there is kept. None leaves the others as they are; the same changes nothing.

        `seen`: the words that the author had before them. `by` None: Slack, where the message was edited.

        Raises:
            Conflict: somebody else corrected it in between.
            Refused: nothing said, too long, no such kind.
        """
        text = good_text(text)
        after = (text, good_kind(kind or self.kind), _or(internal, self.internal), _or(for_bridge, self.for_bridge))
        before = (self.text, self.kind, self.internal, self.for_bridge)
        if after == before:
            return
        if seen is not None and clean(seen) != self.text:
            raise Conflict("timeline_changed_between")
        self._keep("correct", by, at)
        self.text, self.kind, self.internal, self.for_bridge = after
        self.search = self.searched()

    def searched(self) -> str:
        """Where it is looked for: its words, the names of its files and who wrote it."""
        return searched("\n".join([self.text, *(file.name for file in self.files)]), self.author_name)

    def move(self, happened_at: datetime, *, by: Person | None, at: datetime) -> None:
        """Moves it in time (aware UTC); the order follows. When it was before is kept.

        Raises:
            Refused: that lies in the future.
        """
        if good_time(happened_at, at) != self.happened_at:
            self._keep("move", by, at)
            self.happened_at = happened_at

    def strike(self, *, by: Person | None, at: datetime) -> None:
        """It does not count any more, and stays visible as struck. Again changes nothing."""
        if self.struck_at is None:
            self._keep("strike", by, at)
            self.struck_at, self.struck_by_id = at, by.id if by else None

    def restore(self, *, by: Person | None, at: datetime) -> None:
        """It counts again. Again changes nothing."""
        if self.struck_at is not None:
            self._keep("restore", by, at)
            self.struck_at = self.struck_by_id = None

    def _keep(self, what: str, by: Person | None, at: datetime) -> None:
        version = Version(
            what=what, text=self.text, kind=self.kind, happened_at=self.happened_at, internal=self.internal, at=at,
            by_id=by.id if by else None,
        )  # fmt: skip
        self.versions.append(version)
        record(f"timeline.{what}", by=by, at=at, incident_id=self.incident_id, entry=self.id)


class Version(Model):
    """What an entry said before `what` (correct, move, strike or restore) was done to it. Never changed."""

    __tablename__ = "timeline_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("timeline_entries.id"), index=True)
    what: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(15))
    happened_at: Mapped[datetime]
    internal: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    entry: Mapped[Entry] = relationship(back_populates="versions")
    by: Mapped[Optional["Person"]] = relationship()


class File(Model):
    """A file of a message in Slack. `data`: what we keep of it, None where it is only linked: pictures encoded by us,
    everything else as it came, to be downloaded and never shown. `width`, `height`: in pixels, of a picture; what is
    kept and is no picture has the height 0, so that nobody has to read it to know that it is there.
    """

    __tablename__ = "timeline_files"
    __table_args__ = (UniqueConstraint("entry_id", "slack_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("timeline_entries.id"))
    slack_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(Text, default="")
    size: Mapped[int] = mapped_column(default=0)
    media_type: Mapped[str] = mapped_column(String(100), default="")
    width: Mapped[int | None]
    height: Mapped[int | None]
    data: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship(back_populates="files")

    @property
    def kept(self) -> bool:
        """Whether we have it ourselves."""
        return self.height is not None

    @property
    def is_picture(self) -> bool:
        """Whether it was encoded by us and can be shown."""
        return self.width is not None

    def keep(self, content: Picture | bytes) -> None:
        """Keeps what was fetched: of a picture what we made of it, else the bytes as they came."""
        if isinstance(content, Picture):
            self.data, self.media_type = content.data, content.media_type
            self.width, self.height, self.size = content.width, content.height, len(content.data)
        else:
            self.data, self.size, self.height = content, len(content), 0


def add(
    incident: Incident, text: str, *, by: Person, at: datetime, happened_at: datetime | None = None,
    kind: str = "observation", for_bridge: bool = False, internal: bool = False,
) -> Entry:  # fmt: skip
    """Notes one thing; `happened_at` None is now (all instants aware UTC). A closed incident still takes notes.

    Raises:
        Refused: nothing said, too long, no such kind, or a time in the future.
    """
    text, happened_at = good_text(text), good_time(happened_at or at, at)
    entry = Entry(
        incident=incident, happened_at=happened_at, kind=good_kind(kind), text=text, search=searched(text, by.name),
        author=by, author_name=by.name, for_bridge=for_bridge, internal=internal, created_at=at,
    )  # fmt: skip
    db.session.add(entry)
    db.session.flush()
    record("timeline.added", by=by, at=at, incident_id=incident.id, entry=entry.id)
    return entry


def add_all(
    incident: Incident, lines: Sequence[tuple[datetime, str]], *, by: Person, at: datetime, key: str,
    kind: str = "observation", for_bridge: bool = False, internal: bool = False,
) -> int:  # fmt: skip
    """Notes many things at once, all or none; (when it happened, words) each. How many there are now of this `key`:
    the same form sent twice writes once.

    Raises:
        Refused: none, too many, or one of them cannot be taken (`line` in its params, from 1).
        Conflict: the key was used in another incident or by somebody else.
    """
    known = db.session.execute(
        select(Entry.incident_id, Entry.author_id).where(Entry.batch == key)
    ).all()  # fmt: skip
    if known:
        if set(map(tuple, known)) != {(incident.id, by.id)}:
            raise Conflict("key_used", incident=incident.code)
        return len(known)
    if not lines:
        raise Refused("body", "timeline_missing")
    if len(lines) > MOST:
        raise Refused("body", "timeline_many", most=MOST, count=len(lines))
    kind = good_kind(kind)
    rows = []
    for number, (happened_at, words) in enumerate(lines, start=1):
        try:
            text, happened_at = good_text(words), good_time(happened_at, at)
        except Refused as refused:
            raise Refused("body", f"{refused.code}_line", **refused.params, line=number) from None
        rows.append(
            {
                "incident_id": incident.id, "happened_at": happened_at, "kind": kind, "text": text,
                "search": searched(text, by.name), "author_id": by.id, "author_name": by.name, "batch": key,
                "for_bridge": for_bridge, "internal": internal, "source": "portal", "marked_by": "", "created_at": at,
            }
        )  # fmt: skip
    db.session.execute(insert(Entry), rows)
    record("timeline.added", by=by, at=at, incident_id=incident.id, count=len(rows))
    return len(rows)


def found(incident: Incident, number: int) -> Entry | None:
    """The entry of an incident with this id, or None."""
    return db.session.scalar(select(Entry).where(Entry.id == number, Entry.incident_id == incident.id))


def file_of(incident: Incident, number: int) -> File | None:
    """A file of an incident that we keep, with its bytes; None where there is none."""
    query = (
        select(File).join(Entry).where(File.id == number, File.height.is_not(None), Entry.incident_id == incident.id)
    )
    return db.session.scalar(query.options(undefer(File.data)))


@dataclass(frozen=True)
class Search:
    """The entries of an incident of some kinds that hold some words."""

    incident: Incident
    kinds: Sequence[str] = KINDS
    words: str = ""

    def count(self, before: tuple[datetime, int] | None = None) -> int:
        """How many there are; `before`: those that stand before this time and id. One query."""
        query = self._of(func.count())
        if before is not None:
            at, number = before
            query = query.where(or_(Entry.happened_at < at, and_(Entry.happened_at == at, Entry.id < number)))
        return db.session.scalar(query) or 0

    def part(self, start: int, length: int | None, *, oldest: bool) -> list[tuple[datetime, int]]:
        """When and id of `length` of them (None: all) from `start` on, the oldest or the newest first. One query."""
        order = (Entry.happened_at, Entry.id) if oldest else (Entry.happened_at.desc(), Entry.id.desc())
        query = self._of(Entry.happened_at, Entry.id).order_by(*order).offset(start).limit(length)
        return [(at, number) for at, number in db.session.execute(query)]

    def _of(self, *columns: Any) -> Select[Any]:
        query = select(*columns).where(Entry.incident_id == self.incident.id, Entry.kind.in_(self.kinds))
        folded = fold(self.words)
        return query.where(Entry.search.contains(folded, autoescape=True)) if folded else query


def index(incident: Incident, *, kinds: Sequence[str] = KINDS) -> list[tuple[datetime, int]]:
    """When and id of every entry of these kinds, oldest first. One query."""
    return Search(incident, kinds).part(0, None, oldest=True)


def newest(incident: Incident, most: int) -> list[Entry]:
    """The entries that happened last, at most `most`, the newest first."""
    query = _whole().where(Entry.incident_id == incident.id)
    return list(db.session.scalars(query.order_by(Entry.happened_at.desc(), Entry.id.desc()).limit(most)))


def loaded(numbers: Sequence[int]) -> dict[int, Entry]:
    """Entries by id, with what they said before and their files. Three queries."""
    return {one.id: one for one in db.session.scalars(_whole().where(Entry.id.in_(numbers)))} if numbers else {}


def _whole() -> Select[Entry]:
    versions, files = selectinload(Entry.versions), selectinload(Entry.files)
    return select(Entry).options(joinedload(Entry.struck_by), versions.joinedload(Version.by), files)


def for_bridge_since(incident: Incident, since: datetime) -> list[Entry]:
    """What the bridge should know and was written down after `since` (aware UTC), in the order in which it happened.

    Struck entries are left out. One query.
    """
    query = (
        select(Entry)
        .options(joinedload(Entry.author))
        .where(
            Entry.incident_id == incident.id, Entry.for_bridge.is_(True), Entry.struck_at.is_(None),
            Entry.created_at > since,
        )
        .order_by(Entry.happened_at, Entry.id)
    )  # fmt: skip
    return list(db.session.scalars(query))


def searched(text: str, name: str) -> str:
    """Where an entry is looked for: its words and who wrote them."""
    return fold(f"{text}\n{name}")


def good_text(text: str) -> str:
    """Cleaned words. Raises Refused."""
    text = clean(text)
    if is_blank(text):
        raise Refused("body", "timeline_missing")
    if len(text) > LONGEST:
        raise Refused("body", "timeline_long", most=LONGEST)
    return text


def good_kind(kind: str) -> str:
    """A kind that there is. Raises Refused."""
    if kind not in KINDS:
        raise Refused("kind", "timeline_kind")
    return kind


def good_time(happened_at: datetime, at: datetime) -> datetime:
    """A time that may have been already. Raises Refused."""
    if happened_at > at + AHEAD:
        raise Refused("at", "timeline_future")
    return happened_at


def _or(value: bool | None, otherwise: bool) -> bool:
    return otherwise if value is None else value
