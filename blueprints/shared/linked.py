"""Addresses in what people wrote become links; everything else stays what it is."""

import re

from markupsafe import Markup

_ADDRESS = re.compile(r"https?://[^\s<>\"'`{}|\\^「」『』（）、。]{1,2000}", re.I)
_AFTER = ".,;:!?)]"
"""What ends a sentence and not an address."""


def linked(text: str) -> Markup:
    """Typed text as HTML with its addresses as links. What leads elsewhere learns nothing of where it was pressed."""
    parts: list[Markup] = []
    last = 0
    for match in _ADDRESS.finditer(text):
        url = match[0].rstrip(_AFTER)
        parts += [
            Markup.escape(text[last : match.start()]),
            Markup('<a href="{0}" rel="noreferrer noopener">{0}</a>').format(url),
        ]
        last = match.start() + len(url)
    return Markup("").join([*parts, Markup.escape(text[last:])])
