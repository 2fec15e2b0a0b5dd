"""The record of an incident: sections that many write at once, merged, kept in versions; nobody's words are lost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload, undefer

from domain.db import db
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.merging import EMPTY, Document, Unreadable, join
from domain.people import Person
from domain.record_tables import Edition, Hypothesis, Merged, Mirror, Section
from domain.text import clean

SECTIONS = (
    "what", "guests", "partners", "facilities", "features", "times", "secondary", "facts", "cause", "prevention",
)  # fmt: skip
"""The sections that every record has, in the order of the flow; hypotheses stand after the facts."""

INTERNAL = ("facts",)
"""What partners do not get unless somebody lets it out; hypotheses too."""

VERDICTS = ("open", "confirmed", "refuted")
"""What came of a hypothesis."""

MOST_TEXT = 2_000_000
"""Characters of a section. Two people pasting 10,000 lines each fit."""

MOST_HYPOTHESES = 100

SPAN = timedelta(minutes=5)
"""How long writing goes on in one version."""

CUT = 20
"""Characters that are taken away at once before what was there becomes a version of its own."""

PACK = 100
"""Updates after which they are packed into one piece."""

_HYPOTHESIS = re.compile(r"h([1-9]\d{0,4})(-test|-result)?")


@dataclass(frozen=True)
class Merge:
    """What came of merging: where the section stands now, our state, and what the writer lacks."""

    seq: int
    state: bytes
    missing: bytes


def sections(incident: Incident) -> dict[str, Section]:
    """What was written so far, by key: one query."""
    query = select(Section).options(joinedload(Section.updated_by)).where(Section.incident_id == incident.id)
    return {section.key: section for section in db.session.scalars(query)}


def standing(incident: Incident) -> dict[str, tuple[int, int]]:
    """By key the id and the number of each section, without their texts: one query."""
    query = select(Section.key, Section.id, Section.seq).where(Section.incident_id == incident.id)
    return {row.key: (row.id, row.seq) for row in db.session.execute(query)}


def section(incident: Incident, key: str) -> Section | None:
    """One section, None where nobody has written anything yet."""
    query = select(Section).options(joinedload(Section.updated_by))
    return db.session.scalar(query.where(Section.incident_id == incident.id, Section.key == key))


def hypotheses(incident: Incident) -> list[Hypothesis]:
    """In the order in which they came up."""
    query = select(Hypothesis).where(Hypothesis.incident_id == incident.id)
    return list(db.session.scalars(query.order_by(Hypothesis.number)))


def has(incident: Incident, key: str) -> bool:
    """Whether the incident's record has such a section, written or not."""
    if key in SECTIONS:
        return True
    match = _HYPOTHESIS.fullmatch(key)
    return match is not None and hypothesis(incident, int(match[1])) is not None


def hypothesis(incident: Incident, number: int) -> Hypothesis | None:
    """One hypothesis by its number in the incident."""
    query = select(Hypothesis).where(Hypothesis.incident_id == incident.id, Hypothesis.number == number)
    return db.session.scalar(query)


def is_internal(key: str, written: Section | None) -> bool:
    """Whether partners do not get it: as it was marked, else by its kind."""
    return written.internal if written else key in INTERNAL or key not in SECTIONS


def pieces(found: Sequence[Section]) -> dict[int, list[bytes]]:
    """By section id everything that makes its document, oldest first: two queries."""
    ids = [one.id for one in found]
    if not ids:
        return {}
    packed = db.session.execute(select(Section.id, Section.packed).where(Section.id.in_(ids)))
    made = {number: [data] if data else [] for number, data in packed}
    query = select(Merged.section_id, Merged.data).where(Merged.section_id.in_(ids))
    for number, data in db.session.execute(query.order_by(Merged.section_id, Merged.seq)):
        made[number].append(data)
    return made


def documents(found: Sequence[Section]) -> dict[str, Document]:
    """The documents of sections by key: two queries."""
    made = pieces(found)
    return {one.key: Document(made[one.id]) for one in found}


