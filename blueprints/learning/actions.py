"""Actions: writing one down, what it says and how far it has come, all open ones by age, area and kind, as CSV."""

import unicodedata
from datetime import date, datetime
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from wtforms import StringField

from blueprints.incidents.forms import number_of
from blueprints.incidents.views import found
from blueprints.learning import bp
from blueprints.learning.downloads import as_csv
from blueprints.learning.wording import KINDS, NAMES
from blueprints.shared import words
from blueprints.shared.language import local, now
from blueprints.shared.pages import new_key, render
from blueprints.shared.typed import Typed
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import actions, postmortem, rights
from domain.actions import OPEN, STATES, Action, Draft, Filter
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.people import Person
from domain.roster import Area
from domain.text import one_line


class ActionForm(Typed):
    """An action as it was typed."""

    key = StringField()
    kind = StringField()
    body = StringField()
    owner = StringField()
    due_on = StringField()
    area = StringField()
    link = StringField()
    seen = StringField()

    def draft(self) -> Draft:
        owner, area = number_of(self.owner.data), number_of(self.area.data)
        return Draft(
            kind=self.text("kind"), body=self.text("body"), owner=db.session.get(Person, owner) if owner else None,
            due_on=read_date(self.due_on.data), area=db.session.get(Area, area) if area else None,
            link=self.text("link"),
        )  # fmt: skip

    @classmethod
    def of(cls, action: Action) -> "ActionForm":
        return cls(
            key="", kind=action.kind, body=action.body, owner=str(action.owner_id), due_on=action.due_on.isoformat(),
            area=str(action.area_id or ""), link=action.link, seen=action.mark,
        )  # fmt: skip


def read_date(typed: str | None) -> date | None:
    """`2026-08-31`, `2026/8/31` or `2026年8月31日` as a date; None where it is none."""
    plain = (
        unicodedata.normalize("NFKC", one_line(typed)[:20]).translate(str.maketrans("/年月", "---")).removesuffix("日")
    )
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        found = date(year, month, day)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2999 else None


def choices() -> dict[str, Any]:
    """Who an action can be given to, and which areas there are: two queries."""
    people = select(Person).where(Person.deactivated_at.is_(None)).order_by(Person.reading, Person.name)
    return {"people": list(db.session.scalars(people)), "areas": known_areas(), **NAMES}


def known_areas() -> list[Area]:
    return list(db.session.scalars(select(Area).where(Area.retired_at.is_(None)).order_by(Area.position)))


@bp.get("/incidents/<code>/actions/new")
@responders
def new_action(code: str) -> str:
    """The form of a new action."""
    return _form_page(found(code), ActionForm(kind="", body="", owner="", due_on="", area="", link=""))


@bp.post("/incidents/<code>/actions")
@responders
def add_action(code: str) -> Any:
    """Writes an action down; what is refused comes back as it was typed."""
    incident, form = found(code), ActionForm(request.form)
    try:
        with writing():
            actions.add(incident, form.draft(), key=form.text("key"), by=myself(), at=now())
    except Refused as refused:
        form.refuse(refused)
        return _form_page(incident, form), 422
    except Conflict as conflict:
        form.key.data = new_key()
        return _form_page(incident, form, conflict=words.sentence(conflict)), 409
    flash(gettext("The action stands."))
    return redirect(_home(incident), 303)


def _form_page(incident: Incident, form: ActionForm, action: Action | None = None, conflict: str = "") -> str:
    return render_template(
        "learning/action.html", incident=incident, form=form, errors=form.errors_of, action=action, conflict=conflict,
        level=my_rights().level, mine=action is not None and action.owner_id == myself().id, today=local(now()).date(),
        **choices(),
    )  # fmt: skip


def _home(incident: Incident) -> str:
    """Where the actions of an incident stand."""
    return url_for("incidents.show", code=incident.code, _anchor="learning")


def action_of(number: int) -> Action:
    """The action with this id, or 404."""
    return actions.found(number) or abort(404)


@bp.get("/actions/<int:number>")
@signed_in
def action(number: int) -> str:
    """One action: everybody reads it, responders change it, its owner says how far it has come."""
    one = action_of(number)
    return _form_page(one.incident, ActionForm.of(one), one)


