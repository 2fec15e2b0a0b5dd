"""/ask: a question back, typed in Slack."""

import pytest

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.people import Person
from domain.questions import Question
from local_slack.interactions import send
from tests.blueprints.slack.conftest import ITO, SATO, whispers
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


def offered(slack):
    """The last private answer: its place, and its buttons by label."""
    message = slack.workspace.ephemerals[-1]
    elements = [
        element
        for block in message["blocks"]
        for element in (block.get("elements") or [block.get("accessory")])
        if element and element["type"] == "button"
    ]
    return (message["channel"], message["ts"]), {one["text"]["text"]: one["action_id"] for one in elements}


def test_what_looks_alike_is_offered_first_and_seconded_in_one_tap(slack, declare, deliver):
    declare("入場できない")
    slack.command("/ask Will the tickets be refunded?", ITO)
    assert "already" in said(slack.command("/ask Will tickets be refunded?", SATO))
    place, buttons = offered(slack)
    assert [one[1] for one in asked()] == ["Will the tickets be refunded?"]
    for _ in range(2):
        assert slack.click(*place, buttons["I want to know this too"], SATO)[0] == 200
    deliver()
    db.session.rollback()
    assert [one.person_id for one in db.session.get_one(Question, 1).seconds] == [4]
    assert whispers(slack)[-1][0] == SATO
    assert len(asked()) == 1


def test_it_can_be_asked_all_the_same_once(slack, declare, deliver):
    declare("入場できない")
    slack.command("/ask Will the tickets be refunded?", ITO)
    slack.command("/ask Will tickets be refunded?", SATO)
    place, buttons = offered(slack)
    for _ in range(2):
        slack.click(*place, buttons["Ask it all the same"], SATO)
    assert asked()[1:] == [(1, "Will tickets be refunded?", 4)]


def test_what_was_answered_already_is_told_with_its_answer(slack, declare, now):
    declare("入場できない")
    slack.command("/ask Will the tickets be refunded?", ITO)
    with writing():
        db.session.get_one(Question, 1).give_answer("Yes, <all> of them.", by=db.session.get_one(Person, 3), at=now)
    assert "Yes, &lt;all&gt; of them." in said(slack.command("/ask Will tickets be refunded?", SATO))
    assert list(offered(slack)[1]) == ["Ask it all the same"]


@pytest.mark.parametrize(
    "value", ["", "x", "9", "²", "[]", '{"incident": "1"}', '{"incident": 99, "key": "k", "body": "b"}']
)
@pytest.mark.parametrize("label", ["I want to know this too", "Ask it all the same"])
def test_a_forged_value_asks_nothing(slack, declare, deliver, label, value):
    declare("入場できない")
    slack.command("/ask Will the tickets be refunded?", ITO)
    slack.command("/ask Will tickets be refunded?", SATO)
    place, buttons = offered(slack)
    forged = slack.interaction(*place, buttons[label], SATO)
    forged["actions"][0]["value"] = value
    assert send(slack._settings, forged)[0] == 200
    deliver()
    assert len(asked()) == 1
    assert db.session.get_one(Question, 1).seconds == []
    assert whispers(slack)[-1][0] == SATO