def merge(incident: Incident, key: str, update: bytes, have: bytes, *, by: Person, at: datetime) -> Merge:
    """Takes in what somebody wrote, whatever others have written meanwhile; tells what they lack.

    `update`: of the merging library, everything that we lacked when they last heard from us; `have`: their state.
    The same again changes nothing. Call it in `writing()`.

    Raises:
        Refused: it cannot be read, or the section would become too long.
    """
    written = _opened(incident, key, by, at)
    document = documents([written])[key]
    try:
        before = document.state()
        document.merge(update)
        missing = document.missing(have)
    except Unreadable:
        raise Refused("text", "record_unreadable") from None
    # The state tells of insertions only, so deletions are looked for in the text.
    if update not in (b"", EMPTY) and (document.state() != before or document.text != written.text):
        _take(written, document, update, by, at)
    return Merge(written.seq, document.state(), missing)


def lacking(incident: Incident, key: str, have: bytes) -> Merge:
    """What somebody with this state lacks; reads only.

    Raises:
        Refused: it is no state.
    """
    written = section(incident, key)
    document = documents([written])[key] if written else Document()
    try:
        return Merge(written.seq if written else 0, document.state(), document.missing(have))
    except Unreadable:
        raise Refused("text", "record_unreadable") from None


def joined(found: Sequence[Section]) -> dict[str, bytes]:
    """Everything that was merged into sections, by key, each in one piece: two queries."""
    made = pieces(found)
    return {one.key: join(made[one.id]) for one in found if made[one.id]}


def write(incident: Incident, key: str, text: str, *, seen: int, by: Person, at: datetime) -> Section:
    """Puts a whole text in the place of the one that its writer saw (`seen`: its number). The same changes nothing.

    Raises:
        Conflict: others have written in between; nothing is overwritten.
        Refused: too long.
    """
    written, text = _opened(incident, key, by, at), clean(text)
    if text == written.text.strip():
        return written
    if seen != written.seq:
        raise Conflict("record_changed_between")
    _rewrite(written, text, by, at)
    return written


def append(incident: Incident, key: str, words: str, *, by: Person, at: datetime) -> None:
    """Puts words at the end of a section, in a line of their own, unless they stand in it already.

    Raises:
        Refused: too long.
    """
    written = _opened(incident, key, by, at)
    if words not in written.text:
        _rewrite(written, f"{written.text}\n{words}" if written.text else words, by, at)


def restore(incident: Incident, key: str, number: int, *, seen: int, by: Person, at: datetime) -> Section:
    """Makes a section say again what it said in a version; what it says now stays in the history.

    Raises:
        Conflict: others have written in between. Refused: there is no such version.
    """
    written = section(incident, key)
    version = _version(written, number) if written else None
    if written is None or version is None:
        raise Refused("number", "record_no_version")
    if seen != written.seq:
        raise Conflict("record_changed_between")
    said = said_in(version, written)
    if said != written.text:
        _rewrite(written, said, by, at, restored=number)
    return written


def mark(incident: Incident, key: str, internal: bool, *, by: Person, at: datetime) -> None:
    """Whether partners get a section."""
    _opened(incident, key, by, at).internal = internal
    _changed(incident.id, at)


def suppose(incident: Incident, *, key: str, by: Person, at: datetime, text: str = "") -> Hypothesis:
    """A new hypothesis. The same `key` again gives the same.

    Raises:
        Refused: there are too many.
    """
    known = hypotheses(incident)
    if earlier := next((one for one in known if one.key == key), None):
        return earlier
    if len(known) >= MOST_HYPOTHESES:
        raise Refused("hypothesis", "record_many_hypotheses", most=MOST_HYPOTHESES)
    number = known[-1].number + 1 if known else 1
    made = Hypothesis(incident_id=incident.id, number=number, key=key, created_at=at, by_id=by.id)
    db.session.add(made)
    db.session.flush()
    if text := clean(text):
        write(incident, made.keys[0], text, seen=0, by=by, at=at)
    _changed(incident.id, at)
    return made


def judge(incident: Incident, number: int, verdict: str, *, by: Person, at: datetime) -> None:
    """What came of a hypothesis.

    Raises:
        Refused: no such hypothesis or verdict.
    """
    found = hypothesis(incident, number)
    if found is None or verdict not in VERDICTS:
        raise Refused("verdict", "record_no_verdict")
    found.verdict = verdict
    _changed(incident.id, at)


