"""What a section's plain text means: paragraphs, those that stay inside the house, places of pictures. PURE."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_INTERNAL = re.compile(r"\s*(?:【社内】|［社内］|\[社内\]|\[internal\])[ \t　:：]*", re.I)
_PICTURE = re.compile(r"\[(?:画像|picture) ?(\d{1,5})\]", re.I)
_APART = re.compile(r"\n(?:[ \t　]*\n)+")


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together. `internal`: it begins with 【社内】 or [internal], which is left out.

    `parts`: words, and numbers of the pictures that stand between them.
    """

    parts: tuple[str | int, ...]
    internal: bool = False

    @property
    def words(self) -> str:
        """Its words alone."""
        return "".join(part for part in self.parts if isinstance(part, str))


def paragraphs(text: str, *, internal: bool = True) -> list[Paragraph]:
    """The paragraphs of a text, empty lines between them. Not `internal`: without those that stay inside."""
    found = [_paragraph(one) for one in _APART.split(text.strip("\n")) if one.strip()]
    return [one for one in found if internal or not one.internal]


def pictures_in(text: str) -> list[int]:
    """The numbers of the pictures that a text shows, in their order."""
    return [int(match[1]) for match in _PICTURE.finditer(text)]


def _paragraph(text: str) -> Paragraph:
    mark = _INTERNAL.match(text)
    return Paragraph(tuple(_parts(text[mark.end() :] if mark else text)), mark is not None)


def _parts(text: str) -> Iterator[str | int]:
    last = 0
    for match in _PICTURE.finditer(text):
        if words := text[last : match.start()]:
            yield words
        yield int(match[1])
        last = match.end()
    if words := text[last:]:
        yield words
