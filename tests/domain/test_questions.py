"""Questions back: asked once, seconded once each, answered once for all, corrected; who is told, who is not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import followers, incidents, questions
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.questions import Question


def person(number):
    return db.session.get_one(Person, number)


@pytest.fixture
def incident(app, now):
    with writing():
        for number, slack_id in ((3, "U3"), (4, "U4"), (6, "U6")):
            person(number).slack_id = slack_id
        return incidents.declare(
            key="declared", by=person(2), at=now, title="入場のQRコードが読み取れません", severity="major",
            services={db.session.get_one(Service, 1): "partial_outage"}, began_at=now,
            holding_words={"situation": "調べています。"},
        ).id  # fmt: skip


@pytest.fixture
def act(incident, now):
    """`act(verb)`: one transaction; the verb gets the incident."""

    def of(verb, **more):
        with writing():
            return verb(db.session.get_one(Incident, incident))

    return of


def ask(act, now, body="返金はできますか", key="q1", by=4):
    return act(lambda incident: questions.ask(incident, body, key=key, by=person(by), at=now).id)


def question(number=1):
    db.session.rollback()
    return db.session.get_one(Question, number)


def answer(now, body="できます", by=3, **more):
    with writing():
        return db.session.get_one(Question, 1).give_answer(body, by=person(by), at=now, **more).id


def told():
    db.session.rollback()
    query = select(Delivery).where(Delivery.kind.like("told.%")).order_by(Delivery.id)
    return [(one.kind, one.details["person"]) for one in db.session.scalars(query)]


def test_the_same_form_twice_is_one_question(act, now):
    assert ask(act, now) == ask(act, now)


def test_a_key_used_for_other_words_is_a_conflict(act, now):
    ask(act, now)
    with pytest.raises(Conflict, match="key_used"):
        ask(act, now, body="別の質問です")


@pytest.mark.parametrize(
    ("body", "code"), [("", "question_missing"), (" \u3000 ", "question_missing"), ("あ" * 10_000, "words_long")]
)
def test_what_is_no_question_is_refused(act, now, body, code):
    with pytest.raises(Refused, match=code):
        ask(act, now, body=body)


def test_each_seconds_once_and_who_asked_never(act, now):
    ask(act, now)
    for by in (6, 6, 4, 2):
        with writing():
            db.session.get_one(Question, 1).second(by=person(by), at=now)
    assert [one.person_id for one in question().seconds] == [6, 2]


def test_an_answer_tells_who_asked_and_who_seconded_once_each(act, now):
    ask(act, now)
    with writing():
        db.session.get_one(Question, 1).second(by=person(6), at=now)
    answer(now)
    answer(now)
    assert told() == [("told.answer", 4), ("told.answer", 6)]


def test_who_answers_is_not_told(act, now):
    ask(act, now, by=3)
    answer(now)
    assert told() == []


def test_a_correction_that_waits_changes_what_will_be_said(act, now):
    ask(act, now)
    answer(now)
    answer(now + timedelta(minutes=1), body="できません")
    assert told() == [("told.answer", 4)]
    assert [one.body for one in question().answers] == ["できます", "できません"]


def test_a_correction_of_what_has_arrived_edits_it(act, now):
    ask(act, now)
    answer(now)
    with writing():
        first = db.session.scalar(select(Delivery).where(Delivery.kind == "told.answer"))
        first.succeed(now, "12.3", "D1")
    for body in ("できません", "やはりできます"):
        answer(now, body=body)
    assert told() == [("told.answer", 4), ("told.changed", 4)]


def test_two_who_answer_at_once_see_each_other(act, now):
    ask(act, now)
    first = answer(now, seen=0)
    with pytest.raises(Conflict, match="answered_between"):
        answer(now, body="別の答え", by=6, seen=0)
    answer(now, body="別の答え", by=6, seen=first)


def test_a_closed_incident_takes_nothing(act, now):
    ask(act, now)

    def close(incident):
        incident.publish(key="r", by=person(3), at=now, state="resolved", words={"situation": "復旧"})
        incident.close(by=person(3), at=now)

    act(close)
    for verb in (
        lambda: ask(act, now, key="q2"),
        lambda: answer(now),
        lambda: act(lambda _: db.session.get_one(Question, 1).second(by=person(6), at=now)),
        lambda: act(lambda _: db.session.get_one(Question, 1).mark(True, by=person(3), at=now)),
    ):
        with pytest.raises(Conflict, match="incident_closed"):
            verb()


def test_alike_questions_are_found_and_others_not(act, now):
    ask(act, now, body="返金はできますか")
    ask(act, now, key="q2", body="駐車場は使えますか")
    act(lambda incident: None)
    found = questions.alike(db.session.scalars(select(Incident)).one(), "返金はいつできますか")
    assert [one.id for one in found] == [1]


@pytest.mark.parametrize(
    ("seconds", "marked", "shown"), [(0, False, []), (1, False, []), (2, False, [1]), (0, True, [1])]
)
def test_frequent_answers_stand_on_the_board(act, now, incident, seconds, marked, shown):
    ask(act, now)
    with writing():
        one = db.session.get_one(Question, 1)
        for by in (6, 2)[:seconds]:
            one.second(by=person(by), at=now)
        one.mark(marked, by=person(3), at=now)
    assert questions.frequent([incident]) == {}
    answer(now)
    assert [one.id for one in questions.frequent([incident]).get(incident, [])] == shown


def test_who_has_no_slack_id_or_wants_mails_is_told_by_mail(act, now):
    with writing():
        person(4).slack_id = None
        followers.choose(person(6), way="mail", at_night=False)
    ask(act, now)
    with writing():
        found = question()
        found.second(by=person(6), at=now)
        found.second(by=person(2), at=now)
    answer(now)
    db.session.rollback()
    rows = db.session.scalars(select(Delivery).where(Delivery.kind == questions.ANSWERED))
    assert {row.details["person"]: row.service for row in rows} == {4: "mail", 6: "mail", 2: "direct"}
