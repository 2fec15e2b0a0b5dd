"""Typed text in Slack's mrkdwn: disarmed, cut where it may be cut, whole when its pieces are put together."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

SECTION = 2900
"""Characters of a section's text, escapes included; Slack takes 3,000."""

PER_MESSAGE = 3
"""Sections of typed text in one message: Slack also limits the sum, and people read in pieces."""

_SPACE = re.compile(r"\s+")


def typed(text: str) -> str:
    """What people typed, disarmed: it pings nobody and forges no link. Slack asks for these three and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def untyped(text: str) -> str:
    """The reverse of `typed`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def line(text: str, length: int = 300) -> str:
    """Typed text on one line, disarmed, at most `length` characters of it."""
    text = _SPACE.sub(" ", text).strip()
    return typed(text if len(text) <= length else "".join(_take(clusters(text), length - 1)) + "…")


def _take(found: Iterator[str], length: int) -> Iterator[str]:
    for cluster in found:
        length -= len(cluster)
        if length < 0:
            return
        yield cluster


def _joins(before: str, char: str, flags: int) -> bool:
    """Whether `char` belongs to what stands before it: marks, joined emoji, skin tones, the second half of a flag."""
    if char == "\u200d" or before == "\u200d" or unicodedata.category(char) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    return "\U0001f1e6" <= char <= "\U0001f1ff" and flags % 2 == 1


def clusters(text: str, longest: int = 64) -> Iterator[str]:
    """What people see as characters; one that was piled up beyond `longest` code points is cut."""
    cluster, flags = "", 0
    for char in text:
        if cluster and not (_joins(cluster[-1], char, flags) and len(cluster) < longest):
            yield cluster
            cluster, flags = "", 0
        flags = flags + 1 if "\U0001f1e6" <= char <= "\U0001f1ff" else 0
        cluster += char
    if cluster:
        yield cluster


def pieces(text: str, size: int = SECTION) -> list[str]:
    """The text, disarmed, in pieces of at most `size`: cut between characters, at a line's end where one is near."""
    found: list[str] = []
    piece = ""
    for cluster in clusters(text):
        escaped = typed(cluster)
        if len(piece) + len(escaped) > size:
            head, tail = _at_line_end(piece)
            found.append(head)
            piece = tail
        piece += escaped
    return [_seen(one) for one in [*found, piece] if one]


def _at_line_end(piece: str) -> tuple[str, str]:
    """Cuts after the last line end of the last fifth, otherwise not at all."""
    end = piece.rfind("\n", len(piece) * 4 // 5) + 1
    return (piece[:end], piece[end:]) if end else (piece, "")


def _seen(piece: str) -> str:
    # Slack refuses a section in which nothing can be seen.
    return piece if piece.strip() else f"{piece}\u200b"


def section(text: str, block_id: str | None = None) -> dict[str, Any]:
    """A mrkdwn section; `verbatim`: no address, channel or name in it becomes a link by itself."""
    block: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return block | {"block_id": block_id} if block_id else block


def small(text: str) -> dict[str, Any]:
    """A line in small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def words(found: list[str], first: int = 0) -> list[dict[str, Any]]:
    """Typed text, each piece alone in its block: an open code fence or quotation ends with it."""
    return [section(piece, f"words-{first + number}") for number, piece in enumerate(found)]


def linked(base_url: str, path: str, label: str) -> str:
    """A link of our own; empty where BASE_URL is not set, because the worker has no request to learn it from."""
    address = f"{base_url.rstrip('/')}/{path}".replace("&", "&amp;")
    return f"<{address}|{label}>" if base_url else ""
