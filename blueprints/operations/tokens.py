"""API tokens: administrators make them for machines, see them, and end them."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.operations import bp
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import administrators, myself
from domain import tokens
from domain.db import db, writing
from domain.text import is_blank, one_line

NAME_MOST = 100

words.say(
    {
        "token_revoked": _l("This has already been ended."),
        "token_of_others": _l("This belongs to somebody else."),
    }
)


@bp.get("/administration/tokens")
@administrators
def api_tokens() -> str:
    """Which machines may read, since when, by whom."""
    return _page()


@bp.post("/administration/tokens")
@administrators
def add_token() -> Any:
    """A new token; its secret is shown this once."""
    name = one_line(request.form.get("name"))
    if is_blank(name) or len(name) > NAME_MOST:
        sentence = gettext("Please say in up to %(most)s characters who will use it.", most=NAME_MOST)
        return _page(name=name, errors={"name": [sentence]}), 422
    with writing():
        _, secret = tokens.issue("api", by=myself(), at=now(), name=name)
    return _page(secret=secret, made=name)


@bp.post("/administration/tokens/<int:number>/revocation")
@administrators
def end_token(number: int) -> Any:
    """From now on nobody gets in with it."""
    token = db.session.get(tokens.Token, number)
    if token is None or token.kind != "api":
        abort(404)
    with writing():
        token.revoke(by=myself(), at=now())
    flash(gettext("This token does not work any more."))
    return redirect(url_for("operations.api_tokens"), 303)


def _page(secret: str = "", made: str = "", name: str = "", errors: dict[str, list[str]] | None = None) -> str:
    kept = tokens.for_machines()
    return render_template(
        "operations/tokens.html", kept=kept, secret=secret, made=made, name=name, errors=errors or {}
    )
