"""Following: what one is told of, how, and whether at night; the address in a mail that ends it."""

import re
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.people import bp
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import myself, signed_in
from domain import catalog, followers, incidents, roster
from domain.db import writing
from domain.errors import Refused
from domain.incidents import Incident
from domain.text import one_line


@bp.get("/following")
@signed_in
def following() -> Any:
    """Everything that can be followed, with what one does follow."""
    return following_page()


@bp.post("/following")
@signed_in
def follow() -> Any:
    """One thing (`what`: all, area-1, service-2, incident-3) is followed, or with `undo` no longer."""
    kind, subject = _thing(one_line(request.form.get("what")))
    with writing():
        verb = followers.unfollow if request.form.get("undo") else followers.follow
        verb(myself(), kind, subject, at=now())
    if kind == "incident":
        return redirect(url_for("incidents.show", code=f"INC-{subject}"), 303)
    return redirect(url_for("people.following"), 303)


@bp.post("/following/choices")
@signed_in
def choose_following() -> Any:
    """Exactly what is ticked is followed from now on, told in the chosen way."""
    wanted = {_thing(one_line(what)) for what in request.form.getlist("what")[:300]}
    person = myself()
    try:
        with writing():
            followers.choose(person, way=one_line(request.form.get("way")), at_night=bool(request.form.get("at_night")))
            followers.follow_only(person, wanted, at=now())
    except Refused as refused:
        return following_page({refused.field: [words.sentence(refused)]}), 422
    flash(gettext("Saved."))
    return redirect(url_for("people.following"), 303)


def following_page(errors: dict[str, list[str]] | None = None) -> str:
    person = myself()
    mine = {(one.kind, one.subject) for one in followers.followed_by(person)}
    open_ones = [one for one in incidents.open_incidents(now()) if not one.drill]
    return render_template(
        "people/following.html",
        mine=mine,
        kept=followers.kept_settings(person),
        person=person,
        services=catalog.services(),
        areas=roster.areas(),
        incidents=open_ones,
        errors=errors or {},
    )


@bp.route("/following/<token>", methods=["GET", "POST"])
def end_following(token: str) -> Any:
    """The address in a mail. GET shows (mail programs look at addresses by themselves), POST ends it. No signing in."""
    person = followers.of_token(token)
    if person is None:
        abort(404)
    if request.method == "POST":
        with writing():
            followers.end_all(person, at=now())
    return render_template("people/unfollow.html", token=token, ended=request.method == "POST")


def follows_incident(incident: Incident) -> bool:
    """Whether who is signed in follows this one incident."""
    return any((one.kind, one.subject) == ("incident", incident.id) for one in followers.followed_by(myself()))


bp.app_template_global("follows_incident")(follows_incident)


def _thing(what: str) -> tuple[str, int]:
    match = re.fullmatch(r"(all)|(area|service|incident)-([0-9]{1,9})", what)
    if match is None:
        raise Refused("what", "nothing_to_follow")
    return (match[1], 0) if match[1] else (match[2], int(match[3]))
