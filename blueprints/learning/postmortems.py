"""The postmortem of an incident: when people meet, the agenda, what was found; those that lie ahead."""

from datetime import datetime
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from wtforms import StringField

from blueprints.incidents.forms import number_of
from blueprints.incidents.views import found
from blueprints.learning import bp
from blueprints.learning.actions import choices
from blueprints.learning.agenda import agenda
from blueprints.learning.wording import NAMES
from blueprints.shared import words
from blueprints.shared.instants import parse_wall
from blueprints.shared.language import local, now, zone
from blueprints.shared.typed import Typed
from blueprints.shared.who import my_rights, myself, responders, signed_in
from domain import actions, blameless, postmortem
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.people import Person
from domain.postmortem import TEXTS, WHYS, Postmortem

SHOWN_WHYS = 5
"""Fields for why; two more come with the last that was filled."""


class WordsForm(Typed):
    """What people found, as it was typed. `why` comes several times."""

    went_well = StringField()
    lucky = StringField()
    hard = StringField()
    cause = StringField()
    seen = StringField()

    @classmethod
    def of(cls, found: Postmortem | None) -> "WordsForm":
        form = cls(seen=str(found.version if found else 0))
        for name in (*TEXTS, "cause"):
            form[name].data = getattr(found, name) if found else ""
        return form

    def words(self) -> dict[str, Any]:
        return {name: self.text(name) for name in (*TEXTS, "cause")} | {"whys": self.sent.getlist("why")}


class PlanForm(Typed):
    """When people meet, as it was typed."""

    meets_at = StringField()
    host = StringField()
    place = StringField()

    @classmethod
    def of(cls, found: Postmortem | None) -> "PlanForm":
        meets = local(found.meets_at).strftime("%Y-%m-%dT%H:%M") if found and found.meets_at else ""
        host = str(found.host_id or "") if found else ""
        return cls(meets_at=meets, host=host, place=found.place if found else "")

    def when(self, at: datetime) -> datetime:
        try:
            return parse_wall(self.meets_at.data, zone(), at)
        except (ValueError, OverflowError):
            raise Refused("meets_at", "time_unreadable") from None

    def person(self) -> Person | None:
        number = number_of(self.host.data)
        return db.session.get(Person, number) if number is not None else None


@bp.get("/incidents/<code>/postmortem")
@signed_in
def postmortem_page(code: str) -> str:
    """Everybody reads it, responders write."""
    incident = found(code)
    if not postmortem.has_one(incident):
        raise Conflict("postmortem_elsewhere")
    return _page(incident)


def _page(incident: Incident, form: WordsForm | None = None, plan: PlanForm | None = None, theirs: str = "") -> str:
    """The page with what was typed. `theirs`: the sentence where somebody else wrote in between."""
    known = postmortem.of(incident)
    whys = form.sent.getlist("why") if form else list(known.whys) if known else []
    # Always one more than is filled, from five to the most.
    fields = min(max(SHOWN_WHYS, len([why for why in whys if why.strip()]) + 1), WHYS)
    form, plan = form or WordsForm.of(known), plan or PlanForm.of(known)
    errors = form.errors_of | plan.errors_of
    return render_template(
        "learning/postmortem.html", incident=incident, known=known, form=form, plan=plan, errors=errors,
        whys=[*whys, *[""] * WHYS][:fields], theirs=theirs, level=my_rights().level,
        due=postmortem.due_on(incident, postmortem.days_off(now())), today=actions.date_of(now()),
        same_cause=postmortem.same_cause(known), causes=postmortem.causes(), agenda=agenda(incident),
        actions=actions.of([incident.id]), hints=hints_for(*form_texts(form, whys)),
        done=request.args.get("done"), **choices(),
    )  # fmt: skip


def form_texts(form: WordsForm, whys: list[str]) -> list[str]:
    return [*(form.text(name) for name in (*TEXTS, "cause")), *whys]


def hints_for(*texts: str) -> list[blameless.Hint]:
    return blameless.hints(*(text[: postmortem.LONGEST] for text in texts))


@bp.post("/incidents/<code>/postmortem/hints")
@signed_in
def wording_hints(code: str) -> str:
    """Hints for what is being typed; nothing is kept."""
    form = WordsForm(request.form)
    texts = form_texts(form, form.sent.getlist("why"))
    return render_template("learning/_hints.html", hints=hints_for(*texts), **NAMES)


@bp.post("/incidents/<code>/postmortem")
@responders
def write_postmortem(code: str) -> Any:
    """Keeps what people found. Nobody's words are overwritten unseen: a 409 shows both."""
    incident, form = found(code), WordsForm(request.form)
    try:
        with writing():
            known = postmortem.begun(incident)
            known.write(form.words(), by=myself(), at=now(), seen=number_of(form.seen.data))
    except Refused as refused:
        form.refuse(refused)
        return _page(incident, form), 422
    except Conflict as conflict:
        if conflict.code != "postmortem_between":
            raise
        standing = postmortem.of(incident)
        form.seen.data = str(standing.version if standing else 0)
        return _page(incident, form, theirs=words.sentence(conflict)), 409
    flash(gettext("Saved."))
    return _back(incident, done=f"postmortem-{incident.id}")


@bp.post("/incidents/<code>/postmortem/meeting")
@responders
def plan_postmortem(code: str) -> Any:
    """When and where people meet, and who leads through it."""
    incident, form = found(code), PlanForm(request.form)
    try:
        when = form.when(now())
        with writing():
            known = postmortem.begun(incident)
            known.plan(when, host=form.person(), place=form.text("place"), by=myself(), at=now())
    except Refused as refused:
        form.refuse(refused)
        return _page(incident, plan=form), 422
    flash(gettext("Planned. A reminder comes in Slack on the day."))
    return _back(incident)


@bp.post("/incidents/<code>/postmortem/holding")
@responders
def hold_postmortem(code: str) -> Any:
    """People have met, or (`undo`) have not."""
    incident = found(code)
    with writing():
        postmortem.begun(incident).hold(not request.form.get("undo"), by=myself(), at=now())
    return _back(incident)


def _back(incident: Incident, done: str | None = None) -> Any:
    return redirect(url_for("learning.postmortem_page", code=incident.code, done=done), 303)


@bp.get("/postmortems")
@signed_in
def all_postmortems() -> str:
    """Which lie ahead, which nobody has planned yet, which were held."""
    ahead, held = postmortem.ahead(now()), postmortem.held()
    off = postmortem.days_off(now())
    left = postmortem.open_actions([incident.id for incident, _ in (*ahead, *held)])
    return render_template(
        "learning/postmortems.html", planned=[one for one in ahead if one[1] and one[1].meets_at],
        unplanned=[(one, postmortem.due_on(one, off)) for one, known in ahead if not (known and known.meets_at)],
        held=held, left=left, days=current_app.config["POSTMORTEM_WITHIN"], today=actions.date_of(now()),
    )  # fmt: skip
