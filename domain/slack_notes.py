"""From Slack into the timeline: a message in an incident's channel that carries the mark is noted, followed, struck.

What Slack tells is only that something happened to a message; how the message stands is asked of Slack later, outside
of any request, so that whatever comes late, twice or in another order ends in the same.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from domain import outbox
from domain.db import db
from domain.encoding import Picture
from domain.events import record
from domain.incidents import Incident
from domain.mobilising import Mobilisation
from domain.outbox import Delivery
from domain.people import Person
from domain.text import clean, cut, is_blank, one_line
from domain.timeline import LONGEST, Entry, File

READ = "timeline.read"
"""A message is read, and the timeline brought up to how it stands."""

FILE = "timeline.file"
"""A file of such a message is fetched, so that it is there when Slack has it no more."""

MARKED, UNMARKED, CHANGED = "marked", "unmarked", "changed"

SKEW = timedelta(minutes=5)
"""By how much Slack's clock may be behind ours."""

MOST_FILES = 20

LARGEST_FILE = 10_000_000
"""Bytes of a file that is kept; a larger one is only linked."""


def incident_of(channel: str, ts: str) -> Incident | None:
    """The incident in whose channel a message stands. Drills share one: the last that was declared before it."""
    sent_at = instant_of(ts)
    if sent_at is None:
        return None
    query = (
        select(Incident)
        .join(Mobilisation, Mobilisation.incident_id == Incident.id)
        .where(Mobilisation.channel_id == channel, Incident.declared_at <= sent_at + SKEW)
    )
    return db.session.scalar(query.order_by(Incident.id.desc()).limit(1))


