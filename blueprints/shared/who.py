"""What the person of this request may do, asked once a request."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, g
from flask_login import current_user

from blueprints.shared.language import now
from domain import rights
from domain.people import Person
from domain.rights import Rights

LEVELS = {
    "reader": Rights(reads=True),
    "responder": Rights(reads=True, responder=True),
    "admin": Rights(reads=True, responder=True, admin=True),
}


def my_rights() -> Rights:
    """The rights of who is signed in; in a live fragment those of the class that it is rendered for."""
    if "rights" not in g:
        g.rights = rights.of(me(), now())
    return g.rights


def me() -> Person | None:
    """Who is signed in, or None."""
    person = current_user._get_current_object()
    return person if person is not None and person.is_authenticated else None


def myself() -> Person:
    """Who is signed in, in a view that only signed-in people reach."""
    person = me()
    assert person is not None
    return person


def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view for everybody who is signed in."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if me() is None:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        return view(*args, **kwargs)

    return guarded


def responders(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view for responders: whoever stands in a plan, and administrators (403 for the others)."""

    @wraps(view)
    @signed_in
    def guarded(*args: Any, **kwargs: Any) -> Any:
        rights.require(my_rights().responder, "responders_only")
        return view(*args, **kwargs)

    return guarded


def administrators(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view for administrators (403 for the others)."""

    @wraps(view)
    @signed_in
    def guarded(*args: Any, **kwargs: Any) -> Any:
        rights.require(my_rights().admin, "administrators_only")
        return view(*args, **kwargs)

    return guarded
