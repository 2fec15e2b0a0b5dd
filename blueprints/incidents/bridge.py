"""The bridge's form: what it is filled with, its preview, its draft, publishing, confirming that nothing is new."""

from types import SimpleNamespace
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext

from blueprints.incidents import at_desk, bp, phrases
from blueprints.incidents.forms import UpdateForm, number_of
from blueprints.incidents.views import found
from blueprints.shared import words
from blueprints.shared.instants import parse_next_update
from blueprints.shared.language import clock_time, local, now, zone
from blueprints.shared.pages import new_key, wants_partial
from blueprints.shared.typed import good_key
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import catalog, go_ahead, incidents, restoring, rights, updates
from domain.db import writing
from domain.errors import Conflict, NotAllowed, Refused
from domain.incidents import STATES, WORDS, Incident, Said, Update, UpdateDraft, Words
from domain.lifecycle import MAINTENANCE_STATES
from domain.text import fold, one_line
from settings import LANGUAGES

LAST = ("situation", "guest_notice", "partner_notice")
ASKED = ("ask", "key", "ended_at")
"""What the page before a restoration asks itself."""

DRAFTED = (*WORDS, "state", "next_update", "next_update_time", "next_update_reason", "seen")


@bp.route("/incidents/<code>/updates/new", methods=["GET", "POST"])
@responders
def compose(code: str) -> Any:
    """The form. GET fills it from the last update or one's draft; POST shows again what was typed, template put in."""
    return composing(found(code))


def composing(incident: Incident, desk: bool = False) -> tuple[str, int]:
    """The form on a page of its own, or (`desk`) on the bridge's desk.

    Raises:
        Conflict: the incident is closed.
    """
    if incident.closed_at is not None:
        raise Conflict("incident_closed", incident=incident.code)
    draft = conflict = None
    if request.method == "POST":
        form = UpdateForm(request.form)
    else:
        draft = None if request.args.get("fresh") else updates.draft_of(incident, myself())
        form = UpdateForm(**_beginnings(incident, draft.words if draft else {}))
        conflict = _overtaken(incident, draft)
    wanted = request.values.get("template")
    if wanted:
        _put_template_in(form, incident, wanted)
    status = 200 if publishes(incident) else 403
    rows = _service_rows(incident, form, draft)
    page = form_page(
        incident, form, draft=draft, conflict=conflict, desk=desk, offer=status == 403, services=rows
    )  # fmt: skip
    return page, 200 if desk else status


def _overtaken(incident: Incident, draft: UpdateDraft | None) -> Conflict | None:
    """A draft is put beside what somebody published since it was begun: opening it makes its words no newer."""
    try:
        incident.check_seen(number_of(draft.words.get("seen")) if draft else None)
    except Conflict as conflict:
        return conflict
    return None


def publishes(incident: Incident) -> str | None:
    """As what the person publishes on this incident, or None."""
    return rights.wrote_as(myself(), incident, my_rights(), now())


def _beginnings(incident: Incident, typed: dict[str, str]) -> dict[str, Any]:
    latest = incident.latest
    filled = {name: latest.whole(name) if latest else "" for name in WORDS}
    corrects = one_line(request.args.get("corrects"))
    return {
        "state": incident.state,
        **filled,
        **{name: text for name, text in typed.items() if name in DRAFTED},
        "seen": str(latest.id) if latest else "",
        "corrects": corrects if corrects.isdecimal() else "",
    }


def _put_template_in(form: UpdateForm, incident: Incident, wanted: str) -> None:
    """Fills what is empty or still a template's words: what somebody wrote is worth more."""
    locale = wanted if wanted in LANGUAGES else get_locale().language
    state = one_line(form.state.data) if one_line(form.state.data) in STATES else "investigating"
    services = [row.service for row in incident.affected]
    offered = phrases.offered(services)
    for name, text in phrases.filled(phrases.template(state, locale), services, locale).items():
        if not form.text(name) or fold(form.text(name)) in offered:
            form[name].data = text


