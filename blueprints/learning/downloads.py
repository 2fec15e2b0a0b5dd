"""Tables as CSV files that spreadsheets open, without letting anybody's words become a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""A cell that begins so is a formula to some spreadsheet; Japanese ones read the full-width signs, too."""


def cell(value: object) -> str:
    """A value as a cell takes it: text that could be a formula is marked as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if not isinstance(value, (int, float)) and text.lstrip().startswith(RISKY) else text


def as_csv(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A file called `name`; UTF-8 with a mark, so that spreadsheets know it."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(head)
    table.writerows([cell(value) for value in row] for row in rows)
    return Response(
        "\ufeff" + out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
