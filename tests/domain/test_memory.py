"""Memory: past incidents like a new one are found, others are not; words are learnt once anything happened."""

from datetime import timedelta

import pytest

from domain import actions, hotline, incidents, memory, postmortem
from domain.catalog import Service
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person
from tests.domain.learning import draft


def person(number):
    return db.session.get_one(Person, number)


@pytest.fixture
def declare(cast, now):
    """`declare("見出し", service=1, over=True)` gives an incident's id."""
    numbers = iter(range(1000))

    def declaring(title, service=1, over=True, said="調べています。", drill=False, report=None, **more):
        with writing():
            made = incidents.declare(
                key=f"m{next(numbers)}", by=person(2), at=now, title=title, severity="major", began_at=now, drill=drill,
                services={db.session.get_one(Service, service): "partial_outage"}, holding_words={"situation": said},
                report=report and db.session.get_one(hotline.Report, report),
            )  # fmt: skip
            if over:
                made.resolved_at = made.closed_at = now + timedelta(hours=1)
            for name, value in more.items():
                setattr(made, name, value)
            return made.id

    return declaring


def learn(at):
    """Looks until nothing is left; how many were learnt."""
    count = 0
    while words := memory.look(at):
        db.session.rollback()
        with writing():
            memory.write_down(words, at)
        count += len(words)
    db.session.rollback()
    return count


def found(title, services=(), told=""):
    return [one.incident.id for one in memory.like(title, services, told)]


def test_a_past_incident_of_the_same_words_is_found_in_another_spelling(declare, now):
    wanted = declare("申込画面で決済ができませんでした", service=2)
    declare("確認メールが遅れて届きました", service=3)
    learn(now)
    assert found("決済できず、申し込みが完了しない") == [wanted]


def test_what_was_reported_is_looked_through_too(declare, now):
    with writing():
        number = hotline.file(key="r", by=person(4), at=now, body="ゲートの赤外線センサーが反応しません").id
    wanted = declare("入場が遅れています", report=number)
    learn(now)
    assert found("センサーの不具合", told="赤外線が弱い") == [wanted]


def test_the_service_alone_is_not_enough(declare, now):
    declare("確認メールが遅れて届きました", service=3)
    learn(now)
    assert found("ログインできない", services=[3]) == []


def test_of_two_the_one_with_the_same_service_comes_first(declare, now):
    other, wanted = declare("画面が開かない", service=2), declare("画面が開かない", service=1)
    declare("画面が開かない", service=2)
    learn(now)
    assert found("画面が開かない", services=[1])[0] == wanted
    assert other in found("画面が開かない", services=[1])


@pytest.mark.parametrize(
    "changes", [{"drill": True}, {"over": False}, {"outcome": "merged"}, {"outcome": "no_incident"}]
)
def test_drills_what_goes_on_and_what_was_none_are_not_offered(declare, now, changes):
    declare("決済ができません", **changes)
    learn(now)
    assert found("決済ができません") == []


def test_what_helped_is_what_people_found_then_what_could_be_done(declare, now):
    first = declare("決済ができません", said="決済が止まっています。")
    learn(now)
    (one,) = memory.like("決済ができません", [])
    assert (one.helped, one.said) == ("", "決済が止まっています。")
    with writing():
        incident, by = db.session.get_one(Incident, first), person(2)
        postmortem.begun(incident).write({"went_well": "別の決済会社に切り替えた", "cause": "証明書"}, by=by, at=now)
        actions.add(incident, draft(), key="a", by=by, at=now)
    (one,) = memory.like("決済ができません", [])
    assert (one.helped, one.cause, len(one.open_actions)) == ("別の決済会社に切り替えた", "証明書", 1)


def test_an_open_incident_knows_the_past_ones_like_it(declare, now):
    past = declare("入場のQRコードが読み取れません")
    learn(now)
    new = declare("QRコードを読み取れず入場できない", over=False)
    assert memory.of(db.session.get_one(Incident, new)) == []
    learn(now)
    assert [one.incident.id for one in memory.of(db.session.get_one(Incident, new))] == [past]


def test_each_is_learnt_once_until_something_happens(declare, now):
    first, _ = declare("決済ができません"), declare("入場できません")
    assert learn(now) == 2
    assert learn(now) == 0
    with writing():
        db.session.get_one(Incident, first).edit(
            by=person(2), at=now, title="予約ができません", severity="major", began_at=now
        )
    assert learn(now) == 1
    assert found("予約ができません") == [first]
    assert found("決済ができません") == []


def test_planned_work_has_no_words(cast, now):
    with writing():
        incidents.plan_maintenance(
            key="m", by=person(1), at=now, title="決済の定期メンテナンス", began_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=2), services={}, words={"situation": "止まります。"},
        )  # fmt: skip
    learn(now)
    assert found("決済のメンテナンス") == []


@pytest.mark.parametrize("title", ["", "!!!", "\x00", "の", "';--", "%", "あ" * 5000])
def test_any_headline_can_be_asked_for(declare, now, title):
    declare("決済ができません")
    learn(now)
    assert found(title) == []


def test_asking_costs_the_same_however_much_is_remembered(declare, now, count_queries):
    declare("決済ができません")
    learn(now)
    counts = []
    for _ in range(2):
        with count_queries() as queries:
            assert memory.like("決済ができません", [1])
        counts.append(len(queries))
        for number in range(30):
            declare(f"決済ができません{number}")
        learn(now)
    assert counts[0] == counts[1] <= 9
