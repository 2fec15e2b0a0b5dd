"""The roster's pages: every area now, and one area with its plan and what is coming."""

from datetime import timedelta
from typing import Any

from flask import abort, render_template
from flask_babel import gettext, ngettext

from blueprints.roster import bp
from blueprints.shared.language import now
from blueprints.shared.pages import render
from blueprints.shared.who import my_rights, myself, signed_in
from domain import planning, roster
from domain.roster import Area, Override, Stretch

AHEAD = timedelta(days=14)

LENGTHS = {"1": timedelta(hours=1), "4": timedelta(hours=4), "12": timedelta(hours=12), "24": timedelta(hours=24)}
"""For how long somebody takes over, by the form's value; `open` is until they hand back."""


@bp.get("/roster")
@signed_in
def index() -> str:
    """Who is in charge of every area now, and where nobody will be."""
    requests = planning.open_requests(myself(), now())
    return render("roster/index.html", "roster/_index.html", requests=requests, **overview())


def overview() -> dict[str, Any]:
    """What the live part of the roster page shows."""
    facts = roster.facts(now())
    ahead = [gap for gap in roster.gaps(facts, now(), now() + AHEAD) if gap.start > now()]
    return {"duties": facts.duties(), "gaps": ahead, "last_resort": facts.last_resort, "changes_at": facts.changes_at()}


@bp.get("/roster/<key>")
@signed_in
def area(key: str) -> str:
    """One area: now, the days ahead, the plan, covers and absences."""
    return render_template("roster/area.html", **area_context(find(key)))


def find(key: str) -> Area:
    """The area of an address, in use or retired, or 404."""
    found = roster.area_by_key(key)
    if found is None:
        abort(404)
    return found


def area_context(area: Area) -> dict[str, Any]:
    """Everything on an area's page. A retired one shows its plan alone."""
    at = now()
    facts = roster.facts(at)
    duty = facts.duty_of(area)
    ahead = roster.stretches(facts, area, at, at + AHEAD) if duty else []
    plans = roster.plans(area, at)
    overrides = planning.coming_overrides(at, area)
    return {
        "area": area,
        "duty": duty,
        "gaps": [gap for gap in roster.gaps(facts, at, at + AHEAD, only=[area]) if gap.start > at] if duty else [],
        "ahead": ahead,
        "bars": bars(ahead),
        "plan": plans[0],
        "planned": plans[1],
        "overrides": overrides,
        "absences": planning.coming_absences(at, facts.holders(area.id, at, at + roster.REACH)),
        "taken": _own_take(overrides, area) if my_rights().responder else None,
        "lengths": lengths(),
        "chosen": "4",
    }


def _own_take(overrides: list[Override], area: Area) -> Override | None:
    mine = ("take", myself().id, area.id)
    return next((one for one in overrides if (one.kind, one.person_id, one.area_id) == mine), None)


def lengths() -> list[tuple[str, str]]:
    """The choices of how long to take over."""
    hours = [(value, ngettext("%(num)d hour", "%(num)d hours", int(value))) for value in LENGTHS]
    return [*hours, ("open", gettext("until I hand back"))]


def bars(ahead: list[Stretch]) -> list[dict[str, Any]]:
    """The stretches as parts of a bar, in percent."""
    if not ahead:
        return []
    begin, whole = ahead[0].start, AHEAD.total_seconds()
    parts = []
    for stretch in ahead:
        end = min(stretch.end or begin + AHEAD, begin + AHEAD)
        parts.append(
            {
                "x": round((stretch.start - begin).total_seconds() / whole * 100, 2),
                "width": round((end - stretch.start).total_seconds() / whole * 100, 2),
                "gap": stretch.person is None,
                "name": stretch.person.name if stretch.person else "",
            }
        )
    return parts