def history(written: Section) -> list[Edition]:
    """The versions of a section, the newest first, without their texts."""
    query = select(Edition).where(Edition.section_id == written.id)
    return list(db.session.scalars(query.order_by(Edition.number.desc())))


def versions(written: Section, numbers: Sequence[int]) -> dict[int, Edition]:
    """Versions by number with their texts: one query."""
    query = select(Edition).options(undefer(Edition.text)).where(Edition.section_id == written.id)
    return {one.number: one for one in db.session.scalars(query.where(Edition.number.in_(numbers)))}


def said_in(version: Edition, written: Section) -> str:
    """What a section said in a version of its."""
    return written.text if version.text is None else version.text


def since(ids: Sequence[int], at: datetime, most: int) -> dict[int, list[tuple[int, bytes]]]:
    """By section id what was merged after `at` (aware UTC), `most` bytes in all at most, the newest; oldest first."""
    query = select(Merged.section_id, Merged.seq, Merged.data).where(Merged.at >= at)
    query = query.where(Merged.section_id.in_(ids)).order_by(Merged.id.desc())
    taken: dict[int, list[tuple[int, bytes]]] = {}
    for number, seq, data in db.session.execute(query.limit(200)):
        most -= len(data)
        if most < 0:
            break
        taken.setdefault(number, []).insert(0, (seq, data))
    return taken


def _opened(incident: Incident, key: str, by: Person, at: datetime) -> Section:
    """The section, made where nobody has written anything yet."""
    written = section(incident, key)
    if written is None:
        internal = is_internal(key, None)
        written = Section(incident_id=incident.id, key=key, internal=internal, updated_at=at, updated_by_id=by.id)
        db.session.add(written)
        db.session.flush()
    return written


def _rewrite(written: Section, text: str, by: Person, at: datetime, restored: int | None = None) -> None:
    document = documents([written])[written.key]
    _take(written, document, document.rewrite(text), by, at, restored)


def _take(
    written: Section, document: Document, update: bytes, by: Person, at: datetime, restored: int | None = None
) -> None:
    """Writes down what was merged: the log, the plain text, the version."""
    text = document.text
    if len(text) > MOST_TEXT:
        raise Refused("text", "record_long", most=MOST_TEXT)
    if text != written.text:
        _keep(written, text, by, at, restored)
    written.seq += 1
    db.session.add(Merged(section_id=written.id, seq=written.seq, data=update, at=at, by_id=by.id))
    db.session.flush()
    if written.seq - written.packed_seq >= PACK:
        db.session.execute(delete(Merged).where(Merged.section_id == written.id, Merged.seq <= written.seq))
        written.packed, written.packed_seq = document.missing(b""), written.seq
    if text != written.text:
        written.text, written.updated_at, written.updated_by_id = text, at, by.id
        _changed(written.incident_id, at)


def _keep(written: Section, text: str, by: Person, at: datetime, restored: int | None) -> None:
    """The version that is being written, or a new one: after a while, where much was taken away, or restored."""
    newest = db.session.scalar(
        select(Edition).where(Edition.section_id == written.id).order_by(Edition.number.desc()).limit(1)
    )
    cut = len(text) <= len(written.text) - CUT
    if newest and newest.what == "edit" and restored is None and not cut and at - newest.began_at < SPAN:
        newest.at = at
        if by.id not in newest.authors:
            newest.authors = [*newest.authors, by.id]
        return
    if newest and newest.text is None:
        newest.text = written.text
    what = "edit" if restored is None else "restore"
    number = newest.number + 1 if newest else 1
    db.session.add(
        Edition(section_id=written.id, number=number, what=what, began_at=at, at=at, authors=[by.id], restored=restored)
    )


def _version(written: Section, number: int) -> Edition | None:
    return versions(written, [number]).get(number)


def _changed(incident_id: int, at: datetime) -> None:
    """What is shown elsewhere is to follow."""
    mirror = db.session.get(Mirror, incident_id)
    if mirror is not None:
        mirror.changed_at = at


def last_written(incident: Incident) -> datetime | None:
    """When somebody last wrote in the record (aware UTC)."""
    return db.session.scalar(select(func.max(Section.updated_at)).where(Section.incident_id == incident.id))
