"""Live topics: what a stream or a poll shows. A fragment is rendered once per topic, language and class of rights."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, g, render_template

from blueprints.shared.keeping import until
from blueprints.shared.language import now
from blueprints.shared.who import LEVELS
from domain import rights
from domain.db import snapshot, version
from settings import LANGUAGES

Fragment = tuple[str, datetime | None]
"""HTML, and when it changes by the clock alone (a promise that comes due, a hand-over), or None."""

_topics: dict[str, Callable[[str], Fragment | None]] = {}


def topic(name: str) -> Callable[[Callable[[str], Fragment | None]], Callable[[str], Fragment | None]]:
    """Registers the renderer of a kind of topic: `board`, or `report` for `report-312` (it gets `312`).

    The renderer returns None for a topic that does not exist. It shows no name of any viewer.
    """

    def register(renderer: Callable[[str], Fragment | None]) -> Callable[[str], Fragment | None]:
        _topics[name] = renderer
        return renderer

    return register


def exists(name: str) -> bool:
    """Whether there is such a kind of topic; whether its subject exists says `fragment`."""
    return name.partition("-")[0] in _topics


def fragment(name: str) -> Fragment | None:
    """The fragment of a topic for the rights and the language of this request, with the chip of every page; or None."""
    kind, _, subject = name.partition("-")
    renderer = _topics.get(kind)
    found = renderer(subject) if renderer else None
    return (found[0] + swap("chip", "_chip.html"), found[1]) if found else None


def swap(target: str, template: str, **context: object) -> str:
    """One partial as htmx takes it out of a stream: morphed into the element whose id is `target`."""
    return put(target, render_template(template, in_stream=True, **context))


def put(target: str, html: str) -> str:
    """The same of a partial that is rendered already."""
    return f'<hx-partial hx-target="#{target}" hx-swap="outerMorph">{html}</hx-partial>'


class Memo:
    """Parts of pages that depend on nothing but their key and the clock, kept for whoever asks next.

    An entry of `get` is of the version that was read before its request's transaction began, so what it shows is
    never older; one of `of_value` is of what it shows itself. Each ends when the clock alone changes what it shows.
    """

    MOST = 256

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[int | str | None, datetime | None, Any]] = {}

    def get(self, key: tuple[Any, ...], make: Callable[[], tuple[Any, datetime | None]]) -> Any:
        """The part of `key` until the next commit; `make` renders it and says until when it holds."""
        seen = g.version if g.version is not None else snapshot()
        return make()[0] if seen is None else self._get(key, seen, make)

    def of_value(self, key: tuple[Any, ...], make: Callable[[], tuple[Any, datetime | None]]) -> Any:
        """The part of `key`, which holds all the values that it is made of: no commit makes it another."""
        return self._get(key, None, make)

    def _get(
        self, key: tuple[Any, ...], seen: int | str | None, make: Callable[[], tuple[Any, datetime | None]]
    ) -> Any:
        found = self._kept.get(key)
        if found and found[0] == seen and (found[1] is None or now() < found[1]):
            until(found[1])
            return found[2]
        made, ends = make()
        until(ends)
        if len(self._kept) >= self.MOST:
            self._kept.clear()
        self._kept[key] = (seen, ends, made)
        return made

    def forget(self) -> None:
        """As after a start."""
        self._kept.clear()


class Live:
    """What the process serves streams from; it opens the app context, this the request."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._everybody = rights.Everybody()

    def render(self, name: str, language: str, level: str) -> Fragment | None:
        """The topic's fragment in a language (ja, en) for a class of rights (reader, responder, admin)."""
        if language not in LANGUAGES or level not in LEVELS:
            return None
        with self.app.app_context(), self.app.test_request_context("/live"):
            g.version, g.language, g.rights = version(), language, LEVELS[level]
            return fragment(name)

    def unwelcome(self, people: set[tuple[int, int, str]]) -> set[tuple[int, int, str]]:
        """Of (person id, session epoch, class of rights) those that do not hold any more: two queries for all of them,
        and for those whose pages are kept for when the database is away."""
        known = self.app.extensions["last_known"]
        doubts, asked = known.doubts, people | known.people()
        few = len(asked) < rights.FEW
        standing = rights.standing({one for one, _, _ in asked}, now()) if few else self._everybody.standing(now())
        # A transaction of its own each time: it sees everything that was committed when `doubts` was read.
        known.settle(doubts, standing)
        return people - standing


def init_app(app: Flask) -> None:
    app.extensions["live"] = Live(app)
    app.extensions["memo"] = Memo()

    def note_version() -> None:
        g.version = version()

    # First of all, before anybody is loaded: see `version`.
    app.before_request_funcs.setdefault(None, []).insert(0, note_version)
    app.jinja_env.globals["swap"] = swap
