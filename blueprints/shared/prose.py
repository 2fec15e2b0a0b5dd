"""Text that people wrote, as safe HTML and as plain words."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from flask_babel import gettext
from markupsafe import Markup

from domain import internal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {
    *("p", "br", "hr", "a", "strong", "em", "b", "i", "del"),
    *("ul", "ol", "li", "code", "pre", "blockquote", "h3", "h4"),
}
SCHEMES = {"http", "https", "mailto", "tel"}


# CommonMark leaves `正しくは**「38施設」**です` as it is typed: bold must begin after a space or before a letter.
# Japanese has no spaces, so plain pairs of asterisks are bold wherever they stand.
_STRONG = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
_PRIVATE = re.compile("[\ue000-\ue003]")


def _signs(html: str) -> str:
    for sign, tag in (("\ue000", "<strong>"), ("\ue001", "</strong>"), ("\ue002", "<mark>"), ("\ue003", "</mark>")):
        html = html.replace(sign, tag)
    return html


def _marked(text: str) -> str:
    """What is internal, line by line: a mark must not reach over the end of a paragraph."""
    if not internal.has(text):
        return text
    return "".join(
        "\n".join(f"\ue002{line}\ue003" if line.strip() else line for line in piece.split("\n")) if inside else piece
        for inside, piece in internal.parts(text)
    )


def rich(text: str, format: str = "markdown") -> Markup:
    """What the bridge wrote, as safe HTML: Markdown without raw HTML; imported HTML through the same sieve.

    What is for our own people only is marked as such, in words.
    """
    html = _rich(text, format)
    if "<mark>" not in html:
        return html
    label = Markup("<mark><b>{}</b> ").format(gettext("Internal only:"))
    return Markup(html.replace("<mark>", label))


@lru_cache(maxsize=512)
def _rich(text: str, format: str) -> Markup:
    import nh3  # with Markdown a twentieth of the start; a calm board shows nothing that was written so

    if format == "html":
        html = text
    elif format == "text":
        html = "<p>" + str(Markup.escape(text)).replace("\n\n", "</p><p>").replace("\n", "<br>") + "</p>"
    else:
        text = _marked(_PRIVATE.sub("", text))
        html = _signs(_markdown().render(_STRONG.sub("\ue000\\1\ue001", text)))
    # Headings would break the page's outline: h1 and h2 of imported texts lose their tag, not their words.
    tags = TAGS | {"mark"} if format == "markdown" else TAGS
    return Markup(nh3.clean(html, tags=tags, attributes={"a": {"href"}}, url_schemes=SCHEMES))


def plain(text: str, format: str = "markdown") -> str:
    """The same words without marks, for copying, headlines and searches."""
    return str(Markup(rich(text, format)).striptags()) if format != "text" else text


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).enable("strikethrough")