@bp.post("/actions/<int:number>")
@responders
def change_action(number: int) -> Any:
    """Other words, another owner, another date."""
    one, form = action_of(number), ActionForm(request.form)
    try:
        with writing():
            one.change(form.draft(), by=myself(), at=now(), seen=form.seen.data or None)
    except Refused as refused:
        form.refuse(refused)
        return _form_page(one.incident, form, one), 422
    except Conflict as conflict:
        form.seen.data = one.mark
        return _form_page(one.incident, form, one, words.sentence(conflict)), 409
    flash(gettext("Saved."))
    return redirect(url_for("learning.action", number=number), 303)


@bp.post("/actions/<int:number>/state")
@signed_in
def move_action(number: int) -> Any:
    """How far it has come: its owner says so, or a responder."""
    one = action_of(number)
    rights.require(my_rights().responder or one.owner_id == myself().id, "action_of_others")
    state, note = one_line(request.form.get("state")), one_line(request.form.get("note"))
    try:
        with writing():
            one.move_on(state, by=myself(), at=now(), note=note)
    except Refused as refused:
        form = ActionForm.of(one)
        form.refuse(refused)
        return _form_page(one.incident, form, one), 422
    flash(gettext("Done. Thank you.") if state == "done" else gettext("Saved."))
    if request.form.get("then") == "incident":
        return redirect(_home(one.incident), 303)
    return redirect(url_for("learning.action", number=number), 303)


def wanted() -> Filter:
    """What the address asks for; what nobody knows asks for nothing."""
    given = request.args
    kind, area, age = given.get("kind", ""), number_of(given.get("area")), number_of(given.get("age"))
    states = {"all": STATES, "ended": tuple(one for one in STATES if one not in OPEN)}.get(given.get("state", ""), OPEN)
    return Filter(
        states, kind if kind in KINDS else "", area, age if age is not None and age <= len(actions.AGES) else None,
        myself().id if given.get("mine") == "1" else None,
    )  # fmt: skip


@bp.get("/actions")
@signed_in
def all_actions() -> str:
    """All open actions by age, area and kind; also those that are done, or one's own."""
    asked, at = wanted(), now()
    page = max(1, min(number_of(request.args.get("page")) or 1, 10_000))
    listed, number = actions.listed(asked, at, page)
    return render(
        "learning/actions.html", "learning/_actions.html", listed=listed, number=number, place=page, asked=asked,
        last=max(1, -(-number // actions.PER_PAGE)), counts=actions.overview(at), areas=known_areas(),
        state=request.args.get("state", ""), today=actions.date_of(at), at=at, **NAMES,
    )  # fmt: skip


@bp.get("/actions.csv")
@signed_in
def actions_csv() -> Response:
    """The same as a file, all of them."""
    at = now()
    listed, _ = actions.listed(wanted(), at, most=None)
    head = ("id", "incident", "title", "drill", "kind", "action", "owner", "area", "due", "state", "note", "link",
            "created", "days", "ended")  # fmt: skip
    return as_csv(f"actions-{actions.date_of(at).isoformat()}.csv", head, [_row(one, at) for one in listed])


def _row(one: Action, at: datetime) -> list[object]:
    area = one.area.name if one.area else ""
    ended = local(one.ended_at).date().isoformat() if one.ended_at else ""
    return [
        one.id, one.incident.code, one.incident.title, int(one.incident.drill), one.kind, one.body, one.owner.name,
        area, one.due_on.isoformat(), one.state, one.note, one.link, local(one.created_at).date().isoformat(),
        one.age(at), ended,
    ]  # fmt: skip


@bp.app_template_global("learned")
def learned(incident: Incident) -> dict[str, Any]:
    """What came of an incident, for its page: its actions, its postmortem and by when, the same cause before."""
    known = postmortem.of(incident)
    due = None
    if incident.closed_at is not None and known is None:
        due = postmortem.due_on(incident, postmortem.days_off(now()))
    return {
        "actions": actions.of([incident.id]), "today": actions.date_of(now()), "postmortem": known, "due": due,
        "has_one": postmortem.has_one(incident), "before": postmortem.same_cause(known), **NAMES,
    }  # fmt: skip
