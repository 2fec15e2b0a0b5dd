"""Who is asking: Flask-Login's set-up, and the answer to those who are not signed in."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, redirect, request, url_for
from flask_login import LoginManager

from domain.people import Person, by_session


def init_app(app: Flask) -> None:
    manager = LoginManager(app)
    # "basic" and "strong" rewrite the session of whoever changes networks, and every page would set a cookie.
    manager.session_protection = None
    manager.user_loader(_load)
    manager.unauthorized_handler(_unauthorized)


def _load(session_id: str) -> Person | None:
    return by_session(session_id)


def _unauthorized() -> Any:
    """A page goes to the sign-in form and back; a fragment or a stream must not become the sign-in page."""
    login = url_for("people.login", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    if request.headers.get("HX-Request") or "text/event-stream" in request.headers.get("Accept", ""):
        return Response(status=401, headers={"HX-Redirect": url_for("people.login")})
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error="sign in"), 401
    return redirect(login, 303)


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this portal, or the board. Never another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return url_for("status.board")
    parts = urlsplit(target)
    return target if not parts.netloc and not parts.scheme else url_for("status.board")
