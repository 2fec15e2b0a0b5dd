"""The live topic `record-<id>`: how far each section is, so that pages fetch what changed."""

import base64
import json
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from blueprints.shared import live
from blueprints.shared.language import now
from blueprints.shared.who import my_rights
from domain import carets, incidents, record
from domain.incidents import Incident
from domain.record_tables import Hypothesis

FRESH = timedelta(seconds=10)
"""What was merged in so many seconds goes to the editors with the stream; what is older they ask for."""

MOST_FRESH = 24 * 1024
"""Bytes of it at most."""


def state(incident: Incident, *, editors: bool) -> tuple[str, datetime | None]:
    """As JSON how the record stands and who writes where; for editors also what came last. When that changes by itself.

    Four queries at most.
    """
    written = record.standing(incident)
    numbers = record.hypotheses(incident)
    here = carets.here(incident, now())
    told: dict[str, Any] = {
        "seqs": seqs_of(written, numbers),
        "numbers": [one.number for one in numbers],
        "here": [{"tab": one.tab, "name": one.person.name, "section": one.section, "caret": one.place} for one in here],
    }
    if editors and written:
        keys = {number: key for key, (number, _) in written.items()}
        fresh = record.since(list(keys), now() - FRESH, MOST_FRESH)
        told["fresh"] = {
            keys[number]: [[seq, base64.b64encode(data).decode()] for seq, data in found]
            for number, found in fresh.items()
        }
    return json.dumps(told, ensure_ascii=False), min((one.at + carets.AWAY for one in here), default=None)


def seqs_of(written: dict[str, tuple[int, int]], hypotheses: list[Hypothesis]) -> dict[str, Any]:
    """How far each section is, by key; the hypotheses together by a name for how they stand."""
    seqs: dict[str, Any] = {key: seq for key, (_, seq) in written.items() if seq}
    supposed = [(one.number, one.verdict, [seqs.get(key, 0) for key in one.keys]) for one in hypotheses]
    if supposed:
        seqs["hypotheses"] = blake2b(repr(supposed).encode(), digest_size=6).hexdigest()
    return seqs


@live.topic("record")
def record_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """How the record of an incident stands; None where there is none."""
    incident = incidents.by_code(subject) if subject.isdecimal() else None
    if incident is None:
        return None
    told, changes_at = state(incident, editors=my_rights().responder)
    return live.swap(f"record-{incident.id}", "record/_live_state.html", incident=incident, state=told), changes_at
