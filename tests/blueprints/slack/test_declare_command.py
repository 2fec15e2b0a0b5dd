"""/declare: a responder declares an incident that nobody has reported."""

from domain.db import db
from domain.incidents import Incident
from tests.blueprints.slack.conftest import OKAMOTO, SATO
from tests.blueprints.slack.test_commands import said


def incidents() -> list[Incident]:
    db.session.rollback()
    return db.session.query(Incident).all()


def headline(view: dict) -> str:
    (block,) = [one for one in view["blocks"] if one.get("block_id") == "title"]
    return block["element"].get("initial_value", "")


def test_it_opens_the_declaration_with_the_headline_that_was_typed(slack) -> None:
    slack.command("/declare Guests <cannot> enter", OKAMOTO)
    assert headline(slack.modal(OKAMOTO)) == "Guests <cannot> enter"


def test_without_words_the_headline_is_empty(slack) -> None:
    slack.command("/declare", OKAMOTO)
    assert headline(slack.modal(OKAMOTO)) == ""


def test_a_headline_longer_than_it_may_be_is_cut(slack) -> None:
    slack.command("/declare " + "あ" * 300, OKAMOTO)
    assert headline(slack.modal(OKAMOTO)) == "あ" * 120


def test_what_is_sent_is_declared_without_a_report(slack) -> None:
    slack.command("/declare Guests cannot enter", OKAMOTO)
    given = {"title": "Guests cannot enter", "severity": "critical", "services": ["1"], "page": "no"}
    assert slack.submit(given, OKAMOTO)[0] == 200
    (made,) = incidents()
    assert (made.title, made.declared_by_id) == ("Guests cannot enter", 2)


def test_the_same_form_sent_twice_is_one_incident(slack) -> None:
    slack.command("/declare Guests cannot enter", OKAMOTO)
    given = {"title": "Guests cannot enter", "severity": "critical", "services": ["1"], "page": "no"}
    slack.submit(given, OKAMOTO)
    slack.submit(given, OKAMOTO)
    assert len(incidents()) == 1


def test_who_is_no_responder_is_told_how_to_report(slack) -> None:
    assert "/hotline" in said(slack.command("/declare Guests cannot enter", SATO))
    assert slack.modal(SATO) is None
    assert incidents() == []


def test_it_is_named_to_responders_alone(slack) -> None:
    assert "/declare" in said(slack.command("/unknown", OKAMOTO))
    assert "/declare" not in said(slack.command("/unknown", SATO))
