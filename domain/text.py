"""What people type: cleaned once, where it comes in, so that no page, table or message has to."""

import re
import unicodedata

# Line breaks and tabs stay. NUL breaks PostgreSQL, the others break terminals and copies.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Overrides turn the text after them around; whoever reads it is misled. Marks (LRM, RLM) and ZWJ in emoji stay.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKS_MOST = 30
"""Marks on one letter (Unicode's own bound for streams). Normalising takes the square of a longer run."""
_INVISIBLE = re.compile("[\\s\u200b-\u200f\u2060\ufeff\u00ad\u3164\u115f\u1160\u2800\ufe00-\ufe0f]+")


def clean(text: str | None) -> str:
    """Typed text as it is kept: NFC, `\\n` line ends, no controls, no lone surrogates, no bidi overrides, trimmed."""
    if not text:
        return ""
    text = _SURROGATE.sub("\ufffd", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _BIDI.sub("", _CONTROL.sub("", text))
    return unicodedata.normalize("NFC", _bounded_marks(text)).strip()


def _bounded_marks(text: str) -> str:
    """Without the marks that pile up over a letter: a megabyte of them would hold the process for minutes."""
    if len(text) < 1000 or text.isascii():
        return text
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _MARKS_MOST:
            kept.append(char)
    return "".join(kept)


def one_line(text: str | None) -> str:
    """`clean` text on one line."""
    # Not `\s*\n\s*`: it takes the square of a long run of spaces.
    return " ".join(line for part in clean(text).split("\n") if (line := part.strip()))


def is_blank(text: str | None) -> bool:
    """Whether nothing of the text can be seen (spaces of any script, zero-width characters)."""
    return not _INVISIBLE.sub("", clean(text))


def has_words(text: str | None) -> bool:
    """Whether there is a letter or a digit of any script: a title of only emoji cannot be said aloud."""
    return any(unicodedata.category(char)[0] in "LN" for char in clean(text))


def cut(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def fold(text: str | None) -> str:
    """For searching: NFKC, lower case, katakana as hiragana, no spaces. `ミドリ水族館` finds `みどり水族館`."""
    folded = unicodedata.normalize("NFKC", clean(text)).casefold()
    return "".join(chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char for char in folded if not char.isspace())
