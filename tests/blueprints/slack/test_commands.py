"""/hotline, /duty, /status, and the shortcut that makes a report of any message."""

import json

import pytest

from domain import hotline
from domain import incidents as verbs
from domain.db import db, writing
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Plan, PlanSlot
from domain.suspicion import Report
from tests.blueprints.slack.conftest import BASE, ITO, OKAMOTO, SATO, buttons, whispers


def reports() -> list[Report]:
    db.session.rollback()
    return db.session.query(Report).order_by(Report.id).all()


def said(answer: tuple[int, str]) -> str:
    status, text = answer
    content = json.loads(text)
    assert (status, content["response_type"]) == (200, "ephemeral")
    return content["text"]


def test_a_sentence_is_reported_at_once(slack, deliver) -> None:
    text = said(slack.command("/hotline QR codes <cannot> be read & more", SATO))
    assert f"<{BASE}/reports/1|R-1>" in text
    assert (reports()[0].body, reports()[0].reporter_id) == ("QR codes <cannot> be read & more", 4)
    deliver()
    assert slack.messages("hotline")[0]["_pings"] == ["channel"]
    assert buttons(slack, slack.messages("hotline")[0]["ts"])


def test_a_command_that_slack_sends_twice_is_one_report(slack, client, clock) -> None:
    from urllib.parse import urlencode

    body = urlencode({"command": "/hotline", "text": "QR", "user_id": SATO, "trigger_id": "12.34"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **slack.sign(body, clock.at.timestamp())}
    for _ in range(2):
        assert client.post("/slack/commands", data=body, headers=headers).status_code == 200
    assert len(reports()) == 1


def test_too_many_words_are_said_so_and_nothing_is_filed(slack) -> None:
    assert "20000" in said(slack.command("/hotline " + "a" * 20_001, SATO)).replace(",", "")
    assert reports() == []


def test_nothing_typed_opens_the_form(slack, deliver) -> None:
    assert slack.command("/hotline  ", SATO) == (200, "")
    view = slack.modal(SATO)
    fields = {one["block_id"]: one["element"]["type"] for one in view["blocks"] if one["type"] == "input"}
    assert fields == {
        "symptom": "radio_buttons", "body": "plain_text_input", "service": "static_select",
        "facility": "plain_text_input", "since": "timepicker",
    }  # fmt: skip
    typed = {"symptom": "entrance", "body": "At gate 3", "service": "1", "facility": "Midori", "since": "09:50"}
    slack.submit(typed, SATO)
    report = reports()[0]
    assert (report.symptom.key, report.body, report.service_id, report.facility_text) == (
        "entrance", "At gate 3", 1, "Midori",
    )  # fmt: skip
    assert report.since is not None
    assert report.since.isoformat() == "2026-08-11T00:50:00+00:00"
    assert "R-1" in slack.modal(SATO)["blocks"][0]["text"]["text"]


def test_a_form_without_a_word_is_not_sent(slack) -> None:
    slack.command("/hotline", SATO)
    slack.submit({}, SATO)
    assert "choose what is happening" in slack.modal(SATO)["_errors"]["body"]
    assert reports() == []
    slack.submit({"symptom": "payment"}, SATO)
    assert len(reports()) == 1


def test_a_form_sent_twice_is_one_report(slack) -> None:
    slack.command("/hotline", SATO)
    view = slack.modal(SATO)
    payload_of = dict(view)
    slack.submit({"body": "QR"}, SATO)
    slack.workspace.views.append(payload_of | {"id": "V0AGAIN", "_open": True})
    slack.submit({"body": "QR"}, SATO, "V0AGAIN")
    assert len(reports()) == 1


def test_a_form_that_cannot_be_opened_gives_the_link(slack) -> None:
    slack.faults.add("error_500_html", "views.open")
    assert f"{BASE}/reports/new" in said(slack.command("/hotline", SATO))


@pytest.mark.parametrize("typed", ["/hotline", "/hotline QR", "/duty", "/status"])
def test_nobody_of_ours_is_told_what_to_do(slack, typed) -> None:
    assert "U0WATANABE" in said(slack.command(typed, "U0WATANABE"))
    assert reports() == []


@pytest.mark.parametrize("typed", ["/hotline QR", "/duty", "/status"])
def test_whoever_has_left_is_told_nothing_else(slack, typed, clock) -> None:
    with writing():
        db.session.get_one(Person, 4).deactivate(at=clock.at)
    text = said(slack.command(typed, SATO))
    assert reports() == []
    assert "090-0000" not in text


def test_duty_names_who_is_in_charge_and_their_telephones(slack) -> None:
    text = said(slack.command("/duty system", SATO))
    assert "*System*" in text
    assert "岡本 沙織  090-0000-0119" in text
    assert "1. 伊藤 航  090-0000-0121" in text
    assert "Bridge" not in text


@pytest.mark.parametrize("typed", ["システム", "ｓｙｓｔｅｍ", "SYS"])
def test_an_area_is_known_by_its_name_or_a_part_of_it(slack, typed) -> None:
    assert "*System*" in said(slack.command(f"/duty {typed}", SATO))


def test_duty_without_an_area_names_all(slack) -> None:
    text = said(slack.command("/duty", SATO))
    for name in ("*Customers: guests*", "*Customers: partners*", "*System*", "*Bridge*", "Deputies: 伊藤 航"):
        assert name in text


def test_an_area_that_is_not_there(slack) -> None:
    text = said(slack.command("/duty <!channel>", SATO))
    assert "&lt;!channel&gt;" in text
    assert "Customers: guests" in text


def test_nobody_on_duty_gives_the_emergency_contact(slack, clock) -> None:
    with writing():
        db.session.add(
            Plan(area_id=3, starts_at=clock.at, recorded_at=clock.at, recorded_by_id=1, slots=[])
        )  # fmt: skip
    assert "社長室  03-1234-5678" in said(slack.command("/duty system", SATO))


def test_duty_says_until_when_and_who_is_next(slack, clock) -> None:
    from datetime import timedelta

    with writing():
        db.session.add(
            Plan(
                area_id=3, starts_at=clock.at + timedelta(hours=2), recorded_at=clock.at, recorded_by_id=1,
                slots=[PlanSlot(rank=0, person_id=6)],
            )
        )  # fmt: skip
    assert "Until 12:42 JST, then 伊藤 航" in said(slack.command("/duty system", SATO))


def test_status_is_the_board_in_words(slack, report, clock) -> None:
    assert "suspected issue" in said(slack.command("/status", SATO)).lower()
    with writing():
        verbs.declare(
            key="k", by=db.session.get_one(Person, 2), at=clock.at, title="Guests <cannot> enter", severity="critical",
            services={}, began_at=clock.at, holding=False,
        )  # fmt: skip
    text = said(slack.command("/noroshi-status", SATO))
    assert "*We are handling 1 incident right now*" in text
    assert f"<{BASE}/incidents/INC-1|INC-1> Guests &lt;cannot&gt; enter (Scale: large, Investigating" in text
    assert "next update 10:47 JST" in text
    assert "QR codes cannot be read" in text


def test_an_unknown_command_says_what_there_is(slack) -> None:
    assert "/hotline" in said(slack.command("/help", SATO))


def test_it_answers_in_the_person_s_language(slack) -> None:
    with writing():
        db.session.get_one(Person, 4).locale = "ja"
    assert "いま、障害は起きていません" in said(slack.command("/status", SATO))


# The message shortcut


@pytest.fixture
def message(slack) -> str:
    channel = slack.workspace.channel("general", by_name=True)
    text = "ゲートが <@U0OKAMOTO> 動かない &lt;3 <https://example.jp/a|写真> <!channel>"
    return str(slack.workspace.post(channel, "U0WATANABE", text)["ts"])


def test_any_message_becomes_a_report(slack, message, deliver) -> None:
    assert slack.shortcut("general", message, user=SATO) == (200, "")
    report = reports()[0]
    assert report.reporter_id == 4
    assert report.body.startswith("ゲートが @岡本 沙織 動かない <3 写真 (https://example.jp/a) @channel\n\n")
    assert f"/archives/C0GENERAL/p{message.replace('.', '')}" in report.body
    assert "U0WATANABE" in report.body
    deliver()
    assert whispers(slack)[0][0] == SATO
    assert "R-1" in whispers(slack)[0][1]
    assert slack.messages("hotline")[0]["_pings"] == ["channel"]


def test_a_message_that_two_people_report_is_one_report_with_two_voices(slack, message, deliver) -> None:
    for user in (SATO, ITO, SATO, ITO):
        slack.shortcut("general", message, user=user)
    assert len(reports()) == 1
    assert [voice.person_id for voice in reports()[0].voices] == [6]
    deliver()
    assert len(whispers(slack)) == 4


def test_the_report_s_own_message_takes_a_voice(slack, report, deliver) -> None:
    slack.shortcut("hotline", report.ts, user=OKAMOTO)
    assert len(reports()) == 1
    assert [voice.person_id for voice in reports()[0].voices] == [2]


def test_a_message_without_words(slack) -> None:
    channel = slack.workspace.channel("general", by_name=True)
    ts = str(slack.workspace.post(channel, "U0SATO", "", files=[])["ts"])
    slack.shortcut("general", ts, user=SATO)
    assert "佐藤 美咲" in reports()[0].body


def test_a_very_long_message_is_cut(slack) -> None:
    channel = slack.workspace.channel("general", by_name=True)
    ts = str(slack.workspace.post(channel, "U0SATO", "あ" * 39_000)["ts"])
    slack.shortcut("general", ts, user=SATO)
    assert len(reports()[0].body) <= hotline.LONGEST
    assert "archives" in reports()[0].body


def test_somebody_unknown_reports_nothing_with_it(slack, message, deliver) -> None:
    slack.shortcut("general", message, user="U0WATANABE")
    deliver()
    assert reports() == []
    assert whispers(slack)[0][0] == "U0WATANABE"


def test_an_answer_that_slack_takes_no_more_is_dropped(slack, message, deliver) -> None:
    slack.shortcut("general", message, user=SATO)
    slack.workspace.response_urls.clear()
    deliver()
    db.session.rollback()
    answer = db.session.query(Delivery).filter_by(kind="answer.private").one()
    assert answer.state == "dropped"


def test_a_mention_is_answered_privately_and_once(slack, client, clock, deliver) -> None:
    body = json.dumps(
        {
            "type": "event_callback",
            "event_id": "Ev1",
            "event": {"type": "app_mention", "user": SATO, "channel": "C0GENERAL"},
        }
    ).encode()
    for _ in range(3):
        assert (
            client.post("/slack/events", data=body, headers=slack.sign(body, clock.at.timestamp())).status_code == 200
        )
    deliver()
    assert [to for to, _ in whispers(slack)] == [SATO]
