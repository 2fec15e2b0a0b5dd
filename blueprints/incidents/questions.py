"""In an incident: asking back, seconding, answering once for all."""

import hashlib
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from blueprints.incidents import bp
from blueprints.incidents.at_desk import is_here
from blueprints.incidents.forms import number_of
from blueprints.incidents.views import found
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.typed import good_key
from blueprints.shared.who import me, my_rights, myself, signed_in
from domain import questions, rights
from domain.db import writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.questions import Question
from domain.text import clean


@bp.post("/incidents/<code>/questions")
@signed_in
def ask(code: str) -> Any:
    """Anybody asks. With `offer` what looks alike is shown first: one tap seconds it, another asks all the same."""
    incident = found(code)
    body = clean(request.form.get("body"))
    if request.form.get("offer") and (offered := questions.alike(incident, body)):
        return ask_page(incident, body, offered=offered)
    try:
        with writing():
            number = questions.ask(incident, body, key=_key(incident, body), by=myself(), at=now()).id
    except Refused as refused:
        return ask_page(incident, body, errors={"body": [words.sentence(refused)]}), 422
    flash(gettext("Thank you. The bridge sees your question; the answer will appear here."))
    return back(incident, number)


def _key(incident: Incident, body: str) -> str:
    """The form's. The incident's own page has none, so that it may be kept: there the same words of the same person are
    the same question."""
    if typed := request.form.get("key"):
        return good_key(typed)
    return hashlib.sha256(f"{myself().id}\n{incident.id}\n{body}".encode()).hexdigest()


def ask_page(
    incident: Incident, body: str, errors: dict[str, list[str]] | None = None, offered: list[Question] | None = None
) -> str:
    """The form with what was typed, and what is wrong with it or what it may be the same as."""
    return render_template(
        "incidents/ask.html", incident=incident, body=body, errors=errors or {}, offered=offered or [],
        key=good_key(request.form.get("key")),
    )  # fmt: skip


@bp.post("/incidents/<code>/questions/alike")
def alike_questions(code: str) -> Any:
    """What looks alike, while it is typed. Whoever was signed out meanwhile goes on typing undisturbed."""
    if me() is None:
        return "", 204
    incident = found(code)
    offered = questions.alike(incident, clean(request.form.get("body")))
    return render_template("incidents/_alike_questions.html", incident=incident, offered=offered)


@bp.post("/incidents/<code>/questions/<int:number>/seconds")
@signed_in
def second(code: str, number: int) -> Any:
    """I want to know the same: one tap."""
    incident, question = _asked(code, number)
    with writing():
        question.second(by=myself(), at=now())
    return back(incident, number)


@bp.post("/incidents/<code>/questions/<int:number>/answer")
@signed_in
def answer(code: str, number: int) -> Any:
    """The bridge answers once for all; again corrects it. `board`: it stands on the board."""
    incident, question = _asked(code, number)
    rights.require(rights.wrote_as(myself(), incident, my_rights(), now()) is not None, "answered_by_bridge")
    body, seen = clean(request.form.get("body")), number_of(request.form.get("seen"))
    try:
        with writing():
            question.give_answer(body, by=myself(), at=now(), seen=seen)
            if request.form.get("board") == "1":
                question.mark(True, by=myself(), at=now())
    except (Refused, Conflict) as error:
        if error.code == "incident_closed":
            raise
        return answer_page(incident, question, body, error)
    return back(incident, number)


def answer_page(incident: Incident, question: Question, body: str, error: Refused | Conflict) -> tuple[str, int]:
    """The form with what was typed, and what is wrong with it, or beside it what somebody else answered."""
    refused, sentence = isinstance(error, Refused), words.sentence(error)
    page = render_template(
        "incidents/answer.html", incident=incident, question=question, body=body,
        errors={"body": [sentence]} if refused else {}, conflict=None if refused else sentence,
    )  # fmt: skip
    return page, 422 if refused else 409


@bp.post("/incidents/<code>/questions/<int:number>/mark")
@signed_in
def mark(code: str, number: int) -> Any:
    """The bridge puts an answer on the board although few asked, or (`board` 0) takes it off."""
    incident, question = _asked(code, number)
    rights.require(rights.wrote_as(myself(), incident, my_rights(), now()) is not None, "answered_by_bridge")
    with writing():
        question.mark(request.form.get("board") == "1", by=myself(), at=now())
    return back(incident, number)


def _asked(code: str, number: int) -> tuple[Incident, Question]:
    incident = found(code)
    question = questions.found(incident, number)
    if question is None:
        abort(404)
    return incident, question


def back(incident: Incident, number: int) -> Any:
    """To the question on the incident's page, or to the desk that it was answered from."""
    if is_here():
        return redirect(url_for("incidents.desk", code=incident.code, _anchor="questions"), 303)
    return redirect(url_for("incidents.show", code=incident.code, _anchor=f"q{number}"), 303)