def form_page(
    incident: Incident, form: UpdateForm, *, conflict: Conflict | None = None, preview: bool = False,
    desk: bool = False, **more: Any,
) -> str:  # fmt: skip
    """The form with everything that was typed; `conflict` shows beside it what somebody else published."""
    desk = desk or at_desk.is_here()
    newer: Update | None = conflict.params.get("newer") if conflict else None  # type: ignore[assignment]
    current = incidents.current_words(incident)
    page = "incidents/desk.html" if desk else "incidents/update.html"
    partial = wants_partial() and not conflict
    return render_template(
        "incidents/_update_form.html" if partial else page,
        **{
            **(at_desk.at_desk(incident) if desk and not partial else {}),
            "desk": desk,
            "done": request.args.get("done"),
            "incident": incident,
            "form": form,
            "errors": form.errors_of,
            "conflict": words.sentence(conflict) if conflict else None,
            "newer": newer,
            "seen": newer.id if newer else form.seen.data,
            "now_said": current,
            "states": MAINTENANCE_STATES if incident.kind == "maintenance" else STATES,
            "services": _service_rows(incident, form),
            "others": updates.others_writing(incident, myself(), now()),
            "preview": _previewed(incident, form) if preview else None,
            "draft": None,
            "offer": False,
            "go_ahead": go_ahead.wanted() and incident.kind == "incident" and publishes(incident) != "commander",
            **more,
        },
    )


def _service_rows(incident: Incident, form: UpdateForm, draft: UpdateDraft | None = None) -> list[dict[str, Any]]:
    """Every service with its state as typed, or as it stands in this incident; those touched first."""
    typed = draft.words if draft else form.sent
    touched = {row.service_id: row.state for row in incident.affected}
    rows = [
        {
            "service": service,
            "touched": service.id in touched,
            "state": one_line(typed.get(f"service-{service.id}")) or touched.get(service.id, "operational"),
        }
        for service in catalog.services()
    ]
    return sorted(rows, key=lambda row: not row["touched"])


@bp.post("/incidents/<code>/updates")
@signed_in
def publish(code: str) -> Any:
    """Publishes. A restoration from the form is shown first, with what it closes and who will be told."""
    incident = found(code)
    form = UpdateForm(request.form)
    wrote_as = publishes(incident)
    takes = wrote_as is None and my_rights().responder and form.ticked("take_bridge")
    if wrote_as is None and not takes:
        rights.require(my_rights().responder, "not_published_by_you")
        return form_page(incident, form, offer=True), 403
    given = form.read(incident, zone(), now())
    if set(form.errors_of) == {"ended_at"}:
        return confirm_page(incident, form), 422
    if form.errors_of:
        return form_page(incident, form), 422
    if given["state"] == incident.last_state and incident.resolved_at is None and form.ticked("ask"):
        return confirm_page(incident, form)
    asks = form.ticked("go_ahead")
    try:
        with writing():
            if takes:
                incident.assign("bridge", myself(), by=myself(), at=now())
            if asks:
                _ask_first(incident, form, given, wrote_as or "bridge")
            else:
                incident.publish(by=myself(), at=now(), wrote_as=wrote_as or "bridge", **given)
                go_ahead.overtake(incident, by=myself(), at=now())
    except Refused as refused:
        form.refuse(refused)
        return form_page(incident, form), 422
    except Conflict as conflict:
        if conflict.code == "key_used":
            form.key.data = new_key()
        return form_page(incident, form, conflict=conflict), 409
    if asks:
        flash(gettext("Asked. It is published with the go-ahead, and you are told."))
        return redirect(_after(incident), 303)
    flash(gettext("Published %(time)s.", time=clock_time(now())))
    return redirect(_after(incident, done="update"), 303)


def _ask_first(incident: Incident, form: UpdateForm, given: dict[str, Any], wrote_as: str) -> None:
    """The commander is asked; a promise “in 20 minutes” counts from the go-ahead on."""
    more = {name: value for name, value in given.items() if name != "key"}
    relative = form.promise()[-1:] in ("m", "h")
    go_ahead.ask(
        incident, key=given["key"], by=myself(), at=now(), given=more, wrote_as=wrote_as, relative=relative
    )  # fmt: skip


def _after(incident: Incident, **values: Any) -> str:
    """Where it was sent from."""
    if request.form.get("then") == "board":
        return url_for("status.board")
    return url_for("incidents.desk" if at_desk.is_here() else "incidents.show", code=incident.code, **values)


def confirm_page(incident: Incident, form: UpdateForm) -> str:
    """Before a restoration is published: the last notices, when the impact ended, what it closes, who will be told."""
    last = _last_notices(incident, form)
    return render_template(
        "incidents/confirm.html",
        incident=incident,
        shown=_previewed(incident, form),
        fields=[(name, value) for name, value in form.sent.items(multi=True) if name not in (*ASKED, *last)],
        key=form.key.data,
        services=[row.service for row in incident.affected if row.state != "operational"],
        told=restoring.audience(incident),
        last=last,
        ended_at=form.text("ended_at") or local(now()).strftime("%Y-%m-%dT%H:%M"),
        errors=form.errors_of,
    )


