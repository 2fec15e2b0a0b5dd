"""/ask: a question back, typed in Slack."""

import pytest

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.people import Person
from domain.questions import Question
from tests.blueprints.slack.conftest import SATO
from tests.blueprints.slack.test_commands import said


@pytest.fixture
def declare(slack, now):
    def one(title):
        with writing():
            incidents.declare(
                key=title, by=db.session.get_one(Person, 2), at=now, title=title, severity="minor", holding=False,
                services={db.session.get_one(Service, 1): "partial_outage"}, began_at=now,
            )  # fmt: skip

    return one


def asked():
    db.session.rollback()
    return [(one.incident_id, one.body, one.asked_by_id) for one in db.session.query(Question).order_by(Question.id)]


def test_with_one_incident_the_question_is_enough(slack, declare):
    declare("入場できない")
    assert "INC-1" in said(slack.command("/ask will it be <refunded>?", SATO))
    assert asked() == [(1, "will it be <refunded>?", 4)]


def test_with_several_the_code_says_which(slack, declare):
    declare("入場できない")
    declare("決済できない")
    answer = said(slack.command("/ask will it be refunded?", SATO))
    assert "INC-1" in answer
    assert "INC-2" in answer
    assert asked() == []
    said(slack.command("/ask inc-2 will it be refunded?", SATO))
    assert asked() == [(2, "will it be refunded?", 4)]


@pytest.mark.parametrize("text", ["", "INC-1", "INC-99 when?"])
def test_what_is_no_question_is_explained(slack, declare, text):
    declare("入場できない")
    declare("決済できない")
    assert "/ask" in said(slack.command(f"/ask {text}", SATO))
    assert asked() == []


def test_who_has_left_asks_nothing(slack, declare, now):
    declare("入場できない")
    with writing():
        db.session.get_one(Person, 4).deactivated_at = now
    said(slack.command("/ask why?", SATO))
    assert asked() == []
