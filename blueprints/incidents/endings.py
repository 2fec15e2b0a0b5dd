"""How an incident ends: who still needs help, not over after all, the same as another, none after all."""

from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask_babel import force_locale, gettext

from blueprints.incidents import bp
from blueprints.incidents.views import found, not_done
from blueprints.shared.language import now
from blueprints.shared.typed import good_key
from blueprints.shared.who import myself, responders, signed_in
from domain import endings, followup, incidents, promises
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.text import clean, is_blank, one_line


@bp.post("/incidents/<code>/follow-ups")
@signed_in
def add_follow_up(code: str) -> Any:
    """Somebody still needs help: anybody who knows of it writes it down."""
    incident = found(code)
    typed = one_line(request.form.get("body"))
    try:
        with writing():
            followup.add(incident, typed, by=myself(), at=now())
    except (Refused, Conflict) as error:
        return not_done(incident, error, follow_up=typed)
    return _back(incident, "follow-up")


@bp.post("/incidents/<code>/follow-ups/<int:number>")
@signed_in
def tick_follow_up(code: str, number: int) -> Any:
    """Helped; with `done` 0 not after all."""
    incident = found(code)
    line = followup.found(incident, number) or abort(404)
    with writing():
        line.tick(request.form.get("done") != "0", by=myself(), at=now())
    return _back(incident, "follow-up")


@bp.post("/incidents/<code>/reopening")
@responders
def reopening(code: str) -> Any:
    """The restoration did not hold: one tap. What customers were told before it counts again."""
    incident = found(code)
    at = now()
    with force_locale(str(current_app.config["LOCALE"])):
        situation = gettext("It is not restored after all. We are investigating again.")
    with writing():
        key = good_key(request.form.get("key"))
        endings.reopen(incident, key=key, by=myself(), at=at, due=promises.first(at), situation=situation)
    flash(gettext("Reopened. Everybody who was told of the restoration is told."))
    return _back(incident)


@bp.post("/incidents/<code>/merger")
@responders
def merger(code: str) -> Any:
    """It is the same as another: everything goes on there."""
    incident = found(code)
    into = incidents.by_code(one_line(request.form.get("into")))
    if into is None:
        return not_done(incident, Refused("into", "merge_missing"))
    with force_locale(str(current_app.config["LOCALE"])):
        situation = gettext(
            "This is the same as %(code)s and goes on there: %(title)s", code=into.code, title=into.title
        )
    try:
        with writing():
            endings.merge(incident, into, by=myself(), at=now(), situation=situation)
    except Conflict as conflict:
        return not_done(incident, conflict)
    flash(gettext("%(code)s goes on as %(into)s.", code=incident.code, into=into.code))
    return _back(into)


@bp.post("/incidents/<code>/no-incident")
@responders
def no_incident(code: str) -> Any:
    """It was none: whoever was told hears so, whoever reported it is thanked."""
    incident = found(code)
    with force_locale(str(current_app.config["LOCALE"])):
        usual = gettext("We have checked: it was no incident. Thank you for telling us.")
    words = clean(request.form.get("situation"))
    try:
        with writing():
            endings.no_incident(
                incident, key=good_key(request.form.get("key")), by=myself(), at=now(),
                words={"situation": usual if is_blank(words) else words},
            )  # fmt: skip
    except (Refused, Conflict) as error:
        return not_done(incident, error, situation=words)
    return _back(incident)


def _back(incident: Incident, anchor: str | None = None) -> Any:
    return redirect(url_for("incidents.show", code=incident.code, _anchor=anchor), 303)
