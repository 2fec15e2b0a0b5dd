"""Hours in charge per person and area over a period, as a table with bars and as CSV."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, render_template, request

from blueprints.roster import bp, forms
from blueprints.shared import words
from blueprints.shared.language import local, now, spoken, zone
from blueprints.shared.who import signed_in
from domain.errors import Refused
from domain.load import Load, load
from domain.text import one_line
from domain.walltime import DAY, on_date

LONGEST = 366
HOUR = timedelta(hours=1)
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


@dataclass(frozen=True)
class Period:
    """Dates from `first` to `last`, both included, as typed and as instants."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return on_date(self.first, 0, zone())

    @property
    def end(self) -> datetime:
        return on_date(self.last + DAY, 0, zone())


@bp.get("/roster/hours")
@signed_in
def hours() -> Any:
    """How long everybody is in charge: of this month, or of the period asked for."""
    try:
        period = _period()
    except Refused as error:
        errors = {error.field: [words.sentence(error)]}
        return _page(_month(local(now()).date()), errors), 422
    return _page(period, {})


def _page(period: Period, errors: dict[str, list[str]]) -> str:
    found = load(period.start, period.end)
    most = max((share.total for share in found.shares), default=HOUR)
    typed = {name: one_line(request.args.get(name)) for name in ("from", "to")}
    return render_template(
        "roster/hours.html",
        period=period,
        load=found,
        bars={share.person.id: round(share.total / most * 100, 1) for share in found.shares},
        average=sum((share.total for share in found.shares), timedelta()) / max(len(found.shares), 1),
        typed=typed if errors else {"from": period.first.isoformat(), "to": period.last.isoformat()},
        before=_month(period.first - DAY),
        after=_month(period.last + DAY),
        errors=errors,
        planned=period.end > now(),
    )


@bp.get("/roster/hours.csv")
@signed_in
def hours_csv() -> Any:
    """The same as a file; a period that cannot be read leads to the page, which says why."""
    try:
        period = _period()
    except Refused:
        return hours()
    name = f"hours-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    return Response(
        "\ufeff" + _table(load(period.start, period.end)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _table(found: Load) -> str:
    locale = spoken()
    areas = [_cell(area.called(locale.language if locale else "ja")) for area in found.areas]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["name", "department", *areas, "total"])
    for share in found.shares:
        own = [_hours(share.by_area.get(area.id, timedelta())) for area in found.areas]
        table.writerow([_cell(share.person.name), _cell(share.person.department or ""), *own, _hours(share.total)])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text


def _hours(length: timedelta) -> str:
    return f"{length / HOUR:.2f}"


@bp.app_template_filter("hours")
def in_hours(length: timedelta) -> str:
    """A length in hours, with a decimal where there is one: `37.5`."""
    return f"{length / HOUR:.1f}".removesuffix(".0")


def _period() -> Period:
    first, last = (forms.day(one_line(request.args.get(name)), name) for name in ("from", "to"))
    if first is None and last is None:
        return _month(local(now()).date())
    first = first or (last or date.max).replace(day=1)
    last = last or _month(first).last
    if last < first:
        raise Refused("to", "hours_backwards")
    if (last - first).days >= LONGEST:
        raise Refused("to", "hours_long")
    return Period(first, last)


def _month(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + 31 * DAY).replace(day=1) - DAY)
