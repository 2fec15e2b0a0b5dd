"""PURE: sentences that are for our own people only. They stand between `[[` and `]]` in what the bridge writes."""

import re

MARKS = ("[[", "]]")
"""How they are typed; a Japanese keyboard's ［［ and ］］ are the same."""

_MARKED = re.compile(r"(?:\[\[|［［)(.*?)(?:\]\]|］］)", re.DOTALL)
_OPENS = re.compile(r"\[\[|［［")
_MARK = re.compile(r"\[\[|［［|\]\]|］］")
_LEFT = re.compile(r"[ \t\u3000]*\n(?:[ \t\u3000]*\n){2,}")


def has(text: str) -> bool:
    """Whether anything in it is marked."""
    return _MARK.search(text) is not None


def is_broken(text: str) -> bool:
    """Whether a mark is not closed, not opened, or stands within another: then nobody can say what is internal."""
    return any(_OPENS.search(part) for part in _MARKED.findall(text)) or bool(_MARK.search(_MARKED.sub("", text)))


def public(text: str) -> str:
    """The text without what is internal. A mark that is not closed hides everything after it."""
    if not has(text):
        return text
    kept = _MARKED.sub(lambda found: "" if _OPENS.search(found[1]) is None else "[[", text)
    kept = _MARK.split(kept)[0] if has(kept) else kept
    lines = [line.rstrip() for line in kept.split("\n")]
    return _LEFT.sub("\n\n", "\n".join(lines)).strip()


def parts(text: str) -> list[tuple[bool, str]]:
    """The text in order as (internal, piece): what is marked without its marks."""
    found: list[tuple[bool, str]] = []
    last = 0
    for match in _MARKED.finditer(text):
        found += [(False, text[last : match.start()]), (True, match[1].strip())]
        last = match.end()
    return [(inside, piece) for inside, piece in [*found, (False, text[last:])] if piece]
