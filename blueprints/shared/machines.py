"""Machines that read with an API token: `Authorization: Bearer …` beside, or instead of, a signed-in person."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext

from domain import tokens


def or_token(guard: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[..., Any]:
    """A view for whoever sends an API token, and for those whom `guard` lets in. A wrong token is 401 for everybody."""

    def protect(view: Callable[..., Any]) -> Callable[..., Any]:
        guarded = guard(view)

        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Any:
            kind, _, secret = request.headers.get("Authorization", "").partition(" ")
            if kind.casefold() != "bearer":
                return guarded(*args, **kwargs)
            if tokens.find(secret.strip(), "api") is None:
                return unknown()
            return view(*args, **kwargs)

        return asked

    return protect


def unknown() -> Response:
    """401 in JSON: what would let a machine in."""
    answer: Response = jsonify(error=gettext("Please sign in, or send an API token: Authorization: Bearer …"))
    answer.status_code = 401
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
