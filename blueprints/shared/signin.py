"""Who is asking: Flask-Login's set-up, signing in and out, and the answer to those who are not signed in."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, flash, g, jsonify, redirect, request, session, url_for
from flask_babel import gettext
from flask_login import LoginManager, login_user, logout_user

from blueprints.shared.machines import unknown
from domain.people import Person, by_session

_MISREAD = re.compile(r"[\\\x00-\x1f\x7f]")


def init_app(app: Flask) -> None:
    manager = LoginManager(app)
    # "basic" and "strong" rewrite the session of whoever changes networks, and every page would set a cookie.
    manager.session_protection = None
    manager.user_loader(_load)
    manager.unauthorized_handler(_unauthorized)


def _load(session_id: str) -> Person | None:
    return by_session(session_id)


def start(person: Person) -> None:
    """Signs in for 90 days. What the session held before ends: nobody inherits a session made for them."""
    session.clear()
    g.pop("rights", None)
    login_user(person, remember=True)


def end() -> None:
    """Signs out here: the session and the remember cookie end."""
    # Cleared first: signing out leaves a note in the session that the cookie is to be removed.
    session.clear()
    logout_user()


def _unauthorized() -> Any:
    """A page goes to the sign-in form and back; a fragment or a stream must not become the sign-in page."""
    if request.headers.get("HX-Request") or "text/event-stream" in request.headers.get("Accept", ""):
        login = url_for("people.login", next=_page_of(request.headers.get("HX-Current-URL")))
        return Response(status=401, headers={"HX-Redirect": login})
    if request.path.startswith("/api/"):
        return unknown()
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error="sign in"), 401
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("people.login", next=request.full_path.rstrip("?")), 303)
    # What was sent is not kept here; the page it was typed on keeps it on the device, so the way leads back there.
    flash(gettext("Please sign in again. What you typed is kept on this device."))
    return redirect(url_for("people.login", next=_page_of(request.referrer)), 303)


def _page_of(address: str | None) -> str | None:
    """The path of one of our own pages, or None."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    if parts.netloc != request.host or not is_own_path(parts.path):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def is_own_path(target: str) -> bool:
    """Whether it is a path of this portal and nothing that a browser would take for another site."""
    # Browsers read a backslash as a slash, and pass over tabs and line breaks.
    if not target.startswith("/") or target.startswith("//") or _MISREAD.search(target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return not parts.netloc and not parts.scheme


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this portal, or the board. Never another site."""
    return target if target and is_own_path(target) else url_for("status.board")
