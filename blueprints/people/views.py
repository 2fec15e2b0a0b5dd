"""Administrators' page of people: look up, add, change, invite, deactivate."""

import json
import math
from dataclasses import asdict
from types import NoneType
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext

from blueprints.people import bp, links
from blueprints.people.forms import PersonForm
from blueprints.people.wording import FIELDS, shown
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.pages import problems, render, telephone
from blueprints.shared.who import administrators, myself
from domain import absences, people, rights
from domain.contacts import Details
from domain.db import db, writing
from domain.errors import Conflict, Refused

AT_ONCE = 200
"""Links made with one press."""


@bp.get("/people")
@administrators
def index() -> Any:
    return _index(PersonForm(), {})


@bp.post("/people")
@administrators
def create() -> Any:
    """Adds somebody and makes the link that lets them in; it is shown once, on their page."""
    form = PersonForm(request.form)
    if not form.validate():
        return _index(form, problems(form)), 422
    try:
        with writing():
            person = people.add(form.details(), by=myself(), at=now())
            token = person.invite(by=myself(), at=now())
    except Refused as refused:
        return _index(form, {refused.field: [words.sentence(refused)]}), 422
    flash(gettext("%(name)s was added.", name=person.name))
    return _hand_over(person.id, token)


@bp.get("/people/<int:id>")
@administrators
def edit(id: int) -> Any:
    person = db.session.get(people.Person, id) or abort(404)
    return _edit(person, _form_of(person.details), {}, token=_handed_over(id))


@bp.post("/people/<int:id>")
@administrators
def update(id: int) -> Any:
    person = db.session.get(people.Person, id) or abort(404)
    form = PersonForm(request.form)
    if not form.validate():
        return _edit(person, form, problems(form), seen=request.form.get("seen")), 422
    typed, seen = form.details(), _seen(request.form.get("seen"))
    try:
        with writing():
            person.change(typed, seen=seen, by=myself(), at=now())
    except Refused as refused:
        errors = {refused.field: [words.sentence(refused)]}
        return _edit(person, form, errors, seen=request.form.get("seen")), 422
    except Conflict:
        return _changed_meanwhile(person, typed, seen)
    flash(gettext("Saved."))
    # Whoever gave up the administration cannot see this page any more.
    return redirect(url_for("people.edit", id=id) if myself().is_admin else url_for("people.mine"), 303)


@bp.post("/people/<int:id>/deactivation")
@administrators
def deactivate(id: int) -> Any:
    return _act(id, lambda person: person.deactivate(by=myself(), at=now()), gettext("Deactivated and signed out."))


@bp.post("/people/<int:id>/reactivation")
@administrators
def reactivate(id: int) -> Any:
    return _act(id, lambda person: person.reactivate(by=myself(), at=now()), gettext("Active again."))


@bp.post("/people/<int:id>/invitations")
@administrators
def invite(id: int) -> Any:
    """A new link to choose a password, for somebody new or who forgot theirs. An earlier one ends."""
    person = db.session.get(people.Person, id) or abort(404)
    try:
        with writing():
            token = person.invite(by=myself(), at=now())
    except Conflict as conflict:
        return _refused(person, conflict)
    return _hand_over(id, token)


@bp.post("/people/invitations")
@administrators
def invite_all() -> Any:
    """Links for everybody who has neither a password nor a link, shown once: here, in this answer."""
    with writing():
        made = [
            (person.name, person.email, links.address(person.invite(by=myself(), at=now())))
            for person in people.waiting_for_link(now(), AT_ONCE)
        ]
    answer = make_response(render_template("people/invitations.html", made=made, most=AT_ONCE))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _act(id: int, do: Any, said: str) -> Any:
    person = db.session.get(people.Person, id) or abort(404)
    try:
        with writing():
            do(person)
    except Conflict as conflict:
        return _refused(person, conflict)
    flash(said)
    return redirect(url_for("people.edit", id=id), 303)


def _refused(person: people.Person, conflict: Conflict) -> Any:
    return _edit(person, _form_of(person.details), {}, refused=words.sentence(conflict)), 409


def _index(form: PersonForm, errors: dict[str, list[str]]) -> str:
    query = request.args.get("q", "")
    everybody = request.args.get("all") == "1"
    number = max(1, min(request.args.get("page", 1, type=int), 100_000))
    found, total = people.search(query, everybody=everybody, page=number)
    return render(
        "people/index.html",
        "people/_rows.html",
        people=found,
        rights=rights.of_each(found, now()),
        total=total,
        q=query,
        everybody=everybody,
        number=number,
        pages=math.ceil(total / people.PAGE),
        form=form,
        errors=errors,
    )


def _edit(
    person: people.Person,
    form: PersonForm,
    errors: dict[str, list[str]],
    *,
    seen: str | None = None,
    token: str | None = None,
    refused: str | None = None,
    changes: list[tuple[str, str, str, bool]] | None = None,
) -> Any:
    answer = make_response(
        render_template(
            "people/edit.html",
            person=person,
            form=form,
            errors=errors,
            # A refused form keeps what it had seen: saved in between by somebody else is still found out.
            seen=seen if seen is not None else _as_seen(person.details),
            rights=rights.of_each([person], now())[person.id],
            link=links.address(token) if token else None,
            refused=refused,
            changes=changes or [],
            is_me=person.id == myself().id,
            **_leaving(person),
        )
    )
    if token:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _leaving(person: people.Person) -> dict[str, Any]:
    """What it means for the roster if they leave, or that they have left."""
    left = person.deactivated_at is not None
    touched, uncovered = absences.since_gone(person, now()) if left else absences.if_gone(person, now())
    return {"touched": touched, "uncovered": uncovered}


def _form_of(details: Details) -> PersonForm:
    return PersonForm(
        data={
            "name": details.name,
            "reading": details.reading,
            "department": details.department,
            "email": details.email,
            "phone": telephone(details.phone),
            "slack_id": details.slack_id,
            "admin": details.is_admin,
        }
    )


def _changed_meanwhile(person: people.Person, typed: Details, seen: Details | None) -> Any:
    """409: what the other one changed, and the form with both: theirs, and over it what was changed here."""
    current = person.details
    mine = set((seen or current).differences(typed))
    merged = Details(**{
        name: getattr(typed if name in mine else current, name) for name in Details.__dataclass_fields__
    })  # fmt: skip
    changes = [
        (str(FIELDS[name]), shown(name, before), shown(name, after), name in mine)
        for name, (before, after) in (seen or current).differences(current).items()
    ]
    return _edit(person, _form_of(merged), {}, changes=changes), 409


def _as_seen(details: Details) -> str:
    return json.dumps([getattr(details, name) for name in Details.__dataclass_fields__], ensure_ascii=False)


def _seen(text: str | None) -> Details | None:
    """What the form was filled in with. None when it does not say: then nothing can have been overlooked."""
    try:
        # Details are short; what is nested deep enough would end the reader, not the reading.
        values = json.loads((text or "")[:4000])
        seen = Details(*values)
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    kinds = {name: type(value) for name, value in asdict(seen).items()}
    told = {"phone": (str, NoneType), "slack_id": (str, NoneType), "is_admin": (bool,)}
    return seen if all(kind in told.get(name, (str,)) for name, kind in kinds.items()) else None


def _hand_over(id: int, token: str) -> Any:
    """To the person's page, which shows the link once: it travels in the administrator's own signed cookie."""
    session["link"] = [id, token]
    return redirect(url_for("people.edit", id=id), 303)


def _handed_over(id: int) -> str | None:
    if session.get("link", [None])[0] != id:
        return None
    return str(session.pop("link")[1])
