"""One's own page: language, telephone, password, signing out everywhere, the places one holds in the roster."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.people import bp, throttle
from blueprints.people.forms import MineForm, OwnPasswordForm, read_phone
from blueprints.people.signing import signed_out_everywhere, too_many
from blueprints.shared import signin, words
from blueprints.shared.language import now
from blueprints.shared.pages import problems, telephone
from blueprints.shared.who import myself, signed_in
from domain import people, roster
from domain.db import writing


@bp.get("/me")
@signed_in
def mine() -> Any:
    return _mine()


@bp.post("/me")
@signed_in
def save_mine() -> Any:
    form = MineForm(request.form)
    if not form.validate():
        return _mine(form, problems(form)), 422
    person = myself()
    phone = read_phone(form.phone.data or "")
    with writing():
        person.choose(locale=form.locale.data or None, notice_first=form.notice_first.data, phone=phone, at=now())
    flash(gettext("Saved."))
    return redirect(url_for("people.mine"), 303)


@bp.post("/me/password")
@signed_in
def change_password() -> Any:
    """A new password: this device stays signed in, all others are signed out."""
    person = myself()
    form = OwnPasswordForm(request.form)
    form.whose = (person.email, person.name)
    if not form.validate():
        return _mine(errors=problems(form)), 422
    if seconds := throttle.wait(person.email):
        page = _mine(errors={"current": [too_many(seconds)]})
        return page, 429, {"Retry-After": str(seconds)}
    if not people.check_password(person, form.current.data or ""):
        throttle.wrong(person.email)
        return _mine(errors={"current": [str(words.SENTENCES["password_wrong"])]}), 422
    hashed = people.hash_password(form.password.data or "")
    with writing():
        person.change_password(hashed, at=now())
    signin.start(person)
    flash(gettext("Your password is changed. Other devices are signed out."))
    return redirect(url_for("people.mine"), 303)


@bp.post("/me/signing-out")
@signed_in
def sign_out_everywhere() -> Any:
    """Ends the sessions on all devices."""
    return signed_out_everywhere(myself())


def _mine(form: MineForm | None = None, errors: dict[str, list[str]] | None = None) -> str:
    person = myself()
    if form is None:
        form = MineForm(data={
            "locale": person.locale or "",
            "notice_first": person.notice_first,
            "phone": telephone(person.phone),
        })  # fmt: skip
    places = [
        (found.area, place)
        for found in roster.duty_now(now())
        for place in found.people
        if place.person.id == person.id
    ]
    return render_template("people/mine.html", person=person, form=form, errors=errors or {}, places=places)
