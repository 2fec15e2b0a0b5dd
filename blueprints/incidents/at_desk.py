"""The live parts of the bridge's desk: the promise and who waits, what came in, questions, numbers, earlier words."""

from datetime import datetime
from typing import Any

from flask import request

from blueprints.incidents.chronicle import NAMES, Row, rows
from blueprints.incidents.live import changes_at
from blueprints.incidents.story import story
from blueprints.shared import live
from blueprints.shared.language import now
from blueprints.shared.who import my_rights
from domain import desk, formation, go_ahead, incidents, questions, restoring, timeline
from domain.incidents import Incident

PARTS = ("clock", "pending", "news", "questions", "numbers", "said")
"""What changes by itself; the form between them is never touched."""

HERE = "desk"
"""What forms say in `then` that belong to the desk: back there."""

MOST = 40
"""Lines of what came in besides; the whole timeline is a tap away."""

SAID = 5


def at_desk(incident: Incident) -> dict[str, Any]:
    """What the live parts need. A constant number of queries."""
    since = desk.since(incident)
    held = formation.now_held(incident, now())
    told = questions.of(incident) if incident.kind == "incident" else []
    return {
        "incident": incident,
        "latest": incident.latest,
        "since": since,
        "facts": timeline.for_bridge_since(incident, since),
        "rows": came_in(incident, since),
        **NAMES,
        "pending": go_ahead.last(incident) if go_ahead.wanted() else None,
        "desk": True,
        "waiting": {
            "leads": [held[one] for one in ("guest_lead", "partner_lead") if one in held],
            "questions": sum(1 for one in told if one.answer is None),
            **restoring.audience(incident),
        },
        "questions": told,
        # Whoever is here answers; whether they may is asked when they do.
        "level": "responder",
        "only_open": True,
        "affected": desk.affected(incident),
        "said": [one for one in story(incident) if one.update and one.update.kind != "unchanged"][:SAID],
    }


def came_in(incident: Incident, since: datetime) -> list[Row]:
    """What else happened or was noted after `since`, the newest first: what is for the bridge stands for itself."""
    noted = [
        Row(one.happened_at, f"t{one.id}", one.author_name, one.kind, entry=one)
        for one in timeline.newest(incident, MOST)
        if one.created_at > since and not one.for_bridge
    ]
    known = [row for row in rows(incident, my_rights().level) if row.at > since and row.group != "update"]
    return sorted([*noted, *reversed(known)], key=lambda row: row.at, reverse=True)[:MOST]


def is_here() -> bool:
    """Whether the form that was sent belongs to the desk."""
    return request.form.get("then") == HERE


@live.topic("desk")
def desk_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """The live parts of a desk; None where there is none."""
    incident = incidents.by_code(subject) if subject.isdecimal() else None
    if incident is None:
        return None
    context = at_desk(incident)
    parts = [live.swap(f"desk-{part}", f"incidents/_desk_{part}.html", **context) for part in PARTS]
    return "".join(parts), changes_at(incident, now())
