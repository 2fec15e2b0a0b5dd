"""The life of an incident: declared, updated, restored, followed up, closed; who was faster; what is refused."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.events import Event
from domain.incidents import Incident, Update
from domain.outbox import Delivery

SOON = timedelta(minutes=30)
HOLDING = {"guest_notice": "確認しております。", "situation": "調べています。"}


@pytest.fixture
def declare(cast, now):
    """Declares an incident with defaults; commits."""

    def of(key="k1", **given):
        with writing():
            gate = db.session.get(Service, 1)
            given = {
                "title": "入場のQRコードが読み取れません", "severity": "major", "services": {gate: "partial_outage"},
                "began_at": now, "holding_words": HOLDING, **given,
            }  # fmt: skip
            return incidents.declare(key=key, by=cast.responder, at=now, **given)

    return of


@pytest.fixture
def publish(cast, now):
    """Publishes an update with defaults, five minutes after now; commits."""

    def of(incident, key="u1", state="identified", situation="原因がわかりました。", **given):
        given = {"at": now + timedelta(minutes=5), "next_update_at": now + SOON, **given}
        with writing():
            return incident.publish(key=key, by=cast.bridge, state=state, words={"situation": situation}, **given)

    return of


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def test_declaring_publishes_the_holding_text_and_promises_details_in_five_minutes(declare, now):
    incident = declare()
    assert [update.kind for update in incident.updates] == ["declared"]
    assert incident.latest.guest_notice == "確認しております。"
    assert incident.next_update_at == now + timedelta(minutes=5)


def test_declaring_writes_an_event_and_a_word_to_slack(declare):
    incident = declare()
    assert db.session.scalar(select(Event).where(Event.kind == "incident.declared")).incident_id == incident.id
    assert "incident.declared" in db.session.scalars(select(Delivery.kind)).all()


def test_declaring_without_the_holding_text_publishes_nothing(declare):
    assert declare(holding=False).updates == []


def test_declaring_twice_with_one_key_is_one_incident(declare):
    assert declare().id == declare().id
    assert count(Incident) == 1
    with pytest.raises(Conflict, match="key_used"):
        declare(title="別の見出し")


def test_the_report_becomes_the_incident(declare, now):
    told = []
    report = SimpleNamespace(
        incident_id=None, reporter=None, become=lambda incident, by, at: told.append((incident, at))
    )
    assert declare(report=report) == told[0][0]


def test_a_report_becomes_one_incident_only(declare):
    report = SimpleNamespace(incident_id=7, become=None)
    with pytest.raises(Conflict) as conflict:
        declare(report=report)
    assert conflict.value.params == {"incident": "INC-7"}
    assert count(Incident) == 0


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"title": "   "}, "title", "title_missing"),
        ({"title": "🔥🔥"}, "title", "title_missing"),
        ({"title": "\u3000\u200b"}, "title", "title_missing"),
        ({"title": "あ" * 121}, "title", "title_long"),
        ({"severity": ""}, "severity", "severity_missing"),
        ({"holding_words": {}}, "situation", "words_missing"),
    ],
)
def test_a_declaration_that_says_nothing_is_refused(declare, given, field, code):
    with pytest.raises(Refused) as refused:
        declare(**given)
    assert (refused.value.field, refused.value.code) == (field, code)
    assert count(Incident) == 0


def test_a_beginning_in_the_future_is_refused_but_clocks_may_differ(declare, now):
    assert declare(began_at=now + timedelta(seconds=59)).began_at > now
    with pytest.raises(Refused, match="began_in_future"):
        declare("k2", began_at=now + timedelta(minutes=2))


def test_titles_lose_what_would_mislead(declare):
    assert declare(title="入場\u202eできません\x00\ud800").title == "入場できません\ufffd"


def test_an_update_changes_state_promise_and_services(declare, publish, now):
    incident = declare()
    publish(incident, services={db.session.get(Service, 1): "degraded_performance"})
    assert (incident.state, incident.next_update_at) == ("identified", now + SOON)
    assert incidents.service_states(now) == {1: ("degraded_performance", [incident.code])}
    assert incident.latest.services == {"1": "degraded_performance"}


def test_an_update_sent_twice_is_one(declare, publish):
    incident = declare()
    assert publish(incident).id == publish(incident).id


def test_other_words_under_the_same_key_are_not_dropped_in_silence(declare, publish):
    incident = declare()
    first = publish(incident)
    with pytest.raises(Conflict, match="key_used") as conflict:
        publish(incident, situation="もう一度")
    assert conflict.value.params["newer"] is first


def test_a_key_of_another_incident_is_not_taken(declare, publish):
    publish(declare())
    with pytest.raises(Conflict, match="key_used"):
        publish(declare("k2"))


def test_whoever_was_slower_is_told_and_nothing_is_overwritten(declare, publish):
    incident = declare()
    seen = incident.latest.id
    newer = publish(incident, "u1")
    with pytest.raises(Conflict) as conflict:
        publish(incident, "u2", seen=seen)
    assert conflict.value.params["newer"].id == newer.id
    assert incident.latest.id == newer.id


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"state": "finished"}, "state"),
        ({"situation": " \u200b "}, "situation"),
        ({"situation": "x" * 10_001}, "situation"),
        ({"next_update_at": None}, "next_update_reason"),
        ({"corrects": 999}, "corrects"),
    ],
)
def test_an_update_that_cannot_be_taken_changes_nothing(declare, publish, given, field):
    incident = declare()
    with pytest.raises(Refused) as refused:
        publish(incident, **given)
    assert refused.value.field == field
    assert (incident.state, len(incident.updates)) == ("investigating", 1)


def test_a_promise_in_the_past_is_refused(declare, publish, now):
    with pytest.raises(Refused, match="next_update_past"):
        publish(declare(), next_update_at=now)


def test_restoring_ends_the_promise_and_makes_the_services_well(declare, publish, now):
    incident = declare()
    publish(incident, state="resolved", next_update_at=None)
    assert (incident.resolved_at, incident.next_update_at) == (now + timedelta(minutes=5), None)
    assert incidents.service_states(now) == {}
    assert incidents.open_incidents(now + SOON) == [incident]


def test_a_restored_incident_takes_no_update_that_did_not_know(declare, publish):
    incident = declare()
    publish(incident, state="resolved")
    for key, state in (("u2", "identified"), ("u3", "resolved")):
        with pytest.raises(Conflict, match="incident_resolved"):
            publish(incident, key, state=state)


def test_the_wording_of_a_restored_incident_can_be_improved(declare, publish):
    incident = declare()
    seen = publish(incident, state="resolved").id
    restored_at = incident.resolved_at
    publish(incident, "u2", state="resolved", seen=seen, situation="返金は明日から始まります。")
    assert incident.resolved_at == restored_at


def test_reopening_is_deliberate(declare, publish):
    incident = declare()
    publish(incident, state="resolved")
    publish(incident, "u2", state="investigating", reopen=True)
    assert (incident.resolved_at, incident.state) == (None, "investigating")
    assert db.session.scalar(select(Event.kind).where(Event.kind == "incident.reopened"))


def test_no_news_confirms_the_words_and_renews_the_promise(declare, publish, cast, now):
    incident = declare()
    publish(incident)
    later = now + timedelta(minutes=20)
    with writing():
        incident.publish_unchanged(key="n1", by=cast.bridge, at=later, next_update_at=later + SOON)
    words = incidents.current_words(incident)["situation"]
    assert (words.text, words.confirmed_at) == ("原因がわかりました。", later)
    assert words.unchanged_since == now + timedelta(minutes=5)
    assert incident.next_update_at == later + SOON


def test_no_news_needs_words_a_promise_and_an_incident_that_lasts(declare, publish, cast, now):
    quiet, over = declare(holding=False), declare("k2")
    publish(over, state="resolved")
    for incident, due, code in ((quiet, now + SOON, "nothing_published_yet"), (over, now + SOON, "incident_resolved")):
        with pytest.raises(Conflict, match=code), writing():
            incident.publish_unchanged(key="n1", by=cast.bridge, at=now, next_update_at=due)
    with pytest.raises(Refused, match="next_update_missing"), writing():
        declare_again = db.session.get(Incident, quiet.id)
        declare_again.publish(
            key="u9", by=cast.bridge, at=now, state="investigating", words=HOLDING, next_update_at=now + SOON
        )
        declare_again.publish_unchanged(key="n2", by=cast.bridge, at=now, next_update_at=None)


def test_an_incident_leaves_the_board_when_the_customer_side_is_done(declare, publish, cast, now):
    incident = declare()
    with pytest.raises(Conflict, match="not_restored_yet"), writing():
        incident.close(by=cast.responder, at=now)
    publish(incident, state="resolved")
    with writing():
        incident.close(by=cast.responder, at=now + SOON)
        incident.close(by=cast.bridge, at=now + SOON)
    assert incident.closed_by_id == cast.responder.id
    assert incidents.open_incidents(now + SOON) == []
    with pytest.raises(Conflict, match="incident_closed"):
        publish(incident, "u2", state="investigating", reopen=True)


def test_closing_can_be_undone(declare, publish, cast, now):
    incident = declare()
    publish(incident, state="resolved")
    with writing():
        incident.close(by=cast.responder, at=now + SOON)
        incident.follow_up_again(by=cast.responder, at=now + SOON)
    assert incidents.open_incidents(now + SOON) == [incident]


def test_taking_a_position_ends_the_holding_before(declare, cast, now):
    incident = declare()
    with writing():
        incident.assign("bridge", cast.bridge, by=cast.responder, at=now)
        incident.assign("bridge", cast.responder, by=cast.responder, at=now + SOON)
        incident.assign("bridge", cast.responder, by=cast.responder, at=now + SOON)
    assert [(held.person_id, held.until) for held in incident.positions] == [
        (cast.bridge.id, now + SOON), (cast.responder.id, None),
    ]  # fmt: skip


def test_nobody_who_left_takes_a_position(declare, cast, now):
    incident = declare()
    with pytest.raises(Refused, match="person_left"), writing():
        incident.assign("bridge", cast.outsider, by=cast.responder, at=now)
    with pytest.raises(Refused, match="position_missing"), writing():
        incident.assign("king", cast.responder, by=cast.responder, at=now)


def test_a_changed_title_is_written_down(declare, cast, now):
    incident = declare()
    with writing():
        incident.edit(by=cast.responder, at=now, title="一部の施設で入場できません", severity="critical", began_at=now)
    changes = db.session.scalar(select(Event).where(Event.kind == "incident.edited")).details
    assert changes["title"] == ["入場のQRコードが読み取れません", "一部の施設で入場できません"]
    assert changes["severity"] == ["major", "critical"]
    assert "began_at" not in changes


def test_nothing_is_written_down_when_nothing_changed(declare, cast, now):
    incident = declare()
    with writing():
        incident.edit(by=cast.responder, at=now, title=incident.title, severity="major", began_at=now)
    assert db.session.scalar(select(Event).where(Event.kind == "incident.edited")) is None


def test_drills_never_count_as_trouble(declare, now):
    incident = declare(drill=True)
    assert incidents.service_states(now) == {}
    assert incidents.open_incidents(now) == [incident]
    assert incidents.last_update() is None
    assert count(Update) == 1
