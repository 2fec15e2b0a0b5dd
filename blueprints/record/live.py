"""The live topic `record-<id>`: how far each section is, so that pages fetch what changed."""

import json
from datetime import datetime
from hashlib import blake2b
from typing import Any

from blueprints.shared import live
from domain import incidents, record
from domain.incidents import Incident


def seqs_of(incident: Incident) -> dict[str, Any]:
    """How far each section is, by key; the hypotheses together by a name for how they stand. Two queries."""
    written = record.sections(incident)
    seqs: dict[str, Any] = {key: one.seq for key, one in written.items() if one.seq}
    supposed = [
        (one.number, one.verdict, [seqs.get(key, 0) for key in one.keys]) for one in record.hypotheses(incident)
    ]
    if supposed:
        seqs["hypotheses"] = blake2b(repr(supposed).encode(), digest_size=6).hexdigest()
    return seqs


@live.topic("record")
def record_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """How the record of an incident stands; None where there is none."""
    incident = incidents.by_code(subject) if subject.isdecimal() else None
    if incident is None or incident.kind != "incident":
        return None
    told = json.dumps({"seqs": seqs_of(incident)})
    return live.swap(f"record-{incident.id}", "record/_live_state.html", incident=incident, state=told), None
