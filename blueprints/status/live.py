"""`/live`: authorises a stream, which the front then serves; `/live/poll`: the same where streams are blocked."""

import json
from datetime import datetime

from flask import Response, abort, request
from flask_babel import get_locale

from blueprints.shared import keeping, live
from blueprints.shared.keeping import kept
from blueprints.shared.who import my_rights, myself, signed_in
from blueprints.status import bp
from blueprints.status.parts import parts


@live.topic("board")
def board_fragment(_subject: str) -> tuple[str, datetime | None]:
    """The whole board: the answer, the cards and the chip, for one language and class of rights."""
    shown = parts()
    return live.put("answer", shown.answer_html) + live.put("board", shown.board_html), shown.changes_at


@bp.get("/live")
@signed_in
def stream() -> Response:
    """Who may listen to what is decided here; the front turns the header into a stream (and lets no other in)."""
    name = _topic()
    person = myself()
    grant = {
        "topic": name,
        "language": get_locale().language,
        "rights": my_rights().level,
        "person": person.id,
        "epoch": person.epoch,
    }
    return Response(status=200, headers={"X-Noroshi-Stream": json.dumps(grant), "Cache-Control": "no-store"})


@bp.get("/live/poll")
@signed_in
@kept
def poll() -> str:
    """The present state of a topic. The browser asks conditionally by itself: unchanged is a 304."""
    shown = live.fragment(_topic())
    if shown is None:
        abort(404)
    keeping.until(shown[1])
    return shown[0]


def _topic() -> str:
    name = request.args.get("topic", "board")
    if not live.exists(name):
        abort(404)
    return name
