"""Slack's mrkdwn: whom a message pings, and the message as safe HTML."""

import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

TOKEN = re.compile(r"<([^<>\n]+)>")
PING = re.compile(r"!(channel|here|everyone)$|@([UW][A-Z0-9]+)$|!subteam\^(S[A-Z0-9]+)$")
STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"<i>\1</i>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"<s>\1</s>"),
)
EMOJI = {
    "rotating_light": "🚨", "white_check_mark": "✅", "heavy_check_mark": "✔️", "warning": "⚠️", "eyes": "👀",
    "fire": "🔥", "bell": "🔔", "tada": "🎉", "pray": "🙏", "+1": "👍", "thumbsup": "👍",
    "telephone_receiver": "📞", "memo": "📝", "hourglass": "⌛", "loudspeaker": "📢", "mega": "📣", "pushpin": "📌",
    "red_circle": "🔴", "large_green_circle": "🟢", "large_yellow_circle": "🟡", "information_source": "ℹ️",
    "construction": "🚧", "raised_hands": "🙌", "bow": "🙇",
    "x": "❌", "question": "❓", "phone": "☎️", "wrench": "🔧", "speech_balloon": "💬",
}  # fmt: skip
Names = Callable[[str], str | None]


def _mrkdwn_parts(text: str, blocks: list[dict[str, Any]] | None) -> list[str]:
    """The texts in which Slack looks for mentions; header and plain text are never among them."""
    if not blocks:
        return [text]
    found: list[Any] = []
    for block in blocks:
        if block["type"] == "section":
            found += [block.get("text"), *block.get("fields", [])]
        elif block["type"] == "context":
            found += block["elements"]
    return [one["text"] for one in found if isinstance(one, dict) and one.get("type") == "mrkdwn"]


def pings(text: str, blocks: list[dict[str, Any]] | None, *, in_thread: bool = False) -> list[str]:
    """Whom Slack would call for a message: `channel`, `here`, `everyone`, user ids, user group ids, each once.

    In a thread the broadcasts call nobody; people are called there as well.
    """
    called: list[str] = []
    for part in _mrkdwn_parts(text, blocks):
        for token in TOKEN.findall(part):
            hit = PING.match(token.split("|")[0])
            if hit and not (in_thread and hit[1]):
                called.append(hit[1] or hit[2] or hit[3])
    return list(dict.fromkeys(called))


def unescape(text: str) -> str:
    """Slack's three entities, and no others, as people read them."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def emoji(name: str) -> str:
    """The sign for a short name, or the name between colons."""
    return EMOJI.get(name, f":{name}:")


def plain(text: Any) -> Markup:
    """Plain text: entities resolved, short names as signs, everything escaped."""
    shown = re.sub(r":([a-z0-9_+-]+):", lambda hit: emoji(hit[1]), unescape(str(text)))
    return escape(shown)


def _token(body: str, name_of: Names) -> Markup:
    target, _, label = body.partition("|")
    if hit := PING.match(target):
        name = hit[1] or name_of(hit[2] or hit[3]) or label or hit[2] or hit[3]
        return Markup('<mark class="{}">@{}</mark>').format("all" if hit[1] else "one", name)
    if target.startswith("#"):
        return Markup('<mark class="one">#{}</mark>').format(name_of(target[1:]) or label or target[1:])
    if target.startswith("!date^"):
        return plain(label)
    if re.match(r"(https?://|mailto:|tel:)", target):
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(unescape(target), unescape(label or target))
    return plain(f"<{body}>")


def _line(text: str, name_of: Names) -> Markup:
    kept: list[Markup] = []

    def keep(shown: Markup) -> str:
        # Links and code must not be restyled inside: they wait aside, behind a character that text cannot hold.
        kept.append(shown)
        return f"\x00{len(kept) - 1}\x00"

    text = re.sub(r"`([^`\n]+)`", lambda hit: keep(Markup("<code>{}</code>").format(unescape(hit[1]))), text)
    text = TOKEN.sub(lambda hit: keep(_token(hit[1], name_of)), text)
    shown = str(plain(text))
    for pattern, styled in STYLES:
        shown = pattern.sub(styled, shown)
    for _ in range(2):
        shown = re.sub(r"\x00(\d+)\x00", lambda hit: str(kept[int(hit[1])]), shown)
    return Markup(shown)  # every piece above went through escape()


def rich(text: Any, name_of: Names) -> Markup:
    """mrkdwn as HTML, with every character of the sender escaped; `name_of` resolves ids of people and channels."""
    pieces = str(text).replace("\x00", "").split("```")
    shown = []
    for at, piece in enumerate(pieces):
        if at % 2 and at < len(pieces) - 1:
            shown.append(Markup("<pre>{}</pre>").format(unescape(piece.strip("\n"))))
            continue
        for line in piece.split("\n"):
            quoted = re.match(r"(?:&gt;|>) ?", line)
            body = _line(line[quoted.end() :] if quoted else line, name_of)
            shown.append(Markup("<q>{}</q>").format(body) if quoted else body + Markup("<br>"))
        if shown[-1].endswith("<br>"):
            shown[-1] = Markup(shown[-1][: -len("<br>")])
    return Markup("").join(shown)
