"""Deliveries over real HTTP to a local Slack that fails in every way: each arrives exactly once, in order."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.hotline import Report
from domain.people import Person
from integrations.console import ConsoleSender
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from integrations.slack_text import untyped
from local_slack import LocalSlack
from tests.integrations.conftest import Hands, row

FAULTS = ("rate_limited", "error_500_html", "error_json", "break_before", "break_after", "cut_body")


def act(report: int, verb: str, person: int = 2, **given: object) -> None:
    with writing():
        getattr(db.session.get_one(Report, report), verb)(by=db.session.get_one(Person, person), **given)


def keys(slack: LocalSlack) -> list[str]:
    messages = slack.messages("hotline")
    return [one["metadata"]["event_payload"]["key"] for one in messages if "metadata" in one]


def test_a_report_calls_the_channel(slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int]) -> None:
    file()
    deliver()
    (message,) = slack.messages("hotline")
    assert message["_pings"] == ["channel"]
    assert "入場ゲートでQRが読めません" in str(message["blocks"])
    assert "https://noroshi.example.jp/reports/1" in str(message["blocks"])
    delivered = row()
    assert (delivered.state, delivered.outside_id, delivered.outside_place) == ("sent", message["ts"], "C0HOTLINE")
    assert delivered.outside_url is not None
    assert delivered.outside_url.startswith(slack.url)


@pytest.mark.parametrize("method", ["chat.postMessage", "conversations.list", "conversations.join"])
@pytest.mark.parametrize("kind", FAULTS)
def test_after_any_fault_it_arrives_exactly_once(
    kind: str, method: str, slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int]
) -> None:
    slack.faults.add(kind, method)
    file()
    assert deliver() == 2
    assert len(slack.messages("hotline")) == 1
    assert row().state == "sent"


@pytest.mark.parametrize("kind", FAULTS)
def test_looking_may_fail_as_well(
    kind: str, slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int]
) -> None:
    slack.faults.add("break_after")
    slack.faults.add(kind, "conversations.history", times=3)
    file()
    assert deliver() == 5
    assert len(slack.messages("hotline")) == 1


@pytest.mark.parametrize("kind", ["hang_before", "hang_after"])
def test_a_hanging_slack_costs_no_second_message(
    kind: str, app: Flask, slack: LocalSlack, file: Callable[..., int], hands: Hands, sender: SlackSender
) -> None:
    sender.time_limit = 0.3
    dispatcher = Dispatcher({"slack": sender}, hands)
    slack.faults.add(kind, seconds=1.0)
    file()
    dispatcher.next()
    waiting = row()
    assert waiting.state == "waiting"
    assert waiting.next_at is not None
    assert waiting.next_at >= hands() + timedelta(seconds=1.8), "the earlier request may act until then"
    hands.forward(seconds=4)
    sender.time_limit = 5.0
    Dispatcher({"slack": sender}, hands).next()
    assert len(slack.messages("hotline")) == 1
    assert row().state == "sent"


def test_slack_is_away_for_a_day_and_comes_back(
    slack: LocalSlack, file: Callable[..., int], dispatcher: Dispatcher, hands: Hands, deliver: Callable[..., int]
) -> None:
    slack.stop()
    first, started = file(), hands()
    file("二つ目の報告")
    while hands() < started + timedelta(hours=2):
        hands.at = max(hands.at, dispatcher.due() or hands.at)
        dispatcher.next()
    assert row(first).error
    assert row().next_at - hands() <= timedelta(minutes=5)  # type: ignore[operator]
    hands.forward(days=1)
    slack.start()
    deliver()
    assert len(slack.messages("hotline")) == 2


def test_it_waits_as_long_as_slack_asks(
    slack: LocalSlack, file: Callable[..., int], dispatcher: Dispatcher, hands: Hands
) -> None:
    slack.faults.add("rate_limited", retry_after=77)
    file()
    dispatcher.next()
    assert row().next_at == hands() + timedelta(seconds=77)


def test_what_follows_goes_into_the_thread_in_order(
    slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int], hands: Hands
) -> None:
    report = file()
    for number in range(4):
        slack.faults.add("break_after", after=number)
    act(report, "acknowledge", at=hands())
    act(report, "add_voice", 6, at=hands(), note="こちらでも", customers=30)
    act(report, "add_details", 4, at=hands(), body="東口です")
    act(report, "no_incident", at=hands(), note="回線の瞬断でした")
    deliver(60)
    first, *thread = slack.messages("hotline")
    assert [one["thread_ts"] for one in thread] == [first["ts"]] * 4
    said = ["is checking", "sees the same", "added something", "no incident"]
    assert all(words in one["text"] for words, one in zip(said, thread, strict=True))
    assert "回線の瞬断でした" in str(thread[3]["blocks"])
    assert "It was no incident. Thank you, 佐藤 美咲" in str(first["blocks"]), "the message shows the newest state"
    assert len(set(keys(slack))) == len(keys(slack))


def test_a_change_edits_the_message_and_calls_nobody(
    slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int], hands: Hands
) -> None:
    report = file()
    deliver()
    slack.faults.add("break_after", "chat.update")
    act(report, "acknowledge", at=hands())
    deliver()
    first, told = slack.messages("hotline")
    assert "岡本 沙織 is checking" in str(first["blocks"])
    assert told["_pings"] == []


@pytest.mark.parametrize("kind", FAULTS)
def test_a_long_report_arrives_whole_whatever_breaks(
    kind: str, slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int]
) -> None:
    body = "<!channel> & 長い話です。\n" * 900
    for after in (1, 2, 3):
        slack.faults.add(kind, after=after)
    file(body)
    deliver()
    blocks = [block for one in slack.messages("hotline") for block in one["blocks"]]
    typed = "".join(one["text"]["text"] for one in blocks if one["block_id"].startswith("words-"))
    assert untyped(typed) == body.strip()
    parts = [one["metadata"]["event_payload"]["part"] for one in slack.messages("hotline")]
    assert parts == list(range(len(parts)))
    assert len(parts) > 3


def test_many_pages_are_searched(
    slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int], dispatcher: Dispatcher
) -> None:
    slack.faults.add("break_after")
    file()
    dispatcher.next()
    channel = slack.workspace.channel("C0HOTLINE")
    for number in range(450):
        slack.workspace.post(channel, "U0SATO", f"talk {number}")
    deliver()
    assert len(keys(slack)) == 1


def test_a_refused_token_stops_and_says_what_to_do(
    app: Flask, slack: LocalSlack, file: Callable[..., int], sender: SlackSender, hands: Hands
) -> None:
    sender.token = "xoxb-old"
    dispatcher = Dispatcher({"slack": sender}, hands)
    file()
    dispatcher.next()
    assert row().state == "failed"
    assert row().error == "Slack refused the token (invalid_auth). Set SLACK_BOT_TOKEN and send again."
    assert dispatcher.due() is None
    sender.token = slack.token
    with writing() as session:
        session.get_one(type(row()), 1).send_again(hands())
    dispatcher.next()
    assert row().state == "sent"


def test_a_missing_channel_is_named(app: Flask, slack: LocalSlack, file: Callable[..., int], hands: Hands) -> None:
    lost = SlackSender(slack.token, slack.api_url, "nowhere", "", "en", ZoneInfo("UTC"), None)
    file()
    Dispatcher({"slack": lost}, hands).next()
    assert row().state == "failed"
    assert "#nowhere" in row().error


def test_a_channel_made_anew_is_found_again(
    slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int]
) -> None:
    file()
    deliver()
    del slack.workspace.channels["C0HOTLINE"]
    slack.workspace.create("hotline", "U0SATO", channel_id="C0HOTLIN2")
    file("もう一つ")
    deliver()
    assert len(slack.messages("hotline")) == 1


def test_the_channel_is_found_on_a_later_page_and_joined_once(
    slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int], sender: SlackSender
) -> None:
    for number in range(210):
        slack.workspace.create(f"room-{number}", "U0SATO")
    slack.workspace.channels["C0HOTLINE"] = slack.workspace.channels.pop("C0HOTLINE")
    file()
    file("もう一つ")
    deliver()
    assert len(slack.messages("hotline")) == 2
    assert [call.method for call in slack.workspace.calls].count("conversations.join") == 1


def test_a_message_that_was_deleted_fails_its_own_changes_only(
    slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int], hands: Hands
) -> None:
    report = file()
    deliver()
    channel = slack.workspace.channel("C0HOTLINE")
    slack.workspace.remove(channel, channel.messages[0])
    act(report, "acknowledge", at=hands())
    deliver()
    assert row(2).state == "failed"
    assert "message_not_found" in row(2).error
    assert row(3).state == "sent", "the lane goes on"


@pytest.mark.parametrize("kind", [*FAULTS, None])
def test_a_photo_comes_into_the_thread_once(
    kind: str | None, slack: LocalSlack, file: Callable[..., int], deliver: Callable[..., int], hands: Hands
) -> None:
    report = file()
    act(report, "add_photo", 4, at=hands(), data=b"\x89PNG-picture", media_type="image/png", width=2, height=2)
    for method in ("files.getUploadURLExternal", "upload", "files.completeUploadExternal"):
        if kind:
            slack.faults.add(kind, method)
    deliver()
    first, photo = slack.messages("hotline")
    assert photo["thread_ts"] == first["ts"]
    assert photo["files"][0]["title"] == "Photo 1 of R-1"


def declare(hands: Hands, *, drill: bool = False) -> None:
    with writing():
        incidents.declare(
            key="declared", by=db.session.get_one(Person, 2), at=hands(), title="入場QRが*読めない*", severity="major",
            services={db.session.get_one(Service, 1): "major_outage"}, began_at=hands(), holding=False, drill=drill,
        )  # fmt: skip


def publish(hands: Hands, state: str, **more: object) -> None:
    with writing():
        incident = incidents.by_code("INC-1")
        assert incident is not None
        seen = incident.latest.id if incident.latest else None
        incident.publish(
            key=f"published-{state}", by=db.session.get_one(Person, 3), at=hands(), state=state,
            words={"situation": "サーバーを直しています", "not_yet": "原因は言わないでください"}, seen=seen,
            next_update_at=None if state == "resolved" else hands() + timedelta(minutes=30), **more,
        )  # type: ignore[arg-type] # fmt: skip


def test_an_incident_is_declared_and_its_updates_follow_in_the_thread(
    slack: LocalSlack, deliver: Callable[..., int], hands: Hands
) -> None:
    declare(hands)
    deliver()
    publish(hands, "identified")
    publish(hands, "resolved")
    deliver()
    first, update, resolved = slack.messages("hotline")
    assert first["_pings"] == ["channel"]
    assert "Next update by Aug 11, 10:47 JST." in str(first["blocks"])
    assert update["thread_ts"] == resolved["thread_ts"] == first["ts"]
    assert "サーバーを直しています" in str(update["blocks"])
    assert "Next update by Aug 11, 11:12 JST." in str(update["blocks"])
    assert "原因は言わないで" not in str(slack.messages("hotline")), "what is not to be said yet stays inside"
    assert (update.get("reply_broadcast"), resolved.get("reply_broadcast")) == (None, True)


def test_every_message_of_a_drill_says_so_first(slack: LocalSlack, deliver: Callable[..., int], hands: Hands) -> None:
    declare(hands, drill=True)
    publish(hands, "identified")
    deliver()
    assert slack.messages("hotline") == [], "a drill goes to the drill channel and nowhere else"
    messages = slack.messages("drill")
    # The first message, the declaration, and the update in its thread and in the channel.
    assert len(messages) == 4
    for message in messages:
        assert message["text"].startswith("[DRILL]")
        assert message["blocks"][0]["text"]["text"].startswith("[DRILL]")


def test_updates_go_on_when_the_declaration_failed(
    slack: LocalSlack, deliver: Callable[..., int], hands: Hands
) -> None:
    slack.faults.add("error_json", error="invalid_blocks", after=1)
    declare(hands)
    publish(hands, "identified")
    deliver()
    (update,) = slack.messages("hotline")
    assert "thread_ts" not in update


def test_without_a_token_the_console_says_once_what_is_held(app: Flask, file: Callable[..., int], hands: Hands) -> None:
    lines: list[str] = []
    dispatcher = Dispatcher({"slack": ConsoleSender("slack", lines.append)}, hands)
    file("秘密の内容")
    assert not dispatcher.next()
    assert not dispatcher.next()
    file()
    dispatcher.next()
    assert lines == [f"held: slack is not set up; report.filed of R-{number} waits" for number in (1, 2)]
    assert dispatcher.due() is None
    assert row().state == "waiting"


def test_a_mistake_of_ours_is_tried_again_and_stops_nobody(
    slack: LocalSlack, file: Callable[..., int], dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    file()
    file("もう一つ")
    with monkeypatch.context() as patch:
        patch.setattr("integrations.slack.message_of", lambda *_: 1 / 0)
        dispatcher.next()
    assert "ZeroDivisionError" in row(1).error
    dispatcher.next()
    assert row(2).state == "sent"
