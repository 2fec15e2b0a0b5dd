"""The postmortem's page: who writes, what comes back, hints that never block, planning, what lies ahead."""

from datetime import timedelta

import pytest

from domain import incidents, postmortem
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person


def page(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def url(incident):
    return f"/incidents/{incident.code}/postmortem"


@pytest.fixture
def found(incident):
    return lambda: postmortem.of(db.session.get_one(Incident, incident.id))


WORDS = {"went_well": "受付がすぐに気づいた", "lucky": "平日だった", "hard": "手順が見つからない", "cause": "QRの形式", "why": ["読めない", "形式が変わった"], "seen": "0"}  # fmt: skip


def test_what_is_written_stands_for_everybody(sign_in, cast, url):
    assert sign_in(cast.responder).post(url, data=WORDS).status_code == 303
    shown = page(sign_in(cast.reader).get(url))
    for text in ("受付がすぐに気づいた", "平日だった", "手順が見つからない", "形式が変わった"):
        assert text in shown


def test_the_agenda_says_what_the_portal_knows(sign_in, cast, url):
    shown = page(sign_in(cast.reader).get(url))
    for text in ("検討の流れ", "宣言", "入場管理", "すべての施設"):
        assert text in shown


@pytest.mark.parametrize("what", ["", "/meeting", "/holding"])
def test_a_reader_writes_nothing(sign_in, cast, url, found, what):
    assert sign_in(cast.reader).post(url + what, data=WORDS).status_code == 403
    assert found() is None


def test_who_wrote_in_between_is_shown_beside_what_was_typed(sign_in, cast, url, found):
    client = sign_in(cast.responder)
    client.post(url, data={**WORDS, "lucky": "先の人の言葉"})
    answer = client.post(url, data={**WORDS, "lucky": "後の人の言葉"})
    assert answer.status_code == 409
    assert "先の人の言葉" in page(answer)
    assert "後の人の言葉" in page(answer)
    assert found().lucky == "先の人の言葉"
    assert client.post(url, data={**WORDS, "lucky": "後の人の言葉", "seen": "1"}).status_code == 303
    assert found().lucky == "後の人の言葉"


def test_blame_is_hinted_at_and_never_refused(sign_in, cast, url, found):
    client = sign_in(cast.responder)
    answer = client.post(url, data={**WORDS, "hard": "担当者の不注意"})
    assert answer.status_code == 303
    assert found().hard == "担当者の不注意"
    assert "「不注意」" in page(client.get(url))


def test_hints_come_while_typing_and_keep_nothing(sign_in, cast, url, found):
    answer = sign_in(cast.responder).post(f"{url}/hints", data={"hard": "human error"})
    assert answer.status_code == 200
    assert "human error" in page(answer)
    assert found() is None


def test_markup_stays_text(sign_in, cast, url):
    evil = "<script>alert(1)</script>"
    client = sign_in(cast.responder)
    client.post(url, data={"went_well": evil, "cause": evil, "why": [evil], "seen": "0"})
    for who in (cast.responder, cast.reader):
        assert evil not in page(sign_in(who).get(url))


def test_a_meeting_is_planned(sign_in, cast, url, found):
    client = sign_in(cast.responder)
    answer = client.post(f"{url}/meeting", data={"meets_at": "2026-08-13T14:00", "host": "3", "place": "会議室A"})
    assert answer.status_code == 303
    assert "会議室A" in page(client.get(url))
    assert found().host_id == 3


@pytest.mark.parametrize("typed", ["", "昨日", "2026-08-01T10:00", "2026-02-31T10:00"])
def test_a_time_that_cannot_be_is_refused_with_what_was_typed(sign_in, cast, url, found, typed):
    answer = sign_in(cast.responder).post(f"{url}/meeting", data={"meets_at": typed, "place": "会議室A"})
    assert answer.status_code == 422
    assert "会議室A" in page(answer)
    assert found() is None or found().meets_at is None


def test_people_have_met_or_have_not(sign_in, cast, url, found):
    client = sign_in(cast.responder)
    client.post(f"{url}/holding")
    assert found().held_at is not None
    client.post(f"{url}/holding", data={"undo": "1"})
    assert found().held_at is None


def test_planned_work_has_no_postmortem(sign_in, cast, now):
    with writing():
        work = incidents.plan_maintenance(
            key="m", by=db.session.get_one(Person, 1), at=now, title="定期メンテナンス", began_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=2), services={}, words={"situation": "止まります。"},
        ).code  # fmt: skip
    assert sign_in(cast.responder).get(f"/incidents/{work}/postmortem").status_code == 409


def test_what_is_closed_asks_to_be_planned(sign_in, cast, incident, url, now):
    with writing():
        db.session.get_one(Incident, incident.id).closed_at = now
    client = sign_in(cast.responder)
    for path in (url, "/postmortems", f"/incidents/{incident.code}"):
        assert "8月18日（火）" in page(client.get(path))


def test_the_pages_cost_the_same_however_many(sign_in, cast, incident, url, now, count_queries):
    client = sign_in(cast.responder)
    client.post(url, data=WORDS)
    counts = []
    for _ in range(2):
        for path in (url, "/postmortems"):
            with count_queries() as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
        with writing():
            by = db.session.get_one(Person, 2)
            for number in range(20):
                made = incidents.declare(
                    key=f"n{number}", by=by, at=now, title="入場できない", severity="major", services={}, began_at=now, holding=False,
                )  # fmt: skip
                made.closed_at = now
                postmortem.begun(made).write({"cause": "QRの形式"}, by=by, at=now)
    # One more asks for what is open, where there is anything.
    assert counts[2] <= counts[0] + 1
    assert counts[3] <= counts[1] + 1
    assert counts[0] <= 24
