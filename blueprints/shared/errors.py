"""Errors as sentences for the person who sees them: what happened, what to do next. Never a trace."""

from typing import Any

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from blueprints.shared import words
from blueprints.shared.pages import wants_partial
from domain.db import db
from domain.errors import Conflict, DomainError, NotAllowed, Refused

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    app.before_request_funcs.setdefault(None, []).insert(0, _note_rule)
    app.register_error_handler(NotAllowed, lambda error: show(403, words.sentence(error)))
    app.register_error_handler(Conflict, lambda error: show(409, words.sentence(error)))
    app.register_error_handler(Refused, lambda error: show(422, words.sentence(error)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, unexpected)


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    answer = show(error.code, None)
    retry = dict(error.get_headers()).get("Retry-After")
    if retry:
        answer.headers["Retry-After"] = retry
    return answer


def unexpected(error: Exception) -> Any:
    if isinstance(error, DomainError):
        return show(409, words.sentence(error))
    db.session.rollback()
    log.error("request failed", rule=_rule(), method=request.method, exc_info=error)
    return show(500, None)


def _note_rule() -> None:
    """For the log of the process: the rule of the address, because the address itself may be a key or name somebody."""
    request.environ["noroshi.rule"] = _rule()


def _rule() -> str:
    return request.url_rule.rule if request.url_rule else ""


def show(status: int, sentence: str | None) -> Response:
    """The error as a page, a fragment or JSON; `sentence` says more than the status does."""
    title, hint = TEXTS.get(status, TEXTS[500])()
    text = sentence or hint
    if request.accept_mimetypes.best == "application/json" or request.path.startswith("/api/"):
        answer: Response = jsonify(error=text)
    elif wants_partial():
        answer = Response(render_template("_error.html", status=status, title=title, text=text))
    else:
        answer = Response(render_template("error.html", status=status, title=title, text=text))
    answer.status_code = status
    return answer


TEXTS: dict[int, Any] = {
    400: lambda: (gettext("This could not be read"), gettext("Please go back, reload the page and try again.")),
    401: lambda: (gettext("Please sign in"), gettext("Your session has ended. What you typed is kept on this device.")),
    403: lambda: (
        gettext("You cannot do this here"),
        gettext("Whoever stands in the roster can. If it should be you, ask an administrator."),
    ),
    404: lambda: (
        gettext("This page was not found"),
        gettext("The address may have changed or been mistyped. Is what you are looking for one of these?"),
    ),
    405: lambda: (gettext("This page was not found"), gettext("Please go back to the page and use its buttons.")),
    409: lambda: (gettext("Somebody was faster"), gettext("Please look at how it stands now.")),
    413: lambda: (
        gettext("This is too large"),
        gettext("At most 15 MB can be sent at once. Send without the photo first; it can be added after."),
    ),
    422: lambda: (gettext("Not saved yet"), gettext("Please check what is marked.")),
    429: lambda: (gettext("Too many tries"), gettext("Please wait a minute and try again.")),
    500: lambda: (
        gettext("Something went wrong on our side"),
        gettext(
            "Nothing was saved. Please try again; if it stays like this, call who is on duty or write in #hotline."
        ),
    ),
    503: lambda: (gettext("Not ready right now"), gettext("Please try again in a moment.")),
}
