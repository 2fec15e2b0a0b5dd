"""The roster's pages: every area now or at any other instant, and one area with its week and its plan."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, current_app, render_template, request
from flask_babel import gettext, ngettext
from markupsafe import Markup

from blueprints.roster import bp, forms
from blueprints.roster.weeks import numbers_of, of_area, this_week_began
from blueprints.shared import words
from blueprints.shared.instants import parse_wall
from blueprints.shared.keeping import kept
from blueprints.shared.language import local, now, spoken, zone
from blueprints.shared.pages import wants_partial
from blueprints.shared.who import my_rights, myself, signed_in
from domain import absences, overrides, roster, timetable
from domain.errors import Refused
from domain.roster import Area, Override
from domain.text import one_line

AHEAD = timedelta(days=14)

LENGTHS = {"1": timedelta(hours=1), "4": timedelta(hours=4), "12": timedelta(hours=12), "24": timedelta(hours=24)}
"""For how long somebody takes over, by the form's value; `open` is until they hand back."""


@bp.get("/roster")
@signed_in
@kept
def index() -> Any:
    """Who is in charge of every area: now, or with `at` at another instant."""
    asked = one_line(request.args.get("at"))
    if asked and not wants_partial():
        return _then(asked)
    shown = overview()
    if wants_partial():
        return shown.html
    return render_template("roster/index.html", overview=shown, requests=overrides.open_requests(myself(), now()))


@dataclass(frozen=True)
class Overview:
    """The live part of the roster page, and when the clock alone changes it."""

    html: Markup
    changes_at: datetime | None


def overview() -> Overview:
    """The live part, rendered once a commit, language and class of rights."""
    locale = spoken()
    key = ("roster", now().isoformat(timespec="minutes"), str(locale), my_rights().level)
    found: Overview = current_app.extensions["memo"].get(key, _overview)
    return found


def _overview() -> tuple[Overview, datetime | None]:
    facts = roster.facts(now())
    html = render_template(
        "roster/_index.html",
        cards=timetable.cards(facts),
        gaps=[gap for gap in roster.gaps(facts, now(), now() + AHEAD) if gap.start > now()],
        last_resort=facts.last_resort,
    )
    shown = Overview(Markup(html), facts.changes_at())
    return shown, shown.changes_at


def _then(asked: str) -> Any:
    """Who was, or will be, in charge at another instant; 422 where it is none."""
    try:
        at = forms.instant(asked, "at") or now()
    except Refused as error:
        errors = {"at": [words.sentence(error)]}
        return render_template("roster/then.html", then=None, typed=asked[:40], errors=errors, cards=[]), 422
    facts = timetable.facts_then(at, back=roster.REACH)
    return render_template(
        "roster/then.html",
        then=at,
        typed=local(at).strftime("%Y-%m-%dT%H:%M"),
        errors={},
        cards=timetable.cards(facts),
        numbers=numbers_of(at),
    )


@bp.app_template_global()
def wall(at: datetime) -> str:
    """An instant as addresses carry it: wall time, with its offset where that alone would mean another one."""
    text = local(at).strftime("%Y-%m-%dT%H:%M:%S").removesuffix(":00")
    return text if parse_wall(text, zone(), now()) == at else local(at).isoformat()


@bp.app_template_filter("initials")
def initials(name: str) -> str:
    """What stands for a portrait: `岡` of 岡本 沙織, `MS` of Misaki Sato."""
    parts = [part for part in name.replace("・", " ").split() if part[0].isalnum()] or [name.strip()]
    if not parts[0].isascii():
        return parts[0][:1]
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()


@bp.get("/roster/<key>")
@signed_in
def area(key: str) -> Any:
    """One area: now, its week, the plan, covers and absences."""
    context = area_context(find(key))
    return render_template("roster/area.html", **context), 422 if context["errors"] else 200


def find(key: str) -> Area:
    """The area of an address, in use or retired, or 404."""
    found = roster.area_by_key(key)
    if found is None:
        abort(404)
    return found


def area_context(area: Area) -> dict[str, Any]:
    """Everything on an area's page. A retired one shows its plan alone."""
    at = now()
    facts = roster.facts(at, back=at - this_week_began())
    card = timetable.card(facts, area)
    plans = roster.plans(area, at)
    coming = overrides.coming_overrides(at, area)
    return {
        "area": area,
        "card": card,
        "duty": card.duty if card else None,
        "gaps": [gap for gap in roster.gaps(facts, at, at + AHEAD, only=[area]) if gap.start > at] if card else [],
        **(of_area(area, facts) if card else {"errors": {}}),
        "plan": plans[0],
        "planned": plans[1],
        "overrides": coming,
        "idle": overrides.idle(facts, coming),
        "absences": absences.coming_absences(at, facts.holders(area.id, at, at + roster.REACH)),
        "taken": _own_take(coming, area) if my_rights().responder else None,
        "lengths": lengths(),
        "chosen": "4",
    }


def _own_take(coming: list[Override], area: Area) -> Override | None:
    mine = ("take", myself().id, area.id)
    return next((one for one in coming if (one.kind, one.person_id, one.area_id) == mine), None)


def lengths() -> list[tuple[str, str]]:
    """The choices of how long to take over."""
    hours = [(value, ngettext("%(num)d hour", "%(num)d hours", int(value))) for value in LENGTHS]
    return [*hours, ("open", gettext("until I hand back"))]
