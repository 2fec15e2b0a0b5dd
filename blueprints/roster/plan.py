"""Changing an area's plan: five places in order, what changes shown before it is saved."""

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.roster import bp, forms
from blueprints.roster.views import find
from blueprints.shared import words
from blueprints.shared.language import local, now
from blueprints.shared.who import administrators, myself
from domain import planning, roster
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.people import Person
from domain.roster import RANKS, Area, Plan
from domain.text import one_line

FIELDS = [f"person-{rank}" for rank in range(RANKS)]


@bp.get("/roster/<key>/plan")
@administrators
def edit_plan(key: str) -> str:
    """The plan in force, ready to be changed; `plan` of the address chooses one that is to come instead."""
    area = find(key)
    plan, planned = roster.plans(area, now())
    wanted = forms.identity(request.args.get("plan"))
    plan = next((one for one in planned if one.id == wanted), plan)
    typed = dict.fromkeys(FIELDS, "") | {"starts_at": ""}
    if plan is not None:
        typed |= {f"person-{slot.rank}": str(slot.person_id or "") for slot in plan.slots}
        if plan.starts_at > now():
            typed["starts_at"] = local(plan.starts_at).strftime("%Y-%m-%dT%H:%M:%S")
    latest = planning.latest_plan(area)
    return _page(area, typed, str(latest.id) if latest else "")


@bp.post("/roster/<key>/plan")
@administrators
def set_plan(key: str) -> Any:
    """First shows what changes; the same choice sent once more is saved as a new version."""
    area = find(key)
    typed = {name: one_line(request.form.get(name)) for name in [*FIELDS, "starts_at"]}
    seen = one_line(request.form.get("seen"))
    fingerprint = "|".join([seen, *typed.values()])
    try:
        line = planning.line_of([forms.person(typed[name], name) if typed[name] else None for name in FIELDS])
        starts_at = forms.instant(typed["starts_at"], "starts_at")
        planning.check_start(starts_at or now(), now())
        if request.form.get("previewed") != fingerprint:
            return _page(area, typed, seen, fingerprint, **_changes(area, line, starts_at))
        with writing():
            planning.set_plan(
                area, line, starts_at=starts_at or now(), seen=forms.identity(seen), by=myself(), at=now()
            )
    except Refused as error:
        return _page(area, typed, seen, errors={error.field: [words.sentence(error)]}), 422
    except Conflict as error:
        return _conflict(area, typed, error), 409
    return redirect(url_for("roster.area", key=key), 303)


def _page(area: Area, typed: dict[str, str], seen: str, previewed: str = "", **context: Any) -> str:
    """The form. Without `changes` nothing was previewed yet."""
    context = {"errors": {}, "changes": None, "conflict": None, "planned": roster.plans(area, now())[1]} | context
    return render_template(
        "roster/plan.html", area=area, form=typed, people=roster.choices(), seen=seen, previewed=previewed, **context
    )


def _conflict(area: Area, typed: dict[str, str], error: Conflict) -> str:
    """What was chosen stays, beside the plan that somebody else recorded in between."""
    latest = planning.latest_plan(area)
    line = [forms.person(typed[name], name) if typed[name] else None for name in FIELDS]
    seen = str(latest.id) if latest else ""
    fingerprint = "|".join([seen, *typed.values()])
    changes = _changes(area, line, forms.instant(typed["starts_at"], "starts_at"))
    return _page(area, typed, seen, fingerprint, conflict=words.sentence(error), **changes)


def _changes(area: Area, line: list[Person | None], starts_at: datetime | None) -> dict[str, Any]:
    """Place by place: who stands there at that time by the plan so far, and who would."""
    before = _names(roster.plans(area, starts_at or now())[0])
    after = [person.name if person else "" for person in line] + [""] * (RANKS - len(line))
    rows = []
    for rank, (old, new) in enumerate(zip(before, after, strict=False)):
        if old or new:
            label = gettext("Deputy, rank %(rank)d", rank=rank) if rank else gettext("Responsible")
            rows.append((label, old, new, old != new))
    return {
        "changes": rows,
        "starts": starts_at if starts_at and starts_at > now() else None,
        "joining": [name for name in after if name and name not in before],
        "leaving": [name for name in before if name and name not in after],
    }


def _names(plan: Plan | None) -> list[str]:
    names = [""] * RANKS
    for slot in plan.slots if plan else []:
        names[slot.rank] = slot.person.name if slot.person else ""
    return names
