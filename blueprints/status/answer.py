"""The overall answer in words: the first line of the board, the chip, the title and the favicon."""

from dataclasses import dataclass

from flask import Flask, g
from flask_babel import gettext, ngettext

from blueprints.shared.keeping import until
from blueprints.shared.language import now
from domain import board
from domain.board import Overall


@dataclass(frozen=True)
class Answer:
    """How the overall state is said and shown."""

    headline: str
    chip: str
    tone: str
    glyph: str
    favicon: str
    state: str


def answer_of(overall: Overall) -> Answer:
    """The answer to: is there a problem?"""
    state = overall.state
    if state == "incident":
        return Answer(
            ngettext(
                "We are handling %(num)d incident right now",
                "We are handling %(num)d incidents right now",
                overall.incidents,
            ),
            ngettext("%(num)d incident", "%(num)d incidents", overall.incidents),
            "bad" if overall.worst in ("major", "critical") else "warn",
            "triangle" if overall.worst in ("major", "critical") else "diamond",
            "incident",
            state,
        )
    if state == "suspicion":
        return Answer(
            gettext("A suspected issue is being checked"), gettext("Suspected issue"), "none", "dot", "suspicion", state
        )
    if state == "restored":
        return Answer(
            gettext("Restored. Customer follow-up continues"), gettext("Restored"), "ok", "tick", "calm", state
        )
    if state == "maintenance":
        return Answer(gettext("Maintenance is under way"), gettext("Maintenance"), "info", "square", "calm", state)
    return Answer(gettext("There is no incident right now"), gettext("No incident"), "ok", "tick", "calm", state)


def overall() -> Answer:
    """The answer for this request's chip: asked once, and taken from the board where it is loaded anyway."""
    if "overall" not in g:
        found = board.overall(now())
        until(found.changes_at)
        g.overall = answer_of(found)
    return g.overall


def init_app(app: Flask) -> None:
    app.jinja_env.globals["overall"] = overall
