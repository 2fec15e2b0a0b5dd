"""Signing in and out, and the language of those who look."""

import math
from typing import Any

import structlog
from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.people import bp, throttle
from blueprints.people.forms import SignInForm
from blueprints.shared import signin, words
from blueprints.shared.pages import problems
from blueprints.shared.who import me
from domain import people
from domain.db import writing
from domain.errors import Refused
from settings import LANGUAGES

log = structlog.get_logger()
YEAR = 365 * 24 * 3600


@bp.get("/login")
def login() -> Any:
    if me() is not None:
        return redirect(signin.safe_next(request.args.get("next")), 303)
    return _login_page(request.args.get("next"), "", {})


@bp.post("/login")
def enter() -> Any:
    """Signs in. The same answer after the same time, whether the address is unknown, left, or the password wrong."""
    form = SignInForm(request.form)
    target = request.form.get("next") or request.args.get("next")
    email = form.email.data or ""
    if not form.validate():
        return _login_page(target, email, problems(form)), 422
    if seconds := throttle.wait(email):
        page = _login_page(target, email, {"email": [too_many(seconds)]})
        return page, 429, {"Retry-After": str(seconds)}
    password = form.password.data or ""
    person = people.by_email(email)
    if not people.check_password(person, password) or person is None or not person.is_active:
        throttle.wrong(email)
        log.info("sign-in refused", address=request.remote_addr, person=person.id if person else None)
        return _login_page(target, email, {"email": [str(words.SENTENCES["sign_in_wrong"])]}), 422
    if people.is_outdated(person):
        before, fresh = person.password_hash, people.hash_password(password)
        with writing():
            person.renew_hash(before, fresh)
    signin.start(person)
    return redirect(signin.safe_next(target), 303)


def _login_page(target: str | None, email: str, errors: dict[str, list[str]]) -> str:
    known = target if target and signin.is_own_path(target) else None
    return render_template(
        "people/login.html", next=known, email=email, errors=errors, empty=people.nobody_yet(), status=None
    )


def too_many(seconds: int) -> str:
    """What somebody reads who tried too often; the typed address stays."""
    minutes = math.ceil(seconds / 60)
    return gettext("That was a lot of tries. Please wait %(minutes)s min and try again.", minutes=minutes)


@bp.get("/logout")
def leaving() -> Any:
    """The page with the button: only the button signs out, no link and no preview."""
    if me() is None:
        return redirect(url_for("people.login"), 303)
    return render_template("people/logout.html")


@bp.post("/logout")
def logout() -> Response:
    """Signs out on this device; what it kept for working offline goes too."""
    signin.end()
    return gone()


def gone() -> Response:
    """Back to the sign-in page; the browser forgets its pages and drafts."""
    answer = make_response(redirect(url_for("people.login"), 303))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.post("/language")
def language() -> Any:
    """ja, en or the browser's (empty): for oneself when signed in, else for this browser."""
    wanted = request.form.get("language", "")
    if wanted not in (*LANGUAGES, ""):
        raise Refused("language", "language_unknown")
    answer = make_response(redirect(signin.safe_next(request.form.get("next")), 303))
    if (person := me()) is not None:
        with writing():
            person.locale = wanted or None
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    if wanted:
        answer.set_cookie("language", wanted, max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
    else:
        answer.delete_cookie("language", samesite="Lax", httponly=True, secure=secure)
    return answer


def signed_out_everywhere(person: people.Person) -> Response:
    """Ends every session of the person, this one too."""
    with writing():
        person.sign_out_everywhere()
    signin.end()
    flash(gettext("You are signed out on all devices."))
    return gone()
