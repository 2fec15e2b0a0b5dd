"""Pages and partials: the one decision which it is, assets by their content's hash."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import phonenumbers
from flask import Flask, current_app, has_request_context, render_template, request, url_for
from flask.templating import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from blueprints.shared import words
from blueprints.shared.keeping import for_once
from blueprints.shared.prose import plain, rich
from blueprints.shared.who import me, my_rights
from domain.text import one_line


class Templates(Environment):
    """Flask's templates, with the house's globals as the plain dictionary they are.

    Jinja would look through a chain of two for every import in every partial, to find each time that nothing was added.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def wants_partial() -> bool:
    """Whether htmx asks for a fragment. The only place that decides it; `Vary` and the cache key name the header."""
    return request.headers.get("HX-Request-Type") == "partial"


def render(page: str, partial: str, **context: Any) -> str:
    """The page, or alone the partial that it includes."""
    return render_template(partial if wants_partial() else page, **context)


def new_key() -> str:
    """A key made with a form: the same form sent twice is one report, one update, one incident."""
    for_once()
    return secrets.token_urlsafe(16)


def one_line_filter(text: str | None) -> str:
    """A WTForms filter: typed text, cleaned, on one line."""
    return one_line(text)


def problems(form: Any) -> dict[str, list[str]]:
    """The errors of a WTForms form as the templates take them: {field id: [sentence]}."""
    return {name: [str(sentence) for sentence in sentences] for name, sentences in form.errors.items() if sentences}


def telephone(number: str | None) -> str:
    """A kept number (E.164) as people of its country write it; abroad with its country code."""
    return _telephone(number, current_app.config["PHONE_REGION"]) if number else ""


@lru_cache(maxsize=512)
def _telephone(number: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    home = phonenumbers.region_code_for_number(parsed) == region
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


@lru_cache(maxsize=256)
def _served(folder: str, name: str, sources: tuple[str, ...]) -> tuple[str, str] | None:
    """The file that is served for a name, and a hash of it: what `assets.py` made of the sources, unless one of them
    was changed since; then the source, or None if it is several."""
    made = Path(folder) / "made" / name
    paths = [Path(folder) / source for source in sources]
    if made.exists() and made.stat().st_mtime >= max(path.stat().st_mtime for path in paths):
        return f"made/{name}", _hash(made)
    return (name, _hash(paths[0])) if len(paths) == 1 else None


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file, with its content's hash: it may be kept for ever."""
    found = _asset(name, name)
    assert found
    return found


def scripts(htmx: bool) -> list[str]:
    """The addresses of what every page runs. With htmx both come as one file: together they pack better."""
    if not htmx:
        return [asset("noroshi.js")]
    sources = ("vendor/htmx.min.js", "noroshi.js")
    together = _asset("live.js", *sources)
    return [together] if together else [asset(source) for source in sources]


def _asset(name: str, *sources: str) -> str | None:
    if current_app.debug or current_app.testing:
        _served.cache_clear()
    found = _served(str(current_app.static_folder), name, sources)
    return f"{address('static', filename=found[0])}?v={found[1]}" if found else None


def address(endpoint: str, **values: Any) -> str:
    """`url_for` for templates: a page asks forty times for the same few addresses.

    Kept by the root under which the portal is reached; what is relative to the request is built by Flask.
    """
    if not has_request_context() or endpoint.startswith(".") or any(name.startswith("_") for name in values):
        return url_for(endpoint, **values)
    return _address(request.root_path, endpoint, **values)


@lru_cache(maxsize=1024, typed=True)
def _address(_root: str, _endpoint: str, **values: Any) -> str:
    return url_for(_endpoint, **values)


def _columns(row: Any) -> dict[str, Any]:
    """A row's columns as a form takes them."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


_BLOCK = (
    "article|aside|body|circle|dd|details|div|dl|dt|fieldset|footer|form|h[1-4]|head|header|html|legend|li|linearGradient"
    "|link|main|meta|nav|ol|p|path|script|search|section|stop|summary|table|tbody|td|th|thead|title|tr|ul"
)
_BLANKS = re.compile(rf"\n+(?=</?(?:{_BLOCK})\b)|(</?(?:{_BLOCK})\b[^<>]*>)\n+|(?<=\n)\n+")


class Lean(Extension):
    """Leaves out, when templates are read, the blanks that no browser shows: indentation, and lines between blocks."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"(?m)^[ \t]+", "", source) if (name or "").endswith(".html") else source

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        # Here and not in the source: what goes wrong in a template is still told with its line.
        html = (stream.name or "").endswith(".html")
        for token in stream:
            yield (
                Token(token.lineno, "data", _BLANKS.sub(r"\1", token.value)) if html and token.type == "data" else token
            )


def init_app(app: Flask) -> None:
    app.jinja_env.add_extension(Lean)
    app.jinja_env.globals.update(
        url_for=address, asset=asset, scripts=scripts, new_key=new_key, rich=rich, plain=plain, telephone=telephone
    )
    app.jinja_env.globals.update(words.GLOBALS)
    app.jinja_env.filters["json"] = json.dumps
    app.jinja_env.filters["format_with"] = lambda text, params: text % params if params else text
    app.jinja_env.filters["attr_dict"] = _columns
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    # Functions, so that a page which does not ask costs nothing.
    app.jinja_env.globals.update(me=me, my_rights=my_rights)
