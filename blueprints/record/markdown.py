"""A report as Markdown: what people typed stays what it is, whatever it would mean there."""

import re

from blueprints.record.report import Document, Facts, Heading, Log, Words
from domain.record_text import Paragraph

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_AT_LINE_START = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-+=])", re.M)


def markdown(made: Document, picture_url: str) -> str:
    """The whole report; `picture_url`: the address of a picture with `{number}` in it."""
    lines = [f"# {_inline(made.title)}: {_inline(made.code)} {_inline(made.subject)}", ""]
    if made.note:
        lines += [f"**{_inline(made.note)}**", ""]
    lines += [*_rows(made.about), ""]
    for piece in made.pieces:
        match piece:
            case Heading():
                lines += [f"{'#' * piece.level} {_inline(piece.text)}", ""]
            case Facts():
                lines += [*_rows(piece.rows), ""]
            case Words():
                lines += [part for one in piece.paragraphs for part in (_paragraph(one, picture_url), "")]
            case Log():
                lines += [*(_log_line(*row) for row in piece.rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    return [f"- **{_inline(label)}**: {_inline(value)}" for label, value in rows]


def _log_line(day: str, time: str, text: str, who: str) -> str:
    first = f"\n**{_inline(day)}**\n\n" if day else ""
    said = _breaks(_escaped(text)).replace("\n", "\n  ")
    return f"{first}- {time} {said}{f' ({_inline(who)})' if who else ''}"


def _paragraph(one: Paragraph, picture_url: str) -> str:
    made = "".join(
        _escaped(part) if isinstance(part, str) else f"![{part}]({picture_url.replace('{number}', str(part))})"
        for part in one.parts
    )
    quoted = _breaks(made)
    return "> " + quoted.replace("\n", "\n> ") if one.internal else quoted


def _breaks(text: str) -> str:
    """A line that was typed stays a line."""
    return text.strip("\n").replace("\n", "\\\n")


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    return _AT_LINE_START.sub(lambda m: f"{m[1]}{m[2]}\\{m[3]}" if m[2] else f"{m[4]}\\{m[5]}", text)


def _inline(text: str) -> str:
    return _escaped(" ".join(text.split()))
