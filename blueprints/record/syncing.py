"""What editors send and get: updates of the merging library's, in base64 within JSON, and where their caret is."""

import base64
import binascii
import re
from typing import Any

from flask import jsonify, render_template, request
from werkzeug.exceptions import BadRequest

from blueprints.incidents.views import found
from blueprints.record import bp
from blueprints.record.parts import VERDICTS, supposed
from blueprints.record.views import section_of
from blueprints.shared.language import now
from blueprints.shared.who import myself, responders
from domain import carets, record
from domain.db import writing
from domain.incidents import Incident

MOST_UPDATE = 8 * 1024 * 1024
"""Bytes of one update."""

_TAB = re.compile(r"[a-z0-9]{8,24}")
_PLACE = re.compile(r"[A-Za-z0-9+/=]{0,200}")


@bp.post("/incidents/<code>/record/<section>/updates")
@responders
def merge(code: str, section: str) -> Any:
    """Takes in what an editor wrote, answers with what it lacks. The same again changes nothing."""
    incident = found(code)
    key = section_of(incident, section)
    told = request.get_json()
    if not isinstance(told, dict):
        raise BadRequest
    update, have = _bytes(told.get("update")), _bytes(told.get("have"))
    caret = _caret(incident, told)
    if not update and not have:
        if caret:
            with writing():
                carets.put(incident, *caret, by=myself(), at=now())
        return jsonify(seq=0)
    if not update and not caret:
        # Nothing to write down: what they lack is read.
        return jsonify(_answer(record.lacking(incident, key, have)))
    with writing():
        came = record.merge(incident, key, update, have, by=myself(), at=now())
        if caret:
            carets.put(incident, *caret, by=myself(), at=now())
        return jsonify(_answer(came))


def _answer(came: record.Merge) -> dict[str, Any]:
    return {"seq": came.seq, "state": _text(came.state), "missing": _text(came.missing)}


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > MOST_UPDATE * 4 // 3 + 4:
        raise BadRequest
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _caret(incident: Incident, told: dict[str, Any]) -> tuple[str, str, str] | None:
    """Tab, section and place; None where nothing is said of it, or nothing that we could tell others."""
    tab, section, place = (told.get(name) for name in ("tab", "section", "caret"))
    if not (isinstance(tab, str) and isinstance(section, str) and isinstance(place, str)):
        return None
    if not (_TAB.fullmatch(tab) and _PLACE.fullmatch(place)) or (section and not record.has(incident, section)):
        return None
    return tab, section, place


@bp.get("/incidents/<code>/record/hypotheses/<int:number>")
@responders
def hypothesis(code: str, number: int) -> Any:
    """One hypothesis to write in: asked for by editors where somebody else has added it."""
    incident = found(code)
    hypothesis = record.hypothesis(incident, number)
    if hypothesis is None:
        return "", 404
    written = record.sections(incident)
    return render_template(
        "record/_editor_hypothesis.html", incident=incident, one=supposed(incident, hypothesis, written),
        verdicts=VERDICTS, docs=documents(written),
    )  # fmt: skip


def documents(written: dict[str, Any]) -> dict[str, str]:
    """The documents of sections by key, as the editor begins with them."""
    made = record.joined(list(written.values()))
    return {key: _text(data) for key, data in made.items()}
