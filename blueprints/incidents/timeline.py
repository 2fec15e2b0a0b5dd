"""The timeline of an incident: everybody reads it, responders note and put right, all see it live."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from blueprints.incidents import bp
from blueprints.incidents.chronicle import CHOICES, NAMES, page_of
from blueprints.incidents.forms import number_of
from blueprints.incidents.lines import read_lines, read_time
from blueprints.incidents.views import found
from blueprints.shared import live, words
from blueprints.shared.language import local, moment, now, zone
from blueprints.shared.pages import new_key, render
from blueprints.shared.typed import good_key
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import incidents, timeline
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.text import clean, one_line
from domain.timeline import Entry

words.say(
    {
        "timeline_missing": _l("Please write what happened, in one line."),
        "timeline_missing_line": _l("Line %(line)d (“%(text)s”) has no words after the time. Nothing was saved yet."),
        "timeline_long": _l("Please keep it within %(most)d characters."),
        "timeline_long_line": _l("Line %(line)d is longer than %(most)d characters. Nothing was saved yet."),
        "timeline_many": _l("At most %(most)d lines at once. Your lines are kept: please send them in parts."),
        "timeline_kind": _l("Please choose what it is: observation, action, decision or communication."),
        "timeline_time": _l("Please write a time like 14:05, or leave it empty for now."),
        "timeline_time_line": _l(
            "Line %(line)d (“%(text)s”) begins with a time that no clock shows. Nothing was saved yet."
        ),
        "timeline_future": _l("This time has not come yet. Please look at the clock, or write the date before it."),
        "timeline_future_line": _l("Line %(line)d has a time that has not come yet. Nothing was saved yet."),
        "timeline_changed_between": _l(
            "Somebody changed this entry in between. Nothing was overwritten. Please compare."
        ),
    }
)  # fmt: skip


def entry_of(incident: Incident, number: int) -> Entry:
    """The entry of this incident with this id; 404 where there is none."""
    entry = timeline.found(incident, number)
    if entry is None:
        abort(404)
    return entry


@bp.get("/incidents/<code>/timeline")
@signed_in
def chronicle(code: str) -> str:
    """The whole timeline: filtered by kind, searched, in pages; `to`: the mark of the row that is looked for."""
    incident = found(code)
    given = request.args
    kind = given.get("kind", "")
    shown = page_of(
        incident, my_rights().level, kind=kind if kind in CHOICES else "", words=one_line(given.get("q"))[:100],
        page=number_of(given.get("page")) or 1, oldest=given.get("order") == "oldest", to=given.get("to", ""),
    )  # fmt: skip
    return render("incidents/timeline.html", "incidents/_timeline.html", **shown, **NAMES, typed=Typed(), errors={})


@bp.post("/incidents/<code>/timeline")
@responders
def note(code: str) -> Any:
    """Notes a line, or many. All or none; what is refused comes back as it was typed."""
    incident = found(code)
    typed = Typed.of(request.form)
    try:
        at = read_time(typed.at, zone(), now())
        if at is not None:
            timeline.good_time(at, now())
        lines = read_lines(typed.body, zone(), now(), at)
        with writing():
            number = timeline.add_all(
                incident, lines, by=myself(), at=now(), key=typed.key, kind=typed.kind, for_bridge=typed.for_bridge,
                internal=typed.internal,
            )  # fmt: skip
    except (Refused, Conflict) as error:
        return _note_again(incident, typed, error)
    flash(_noted(number, lines[-1][0]))
    done = f"timeline-{incident.id}"
    if request.form.get("then") == "show":
        return redirect(url_for("incidents.show", code=incident.code, done=done, _anchor="timeline"), 303)
    return redirect(url_for("incidents.chronicle", code=incident.code, done=done), 303)


def _noted(number: int, at: datetime) -> str:
    """The time is said with its day where that is not today: whoever meant another day sees it at once."""
    if number == 1:
        return gettext("Noted for %(time)s.", time=moment(at))
    return ngettext("%(num)d line noted.", "%(num)d lines noted.", number)


def _note_again(incident: Incident, typed: "Typed", error: Refused | Conflict) -> tuple[str, int]:
    refused = isinstance(error, Refused)
    if not refused:
        typed.key = new_key()
    field = error.field if isinstance(error, Refused) else "body"
    page = render_template(
        "incidents/note.html", incident=incident, typed=typed, errors={field: [words.sentence(error)]}, **NAMES
    )
    return page, 422 if refused else 409


@dataclass
class Typed:
    """The form as it was typed. `at` as text: what cannot be read is shown again."""

    key: str = ""
    at: str = ""
    kind: str = "observation"
    body: str = ""
    for_bridge: bool = False
    internal: bool = False

    @classmethod
    def of(cls, form: MultiDict[str, str]) -> "Typed":
        return cls(
            good_key(form.get("key")), one_line(form.get("at"))[:100], one_line(form.get("kind")) or "observation",
            clean(form.get("body")), form.get("for_bridge") == "1", form.get("internal") == "1",
        )  # fmt: skip


@bp.get("/incidents/<code>/timeline/<int:number>")
@signed_in
def entry(code: str, number: int) -> str:
    """One entry with everything that it said before; responders put it right."""
    incident = found(code)
    return _entry_page(incident, entry_of(incident, number), None, {})


@bp.post("/incidents/<code>/timeline/<int:number>")
@responders
def correct(code: str, number: int) -> Any:
    """Corrects the words, the kind and the time; what was there is kept."""
    incident = found(code)
    one, typed = entry_of(incident, number), Typed.of(request.form)
    try:
        # A field that was not touched keeps its seconds.
        at = None if typed.at == wall(one.happened_at) else read_time(typed.at, zone(), now())
        with writing():
            one.correct(
                typed.body, by=myself(), at=now(), kind=typed.kind, internal=typed.internal,
                for_bridge=typed.for_bridge, seen=request.form.get("seen"),
            )  # fmt: skip
            if at is not None:
                one.move(at, by=myself(), at=now())
    except Refused as refused:
        return _entry_page(incident, one, typed, {refused.field: [words.sentence(refused)]}), 422
    except Conflict as conflict:
        return _entry_page(incident, one, typed, {}, words.sentence(conflict)), 409
    return _to_entry(incident, number)


@bp.get("/incidents/<code>/timeline/files/<int:number>")
@signed_in
def timeline_file(code: str, number: int) -> Response:
    """A file of a message: pictures, which we encoded, are shown; everything else is only downloaded."""
    kept = timeline.file_of(found(code), number)
    if kept is None or kept.data is None:
        abort(404)
    answer = Response(kept.data, mimetype=kept.media_type if kept.is_picture else "application/octet-stream")
    how = "inline" if kept.is_picture else "attachment"
    # A header holds no Japanese: the name as it is comes a second time, encoded (RFC 5987).
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", kept.name)[-60:]
    names = f"filename=\"{plain}\"; filename*=UTF-8''{quote(one_line(kept.name), safe='')}"
    answer.headers["Content-Disposition"] = f"{how}; {names}"
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@bp.post("/incidents/<code>/timeline/<int:number>/strikes")
@responders
def strike(code: str, number: int) -> Any:
    """Strikes an entry, or (`undo`) lets it count again."""
    incident = found(code)
    one = entry_of(incident, number)
    with writing():
        if request.form.get("undo"):
            one.restore(by=myself(), at=now())
        else:
            one.strike(by=myself(), at=now())
    return _to_entry(incident, number)


def _to_entry(incident: Incident, number: int) -> Any:
    mark = f"t{number}"
    return redirect(url_for("incidents.chronicle", code=incident.code, to=mark, _anchor=mark), 303)


def _entry_page(
    incident: Incident, one: Entry, typed: Typed | None, errors: dict[str, list[str]], conflict: str = ""
) -> str:
    kept = typed or Typed("", wall(one.happened_at), one.kind, one.text, one.for_bridge, one.internal)
    return render_template(
        "incidents/entry.html", incident=incident, entry=timeline.loaded([one.id])[one.id], typed=kept, errors=errors,
        conflict=conflict, level=my_rights().level, **NAMES,
    )  # fmt: skip


def wall(at: datetime) -> str:
    """An instant as the field for the time takes it."""
    return f"{local(at):%Y-%m-%d %H:%M}"


@bp.app_template_global("note_form")
def note_form() -> Typed:
    """An empty form, for the pages on which something is noted."""
    return Typed()


@live.topic("timeline")
def timeline_fragment(subject: str) -> tuple[str, datetime | None] | None:
    """The newest page of a timeline, of all (`12`) or of a kind (`12-action`)."""
    number, _, kind = subject.partition("-")
    incident = incidents.by_code(number) if number.isdecimal() and kind in ("", *CHOICES) else None
    if incident is None:
        return None
    shown = page_of(incident, my_rights().level, kind=kind)
    return live.swap(f"timeline-{incident.id}", "incidents/_timeline.html", **shown, **NAMES), None
