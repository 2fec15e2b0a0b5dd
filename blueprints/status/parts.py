"""The board's parts, which pages, polls and streams share: rendered once a commit, language and class of rights."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, g, render_template
from flask_babel import get_locale
from markupsafe import Markup

from blueprints.shared import language
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
    key = ("board", get_locale().language, my_rights().level, language.local(now()).strftime("%H:%M"))
    found: Parts = current_app.extensions["memo"].get(key, _rendered)
    g.overall = found.answer
    return found


def _rendered() -> tuple[Parts, datetime | None]:
    loaded = board.load(now())
    g.overall = answer_of(loaded.overall)
    context = {"board": loaded, "answer": g.overall, "level": my_rights().level}
    html = [Markup(render_template(f"status/_{part}.html", **context)) for part in ("answer", "board")]
    return Parts(g.overall, html[0], html[1], loaded.changes_at()), loaded.changes_at()
