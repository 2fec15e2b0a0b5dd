"""Declaring: by responders, once, with everything typed kept when it is refused; two people at once."""

import re
import threading

import pytest
from sqlalchemy import func, select

from domain.db import db, writing
from domain.hotline import Report
from domain.incidents import Incident

GOOD = {
    "key": "k1", "title": "入場のQRコードが読み取れません", "severity": "major", "began_at": "2026-08-11T10:30",
    "services": ["1"], "facilities": "all",
}  # fmt: skip


def count():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Incident))


def only():
    db.session.rollback()
    return db.session.scalars(select(Incident)).one()


@pytest.fixture
def report(cast, now):
    with writing():
        made = Report(
            key="r1", reporter_id=cast.reader.id, body="QRが赤い画面になります", service_id=1, since=now, created_at=now
        )
        db.session.add(made)
    return made.id


def test_the_form_leaves_every_tile_unchosen(sign_in, cast, clock):
    page = sign_in(cast.responder).get("/incidents/new").text
    assert 'name="severity" value="major">' in page
    assert 'value="2026-08-11T10:42"' in page


def test_the_form_is_filled_from_the_report(sign_in, cast, report, clock):
    page = sign_in(cast.responder).get(f"/incidents/new?report=R-{report}").text
    assert "QRが赤い画面になります" in page
    assert 'name="services" value="1" checked' in page


def test_a_declaration_leads_to_the_incident_and_says_when_details_come(sign_in, cast, clock):
    client = sign_in(cast.responder)
    answer = client.post("/incidents", data=GOOD, headers={"Accept-Language": "en"})
    assert answer.status_code == 303
    page = client.get(answer.location, headers={"Accept-Language": "en"}).text
    assert "Declared 10:42. First details by 10:47." in page
    assert 'data-draft-done="declare"' in page


def test_the_services_named_stand_in_the_holding_text(sign_in, cast, clock):
    sign_in(cast.responder).post("/incidents", data=GOOD)
    latest = only().latest
    assert "入場管理" in latest.guest_notice
    assert "{services}" not in latest.guest_notice + latest.situation + latest.partner_notice


def test_the_holding_text_is_published_as_it_was_typed(sign_in, cast, clock):
    sign_in(cast.responder).post("/incidents", data={**GOOD, "guest_notice": "お待ちください。"})
    assert only().latest.guest_notice == "お待ちください。"


@pytest.mark.parametrize(("holding", "published"), [(None, 1), (["no", "yes"], 1), (["no"], 0)])
def test_the_holding_text_is_on_unless_it_was_unticked(sign_in, cast, clock, holding, published):
    sign_in(cast.responder).post("/incidents", data=GOOD if holding is None else {**GOOD, "holding": holding})
    assert len(only().updates) == published


def test_a_double_tap_is_one_incident(sign_in, cast, clock):
    client = sign_in(cast.responder)
    assert client.post("/incidents", data=GOOD).location == client.post("/incidents", data=GOOD).location
    assert count() == 1


def test_two_taps_at_the_same_moment_are_one_incident(app, sign_in, cast, clock):
    clients = [sign_in(cast.responder), sign_in(cast.bridge)]
    answers = []

    def tap(client):
        with app.app_context():
            answers.append(client.post("/incidents", data=GOOD).status_code)

    threads = [threading.Thread(target=tap, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    assert count() == 1


def test_a_report_becomes_one_incident_and_the_slower_one_is_shown_it(sign_in, cast, report, clock):
    first = sign_in(cast.responder).post("/incidents", data={**GOOD, "report": str(report)})
    second = sign_in(cast.bridge).post(
        "/incidents", data={**GOOD, "key": "k2", "title": "私の見出し", "report": str(report)}
    )
    assert (first.status_code, second.status_code) == (303, 409)
    assert "私の見出し" in second.text
    assert "INC-1" in second.text
    assert count() == 1


def test_whoever_was_slower_sees_what_was_declared_meanwhile_and_may_go_on(sign_in, cast, clock):
    sign_in(cast.responder).post("/incidents", data=GOOD)
    client, mine = sign_in(cast.bridge), {**GOOD, "key": "k2", "title": "私の見出し", "newest": "0"}
    refused = client.post("/incidents", data=mine)
    assert refused.status_code == 409
    assert "私の見出し" in refused.text
    assert client.post("/incidents", data={**mine, "another": "1"}).status_code == 303
    assert count() == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "   "}, "title"),
        ({"title": "🔥🔥🔥"}, "title"),
        ({"title": "あ" * 121}, "title"),
        ({"title": "x" * 1_000_000}, "title"),
        ({"severity": ""}, "severity"),
        ({"severity": "huge"}, "severity"),
        ({"services": []}, "services"),
        ({"services": ["99", "x"]}, "services"),
        ({"began_at": "昨日"}, "began_at"),
        ({"began_at": "2026-08-12T10:00"}, "began_at"),
        ({"facilities": ["some"]}, "facilities"),
        ({"report": "999"}, "report"),
        ({"guest_notice": "長" * 10_001}, "guest_notice"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(sign_in, cast, clock, given, field):
    typed = {**GOOD, "title": "見出しはこれです", "guest_notice": "案内はこれです", **given}
    answer = sign_in(cast.responder).post("/incidents", data=typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    for name in ("title", "guest_notice"):
        assert typed[name].strip() in answer.text
    assert count() == 0


def test_all_that_is_wrong_is_said_at_once(sign_in, cast, clock):
    page = sign_in(cast.responder).post("/incidents", data={}).text
    for field in ("title", "severity", "services", "began_at"):
        assert f'href="#{field}"' in page


def test_a_title_loses_what_would_mislead(sign_in, cast, clock):
    sign_in(cast.responder).post("/incidents", data={**GOOD, "title": "入場\u202eできません\x00"})
    assert only().title == "入場できません"


def test_readers_do_not_declare(sign_in, cast, client, clock):
    assert sign_in(cast.reader).post("/incidents", data=GOOD).status_code == 403
    assert sign_in(cast.reader).get("/incidents/new").status_code == 403
    assert client.post("/incidents", data=GOOD).status_code == 303
    assert count() == 0


def test_a_drill_is_declared_as_one(sign_in, cast, clock):
    sign_in(cast.responder).post("/incidents", data={**GOOD, "drill": "on"})
    assert only().drill


def test_a_title_changed_after_going_back_is_not_lost(sign_in, cast, clock):
    client = sign_in(cast.responder)
    client.post("/incidents", data=GOOD)
    changed = GOOD | {"title": "別の不具合です"}
    answer = client.post("/incidents", data=changed)
    assert answer.status_code == 409
    assert "別の不具合です" in answer.text
    key = re.search(r'name="key" value="([^"]+)"', answer.text)[1]
    assert client.post("/incidents", data=changed | {"key": key, "another": "1"}).status_code == 303
    assert count() == 2


def test_planned_work_with_the_key_of_an_incident_is_not_lost(sign_in, cast, clock):
    client = sign_in(cast.responder)
    client.post("/incidents", data=GOOD)
    work = {"title": "更新します", "services": "1", "began_at": "2026-08-12T10:00", "ends_at": "2026-08-12T11:00"}
    answer = client.post("/maintenances", data=work | {"key": GOOD["key"], "situation": "更新です。"})
    assert answer.status_code == 409
    assert "更新です。</textarea>" in answer.text


@pytest.mark.parametrize("newest", ["²", "９" * 12, "-1", "x"])
def test_a_strange_newest_is_passed_over(sign_in, cast, clock, newest):
    assert sign_in(cast.responder).post("/incidents", data=GOOD | {"newest": newest}).status_code == 303
