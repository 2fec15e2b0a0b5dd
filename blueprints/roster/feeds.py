"""Calendars: one's own duties or an area's as a feed that any calendar reads; making, showing and ending addresses."""

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import flask_babel
from flask import Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.roster import bp
from blueprints.roster.views import find
from blueprints.shared.language import clock_time, day, now, spoken, zone_short
from blueprints.shared.who import myself, signed_in
from domain import areas, roster, roster_calendar, tokens
from domain.db import db, writing
from domain.roster_calendar import Entries, Entry
from domain.tokens import Token

if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(hours=1)
"""How often calendars are asked to look again."""


@bp.get("/roster/calendar/<secret>.ics")
def calendar(secret: str) -> Response:
    """The feed of an address (RFC 5545): concrete events in UTC, without telephone numbers. 404 once it was ended."""
    token = tokens.find(secret, "calendar") or abort(404)
    holder = token.person or token.created_by
    # Whoever reads it, it speaks the language of whose it is: the same feed is the same bytes.
    g.language = (holder.locale if holder else None) or current_app.config["LOCALE"]
    flask_babel.refresh()
    entries = _entries(token)
    name = _name(token)
    answer = Response(status=304)
    answer.set_etag(_state(name, entries), weak=True)
    if not request.if_none_match.contains_weak(answer.get_etag()[0] or ""):
        answer = Response(_calendar(name, entries, bool(token.area)), mimetype="text/calendar")
        answer.set_etag(_state(name, entries), weak=True)
        answer.headers["Content-Disposition"] = 'inline; filename="noroshi.ics"'
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _entries(token: Token) -> list[Entry]:
    """What a token's calendar shows. Everybody's is worked out once a commit, for whoever asks first."""

    def make() -> tuple[Entries, datetime]:
        found = roster_calendar.entries(now())
        return found, found.until

    found: Entries = current_app.extensions["memo"].get(("calendar",), make)
    if token.area:
        return found.of_area(token.area, now())
    return found.of_person(token.person) if token.person else []


def _name(token: Token) -> str:
    if token.area:
        area = roster.area_by_key(token.area)
        return gettext("In charge: %(name)s", name=_called(area) if area else token.area)
    return gettext("In charge: %(name)s", name=token.person.name if token.person else "")


def _called(area: roster.Area) -> str:
    return area.called(str(spoken() or ""))


def _state(name: str, entries: list[Entry]) -> str:
    """What the feed says but for when it was asked: an unchanged roster is an unchanged feed."""
    parts = [(one.uid, one.start, one.end, one.is_open, _summary(one, with_person=True)) for one in entries]
    return hashlib.sha256(repr((name, str(spoken()), parts)).encode()).hexdigest()[:32]


def _calendar(name: str, entries: list[Entry], with_person: bool) -> bytes:
    from icalendar import Calendar  # a fortieth of the start, and most processes are never asked

    found = Calendar()
    found.add("prodid", "-//Noroshi//Roster//EN")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", "PUBLISH")
    found.add("name", name)
    found.add("x-wr-calname", name)
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", "PT1H")
    as_of = gettext("As of %(time)s (%(zone)s).", time=f"{day(now())} {clock_time(now())}", zone=zone_short())
    for entry in entries:
        found.add_component(_event(entry, as_of, with_person))
    return found.to_ical()


def _event(entry: Entry, as_of: str, with_person: bool) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", now())
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", _summary(entry, with_person))
    event.add("description", "\n".join([gettext("No hand-over planned."), as_of]) if entry.is_open else as_of)
    event.add("url", _absolute(url_for("roster.area", key=entry.area)))
    # Being in charge is no appointment: it must not make the day look taken.
    event.add("transp", "TRANSPARENT")
    return event


def _summary(entry: Entry, with_person: bool) -> str:
    name = entry.called(str(spoken() or ""))
    if not with_person:
        return name
    person = entry.person or gettext("Nobody in charge")
    return f"{name}: {person}"


def _absolute(path: str) -> str:
    return (current_app.config["BASE_URL"] or request.host_url).rstrip("/") + path


# Making and ending addresses


@bp.get("/me/calendars")
@signed_in
def calendars() -> str:
    """One's own calendars: making one, and ending one that was given away."""
    return _calendars()


@bp.post("/me/calendars")
@signed_in
def add_calendar() -> Any:
    """A new address, of one's own duties or of an area's; it is shown this once."""
    key = request.form.get("area") or None
    area = find(key) if key else None
    if area and area.retired_at:
        abort(404)
    person = None if area else myself()
    with writing():
        _, secret = tokens.issue("calendar", by=myself(), at=now(), person=person, area=area.key if area else None)
    return _calendars(address=_absolute(url_for("roster.calendar", secret=secret)), made_of=area)


def _calendars(address: str = "", made_of: roster.Area | None = None) -> str:
    in_use = roster.areas()
    return render_template(
        "roster/calendars.html",
        address=address,
        webcal=f"webcal:{address.partition(':')[2]}" if address else "",
        is_local=urlsplit(address).hostname in ("127.0.0.1", "localhost"),
        made_of=made_of,
        kept=tokens.of(myself()),
        names={area.key: area for area in (*in_use, *areas.retired())},
        areas=in_use,
    )


@bp.post("/me/calendars/<int:number>/revocation")
@signed_in
def end_calendar(number: int) -> Any:
    """From now on the address opens nothing."""
    token = db.session.get(Token, number)
    if token is None or token.kind != "calendar" or token.created_by_id != myself().id:
        abort(404)
    with writing():
        token.revoke(by=myself(), at=now())
    flash(gettext("This address does not work any more."))
    return redirect(url_for("roster.calendars"), 303)
