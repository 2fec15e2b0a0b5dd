"""Reading a record, writing a section of it as a form, the hypotheses."""

import json
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.incidents.chronicle import NAMES, recent
from blueprints.incidents.forms import number_of
from blueprints.incidents.views import found
from blueprints.record import bp
from blueprints.record.live import state
from blueprints.record.parts import PLAN, VERDICTS, Part, part_of, parts_of, supposed
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.linked import linked
from blueprints.shared.typed import good_key
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import mirror, pictures, record, record_known
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.record_text import paragraphs

words.DELIVERY_KINDS.update({mirror.PAGE: _l("Record's page in Confluence")})

RECENT = 30
"""Rows of the timeline that stand in the record; the whole is a tap away."""

words.say(
    {
        "record_changed_between": _l(
            "Somebody changed this section in between. Nothing was overwritten: both texts stand below."
        ),
        "record_long": _l("A section takes at most %(most)d characters. Nothing was saved yet."),
        "record_unreadable": _l(
            "This could not be merged. Please reload the page; what you typed is kept on this device."
        ),
        "record_no_version": _l("There is no such version."),
        "record_no_verdict": _l("Please choose what came of it."),
        "record_many_hypotheses": _l("At most %(most)d hypotheses fit into a record."),
    }
)  # fmt: skip


def section_of(incident: Incident, key: str) -> str:
    """A section's key; 404 where the record has none such."""
    if not record.has(incident, key):
        abort(404)
    return key


@bp.get("/incidents/<code>/record")
@signed_in
def show(code: str) -> str:
    """The record for everybody."""
    incident = found(code)
    parts, hypotheses = parts_of(incident)
    return render_template(
        "record/show.html", incident=incident, parts=parts, hypotheses=hypotheses, plan=PLAN, level=my_rights().level,
        verdicts=VERDICTS, recent=recent(incident, my_rights().level, RECENT), **NAMES | shown(incident),
    )  # fmt: skip


def shown(incident: Incident) -> dict[str, Any]:
    """What the live state and the pages of a record share."""
    told = state(incident, editors=False)[0]
    return {
        "state": told, "seqs": json.loads(told)["seqs"], "paragraphs": paragraphs, "linked": linked,
        "pictures": pictures.of(incident), "mirrored": mirror.where(incident),
    }  # fmt: skip


@bp.get("/incidents/<code>/record/<section>")
@signed_in
def part(code: str, section: str) -> Any:
    """One section as it stands: what the page asks for when somebody has written in it."""
    incident = found(code)
    if section == "hypotheses":
        written = record.sections(incident)
        every = [supposed(incident, one, written) for one in record.hypotheses(incident)]
        return render_template(
            "record/_hypotheses.html", incident=incident, hypotheses=every, verdicts=VERDICTS, **shown(incident)
        )
    one = _part(incident, section_of(incident, section))
    return render_template("record/_section.html", incident=incident, part=one, head="h2", **shown(incident))


@bp.get("/incidents/<code>/record/edit")
@responders
def edit(code: str) -> str:
    """All sections to write in; with a script everybody's writing is merged as it is typed."""
    from blueprints.record.syncing import documents  # it knows us

    incident = found(code)
    parts, hypotheses = parts_of(incident)
    return render_template(
        "record/edit.html", incident=incident, parts=parts, hypotheses=hypotheses, plan=PLAN, verdicts=VERDICTS,
        level=my_rights().level, docs=documents(record.sections(incident)), state=state(incident, editors=True)[0],
    )  # fmt: skip


@bp.post("/incidents/<code>/record/<section>")
@responders
def save(code: str, section: str) -> Any:
    """Saves a section from a form; where others have written in between it refuses and shows both texts."""
    incident = found(code)
    key = section_of(incident, section)
    typed, seen = request.form.get("text", ""), number_of(request.form.get("seen"))
    try:
        with writing():
            record.write(incident, key, typed, seen=-1 if seen is None else seen, by=myself(), at=now())
    except (Conflict, Refused) as error:
        return _again(incident, key, typed, error)
    flash(gettext("Saved: %(section)s", section=_part(incident, key).title))
    return redirect(url_for("record.edit", code=incident.code, _anchor=f"e-{key}"), 303)


def _part(incident: Incident, key: str) -> Part:
    known = record_known.of(incident) if key in record.SECTIONS else None
    return part_of(incident, key, record.section(incident, key), known)


def _again(incident: Incident, key: str, typed: str, error: Conflict | Refused) -> tuple[str, int]:
    conflict = isinstance(error, Conflict)
    page = render_template(
        "record/again.html", incident=incident, part=_part(incident, key), typed=typed, conflict=conflict,
        sentence=words.sentence(error), level=my_rights().level,
    )  # fmt: skip
    return page, 409 if conflict else 422


@bp.post("/incidents/<code>/record/<section>/audience")
@responders
def audience(code: str, section: str) -> Any:
    """Whether partners get a section."""
    incident = found(code)
    key = section_of(incident, section)
    with writing():
        record.mark(incident, key, request.form.get("internal") == "1", by=myself(), at=now())
    return redirect(url_for("record.edit", code=incident.code, _anchor=f"e-{key}"), 303)


@bp.post("/incidents/<code>/record/hypotheses")
@responders
def suppose(code: str) -> Any:
    """One more hypothesis."""
    incident = found(code)
    with writing():
        made = record.suppose(
            incident, key=good_key(request.form.get("key")), by=myself(), at=now(), text=request.form.get("text", "")
        )
        number = made.number
    return redirect(url_for("record.edit", code=incident.code, _anchor=f"e-h{number}"), 303)


@bp.post("/incidents/<code>/record/hypotheses/<int:number>")
@responders
def judge(code: str, number: int) -> Any:
    """What came of a hypothesis."""
    incident = found(code)
    if record.hypothesis(incident, number) is None:
        abort(404)
    with writing():
        record.judge(incident, number, request.form.get("verdict", ""), by=myself(), at=now())
    return redirect(url_for("record.edit", code=incident.code, _anchor=f"e-h{number}"), 303)
