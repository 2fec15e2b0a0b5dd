"""Buttons under a report: what they do, for whom, once; how it shows on the message, in its thread, to the reporter."""

import json
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest

from domain import hotline
from domain import incidents as verbs
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.suspicion import Report
from integrations.facts import load
from integrations.slack_buttons import message_of
from integrations.slack_views import Views
from integrations.wording import Wording
from local_slack.interactions import send
from local_slack.modals import submission
from tests.blueprints.slack.conftest import BASE, ITO, OKAMOTO, SATO, buttons, instant, whispers

ALL = ["report.acknowledge", "report.declare", "report.no_incident", "report.same"]


def incidents() -> list[Incident]:
    db.session.rollback()
    return db.session.query(Incident).order_by(Incident.id).all()


def told(slack, ts: str) -> list[str]:
    return [one["text"] for one in slack.messages("hotline") if one.get("thread_ts") == ts and one["ts"] != ts]


def test_a_report_carries_what_can_be_done(slack, report) -> None:
    assert buttons(slack, report.ts) == ALL


def test_looking_into_it_shows_everywhere(slack, report, deliver) -> None:
    assert slack.click("hotline", report.ts, "report.acknowledge", OKAMOTO) == (200, "")
    assert (report.now().status, report.now().acknowledged_by_id) == ("acknowledged", 2)
    deliver()
    assert buttons(slack, report.ts) == ALL[1:]
    assert told(slack, report.ts) == [f"<@{SATO}> 岡本 沙織 is checking."]
    assert whispers(slack) == []


def test_the_second_one_is_told_who_was_first(slack, report, deliver) -> None:
    stale = slack.interaction("hotline", report.ts, "report.acknowledge", ITO)
    slack.click("hotline", report.ts, "report.acknowledge", OKAMOTO)
    slack.workspace.triggers.clear()
    assert send(slack._settings, stale) == (200, "")
    deliver()
    assert report.now().acknowledged_by_id == 2
    assert [to for to, _ in whispers(slack)] == [ITO]
    assert "岡本 沙織 is checking" in whispers(slack)[0][1]


def test_a_hundred_at_once_have_one_effect(slack, report, deliver, clock) -> None:
    people = [f"U0PERSON{number:03}" for number in range(100)]
    with writing():
        for slack_id in people:
            email = f"{slack_id}@example.jp".lower()
            db.session.add(Person(email=email, name=slack_id, slack_id=slack_id, is_admin=True, created_at=clock.at))
    for slack_id in people:
        slack.workspace.add_user(slack_id, slack_id, f"{slack_id}@example.jp", slack_id)
    presses = [slack.interaction("hotline", report.ts, "report.acknowledge", one) for one in people]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda one: send(slack._settings, one), presses))
    assert {status for status, _ in answers} == {200}
    db.session.rollback()
    assert db.session.query(Delivery).filter_by(kind="report.told").count() == 1
    deliver()
    assert len(told(slack, report.ts)) == 1
    assert len({to for to, _ in whispers(slack)}) == 99


@pytest.mark.parametrize("action", ALL)
def test_who_stands_in_no_line_is_told_so_and_changes_nothing(slack, report, deliver, action) -> None:
    slack.click("hotline", report.ts, action, SATO)
    deliver()
    assert report.now().status == "received"
    assert slack.modal(SATO) is None
    assert [to for to, _ in whispers(slack)] == [SATO]
    assert "stand in the roster" in whispers(slack)[0][1]
    assert "/hotline" in whispers(slack)[0][1]


@pytest.mark.parametrize("action", ALL)
def test_somebody_unknown_is_told_what_to_do(slack, report, deliver, action) -> None:
    slack.click("hotline", report.ts, action, "U0WATANABE")
    deliver()
    assert report.now().status == "received"
    # Nobody knows their language: the organisation's is spoken.
    assert "U0WATANABE" in whispers(slack)[0][1]
    assert "管理者" in whispers(slack)[0][1]


@pytest.mark.parametrize("action", ALL)
def test_whoever_has_left_can_do_nothing(slack, report, deliver, action) -> None:
    with writing():
        db.session.get_one(Person, 5).slack_id = "U0WATANABE"
    slack.click("hotline", report.ts, action, "U0WATANABE")
    deliver()
    assert report.now().status == "received"
    assert slack.modal("U0WATANABE") is None
    assert len(whispers(slack)) == 1


@pytest.mark.parametrize("action", ALL)
def test_a_button_of_an_old_message_says_how_it_stands(slack, report, deliver, clock, action) -> None:
    stale = slack.interaction("hotline", report.ts, action, OKAMOTO)
    with writing():
        person = db.session.get_one(Person, 6)
        db.session.get_one(Report, report.id).no_incident(by=person, at=clock.at, note="")
    send(slack._settings, stale)
    deliver()
    assert report.now().judged_by_id == 6
    assert slack.modal(OKAMOTO) is None
    assert "No incident, thank you" in whispers(slack)[0][1]
    assert "伊藤 航" in whispers(slack)[0][1]
    assert f"<{BASE}/reports/{report.id}|R-{report.id}>" in whispers(slack)[0][1]


