"""A report as PDF on A4: page numbers, Japanese fonts embedded, lines broken as Japanese is."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from blueprints.record.report import Document, Facts, Heading, Log, Words
from domain.record_text import Paragraph

FONTS = {"": "NotoSansJP_400Regular.ttf", "B": "NotoSansJP_700Bold.ttf"}
"""In the folder `fonts/`, where `make` puts them."""

MARGIN = 20.0
SMALL, BODY, LINE = 8.5, 10.0, 6.0
"""Points of the letters, and millimetres of a line."""

MOST_HIGH = 110.0
"""Millimetres of a picture's height."""

_TOKEN = re.compile(r"[!-~]+ ?|\s|.", re.S)
_NOT_FIRST = set("、。，．）」』】〕］｝〉》・：；？！ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.)]}:;?!％%")
_NOT_LAST = set("（「『【〔［｛〈《([{")
_one_at_a_time = Lock()


class NoFonts(Exception):
    """The fonts are not there: `make` brings them."""


def pdf(made: Document, fonts: Path, language: str, picture: Callable[[int], bytes | None]) -> bytes:
    """The whole report. `picture`: the bytes of a picture by its number, or None.

    Raises:
        NoFonts: they were not brought.
    """
    if not all((fonts / name).exists() for name in FONTS.values()):
        raise NoFonts
    with _one_at_a_time:
        return _Paper(made, fonts, language, picture).bytes()


class _Paper:
    def __init__(
        self, made: Document, fonts: Path, language: str, picture: Callable[[int], bytes | None]
    ) -> None:  # fmt: skip
        from fpdf import FPDF  # here: with the font library it takes a tenth of the start

        foot = f"{made.code}  {made.title}"[:70]

        class Page(FPDF):
            def footer(self) -> None:
                self.set_y(-14)
                self.set_font("noto", "", SMALL)
                self.set_text_color(90)
                self.cell(0, 5, foot, align="L")
                self.set_x(MARGIN)
                self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")
                self.set_text_color(0)

        self._pdf: Any = Page(format="A4")
        self._picture = picture
        self._widths: dict[tuple[str, float, str], float] = {}
        for style, name in FONTS.items():
            self._pdf.add_font("noto", style, fonts / name)
        known: Any = self._pdf.fonts
        self._known = {style: known[f"noto{style}"].cmap for style in FONTS}
        self._pdf.set_margins(MARGIN, 18, MARGIN)
        self._pdf.set_auto_page_break(True, 20)
        self._pdf.set_title(f"{made.title} {made.code} {made.subject}")
        self._pdf.set_lang(language)
        self._pdf.add_page()
        self._write(made)

    def bytes(self) -> bytes:
        out = BytesIO()
        self._pdf.output(out)
        return out.getvalue()

    def _write(self, made: Document) -> None:
        self._text(made.title, "B", 18, 9)
        self._text(f"{made.code} {made.subject}", "B", 12, 7)
        if made.note:
            self._text(made.note, "B", BODY, LINE)
        self._rows(made.about)
        for piece in made.pieces:
            match piece:
                case Heading():
                    self._heading(piece)
                case Facts():
                    self._rows(piece.rows)
                case Words():
                    for one in piece.paragraphs:
                        self._paragraph(one)
                case Log():
                    self._log(piece)

    def _heading(self, piece: Heading) -> None:
        size, above = (14, 5) if piece.level == 2 else (11.5, 3)
        # A heading alone at the foot of a page says nothing.
        if self._pdf.will_page_break(above + 3 * LINE):
            self._pdf.add_page()
        self._pdf.ln(above)
        self._pdf.start_section(self._fit(piece.text, "B"), level=piece.level - 2)
        self._text(piece.text, "B", size, size * 0.5 + 2)

    def _rows(self, rows: list[tuple[str, str]]) -> None:
        for label, value in rows:
            self._columns(label, value, 44)
        self._pdf.ln(2)

    def _log(self, piece: Log) -> None:
        for day, time, text, who in piece.rows:
            if day:
                self._pdf.ln(1)
                self._text(day, "B", BODY, LINE)
            self._columns(time, f"{text}（{who}）" if who else text, 16)

    def _columns(self, left: str, right: str, width: float) -> None:
        lines = list(self._lines(right, "", BODY, self._pdf.epw - width))
        head = list(self._lines(left, "", BODY, width - 3))
        for number in range(max(len(lines), len(head))):
            if self._pdf.will_page_break(LINE):
                self._pdf.add_page()
            self._pdf.set_font("noto", "", BODY)
            self._pdf.set_text_color(70)
            self._pdf.cell(width, LINE, head[number] if number < len(head) else "")
            self._pdf.set_text_color(0)
            self._pdf.cell(0, LINE, lines[number] if number < len(lines) else "")
            self._pdf.ln(LINE)

    def _paragraph(self, one: Paragraph) -> None:
        for part in one.parts:
            if isinstance(part, str):
                self._text(part.strip("\n"), "", BODY, LINE)
            else:
                self._image(part)
        self._pdf.ln(2)

    def _image(self, number: int) -> None:
        data = self._picture(number)
        if data is None:
            self._text(f"[{number}]", "", BODY, LINE)
            return
        from PIL import Image

        with Image.open(BytesIO(data)) as opened:
            width, height = opened.size
        # 150 points to the inch, and never wider than the page.
        wide = min(self._pdf.epw, width * 25.4 / 150)
        wide = min(wide, MOST_HIGH * width / height)
        if self._pdf.will_page_break(wide * height / width):
            self._pdf.add_page()
        self._pdf.image(BytesIO(data), w=wide)
        self._pdf.ln(2)

    def _text(self, text: str, style: str, size: float, line: float) -> None:
        for one in self._lines(text, style, size, self._pdf.epw):
            if self._pdf.will_page_break(line):
                self._pdf.add_page()
            self._pdf.set_font("noto", style, size)
            self._pdf.cell(0, line, one)
            self._pdf.ln(line)

    def _lines(self, text: str, style: str, size: float, room: float) -> Iterator[str]:
        """Lines that fit: broken between Japanese characters, not before 。 or after （, and between Latin words."""
        room -= 2.5  # a cell's own margins
        for typed in self._fit(text, style).expandtabs(4).split("\n"):
            line, used = "", 0.0
            for token in self._tokens(typed, style, size, room):
                wide = self._width(token, style, size)
                if line and used + wide > room and token[0] not in _NOT_FIRST:
                    kept = line[-1] if line[-1] in _NOT_LAST and len(line) > 1 else ""
                    yield line[: len(line) - len(kept)]
                    line, used = kept, self._width(kept, style, size) if kept else 0.0
                line, used = line + token, used + wide
            yield line

    def _tokens(self, text: str, style: str, size: float, room: float) -> Iterator[str]:
        for token in _TOKEN.findall(text):
            if len(token) > 8 and self._width(token, style, size) > room / 2:
                yield from token
            else:
                yield token

    def _width(self, token: str, style: str, size: float) -> float:
        key = (token, size, style) if len(token) == 1 else None
        if key and key in self._widths:
            return self._widths[key]
        if len(token) > 1:
            return sum(self._width(one, style, size) for one in token)
        self._pdf.set_font("noto", style, size)
        width = float(self._pdf.get_string_width(token))
        self._widths[(token, size, style)] = width
        return width

    def _fit(self, text: str, style: str) -> str:
        """What the font cannot show (pictures among letters) becomes a box, and nothing else is lost."""
        known = self._known[style]
        return "".join(
            char if char in "\n\t" or ord(char) in known else "□" for char in text if char not in "\ufe0f\u200d"
        )
