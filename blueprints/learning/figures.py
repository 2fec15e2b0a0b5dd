"""The figures as pages, CSV and JSON: each with its definition, its plot and the table behind it."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, current_app, jsonify, render_template, request
from flask_babel import gettext

from blueprints.learning import bp
from blueprints.learning.definitions import DEFINITIONS, NAMES_OF, UNITS
from blueprints.learning.downloads import as_csv
from blueprints.shared.language import local, now, span, zone
from blueprints.shared.machines import or_token
from blueprints.shared.who import signed_in
from domain import figures, incidents
from domain.figures import COUNT, MEAN, SHARE, TIME, Figure, Figures, Load, Value, months_before, next_month
from domain.text import one_line
from domain.walltime import on_date

SHOWN = 12
"""Months on a page."""


def counted() -> Figures:
    """All figures; kept until the next commit."""
    made: Figures = current_app.extensions["memo"].get(("figures", local(now()).date()), lambda: (_made(), None))
    return made


def _made() -> Figures:
    return figures.all_figures(now())


def _bounds(last: date) -> tuple[datetime, datetime]:
    """The instants between which the months that are shown lie."""
    return on_date(months_before(last, SHOWN - 1), 0, zone()), on_date(next_month(last), 0, zone())


def _last_month() -> date:
    """The month that the address asks for, or this one."""
    asked = one_line(request.args.get("until"))
    today = local(now()).date().replace(day=1)
    return min(date.fromisoformat(f"{asked}-01"), today) if incidents.is_month(asked) else today


@bp.get("/figures")
@signed_in
def all_figures() -> str:
    """Twelve months of every figure, and the whole."""
    last, known, today = _last_month(), counted(), local(now()).date().replace(day=1)
    shown = list(figures.span_of(months_before(last, SHOWN - 1), last))
    start, end = _bounds(last)
    carried, thanked = figures.load(start, end), figures.thanks(start, end)
    most = max((one.length for one in carried), default=None)
    return render_template(
        "learning/figures.html", shown=shown, plots=[_plot(one, shown) for one in known.figures.values()],
        load=[(one, one.length / most * 100 if most else 0) for one in carried], thanked=thanked,
        unfounded=sum(one.none for one in thanked), before=months_before(last, SHOWN), last=last,
        after=min(months_before(last, -SHOWN), today), has_after=last < today,
        has_before=bool(known.months and known.months[0] < shown[0]),
        definitions=DEFINITIONS, names_of=NAMES_OF, in_words=in_words, times=TIME,
    )  # fmt: skip


def _plot(figure: Figure, shown: list[date]) -> dict[str, Any]:
    """A figure with the height of each bar, in percent of the tallest."""
    values = [figure.at(month) for month in shown]
    most = 1.0 if figure.form == SHARE else max((one.number or 0 for one in values), default=0) or 1.0
    return {
        "figure": figure, "values": list(zip(shown, values, strict=True)), "most": Value(most, 1),
        "heights": [round((one.number or 0) / most * 100, 1) for one in values],
    }  # fmt: skip


def in_words(value: Value, form: str) -> str:
    """A value as people say it."""
    if value.number is None:
        return "–"
    if form == TIME:
        return span_of(value.number)
    if form == SHARE:
        return f"{value.number * 100:.0f} %"
    return f"{value.number:.1f}" if form == MEAN else f"{value.number:.0f}"


def span_of(minutes: float) -> str:
    """A number of minutes in words."""
    return span(timedelta(minutes=minutes))


@bp.get("/figures.csv")
@or_token(signed_in)
def figures_csv() -> Response:
    """Every month of every figure; the month `all` is the whole. Times are minutes, shares from 0 to 1."""
    known = counted()
    rows: list[list[object]] = []
    for figure in known.figures.values():
        name, definition = str(NAMES_OF[figure.code]), str(DEFINITIONS[figure.code])
        for month in known.months:
            rows.append(
                [f"{month:%Y-%m}", figure.code, name, *_cells(figure.at(month)), UNITS[figure.form], definition]
            )
        rows.append(["all", figure.code, name, *_cells(figure.whole), UNITS[figure.form], definition])
    head = ("month", "figure", "name", "value", "of", "tenth", "unit", "definition")
    return as_csv(f"figures-{local(now()).date().isoformat()}.csv", head, rows)


def _cells(value: Value) -> list[object]:
    return ["" if one is None else round(one, 3) for one in (value.number, value.of, value.tenth)]


@bp.get("/figures.json")
@or_token(signed_in)
def figures_json() -> Response:
    """The same for machines, with who carried how much in the last twelve months."""
    known = counted()
    start, end = _bounds(local(now()).date().replace(day=1))
    answer: Response = jsonify(
        as_of=now().isoformat(), zone=zone().key, drills="left out",
        figures=[_figure_json(one, known.months) for one in known.figures.values()],
        load=[_load_json(one) for one in figures.load(start, end)],
    )  # fmt: skip
    return answer


def _figure_json(figure: Figure, months: list[date]) -> dict[str, Any]:
    return {
        "code": figure.code, "name": str(NAMES_OF[figure.code]), "definition": str(DEFINITIONS[figure.code]),
        "unit": UNITS[figure.form], "all": _value_json(figure.whole),
        "months": [{"month": f"{month:%Y-%m}", **_value_json(figure.at(month))} for month in months],
    }  # fmt: skip


def _value_json(value: Value) -> dict[str, Any]:
    return {"value": value.number, "of": value.of, "tenth": value.tenth}


def _load_json(one: Load) -> dict[str, Any]:
    hours = round(one.length.total_seconds() / 3600, 2)
    return {"name": one.person.name, "incidents": len(one.incidents), "positions": one.positions, "hours": hours}


def summary(plot: dict[str, Any]) -> str:
    """What a plot shows, for who does not see it."""
    figure = plot["figure"]
    lately = next((pair for pair in reversed(plot["values"]) if pair[1].number is not None), None)
    if lately is None or (figure.form == COUNT and not figure.whole.number):
        return gettext("Nothing in these months.")
    return gettext(
        "Bars by month. In all %(whole)s. The table below holds every number.",
        whole=in_words(figure.whole, figure.form),
    )


bp.add_app_template_global(summary, "plot_summary")
bp.add_app_template_global(span_of, "span_in_words")
