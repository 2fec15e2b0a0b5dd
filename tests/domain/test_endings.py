"""How incidents end: told to whoever was told of the beginning, reopened, merged, none after all, who needs help."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import endings, followers, followup, hotline, incidents, questions
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.questions import Question
from domain.suspicion import Report

READER, BRIDGE, RESPONDER = 4, 3, 2


def person(number):
    return db.session.get_one(Person, number)


@pytest.fixture
def declare(app, now):
    """`declare("a")`: an incident from a report of the reader's; gives its id."""

    def one(key, *, service=1, drill=False, at=now):
        with writing():
            person(READER).slack_id = "U4"
            report = hotline.file(key=f"r{key}", by=person(READER), at=at - timedelta(minutes=7), body="QRが読めない")
            made = incidents.declare(
                key=key, by=person(RESPONDER), at=at, title=f"入場できない {key}", severity="major", began_at=at, drill=drill,
                services={db.session.get_one(Service, service): "partial_outage"}, report=report,
                holding_words={"situation": "調べています。", "guest_notice": "ご不便をおかけします。"},
            )  # fmt: skip
            return made.id

    return one


def act(number, verb):
    with writing():
        return verb(db.session.get_one(Incident, number))


def restore(number, at, key="restored", **more):
    given = {"state": "resolved", "words": {"situation": "復旧しました。"}, **more}
    return act(number, lambda incident: incident.publish(key=key, by=person(BRIDGE), at=at, **given).id)


def load(number):
    db.session.rollback()
    return db.session.get_one(Incident, number)


def rows(kind):
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)))


def told_reports():
    return [row.details["what"] for row in rows("report.told")]


def test_a_restoration_tells_whoever_was_told_of_the_beginning(declare, now, app):
    number = declare("a")
    with writing() as session:
        session.add(
            Delivery(key="x", service="slack", kind="incident.announced", lane="l", incident_id=number, created_at=now)
        )
        followers.follow(person(6), "all", 0, at=now)
    update = restore(number, now)
    announced = rows("incident.announced")[0]
    ends = [row.needs_id for row in rows("incident.updated") if row.details["update"] == update]
    assert ends == [None, announced.id]
    assert told_reports() == ["incident", "restored"]
    assert [(row.details["person"]) for row in rows("told.update")] == [6]
    assert [(row.report_id, row.details["person"]) for row in rows("told.restored")] == [(1, READER)]


def test_a_reporter_without_a_slack_id_is_thanked_by_mail(declare, now):
    number = declare("a")
    with writing():
        person(READER).slack_id = None
    restore(number, now)
    assert [(row.service, row.details["person"]) for row in rows("told.restored")] == [("mail", READER)]


def test_a_drill_thanks_nobody(declare, now):
    restore(declare("a", drill=True), now)
    assert rows("told.restored") == []


def test_improving_the_words_afterwards_tells_nobody_again(declare, now):
    number = declare("a")
    seen = restore(number, now)
    restore(number, now, key="better", seen=seen, words={"situation": "よりよい言葉"})
    assert told_reports() == ["incident", "restored"]


def test_the_minutes_between_report_and_declaration(declare, now):
    declare("a")
    db.session.rollback()
    assert db.session.get_one(Report, 1).minutes_to_declaration == 7


def test_the_impact_may_have_ended_before_it_is_published(declare, now):
    number = declare("a")
    restore(number, now + timedelta(minutes=30), ended_at=now + timedelta(minutes=12))
    assert load(number).duration == timedelta(minutes=12)


@pytest.mark.parametrize("minutes", [-5, 35])
def test_it_cannot_have_ended_before_the_beginning_or_ahead(declare, now, minutes):
    number = declare("a")
    with pytest.raises(Refused, match="ended_impossible"):
        restore(number, now + timedelta(minutes=30), ended_at=now + timedelta(minutes=minutes))


def test_the_end_is_corrected_and_written_down(declare, now):
    number = declare("a")
    restore(number, now + timedelta(minutes=30))
    end = now + timedelta(minutes=20)
    given = {"title": "入場できない a", "severity": "major", "began_at": now, "resolved_at": end}
    act(number, lambda incident: incident.edit(by=person(RESPONDER), at=now + timedelta(hours=1), **given))
    assert load(number).resolved_at == end


def reopen(number, now, key="again"):
    due = now + timedelta(minutes=5)
    return act(
        number,
        lambda one: endings.reopen(one, key=key, by=person(RESPONDER), at=now, due=due, situation="再発しました。").id,
    )


def test_reopening_is_one_step_and_brings_the_words_back(declare, now):
    number = declare("a")
    restore(number, now, words={"situation": "復旧", "guest_notice": "通常どおりです。"})
    assert reopen(number, now) == reopen(number, now)
    incident = load(number)
    assert (incident.state, incident.resolved_at) == ("investigating", None)
    assert incident.latest.guest_notice == "ご不便をおかけします。"
    assert [row.state for row in incident.affected] == ["partial_outage"]
    assert told_reports() == ["incident", "restored", "went_on"]


