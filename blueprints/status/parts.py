"""The board's parts, which pages, polls and streams share: rendered once for what they show, language and rights."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, g, render_template
from flask_babel import get_locale
from markupsafe import Markup

from blueprints.shared.language import now
from blueprints.shared.who import my_rights
from blueprints.status.answer import Answer, answer_of
from domain import board


@dataclass(frozen=True)
class Parts:
    """What of the board changes live, as HTML; `changes_at`: when the clock alone changes it."""

    answer: Answer
    answer_html: Markup
    board_html: Markup
    changes_at: datetime | None


def parts() -> Parts:
    """The board as it stands. Its answer becomes that of this request's chip."""
    key = ("board", *_now_and_whom())
    found: Parts = current_app.extensions["memo"].get(key, _rendered)
    g.overall = found.answer
    return found


def _now_and_whom() -> tuple[str, str, str]:
    """What every part depends on beside what it shows: the minute, the language, the class of rights."""
    return now().isoformat(timespec="minutes"), get_locale().language, my_rights().level


def _rendered() -> tuple[Parts, datetime | None]:
    shown = board.load(now())
    g.overall = answer_of(shown.overall)
    section = Section(shown.changes_at())
    html = [section(f"status/_{part}.html", board=shown, answer=g.overall) for part in ("answer", "board")]
    return Parts(g.overall, html[0], html[1], section.until), section.until


class Section:
    """Renders a part of the board, or takes it as it was rendered of the same values: of a commit that changed one
    card one card is made anew. A part sees nothing but the values that it is kept by."""

    def __init__(self, until: datetime | None) -> None:
        self.until = until
        self._common = _now_and_whom()

    def __call__(self, template: str, **shown: Any) -> Markup:
        def make() -> tuple[Markup, datetime | None]:
            level = my_rights().level
            return Markup(render_template(template, section=self, level=level, **shown)), self.until

        kept: Markup = current_app.extensions["memo"].of_value((template, *self._common, *shown.items()), make)
        return kept