def _last_notices(incident: Incident, form: UpdateForm) -> dict[str, tuple[str, bool]]:
    """The last words as they are offered, put into the form, and whether they are a template's: what nobody has
    changed still says that it is broken. A situation that was written anew is not asked for again."""
    before, locale = incident.latest, str(current_app.config["LOCALE"])
    services = [row.service for row in incident.affected]
    kept = phrases.filled(phrases.template("resolved", locale), services, locale)
    offered = {}
    for name in LAST:
        typed = form.text(name)
        stale = not typed or (before is not None and typed == before.whole(name))
        stale = stale and not form.text("ended_at")
        if stale:
            form[name].data = kept.get(name, "")
        if stale or name != "situation":
            offered[name] = (form.text(name), stale)
    return offered


@bp.post("/incidents/<code>/updates/preview")
@responders
def preview(code: str) -> str:
    """How readers will see it: the same card, not published. Without a script the whole form with the card on top."""
    incident = found(code)
    form = UpdateForm(request.form)
    if wants_partial():
        return render_template("incidents/_preview.html", preview=_previewed(incident, form))
    return form_page(incident, form, preview=True)


def _previewed(incident: Incident, form: UpdateForm) -> dict[str, Any]:
    """The variables of the card as if the form were published now."""
    state = one_line(form.state.data)
    over = state == incident.last_state
    try:
        due = None if over else parse_next_update(form.promise(), zone(), now())
    except Refused:
        due = None
    stand_in = SimpleNamespace(
        id=incident.id, code=incident.code, kind=incident.kind, title=incident.title, severity=incident.severity,
        drill=incident.drill, all_facilities=incident.all_facilities, facilities=incident.facilities,
        began_at=incident.began_at, ends_at=incident.ends_at, affected=incident.affected,
        state=state if state in STATES + MAINTENANCE_STATES else incident.state, last_state=incident.last_state,
        resolved_at=(incident.resolved_at or now()) if over else None, closed_at=None, source="", duration=None,
        ends_before_beginning=False, next_update_at=due, next_update_reason=form.text("next_update_reason"),
    )  # fmt: skip
    update = SimpleNamespace(
        id=0, kind="published", published_at=now(), published_by=myself(), wrote_as=publishes(incident) or "bridge"
    )
    # What is too long to be published is not rendered whole: Markdown takes the square of its length.
    said = {name: Said(text[: updates.WORDS_LENGTH], "markdown", now()) for name, text in form.words().items()}
    return {"incident": stand_in, "words": Words(update, said)}  # type: ignore[arg-type]


@bp.post("/incidents/<code>/updates/draft")
@responders
def draft(code: str) -> Any:
    """Keeps what is being typed, for every device of the person; answers with who else writes. `drop` forgets it."""
    incident = found(code)
    typed = {name: value for name, value in request.form.items() if name in DRAFTED or name.startswith("service-")}
    with writing():
        if request.form.get("drop"):
            updates.drop_draft(incident, myself())
        elif incident.closed_at is None:
            updates.save_draft(incident, myself(), typed, at=now())
    if request.form.get("drop"):
        page = "incidents.desk" if at_desk.is_here() else "incidents.compose"
        return redirect(url_for(page, code=incident.code, fresh=1), 303)
    others = updates.others_writing(incident, myself(), now())
    return render_template("incidents/_others.html", others=others, saved=True)


@bp.post("/incidents/<code>/updates/unchanged")
@signed_in
def unchanged(code: str) -> Any:
    """No news, in one tap: the words are confirmed anew and the promise is renewed."""
    incident = found(code)
    wrote_as = publishes(incident)
    if wrote_as is None:
        if not my_rights().responder:
            raise NotAllowed("not_published_by_you")
        return render_template(
            "incidents/take.html", incident=incident, next_update=one_line(request.form.get("next_update"))
        ), 403
    try:
        due = parse_next_update(request.form.get("next_update"), zone(), now())
    except Refused as refused:
        typed = {"next_update": one_line(request.form.get("next_update"))}
        form = UpdateForm(**_beginnings(incident, typed))
        return form_page(incident, form, errors={"next_update": [words.sentence(refused)]}), 422
    with writing():
        incident.publish_unchanged(
            key=good_key(request.form.get("key")),
            by=myself(),
            at=now(),
            next_update_at=due,
            seen=number_of(request.form.get("seen")),
            wrote_as=wrote_as,
        )
    return redirect(_after(incident), 303)
