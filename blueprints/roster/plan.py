"""Changing an area's plan: five places in order, or rows and rotations; four weeks of it shown before it is saved."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.roster import bp, forms, plan_form
from blueprints.roster.plan_form import Errors, TypedPlan
from blueprints.roster.views import find
from blueprints.shared import words
from blueprints.shared.language import local, now
from blueprints.shared.who import administrators, myself
from domain import planning, roster
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.planning import Draft, Turn
from domain.preview import Part, Preview, preview
from domain.roster import RANKS, Area
from domain.text import one_line
from domain.walltime import DAY, on_date


@bp.get("/roster/<key>/plan")
@administrators
def edit_plan(key: str) -> str:
    """The plan in force, ready to be changed; `plan` of the address chooses one that is to come instead."""
    area = find(key)
    plan, planned = roster.plans(area, now())
    wanted = forms.identity(request.args.get("plan"))
    plan = next((one for one in planned if one.id == wanted), plan)
    starts_at = plan.starts_at if plan and plan.starts_at > now() else None
    draft = planning.draft_of(plan) if plan else None
    latest = planning.latest_plan(area)
    typed = plan_form.of_draft(draft, starts_at, now(), roster.zone(roster.settings()))
    return _page(area, typed, str(latest.id) if latest else "")


@bp.post("/roster/<key>/plan")
@administrators
def set_plan(key: str) -> Any:
    """One more row or one less; else shows what it means; the same sent once more is saved as a new version."""
    area, typed = find(key), plan_form.of_request(request.form)
    seen = one_line(request.form.get("seen"))
    if button := request.form.get("press"):
        focus = plan_form.press(typed, button, now(), roster.zone(roster.settings()))
        return _page(area, typed, seen, focus=focus)
    draft, starts_at, errors = plan_form.read(typed, now())
    if errors:
        return _page(area, typed, seen, errors=errors), 422
    fingerprint = f"{seen}-{typed.fingerprint}"
    if request.form.get("previewed") != fingerprint:
        return _page(area, typed, seen, fingerprint, shown=_shown(area, draft, preview(area, draft, starts_at, now())))
    try:
        with writing():
            planning.set_plan(
                area, draft, starts_at=starts_at or now(), seen=forms.identity(seen), by=myself(), at=now()
            )
    except Refused as error:
        return _page(area, typed, seen, errors={error.field: [words.sentence(error)]}), 422
    except Conflict as error:
        return _conflict(area, typed, error), 409
    return redirect(url_for("roster.area", key=key), 303)


def _conflict(area: Area, typed: TypedPlan, error: Conflict) -> str:
    """What was chosen stays, beside the plan that somebody else recorded in between."""
    draft, starts_at, _ = plan_form.read(typed, now())
    latest = planning.latest_plan(area)
    seen = str(latest.id) if latest else ""
    shown = _shown(area, draft, preview(area, draft, starts_at, now()))
    fingerprint = f"{seen}-{typed.fingerprint}"
    return _page(area, typed, seen, fingerprint, shown=shown, conflict=words.sentence(error), newest=latest)


def _page(
    area: Area,
    typed: TypedPlan,
    seen: str,
    previewed: str = "",
    *,
    errors: Errors | None = None,
    shown: "Shown | None" = None,
    **context: Any,
) -> str:
    """The form. Without `shown` nothing was previewed yet."""
    return render_template(
        "roster/plan.html",
        area=area,
        form=typed,
        turns=_turns(typed),
        people=roster.choices(),
        seen=seen,
        previewed=previewed,
        errors=errors or {},
        shown=shown,
        planned=roster.plans(area, now())[1],
        **{"focus": None, "conflict": None, "newest": None} | context,
    )


def _turns(typed: TypedPlan) -> list[tuple[str, str]]:
    """What a place can hold besides people: the turn of each rotation, and those who follow in it."""
    found = []
    for number, rotation in enumerate(typed.rotations):
        for offset in range(min(max(len([one for one in rotation.members if one]), 1), RANKS)):
            found.append((f"turn-{number}-{offset}", turn_called(rotation.name, offset)))
    known = {value for value, _ in found}
    chosen = [slot for row in typed.rows for slot in row.slots if plan_form.TURN.fullmatch(slot) and slot not in known]
    for slot in dict.fromkeys(chosen):  # of more members than there are, or of a rotation from a file
        number, offset = (int(part) for part in slot.split("-")[1:])
        if number < len(typed.rotations):
            found.append((slot, turn_called(typed.rotations[number].name, offset)))
    return found


@bp.app_template_global()
def turn_called(name: str, offset: int) -> str:
    """A rotation's turn, or the one of somebody who follows in it, in words."""
    if offset == 0:
        return gettext("%(rotation)s: whose turn it is", rotation=name)
    if offset == 1:
        return gettext("%(rotation)s: the next in turn", rotation=name)
    return gettext("%(rotation)s: %(number)d turns later", rotation=name, number=offset)