def test_a_report_that_is_not_there(slack, report, deliver) -> None:
    press = slack.interaction("hotline", report.ts, "report.acknowledge", OKAMOTO)
    for value in ("99999", "-1", "x", "٣", "9" * 30):
        press["actions"][0]["value"] = value
        assert send(slack._settings, press)[0] == 200
    deliver()
    assert len(whispers(slack)) == 4 or len(whispers(slack)) == 5
    assert report.now().status == "received"


def test_no_incident_asks_for_a_word_and_thanks(slack, report, deliver) -> None:
    slack.click("hotline", report.ts, "report.no_incident", OKAMOTO)
    assert slack.modal(OKAMOTO)["callback_id"] == "no_incident"
    assert slack.submit({"note": "A test of the gate"}, OKAMOTO) == (200, "")
    assert slack.modal(OKAMOTO) is None
    assert (report.now().status, report.now().note) == ("no_incident", "A test of the gate")
    deliver()
    assert buttons(slack, report.ts) == []
    assert told(slack, report.ts)[0].startswith(f"<@{SATO}> It was no incident. Thank you")


def test_the_same_modal_sent_twice_has_one_effect(slack, report, deliver) -> None:
    slack.click("hotline", report.ts, "report.no_incident", OKAMOTO)
    view = slack.modal(OKAMOTO)["id"]
    for _ in range(2):
        assert slack.submit({"note": ""}, OKAMOTO, view)[0] == 200
    deliver()
    assert len(told(slack, report.ts)) == 1


def test_two_people_judge_and_the_slower_one_sees_how_it_stands(slack, report) -> None:
    slack.click("hotline", report.ts, "report.no_incident", OKAMOTO)
    slack.click("hotline", report.ts, "report.no_incident", ITO)
    slack.submit({"note": "mine"}, OKAMOTO)
    slack.submit({"note": "no, mine"}, ITO)
    assert report.now().note == "mine"
    shown = slack.modal(ITO)
    assert shown["callback_id"] == "told"
    assert "岡本 沙織" in shown["blocks"][0]["text"]["text"]


def test_whoever_lost_the_right_meanwhile_is_refused_when_sending(slack, report, clock) -> None:
    slack.click("hotline", report.ts, "report.no_incident", OKAMOTO)
    with writing():
        db.session.get_one(Person, 2).deactivate(at=clock.at)
    slack.submit({"note": ""}, OKAMOTO)
    assert report.now().status == "received"
    assert slack.modal(OKAMOTO)["callback_id"] == "told"


def declare(slack, report, user: str = OKAMOTO, **typed: object) -> tuple[int, str]:
    if slack.modal(user) is None:
        slack.click("hotline", report.ts, "report.declare", user)
    given = {"title": "Guests cannot enter", "severity": "critical", "services": ["1", "2"], **typed}
    return slack.submit(given, user)


def test_declaring_is_the_portal_s_declaration(slack, report, deliver, clock) -> None:
    assert declare(slack, report)[0] == 200
    made = incidents()[0]
    assert (made.title, made.severity, made.declared_by_id, made.drill) == ("Guests cannot enter", "critical", 2, False)
    assert {row.service_id: row.state for row in made.affected} == {1: "major_outage", 2: "major_outage"}
    assert made.all_facilities
    assert made.began_at == clock.at
    assert made.latest is not None
    assert made.latest.kind == "declared"
    assert (report.now().status, report.now().incident_id) == ("incident", made.id)
    assert f"{BASE}/incidents/{made.code}" in slack.modal(OKAMOTO)["blocks"][0]["text"]["text"]
    deliver()
    assert buttons(slack, report.ts) == []
    assert told(slack, report.ts)[0].startswith(f"<@{SATO}> An incident was declared")


def test_a_drill_without_the_holding_text(slack, report, clock) -> None:
    began = instant(clock.at) - 600
    declare(slack, report, options=["drill"], began_at=str(began))
    made = incidents()[0]
    assert made.drill
    assert made.latest is None
    assert instant(made.began_at) == began


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"title": "！！！"}, "title", "in words"),
        ({"began_at": "4102444800"}, "began_at", "cannot lie ahead"),
        ({"began_at": "9" * 15}, "began_at", "when it began"),
    ],
)
def test_what_is_wrong_stands_at_the_modal_s_field(slack, report, typed, field, words) -> None:
    declare(slack, report, **typed)
    assert incidents() == []
    assert words in slack.modal(OKAMOTO)["_errors"][field]
    assert report.now().status == "received"


