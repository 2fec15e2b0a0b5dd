"""Slack's mrkdwn as people read it. Pure."""

import re
from collections.abc import Callable

_LINK = re.compile(r"<(https?://[^|>]+|mailto:[^|>]+|tel:[^|>]+)(?:\|([^>]*))?>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,})(?:\|([^>]*))?>")
_PLACE = re.compile(r"<#[CG][A-Z0-9]+\|([^>]*)>")
_SPECIAL = re.compile(r"<!(?:subteam\^[A-Z0-9]+|date\^[^|>]*|([a-z]+))(?:\|([^>]*))?>")


def unmarked(text: str, name_of: Callable[[str], str]) -> str:
    """A message's text as people read it: names instead of ids, addresses instead of links, nothing escaped."""
    text = _PERSON.sub(lambda found: f"@{name_of(found[1]) or found[2] or found[1]}", text)
    text = _PLACE.sub(r"#\1", text)
    text = _SPECIAL.sub(lambda found: found[2] or f"@{found[1] or ''}", text)
    text = _LINK.sub(_as_read, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentioned(text: str) -> list[str]:
    """The Slack ids of the people who are named in a text, each once."""
    return list(dict.fromkeys(found[1] for found in _PERSON.finditer(text)))


def _as_read(found: re.Match[str]) -> str:
    address, label = found[1], found[2]
    return f"{label} ({address})" if label and label not in address else address
