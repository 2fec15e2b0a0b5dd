"""CSV files as spreadsheets write them: UTF-8 or Shift_JIS, headers in either language, every bad line named."""

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from domain.text import one_line

MAX_ROWS = 5_000


@dataclass(frozen=True)
class Line:
    """A line of the file: its number as a spreadsheet shows it, its values by column (missing ones are empty)."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class Problem:
    """Why a line cannot be taken. `code` names the sentence, `params` fill it; line 0 is the file itself."""

    line: int
    column: str
    code: str
    params: dict[str, Any]


def decode(data: bytes) -> str | None:
    """The text of a file in UTF-8 (with or without a mark) or, as Japanese spreadsheets save it, Shift_JIS."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def read(
    data: bytes, columns: dict[str, tuple[str, ...]], required: tuple[str, ...]
) -> tuple[list[Line], list[Problem]]:
    """The lines of a CSV file. `columns`: column → the headers it goes by. Empty lines are passed over."""
    text = decode(data)
    if text is None or "\x00" in text:
        return [], [Problem(0, "", "not_text", {})]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        return [], [Problem(0, "", "not_csv", {"error": str(error)})]
    if not rows:
        return [], [Problem(0, "", "no_lines", {})]
    if len(rows) > MAX_ROWS + 1:
        return [], [Problem(0, "", "too_many_lines", {"most": MAX_ROWS})]
    names = {header.casefold(): column for column, headers in columns.items() for header in headers}
    order = [names.get(one_line(header).casefold()) for header in rows[0]]
    missing = [column for column in required if column not in order]
    if missing:
        return [], [Problem(1, column, "no_column", {"headers": ", ".join(columns[column])}) for column in missing]
    lines = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        values = dict.fromkeys(columns, "")
        values.update({column: one_line(cell) for column, cell in zip(order, row, strict=False) if column})
        lines.append(Line(number, values))
    return lines, [] if lines else [Problem(0, "", "no_lines", {})]


def several(cell: str) -> list[str]:
    """The values of a cell that may hold more than one: `A; B`, `A、B`, `A|B`."""
    return [part.strip() for part in re.split(r"[;；、|｜\n]", cell) if part.strip()]