def test_a_declaration_sent_twice_is_one(slack, report) -> None:
    slack.click("hotline", report.ts, "report.declare", OKAMOTO)
    view = slack.modal(OKAMOTO)
    content = json.loads(json.dumps(view))
    given = {"title": "Guests cannot enter", "severity": "major", "services": ["1"]}

    payload = submission(slack._settings, content["id"], OKAMOTO, given)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: send(slack._settings, payload), range(20)))
    assert {status for status, _ in answers} == {200}
    assert {json.loads(text)["response_action"] for _, text in answers} == {"update"}
    assert len(incidents()) == 1


def test_two_declare_from_one_report_at_once(slack, report) -> None:
    for user in (OKAMOTO, ITO):
        slack.click("hotline", report.ts, "report.declare", user)
    declare(slack, report, OKAMOTO)
    declare(slack, report, ITO, title="The gates")
    assert len(incidents()) == 1
    shown = slack.modal(ITO)
    # Another one may be meant: the words stand there still, and sending once more says so.
    assert shown["callback_id"] == "declare"
    assert "INC-1" in shown["blocks"][0]["text"]["text"]
    declare(slack, report, ITO, title="The gates")
    assert slack.modal(ITO)["callback_id"] == "told"
    assert len(incidents()) == 1


def test_another_incident_meanwhile_is_shown_before_one_more_is_declared(slack, report, clock) -> None:
    slack.click("hotline", report.ts, "report.declare", OKAMOTO)
    with writing():
        verbs.declare(
            key="k", by=db.session.get_one(Person, 6), at=clock.at, title="Payment fails", severity="major",
            services={}, began_at=clock.at, holding=False,
        )  # fmt: skip
    declare(slack, report)
    assert len(incidents()) == 1
    assert slack.modal(OKAMOTO)["callback_id"] == "declare"
    declare(slack, report)
    assert [one.title for one in incidents()] == ["Payment fails", "Guests cannot enter"]


def test_the_same_as_an_open_incident_or_report(slack, report, deliver, clock) -> None:
    with writing():
        other = hotline.file(key="b", by=db.session.get_one(Person, 6), at=clock.at, body="No QR").id
    slack.click("hotline", report.ts, "report.same", OKAMOTO)
    modal = slack.modal(OKAMOTO)
    offered = modal["blocks"][1]["element"]["option_groups"]
    assert [option["value"] for group in offered for option in group["options"]] == [f"R-{other}"]
    slack.submit({"same": f"R-{other}"}, OKAMOTO)
    assert (report.now().status, report.now().duplicate_of_id) == ("duplicate", other)
    deliver()
    assert buttons(slack, report.ts) == []


def test_there_is_nothing_that_it_could_be_the_same_as(slack, report, deliver) -> None:
    slack.click("hotline", report.ts, "report.same", OKAMOTO)
    deliver()
    assert slack.modal(OKAMOTO) is None
    assert "no open incident" in whispers(slack)[0][1]


@pytest.mark.parametrize("fault", ["error_500_html", "break_before", "error_json", "rate_limited"])
def test_a_modal_that_cannot_be_opened_gives_a_link(slack, report, deliver, fault) -> None:
    slack.faults.add(fault, "views.open")
    assert slack.click("hotline", report.ts, "report.declare", OKAMOTO) == (200, "")
    deliver()
    assert slack.modal(OKAMOTO) is None
    assert f"{BASE}/incidents/new?report={report.id}" in whispers(slack)[0][1]


def test_the_trigger_was_used_or_is_too_old(slack, report, deliver, clock) -> None:
    press = slack.interaction("hotline", report.ts, "report.declare", OKAMOTO)
    clock.forward(seconds=4)
    assert send(slack._settings, press) == (200, "")
    deliver()
    assert f"{BASE}/incidents/new" in whispers(slack)[0][1]


def test_slack_that_hangs_holds_up_nobody_for_long(slack, report, app) -> None:
    app.extensions["slack_views"] = Views(slack.token, slack.api_url, time_limit=0.2)
    slack.faults.add("hang_before", "views.open", seconds=2)
    assert slack.click("hotline", report.ts, "report.declare", OKAMOTO) == (200, "")


def test_it_speaks_the_person_s_language(slack, report) -> None:
    with writing():
        db.session.get_one(Person, 2).locale = "ja"
    slack.click("hotline", report.ts, "report.declare", OKAMOTO)
    assert slack.modal(OKAMOTO)["title"]["text"] == "障害発生を宣言する"


def test_without_a_signing_secret_there_are_no_buttons(slack, report, clock) -> None:

    facts = load(1, 0.0, clock.at)
    kinds = [block["type"] for block in message_of(facts, Wording("en", ZoneInfo("Asia/Tokyo")), BASE, False).blocks]
    assert "actions" not in kinds
