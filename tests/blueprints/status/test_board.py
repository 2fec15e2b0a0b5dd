"""The board: the first thing on it is the answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient

from domain import catalog, hotline, incidents, maintenances, updates
from domain.board_queries import SUSPICIONS
from domain.catalog import Facility, Service
from domain.db import writing
from domain.incidents import Incident
from domain.people import Person
from tests.conftest import NOW

SignIn = Callable[[Person], FlaskClient]
WORDS = {
    "situation": "調べています",
    "guest_notice": "ご案内ください",
    "partner_notice": "施設様へのご案内",
    "not_yet": "復旧の時刻",
}


def declare(by: Person, title: str = "QRコードが読み取れません", severity: str = "major", **more: Any) -> Incident:
    with writing() as session:
        service = session.get(Service, 1)
        return incidents.declare(
            key=more.pop("key", title), by=by, at=NOW, title=title, severity=severity, services={service: "partial_outage"},
            began_at=NOW - timedelta(minutes=10), holding_words=WORDS, **more,
        )  # fmt: skip


def suspect(by: Person, body: str = "クーポンが使えません") -> hotline.Report:
    with writing():
        return hotline.file(key=body, by=by, at=NOW, body=body)


def board(client: FlaskClient, language: str = "ja") -> str:
    return client.get("/", headers={"Accept-Language": language}).get_data(as_text=True)


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found
    return found[1]


def test_nobody_sees_it_without_signing_in(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/login")


def test_calm_says_so(cast: SimpleNamespace, sign_in: SignIn) -> None:
    page = board(sign_in(cast.reader))
    assert heading(page) == "いま、障害は起きていません"
    assert "障害なし" in page


def test_a_suspicion_is_part_of_the_answer(cast: SimpleNamespace, sign_in: SignIn) -> None:
    suspect(cast.reader)
    page = board(sign_in(cast.reader))
    assert heading(page) == "障害の疑いを確認しています"
    assert "クーポンが使えません" in page
    assert "障害なし" not in page
    assert "はっきりするまで、お伝えできること" in page


def test_it_says_who_checks_since_when(cast: SimpleNamespace, sign_in: SignIn) -> None:
    report = suspect(cast.reader)
    with writing():
        report.acknowledge(by=cast.responder, at=NOW)
    assert "岡本 沙織さんが確認しています" in board(sign_in(cast.reader))


def test_an_incident_is_the_answer_with_its_impact(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder)
    page = board(sign_in(cast.reader))
    assert heading(page) == "いま、1件の障害に対応しています"
    for words in ("QRコードが読み取れません", *WORDS.values()):
        assert words in page


def test_several_incidents_are_several_cards_worst_first(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder, "メールが遅れています", "minor")
    declare(cast.responder, "全国で入場できません", "critical")
    page = board(sign_in(cast.reader))
    assert heading(page) == "いま、2件の障害に対応しています"
    assert re.findall(r'<article[^>]* id="(INC-\d)"', page) == ["INC-2", "INC-1"]


def test_a_suspicion_stands_beside_an_incident(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder)
    suspect(cast.reader)
    assert "障害の疑い：" in board(sign_in(cast.reader))


def test_a_restored_incident_stays_until_follow_up_is_finished(cast: SimpleNamespace, sign_in: SignIn) -> None:
    incident = declare(cast.responder)
    with writing():
        incident.publish(key="end", by=cast.bridge, at=NOW, state="resolved", words=WORDS)
    page = board(sign_in(cast.reader))
    assert heading(page) == "復旧しました。お客様対応は続いています"
    assert "ご案内ください" in page
    with writing():
        incident.close(by=cast.deputy, at=NOW)
    page = board(sign_in(cast.reader))
    assert heading(page) == "いま、障害は起きていません"
    assert "最後の更新" in page


def test_a_drill_never_counts_as_an_answer(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder, drill=True)
    page = board(sign_in(cast.reader))
    assert heading(page) == "いま、障害は起きていません"
    assert "【訓練】" in page


def test_a_late_update_says_how_late_and_what_still_holds(
    cast: SimpleNamespace, sign_in: SignIn, clock: SimpleNamespace
) -> None:
    declare(cast.responder)
    clock.forward(minutes=12)
    page = board(sign_in(cast.reader))
    assert "7分遅れています" in page
    assert "現在ご案内できるのは、10:42時点の内容です" in page


def test_planned_maintenance_is_visible_beforehand(cast: SimpleNamespace, sign_in: SignIn) -> None:
    with writing() as session:
        maintenances.plan_maintenance(
            key="m", by=cast.responder, at=NOW, title="予約サイトの定期作業", began_at=NOW + timedelta(days=1),
            ends_at=NOW + timedelta(days=1, hours=2), services={session.get(Service, 2): "under_maintenance"},
            words={"situation": "停止します"},
        )  # fmt: skip
    page = board(sign_in(cast.reader))
    assert "予約サイトの定期作業" in page
    assert heading(page) == "いま、障害は起きていません"


def test_maintenance_that_overruns_is_still_under_way(
    cast: SimpleNamespace, sign_in: SignIn, clock: SimpleNamespace
) -> None:
    with writing() as session:
        work = maintenances.plan_maintenance(
            key="m", by=cast.responder, at=NOW, title="定期作業", began_at=NOW + timedelta(hours=1),
            ends_at=NOW + timedelta(hours=2), services={session.get(Service, 2): "under_maintenance"},
            words={"situation": "停止します"},
        )  # fmt: skip
    clock.forward(hours=1.5)
    with writing():
        work.publish(key="begun", by=cast.bridge, at=clock.at, state="in_progress", words={"situation": "作業中です"})
    clock.forward(hours=3)
    client = sign_in(cast.reader)
    assert heading(board(client)) == "メンテナンスを実施しています"
    assert "メンテナンス</a>" in client.get("/reports", headers={"Accept-Language": "ja"}).get_data(as_text=True)


def test_who_is_on_duty_can_be_called(cast: SimpleNamespace, sign_in: SignIn) -> None:
    page = board(sign_in(cast.reader))
    assert 'href="tel:+819000000119"' in page
    assert "090-0000-0119" in page


def test_services_show_their_state_and_its_cause(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder)
    page = board(sign_in(cast.reader))
    assert re.search(r"入場管理.*?INC-1.*?一部利用不可", page, re.S)


def test_it_speaks_english(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder)
    page = board(sign_in(cast.reader), "en")
    assert heading(page) == "We are handling 1 incident right now"
    assert "Admission" in page
    assert "Partly unavailable" in page


def test_what_people_typed_is_shown_not_run(cast: SimpleNamespace, sign_in: SignIn) -> None:
    suspect(cast.reader, "<script>alert(1)</script>")
    page = board(sign_in(cast.reader))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("with_incident", [False, True])
def test_a_suspicion_comes_with_one_safe_sentence_also_beside_an_incident(
    cast: SimpleNamespace, sign_in: SignIn, with_incident: bool
) -> None:
    suspect(cast.reader)
    if with_incident:
        declare(cast.responder)
    assert board(sign_in(cast.reader)).count('id="safe"') == 1


@pytest.fixture
def aquarium(cast: SimpleNamespace) -> Facility:
    with writing() as session:
        facility = Facility(
            name="みどり水族館", reading="みどりすいぞくかん", created_at=NOW, services=[session.get(Service, 2)]
        )
        facility.describe()
        session.add(facility)
    return facility


def test_a_facility_that_is_not_touched(cast: SimpleNamespace, sign_in: SignIn, aquarium: Facility) -> None:
    declare(cast.responder)
    answer = sign_in(cast.reader).get("/facilities?facility=みどり", headers={"HX-Request-Type": "partial"})
    text = answer.get_data(as_text=True)
    assert text.lstrip().startswith("<div")
    assert "影響はありません" in text


def test_a_facility_that_is_touched_and_what_to_tell_it(
    cast: SimpleNamespace, sign_in: SignIn, aquarium: Facility
) -> None:
    with writing():
        aquarium.services = catalog.services()
    declare(cast.responder)
    page = sign_in(cast.reader).get("/?facility=ミドリ").get_data(as_text=True)
    assert "影響があります" in page
    assert page.count("施設様へのご案内") >= 2


def test_a_facility_under_maintenance_is_not_said_to_be_well(
    cast: SimpleNamespace, sign_in: SignIn, aquarium: Facility
) -> None:
    with writing() as session:
        work = maintenances.plan_maintenance(
            key="work", by=cast.responder, at=NOW - timedelta(hours=2), title="夜間メンテナンス",
            began_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1),
            services=dict.fromkeys(session.get(Facility, aquarium.id).services, "under_maintenance"), words=WORDS,
        )  # fmt: skip
        code = work.code
    answer = sign_in(cast.reader).get("/facilities?facility=みどり").get_data(as_text=True)
    assert "影響はありません" not in answer
    assert f'href="/incidents/{code}"' in answer


def test_imported_words_are_shown_as_what_they_are(cast: SimpleNamespace, sign_in: SignIn, aquarium: Facility) -> None:
    incident = declare(cast.responder, facilities=[aquarium])
    with writing() as session:
        update = session.get(Incident, incident.id).latest
        update.format, update.workaround = "html", "<p>紙の<strong>名簿</strong>で</p>"
    answer = sign_in(cast.reader).get("/facilities?facility=みどり").get_data(as_text=True)
    assert "紙の<strong>名簿</strong>で" in answer


def test_an_incident_of_some_facilities_touches_only_those(
    cast: SimpleNamespace, sign_in: SignIn, aquarium: Facility
) -> None:
    declare(cast.responder, facilities=[aquarium])
    with writing() as session:
        other = Facility(name="青葉パーク", reading="あおばぱーく", created_at=NOW)
        other.describe()
        session.add(other)
    client = sign_in(cast.reader)
    assert "影響はありません" in client.get("/facilities?facility=青葉").get_data(as_text=True)


def test_a_facility_that_nobody_knows(cast: SimpleNamespace, sign_in: SignIn) -> None:
    page = sign_in(cast.reader).get("/?facility=<b>どこか</b>").get_data(as_text=True)
    assert "「&lt;b&gt;どこか&lt;/b&gt;」という施設は見つかりません" in page


def test_however_many_suspect_something_the_board_stays_small(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.reader)
    for number in range(30):
        suspect(cast.reader, f"{number} 番ゲート")
    page = board(client)
    assert "ほかに26件" in page
    assert "30 番" not in page
    assert page.count("番ゲート") < 30
    announced = re.search(r'data-announce="([^"]*)"', page)
    assert announced
    assert announced[1].count("R-") == SUSPICIONS
    assert "R-30" in announced[1]


def test_the_number_of_queries_does_not_grow(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn, count_queries: Callable[[], Any]
) -> None:
    client = sign_in(cast.reader)
    declare(cast.responder, "1")
    suspect(cast.reader, "1")
    board(client)  # who answers is known from now on: nothing below changes the roster
    app.extensions["memo"].forget()
    with count_queries() as few:
        board(client)
    for number in range(2, 7):
        incident = declare(cast.responder, str(number))
        suspect(cast.reader, str(number))
        for turn in range(4):
            with writing():
                incident.publish(
                    key=f"{number}-{turn}", by=cast.bridge, at=NOW, state="identified", words=WORDS,
                    next_update_at=NOW + timedelta(minutes=30),
                )  # fmt: skip
    app.extensions["memo"].forget()
    with count_queries() as many:
        board(client)
    assert len(many) == len(few) <= 12


def test_a_board_that_nothing_changed_asks_only_who_is_asking(
    cast: SimpleNamespace, sign_in: SignIn, count_queries: Callable[[], Any]
) -> None:
    client = sign_in(cast.reader)
    board(client)
    with count_queries() as queries:
        board(client)
    assert len(queries) <= 3


@contextmanager
def rendering(app: Flask) -> Iterator[list[str]]:
    """The names of the templates that are rendered inside."""
    names: list[str] = []

    def note(_sender: Flask, template: Any, **_more: Any) -> None:
        names.append(template.name)

    with template_rendered.connected_to(note, app):
        yield names


def test_a_commit_that_changed_one_card_renders_one_card(app: Flask, cast: SimpleNamespace, sign_in: SignIn) -> None:
    first, second = declare(cast.responder, "一つ目"), declare(cast.responder, "二つ目")
    client = sign_in(cast.reader)
    board(client)
    with writing():
        second.edit(by=cast.bridge, at=NOW, title="入場できません", severity="major", began_at=second.began_at)
    with rendering(app) as names:
        page = board(client)
    assert "入場できません" in page
    assert first.title in page
    assert names.count("status/_incident.html") == 1
    assert "status/_services.html" not in names
    assert "roster/_strip.html" not in names


def test_a_commit_that_the_board_does_not_show_renders_nothing_of_it_anew(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    incident = declare(cast.responder)
    client = sign_in(cast.reader)
    board(client)
    with writing():
        updates.save_draft(incident, cast.bridge, {"situation": "まだ"}, at=NOW)
    with rendering(app) as names:
        board(client)
    assert names == ["status/board.html"]


def test_a_promise_that_came_due_is_late_though_nothing_was_committed(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    due = declare(cast.responder).next_update_at
    assert due
    client = sign_in(cast.reader)
    app.config["CLOCK"] = lambda: due - timedelta(seconds=1)
    assert "分遅れています。" not in board(client)
    app.config["CLOCK"] = lambda: due + timedelta(seconds=1)
    assert "分遅れています。" in board(client)


def test_the_same_minute_of_the_next_day_is_another_board(app: Flask, cast: SimpleNamespace, sign_in: SignIn) -> None:
    """Of what was said today the time is enough; a day later it needs its date."""
    with writing():
        incident = incidents.declare(
            key="restored", by=cast.responder, at=NOW, title="予約できません", severity="major", services={},
            began_at=NOW - timedelta(minutes=10), holding_words=WORDS,
        )  # fmt: skip
        incident.publish(key="over", by=cast.bridge, at=NOW, state="resolved", words=WORDS)
    client = sign_in(cast.reader)
    today = board(client)
    app.config["CLOCK"] = lambda: NOW + timedelta(days=1)
    assert card_of(board(client)) != card_of(today)


def held(page: str) -> dict[str, str]:
    """Position → who has it, as the card says."""
    text = card_of(page).replace("\u00a0", " ")
    return dict(re.findall(r"(コマンダー|ブリッジ役|記録担当)[^<]*?：<span class=\"nb\">([^<]*)", text))


def test_it_says_who_has_which_position(cast: SimpleNamespace, sign_in: SignIn) -> None:
    incident = declare(cast.responder)
    client = sign_in(cast.reader)
    assert held(board(client)) == {"コマンダー": "岡本 沙織", "ブリッジ役": "高橋 由紀子"}
    with writing():
        incident.assign("commander", cast.deputy, by=cast.deputy, at=NOW)
        incident.assign("scribe", cast.admin, by=cast.deputy, at=NOW)
    assert held(board(client)) == {"コマンダー": "伊藤 航", "ブリッジ役": "高橋 由紀子", "記録担当": "大塚 仁"}


def test_what_was_moved_in_from_elsewhere_has_no_formation(cast: SimpleNamespace, sign_in: SignIn) -> None:
    incident = declare(cast.responder)
    with writing():
        incident.source = "Statuspage"
    assert held(board(sign_in(cast.reader))) == {}


def card_of(page: str) -> str:
    return page[page.index("<article") : page.index("</article>")]


def test_a_commit_of_anybody_shows_at_once(cast: SimpleNamespace, sign_in: SignIn) -> None:
    client = sign_in(cast.reader)
    board(client)
    declare(cast.responder)
    assert heading(board(client)) == "いま、1件の障害に対応しています"


def test_what_is_kept_for_a_responder_is_not_shown_to_a_reader(cast: SimpleNamespace, sign_in: SignIn) -> None:
    declare(cast.responder)
    assert "進展なしで更新" in board(sign_in(cast.responder))
    assert "進展なしで更新" not in board(sign_in(cast.reader))


def test_the_script_reads_its_sentences_in_the_order_in_which_the_page_has_them(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    script = (Path(__file__).parents[3] / "static" / "noroshi.js").read_text()
    keys = re.findall(r'"(copied [a-z_ ]+)"', script)[0].split()
    page = sign_in(cast.reader).get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)
    said = re.findall(r'data-words="([^"]*)"', page)[0].split("\n")
    assert len(keys) == len(said)
    found = dict(zip(keys, said, strict=True))
    assert found["copied"] == "Copied"
    assert found["draft"] == "What you typed before is here again."
    assert found["late_by"] == "%s min late"
