"""What looks alike: the pure score, and what is offered of what is going on."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import hotline, incidents
from domain.alike import ENOUGH, alike, likeness
from domain.catalog import Service, Symptom
from domain.db import db, writing

TITLE = "一部の施設で、入場のQRコードが読み取れません"


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("入場できない", TITLE),
        ("QRが読み取れない", TITLE),
        ("ミドリ水族館で入れません", "みどり水族館の入口が混んでいます"),
        ("カード決済がエラーになる", "決済画面でエラー"),
        ("Payment page shows an error", "error on the payment page"),
        ("QRコード", TITLE),
    ],
)
def test_what_tells_of_the_same_is_alike(typed, other):
    assert likeness(typed, other) >= ENOUGH


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("決済できない", "入場できない"),
        ("確認メールが届きません", TITLE),
        ("とても遅いです", "入場できなくなっています"),
        ("The site is very slow", "Mail does not arrive at the guests"),
        ("", TITLE),
        ("🔥🔥", "🔥🔥"),
    ],
)
def test_grammar_alone_is_not_alike(typed, other):
    assert likeness(typed, other) < ENOUGH


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_share_and_the_same_both_ways(one, other):
    assert 0 <= likeness(one, other) <= 1.0001
    assert likeness(one, other) == pytest.approx(likeness(other, one))


@pytest.fixture
def going_on(cast, now):
    """An incident and a report, both open."""
    with writing():
        incident = incidents.declare(
            key="d1", by=cast.bridge, at=now, title=TITLE, severity="major", began_at=now,
            services={db.session.get(Service, 1): "partial_outage"}, holding=False,
        )  # fmt: skip
        report = hotline.file(
            key="k1", by=cast.reader, at=now, symptom=db.session.get(Symptom, 2), body="カード決済でエラー"
        )
    return incident, report


def codes(found):
    return [one.code for one in found]


def test_an_open_incident_is_offered(going_on, now):
    assert codes(alike("QRコードが読めない", None, now)) == [going_on[0].code]


def test_a_report_with_the_same_tile_is_offered(going_on, now):
    assert codes(alike("", db.session.get(Symptom, 2), now)) == [going_on[1].code]


def test_what_touches_the_same_service_is_offered(going_on, now):
    assert codes(alike("なにか変です", None, now, service=db.session.get(Service, 1))) == [going_on[0].code]


def test_restored_drilled_judged_and_old_ones_are_not_offered(going_on, cast, now):
    incident, report = going_on
    assert codes(alike("決済エラー", None, now + timedelta(hours=25))) == []
    with writing():
        incident.resolved_at = now
        report.judge("no_incident", by=cast.responder, at=now)
    assert alike("QRコード 決済エラー", db.session.get(Symptom, 2), now) == []
    with writing():
        incident.resolved_at, incident.drill = None, True
    assert alike("QRコード", None, now) == []


def test_it_asks_the_same_number_of_questions_however_much_goes_on(going_on, cast, now, count_queries):
    with count_queries() as few:
        alike("決済エラー", None, now)
    with writing():
        for number in range(5):
            tile = db.session.get(Symptom, 2)
            hotline.file(key=f"m{number}", by=cast.reader, at=now, symptom=tile, body="決済エラー")
    with count_queries() as many:
        assert len(alike("決済エラー", None, now)) == 3
    assert len(many) <= len(few) + 1