# What is shown before it is saved


@dataclass(frozen=True)
class Week:
    """Seven dates of a preview: parts with their place in the bar, in percent."""

    start: Any
    end: Any
    parts: list[tuple[Part, float, float]]


@dataclass(frozen=True)
class Shown:
    """A preview as the page shows it. `places`: rank by rank, where both plans are standing orders."""

    preview: Preview
    places: list[tuple[str, str, str, bool]]
    weeks: list[Week]
    starts: Any
    same: bool
    warnings: list[str]


def _shown(area: Area, draft: Draft, found: Preview) -> Shown:
    before = found.before
    simple = draft.is_simple and (before is None or before.is_simple)
    zone = roster.zone(roster.settings())
    return Shown(
        preview=found,
        places=_places(before, draft) if simple else [],
        weeks=_weeks(found),
        starts=found.start if found.start > now() else None,
        same=before is not None and planning.is_same(before, draft, found.start, zone),
        warnings=[_warning(row, window, draft) for row, window in found.unused],
    )


def _places(before: Draft | None, after: Draft) -> list[tuple[str, str, str, bool]]:
    """Place by place: who stands there at that time by the plan so far, and who would."""
    found = []
    for rank, (old, new) in enumerate(zip(_names(before), _names(after), strict=True)):
        if old or new:
            label = gettext("Deputy, rank %(rank)d", rank=rank) if rank else gettext("Responsible")
            found.append((label, old, new, old != new))
    return found


def _names(draft: Draft | None) -> list[str]:
    slots = draft.rows[0].slots[:RANKS] if draft else ()
    names = ["" if slot is None or isinstance(slot, Turn) else slot.name for slot in slots]
    return names + [""] * (RANKS - len(names))


def _weeks(found: Preview) -> list[Week]:
    """The parts cut at the wall midnights of every seventh day."""
    first = local(found.start).date()
    zone = local(found.start).tzinfo
    weeks: list[Week] = []
    start = found.start
    while start < found.end:
        end = min(on_date(first + 7 * (len(weeks) + 1) * DAY, 0, zone), found.end)  # type: ignore[arg-type]
        whole = (end - start).total_seconds()
        parts = [
            Part(max(part.start, start), min(part.end, end), part.line)
            for part in found.parts
            if part.start < end and part.end > start
        ]
        weeks.append(
            Week(
                start,
                end,
                [
                    (
                        part,
                        round((part.start - start).total_seconds() / whole * 100, 2),
                        round((part.end - part.start).total_seconds() / whole * 100, 2),
                    )
                    for part in parts
                ],
            )
        )
        start = end
    return weeks


def _warning(row: int, window: int | None, draft: Draft) -> str:
    """What is useless is said, not refused."""
    if window is None and draft.rows[row].windows:
        return gettext("Row %(row)d never applies: its days do not come, or a row above always does.", row=row + 1)
    if window is None:
        return gettext("Row %(row)d never applies: the rows above always do.", row=row + 1)
    return gettext(
        "Time %(window)d of row %(row)d never applies: its days do not come, or another one always does.",
        window=window + 1, row=row + 1,
    )  # fmt: skip
