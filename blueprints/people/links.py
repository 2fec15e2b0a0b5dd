"""One-time links: the first administrator's and invitations. GET shows, POST consumes: previews use nothing up."""

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.people import bp
from blueprints.people.forms import FirstForm, NewPasswordForm
from blueprints.shared import signin, words
from blueprints.shared.language import now
from blueprints.shared.pages import problems
from domain import people
from domain.contacts import Details, read_email, read_name
from domain.db import writing
from domain.errors import Conflict, Refused


def address(token: str) -> str:
    """An invitation's full address, as it is handed over."""
    path = url_for("people.invitation", token=token)
    return (current_app.config["BASE_URL"] or request.host_url).rstrip("/") + path


@bp.get("/invitations/<token>")
def invitation(token: str) -> Any:
    return _invitation(people.find_link(token, "invitation"), NewPasswordForm())


@bp.post("/invitations/<token>")
def accept(token: str) -> Any:
    """Keeps the password and signs in. A refused password uses nothing up."""
    link = people.find_link(token, "invitation")
    form = NewPasswordForm(request.form)
    if link is None or link.ended(now()) or link.person is None:
        return _invitation(link, form)
    form.whose = (link.person.email, link.person.name)
    if not form.validate():
        return _invitation(link, form)
    hashed = people.hash_password(form.password.data or "")
    try:
        with writing():
            person = people.accept_invitation(token, hashed, at=now())
    except Conflict as conflict:
        return _ended(conflict.code, 409)
    signin.start(person)
    return redirect(url_for("status.board"), 303)


def _invitation(link: people.OneTimeLink | None, form: NewPasswordForm) -> Response:
    if link is None or link.person is None:
        return _ended("link_unknown", 404)
    if (why := link.ended(now())) is not None:
        return _ended(why, 409)
    errors = problems(form)
    page = render_template("people/invitation.html", link=link, person=link.person, errors=errors)
    return _unkept(page, 422 if errors else 200)


@bp.get("/first/<token>")
def first(token: str) -> Any:
    return _first(token, FirstForm())


@bp.post("/first/<token>")
def make_first(token: str) -> Any:
    """The first administrator of an empty instance, signed in."""
    form = FirstForm(request.form)
    link = people.find_link(token, "first_admin")
    if link is None or link.ended(now()) or not form.validate():
        return _first(token, form)
    details = Details(email=read_email(form.email.data), name=read_name(form.name.data), is_admin=True)
    hashed = people.hash_password(form.password.data or "")
    try:
        with writing():
            person = people.first_administrator(token, details, hashed, at=now())
    except (Conflict, Refused) as refused:
        return _ended(refused.code if isinstance(refused, Conflict) else "link_used", 409)
    signin.start(person)
    return redirect(url_for("status.board"), 303)


def _first(token: str, form: FirstForm) -> Response:
    link = people.find_link(token, "first_admin")
    if link is None:
        return _ended("link_unknown", 404)
    if link.ended(now()) or not people.nobody_yet():
        return _ended("link_used", 409)
    errors = problems(form)
    page = render_template("people/first.html", token=token, form=form, errors=errors)
    return _unkept(page, 422 if errors else 200)


def _ended(code: str, status: int) -> Response:
    title = gettext("This link cannot be used any more") if status == 409 else gettext("This link is not complete")
    page = render_template("people/link_ended.html", title=title, text=words.SENTENCES[code])
    return _unkept(page, status)


def _unkept(page: str, status: int) -> Response:
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