def test_what_lasts_or_is_closed_is_not_reopened(declare, now):
    number = declare("a")
    with pytest.raises(Conflict, match="not_restored_yet"):
        reopen(number, now)
    restore(number, now)
    act(number, lambda one: one.close(by=person(BRIDGE), at=now))
    with pytest.raises(Conflict, match="incident_closed"):
        reopen(number, now)


def test_it_is_not_closed_while_somebody_needs_help(declare, now):
    number = declare("a")
    restore(number, now)
    line = act(number, lambda one: followup.add(one, "みなと水族館の返金", by=person(READER), at=now).id)
    assert act(number, lambda one: followup.add(one, " みなと水族館の返金 ", by=person(READER), at=now).id) == line
    with pytest.raises(Conflict, match="help_needed"):
        act(number, lambda one: one.close(by=person(BRIDGE), at=now))
    act(number, lambda one: followup.found(one, line).tick(True, by=person(READER), at=now))
    act(number, lambda one: one.close(by=person(BRIDGE), at=now))
    assert load(number).closed_at == now


@pytest.mark.parametrize(("body", "code"), [("", "follow_up_missing"), ("あ" * 301, "words_long")])
def test_a_line_that_cannot_be_is_refused(declare, now, body, code):
    number = declare("a")
    with pytest.raises(Refused, match=code):
        act(number, lambda one: followup.add(one, body, by=person(READER), at=now))


def merge(one, other, now):
    act(
        one,
        lambda incident: endings.merge(
            incident, db.session.get_one(Incident, other), by=person(RESPONDER), at=now, situation="同じ件です。"
        ),
    )


def test_everything_goes_on_where_it_was_merged(declare, now):
    one, other = declare("a"), declare("b", service=2)
    with writing():
        for number, subject in ((READER, one), (6, one), (6, other)):
            followers.follow(person(number), "incident", subject, at=now)
    act(one, lambda incident: questions.ask(incident, "返金は", key="q", by=person(READER), at=now))
    act(one, lambda incident: followup.add(incident, "返金", by=person(READER), at=now))
    merge(one, other, now)
    merge(one, other, now)
    db.session.rollback()
    assert (load(one).outcome, load(one).closed_at, load(one).merged_into.id) == ("merged", now, other)
    assert {report.incident_id for report in db.session.scalars(select(Report))} == {other}
    assert db.session.get_one(Question, 1).incident_id == other
    assert followup.number_left(load(other)) == 1
    assert {(f.person_id, f.subject) for f in db.session.scalars(select(followers.Follow))} == {
        (READER, other),
        (6, other),
    }
    assert {row.service_id for row in load(other).affected} == {1, 2}
    assert [one.id for one in incidents.open_incidents(now)] == [other]


def test_reopened_after_a_merger_the_services_that_came_with_it_are_touched_again(declare, now):
    one, other = declare("a"), declare("b", service=2)
    merge(one, other, now)
    restore(other, now)
    reopen(other, now)
    assert {row.service_id: row.state for row in load(other).affected} == {1: "partial_outage", 2: "partial_outage"}


def test_no_circles(declare, now):
    one, other = declare("a"), declare("b")
    with pytest.raises(Conflict, match="merged_in_a_circle"):
        merge(one, one, now)
    merge(one, other, now)
    with pytest.raises(Conflict, match="merged_in_a_circle"):
        merge(other, one, now)


def test_what_is_closed_or_a_drill_is_not_merged(declare, now):
    one, closed, drill = declare("a"), declare("b"), declare("c", drill=True)
    restore(closed, now)
    act(closed, lambda incident: incident.close(by=person(BRIDGE), at=now))
    for first, second in ((one, closed), (closed, one)):
        with pytest.raises(Conflict, match="incident_closed"):
            merge(first, second, now)
    with pytest.raises(Conflict, match="not_to_be_merged"):
        merge(one, drill, now)


def none_after_all(number, now):
    words = {"situation": "障害ではありませんでした。"}
    act(number, lambda one: endings.no_incident(one, key="none", by=person(RESPONDER), at=now, words=words))


def test_none_after_all_thanks_and_leaves_the_board(declare, now):
    number = declare("a")
    none_after_all(number, now)
    none_after_all(number, now)
    incident = load(number)
    assert (incident.outcome, incident.closed_at) == ("no_incident", now)
    assert [row.state for row in incident.affected] == ["operational"]
    report = db.session.get_one(Report, 1)
    assert (report.status, report.incident_id) == ("no_incident", None)
    assert told_reports() == ["incident", "no_incident"]
    with pytest.raises(Conflict, match="ended_otherwise"):
        act(number, lambda one: one.follow_up_again(by=person(RESPONDER), at=now))


def test_what_is_closed_cannot_have_been_none(declare, now):
    number = declare("a")
    restore(number, now)
    act(number, lambda incident: incident.close(by=person(BRIDGE), at=now))
    with pytest.raises(Conflict, match="incident_closed"):
        none_after_all(number, now)
