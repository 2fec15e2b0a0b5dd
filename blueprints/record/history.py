"""The history of a section: who wrote what when, the differences, and going back to what it said before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from blueprints.incidents.forms import number_of
from blueprints.incidents.views import found
from blueprints.record import bp
from blueprints.record.parts import part_of
from blueprints.record.views import section_of
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import differences, record
from domain.db import db, writing
from domain.differences import Line
from domain.errors import Conflict
from domain.people import Person
from domain.record_tables import Edition

MOST_SHOWN = 5000
"""Lines of differences that are shown."""


@dataclass(frozen=True)
class Told:
    """One version: who wrote, from when until when; `restored`: of which number it is the text again."""

    number: int
    names: str
    began_at: datetime
    at: datetime
    restored: int | None


@bp.get("/incidents/<code>/record/<section>/history")
@signed_in
def history(code: str, section: str) -> Any:
    """Every version, newest first; of the chosen one (`version`) what it changed."""
    return _page(code, section, number_of(request.args.get("version")))


def _page(code: str, section: str, wanted: int | None, sentence: str = "") -> Any:
    incident = found(code)
    key = section_of(incident, section)
    written = record.section(incident, key)
    told = _told(record.history(written)) if written else []
    chosen = next((one for one in told if one.number == wanted), told[0] if told else None)
    lines: list[Line] = []
    if written and chosen:
        versions = record.versions(written, [chosen.number, chosen.number - 1])
        said = {number: record.said_in(one, written) for number, one in versions.items()}
        lines = differences.between(said.get(chosen.number - 1, ""), said[chosen.number])
    return render_template(
        "record/history.html", incident=incident, part=part_of(incident, key, written), versions=told, chosen=chosen,
        lines=lines[:MOST_SHOWN], more=len(lines) > MOST_SHOWN, level=my_rights().level, conflict=sentence,
    )  # fmt: skip


def _told(editions: list[Edition]) -> list[Told]:
    ids = {number for one in editions for number in one.authors}
    query = select(Person.id, Person.name).where(Person.id.in_(ids))
    names = {row.id: row.name for row in db.session.execute(query)} if ids else {}
    return [
        Told(one.number, "、".join(names.get(number, "") for number in one.authors), one.began_at, one.at, one.restored)
        for one in editions
    ]


@bp.post("/incidents/<code>/record/<section>/restorations")
@responders
def restore(code: str, section: str) -> Any:
    """Makes the section say again what it said; what it says now stays in the history."""
    incident = found(code)
    key = section_of(incident, section)
    number, seen = (number_of(request.form.get(name)) for name in ("number", "seen"))
    try:
        with writing():
            record.restore(
                incident, key, number or 0, seen=-1 if seen is None else seen, by=myself(), at=now()
            )  # fmt: skip
    except Conflict as conflict:
        return _page(code, section, number, words.sentence(conflict)), 409
    flash(gettext("It says again what it said in version %(number)s.", number=number))
    return redirect(url_for("record.history", code=incident.code, section=key), 303)
