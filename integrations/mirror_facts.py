"""What the record's page in Confluence is made of: plain values, read in one go."""

from dataclasses import dataclass
from datetime import datetime

from domain import chronicle, mirror, record, record_known, timeline
from domain.incidents import Incident
from domain.record_known import Known

MOST_NOTES = 1000
"""Entries of the timeline, the newest; all of them stand in the portal."""


@dataclass(frozen=True)
class MirrorFacts:
    """A record as it is now. `page`: where it lies already. `notes`: (when, words, who), oldest first."""

    page: str
    declared_at: datetime
    known: Known
    texts: dict[str, str]
    hypotheses: tuple[tuple[int, str, tuple[str, ...]], ...]
    notes: tuple[tuple[datetime, str, str], ...]


def load_mirror(incident: Incident) -> MirrorFacts:
    """Reads only."""
    written = {key: one.text for key, one in record.sections(incident).items()}
    where = mirror.where(incident)
    supposed = tuple(
        (one.number, one.verdict, tuple(written.get(key, "") for key in one.keys))
        for one in record.hypotheses(incident)
    )  # fmt: skip
    return MirrorFacts(
        (where.outside_id if where else None) or "", incident.declared_at, record_known.of(incident),
        {key: written[key] for key in record.SECTIONS if written.get(key)}, supposed, tuple(_notes(incident)),
    )  # fmt: skip


def _notes(incident: Incident) -> list[tuple[datetime, str, str]]:
    """What people noted and what the bridge published."""
    ids = [number for _, number in timeline.index(incident)][-MOST_NOTES:]
    found = [
        (one.happened_at, one.text, one.author_name) for one in timeline.loaded(ids).values() if one.struck_at is None
    ]
    found += [
        (fact.at, fact.update.situation, fact.who)
        for fact in chronicle.of(incident).facts
        if fact.update is not None and fact.update.situation
    ]
    return sorted(found, key=lambda note: note[0])