def instant_of(ts: str) -> datetime | None:
    """When a message was sent (aware UTC), by Slack's id of it; None where it is none."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def marking(
    what: str, *, channel: str, ts: str, mark: str, by: Person, event: str, at: datetime
) -> Delivery | None:  # fmt: skip
    """The mark was put to a message, or taken from it (`what`): it is read. None: not an incident's, or a repeat.

    `event`: Slack's id of what happened; `mark`: the name of the reaction.
    """
    incident = incident_of(channel, ts)
    if incident is None:
        return None
    return _read(what, incident.id, channel, ts, mark, event, at, by.id)


def is_followed(channel: str, ts: str) -> bool:
    """Whether a message stands in a timeline, or is about to: somebody marked it a moment ago."""
    return entry_of(channel, ts) is not None or bool(outbox.of_lanes([_lane(channel, ts)], outbox.OPEN))


def changing(*, channel: str, ts: str, mark: str, event: str, at: datetime) -> Delivery | None:
    """A message was edited or deleted: where it is followed, it is read anew. None: it is not, or a repeat."""
    entry = entry_of(channel, ts)
    if entry is not None:
        return _read(CHANGED, entry.incident_id, channel, ts, mark, event, at, None)
    # What is being read just now may be the words from before.
    waiting = outbox.of_lanes([_lane(channel, ts)], outbox.OPEN)
    return _read(CHANGED, waiting[0].incident_id, channel, ts, mark, event, at, None) if waiting else None


def _read(
    what: str, incident_id: int | None, channel: str, ts: str, mark: str, event: str, at: datetime, by: int | None
) -> Delivery | None:  # fmt: skip
    key = hashlib.sha256(f"{READ}\n{event}".encode()).hexdigest()[:32]
    if outbox.known([key]):
        return None
    details = {"what": what, "channel": channel, "ts": ts, "mark": mark, "by": by}
    return outbox.enqueue(
        "slack", READ, at=at, incident_id=incident_id, details=details, lane=_lane(channel, ts), key=key
    )


def _lane(channel: str, ts: str) -> str:
    """One for each message: what happened to it is followed in order."""
    return f"slack:note-{channel}-{ts}"[:60]


def entry_of(channel: str, ts: str) -> Entry | None:
    """The entry that was made of a message."""
    return db.session.scalar(select(Entry).where(Entry.slack_channel == channel, Entry.slack_ts == ts))


def arrived(delivery: Delivery, content: Picture | bytes | None, at: datetime) -> None:
    """Brings the timeline up to how the message stands, or keeps a file (`content`). Call it in the transaction that
    settles the delivery."""
    if delivery.kind == FILE and content is not None:
        db.session.get_one(File, delivery.details["file"]).keep(content)
    elif delivery.kind == READ:
        _read_now(delivery, at)


def _read_now(delivery: Delivery, at: datetime) -> None:
    details = delivery.details
    message: Mapping[str, Any] | None = details.get("message")
    entry = entry_of(details["channel"], details["ts"])
    by = db.session.get(Person, details["by"]) if details.get("by") else None
    if message is None:
        if entry is not None:
            entry.strike(by=by, at=at)
    elif entry is None:
        if by is not None and delivery.incident_id is not None and _is_marked(message):
            _note(delivery.incident_id, details, message, by, at)
    else:
        if details["what"] != CHANGED and not _is_marked(message):
            entry.strike(by=by, at=at)
        elif details["what"] == MARKED:
            entry.restore(by=by, at=at)
        _follow(entry, message, at)


def _is_marked(message: Mapping[str, Any]) -> bool:
    """Whether somebody whom we know holds the mark to it."""
    users = list(message["marked_by"])
    known = select(Person.id).where(Person.slack_id.in_(users), Person.deactivated_at.is_(None)).limit(1)
    return bool(users) and db.session.scalar(known) is not None


def _note(incident_id: int, details: Mapping[str, Any], message: Mapping[str, Any], by: Person, at: datetime) -> None:
    author = (
        db.session.scalar(select(Person).where(Person.slack_id == message["author"])) if message["author"] else None
    )
    name = author.name if author else one_line(message["name"])[:200] or message["author"] or "Slack"
    text = _words(message)
    # A clock of ours that is behind must not put it into the future.
    happened_at = min(instant_of(details["ts"]) or at, at)
    entry = Entry(
        incident_id=incident_id, happened_at=happened_at, kind="observation", text=text,
        search="", author=author, author_name=name, source="slack", slack_channel=details["channel"],
        slack_ts=details["ts"], slack_link=message["link"] or None, slack_text=text, marked_by=by.name, created_at=at,
    )  # fmt: skip
    db.session.add(entry)
    db.session.flush()
    _files(entry, message, at)
    record("timeline.added", by=by, at=at, incident_id=incident_id, entry=entry.id)


def _follow(entry: Entry, message: Mapping[str, Any], at: datetime) -> None:
    """The words as they are in Slack now, where they were changed there: what we put right ourselves stays so."""
    text = _words(message)
    if text != entry.slack_text:
        entry.correct(text, by=None, at=at)
        entry.slack_text = text
    _files(entry, message, at)


def _words(message: Mapping[str, Any]) -> str:
    """What was said; of a message without words the names of its files, or where it stands."""
    text = clean(message["text"])
    if is_blank(text):
        text = ", ".join(name for one in message["files"] if (name := one_line(one["name"])))
    return cut(text or message["link"] or "Slack", LONGEST)


def _files(entry: Entry, message: Mapping[str, Any], at: datetime) -> None:
    """Files that are new. What was taken away in Slack stays: it was there."""
    known = {one.slack_id for one in entry.files}
    for one in message["files"][:MOST_FILES]:
        if one["id"] in known:
            continue
        file = File(
            slack_id=one["id"], name=cut(one_line(one["name"]) or one["id"], 200), link=one["link"], size=one["size"],
            media_type=one["type"], created_at=at,
        )  # fmt: skip
        entry.files.append(file)
        db.session.flush()
        if one["url"] and file.size <= LARGEST_FILE:
            details = {"file": file.id, "url": one["url"], "type": one["type"]}
            lane = f"slack:file-{file.id}"
            outbox.enqueue("slack", FILE, at=at, incident_id=entry.incident_id, details=details, lane=lane)
    entry.search = entry.searched()
