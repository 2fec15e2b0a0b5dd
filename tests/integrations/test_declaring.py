"""What a declaration starts: every step, every way in which a service can fail, each effect exactly once."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from domain import mobilising, paging, roster
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from integrations.calls import CallsSender, Jitsi, Standing
from integrations.dispatch import Dispatcher
from integrations.pagerduty import PagerDutySender
from integrations.wording import Wording
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.declaring import (
    DRILL_KEY,
    KEY,
    Outside,
    check_everything_once,
    declare,
    dispatcher,
    made,
    outside,
    rows,
)

SLACK_STEPS = (
    "conversations.create", "chat.postMessage", "pins.add", "conversations.setTopic", "conversations.setPurpose",
    "bookmarks.add", "conversations.invite", "conversations.join", "conversations.list", "chat.update",
)  # fmt: skip
SLACK_FAULTS = (
    "rate_limited", "error_500_html", "error_json", "break_before", "break_after", "cut_body", "hang_before",
    "hang_after",
)  # fmt: skip
FAULTS = (
    "rate_limited", "error_500", "break_before", "break_after", "cut_body", "hang_before", "hang_after",
)  # fmt: skip
LIMIT = 0.4
"""Seconds of an attempt in tests in which a service hangs."""

Deliver = Callable[..., int]


@pytest.fixture
def there(app: Flask, hands: Hands) -> Iterator[Outside]:
    with outside(lambda: hands().timestamp()) as services:
        yield services


@pytest.fixture
def work(there: Outside, hands: Hands) -> Deliver:
    """Delivers until nothing waits, moving the clock on; returns the attempts that it took."""

    def all_of(with_: Dispatcher | None = None, limit: float = LIMIT) -> int:
        using = with_ or dispatcher(there, hands, limit)
        for attempts in range(250):
            due = using.due()
            if due is None:
                return attempts
            hands.at = max(hands.at, due)
            using.next()
        raise AssertionError("it does not end")

    return all_of


def of_kind(kind: str) -> list[Delivery]:
    return [one for one in rows() if one.kind == kind]


def again(number: int, hands: Hands) -> None:
    with writing():
        mobilising.again(db.session.get_one(Delivery, number), by=db.session.get_one(Person, 2), at=hands())


def incident(number: int = 1) -> Incident:
    return db.session.get_one(Incident, number)


def test_everything_is_started_in_its_order(there: Outside, work: Deliver, hands: Hands) -> None:
    declare(hands())
    order = [one.kind for one in rows()]
    firsts = ["channel.create", "channel.invite", "incident.declared", "page.trigger", "call.open"]
    assert sorted(firsts, key=order.index) == firsts
    work()
    check_everything_once(there)
    (channel,) = made(there.slack)
    assert channel.name == "incdent_20260811_入場qrが読めない"  # type: ignore[attr-defined]
    found = mobilising.of(incident())
    assert found is not None
    assert (found.channel_id, found.channel_name) == (channel.id, channel.name)  # type: ignore[attr-defined]
    assert {found.system_call, found.customer_call} == {one["join_url"] for one in there.zoom.meetings}
    first = there.slack.messages(channel.id)[0]  # type: ignore[attr-defined]
    assert str(found.system_call) in str(first["blocks"]), "the pinned message is edited once the calls are there"
    assert "zak=" not in str(first)


@pytest.mark.parametrize("kind", SLACK_FAULTS)
def test_slack_fails_once_at_every_step(there: Outside, work: Deliver, hands: Hands, kind: str) -> None:
    for method in SLACK_STEPS:
        there.slack.faults.add(kind, method, times=2 if method == "chat.postMessage" else 1)
    declare(hands())
    work()
    assert len(there.slack.faults.fired) >= len(SLACK_STEPS)
    check_everything_once(there)


@pytest.mark.parametrize("kind", FAULTS)
def test_pagerduty_fails_at_every_alert(there: Outside, work: Deliver, hands: Hands, kind: str) -> None:
    there.pager.fail(kind, times=4)
    declare(hands())
    work()
    check_everything_once(there)


@pytest.mark.parametrize("path", ["/oauth/token", "/v2/users/me/meetings"])
@pytest.mark.parametrize("kind", FAULTS)
def test_zoom_fails(there: Outside, work: Deliver, hands: Hands, kind: str, path: str) -> None:
    there.zoom.fail(kind, path, times=2)
    declare(hands())
    work()
    check_everything_once(there)


@pytest.mark.parametrize("method", SLACK_STEPS[:7])
def test_a_step_that_slack_refuses_holds_up_no_other(there: Outside, work: Deliver, hands: Hands, method: str) -> None:
    there.slack.faults.add("error_json", method, times=None, error="missing_scope")
    declare(hands())
    work()
    failed = [one for one in rows() if one.state == "failed"]
    assert failed
    assert all("missing_scope" in one.error for one in failed)
    assert len(there.pager.alerts) == 4
    assert len(there.zoom.meetings) == 2
    if method != "chat.postMessage":
        assert of_kind("incident.declared")[0].state == "sent"
    there.slack.faults.clear()
    for one in failed:
        again(one.id, hands)
    work()
    check_everything_once(there)


def test_pagerduty_refuses_for_good(there: Outside, work: Deliver, hands: Hands) -> None:
    there.pager.fail("bad_request", times=None)
    declare(hands())
    work()
    assert {one.state for one in of_kind("page.trigger")} == {"failed"}
    assert "planted" in of_kind("page.trigger")[0].error
    assert KEY not in of_kind("page.trigger")[0].error
    assert of_kind("incident.declared")[0].state == "sent"
    there.pager.lift()
    for one in of_kind("page.trigger"):
        again(one.id, hands)
    work()
    check_everything_once(there)


def test_a_call_service_that_takes_no_credentials(there: Outside, work: Deliver, hands: Hands) -> None:
    there.zoom.secret = "another"
    declare(hands())
    work()
    assert {one.state for one in of_kind("call.open")} == {"failed"}
    assert "ZOOM_CLIENT_SECRET" in of_kind("call.open")[0].error
    assert of_kind("channel.create")[0].state == "sent"
    assert len(there.pager.alerts) == 4


def test_a_zoom_token_that_ended_is_fetched_anew(there: Outside, work: Deliver, hands: Hands) -> None:
    using = dispatcher(there, hands)
    declare(hands(), page=False)
    work(using)
    there.zoom.revoke()
    declare(hands(), key="again", title="別の障害", page=False)
    work(using)
    assert len(there.zoom.meetings) == 4


@pytest.mark.parametrize("after", [0, 2, 4, 7, 10, 13])
def test_the_token_is_revoked_midway(there: Outside, work: Deliver, hands: Hands, after: int) -> None:
    there.slack.faults.add("error_json", "*", times=None, after=after, error="token_revoked")
    declare(hands())
    work()
    assert any("token_revoked" in one.error for one in rows() if one.state == "failed")
    assert len(there.pager.alerts) == 4, "other services do not wait for Slack"
    there.slack.faults.clear()
    for _ in range(2):
        for one in rows():
            if one.state == "failed":
                again(one.id, hands)
        work()
    check_everything_once(there)


def test_declared_twice_at_once_with_one_headline(there: Outside, work: Deliver, hands: Hands) -> None:
    declare(hands())
    declare(hands(), key="another")
    work()
    check_everything_once(there, 2)
    names = [one.name for one in made(there.slack)]  # type: ignore[attr-defined]
    assert names == ["incdent_20260811_入場qrが読めない", "incdent_20260811_入場qrが読めない_inc-2"]


def test_declared_twice_by_one_form_is_started_once(there: Outside, work: Deliver, hands: Hands) -> None:
    declare(hands())
    declare(hands())
    work()
    check_everything_once(there)


@pytest.mark.parametrize("archived", [False, True])
def test_a_name_that_is_taken_gets_an_ending(there: Outside, work: Deliver, hands: Hands, archived: bool) -> None:
    taken = there.slack.workspace.create("incdent_20260811_入場qrが読めない", "U0SATO")
    taken.is_archived = archived
    declare(hands())
    work()
    (channel,) = made(there.slack)
    assert channel.name == "incdent_20260811_入場qrが読めない_inc-1"  # type: ignore[attr-defined]


def test_a_workspace_that_takes_no_japanese_names(there: Outside, work: Deliver, hands: Hands) -> None:
    there.slack.workspace.ascii_names_only = True
    declare(hands())
    work()
    check_everything_once(there)
    assert made(there.slack)[0].name == "incdent_20260811_inc-1"  # type: ignore[attr-defined]


def test_a_channel_that_cannot_be_made(there: Outside, work: Deliver, hands: Hands) -> None:
    there.slack.faults.add("error_json", "conversations.create", times=None, error="restricted_action")
    declare(hands())
    work()
    assert of_kind("channel.create")[0].state == "failed"
    assert {one.state for one in of_kind("channel.invite")} == {"waiting"}
    assert len(there.slack.messages("hotline")) == 1


def test_a_channel_that_was_archived_in_between(there: Outside, work: Deliver, hands: Hands) -> None:
    declare(hands())
    work()
    made(there.slack)[0].is_archived = True  # type: ignore[attr-defined]
    with writing():
        mobilising.invite(incident(), [db.session.get_one(Person, 4)], at=hands())
        db.session.get_one(Person, 4).slack_id = "U0SATO"
    work()
    last = of_kind("channel.invite")[-1]
    assert last.state == "failed"
    assert "is_archived" in last.error
    assert "HOTLINE" not in last.error


def test_who_cannot_be_invited_is_named_and_holds_up_nobody(there: Outside, work: Deliver, hands: Hands) -> None:
    with writing():
        db.session.get_one(Person, 3).slack_id = "U0ELSEWHERE"  # not in the workspace
        db.session.get_one(Person, 6).slack_id = "U0ITO"
    there.slack.workspace.users["U0ITO"].deleted = True
    declare(hands())
    work()
    check_everything_once(there)
    missed = {number: code for one in of_kind("channel.invite") for number, code in one.details["missed"]}
    assert missed == {3: "user_not_found", 6: "cant_invite"}
    assert "U0OKAMOTO" in made(there.slack)[0].members  # type: ignore[attr-defined]


def test_a_person_without_slack_id_is_listed(there: Outside, work: Deliver, hands: Hands) -> None:
    declare(hands())
    work()
    assert [3, "no_slack_id"] in of_kind("channel.invite")[0].details["missed"]


def test_the_scale_says_who_is_asked(app: Flask, hands: Hands) -> None:
    for scale, wanted in (("minor", {2, 3}), ("major", {2, 3, 6}), ("critical", {2, 3, 6})):
        declare(hands(), key=scale, title=scale, severity=scale, page=False)
        asked = {one for row in of_kind("channel.invite")[-1:] for one in row.details["people"]}
        assert asked == wanted


def test_who_takes_a_position_later_is_invited_and_stands_in_the_pinned_message(
    there: Outside, work: Deliver, hands: Hands
) -> None:
    declare(hands())
    work()
    with writing():
        person = db.session.get_one(Person, 4)
        person.slack_id = "U0SATO"
        incident().assign("scribe", person, by=person, at=hands())
    work()
    (channel,) = made(there.slack)
    assert "U0SATO" in channel.members  # type: ignore[attr-defined]
    assert "Scribe: 佐藤 美咲" in str(there.slack.messages(channel.id)[0]["blocks"])  # type: ignore[attr-defined]


def test_a_drill_says_so_and_reaches_nothing_real(there: Outside, work: Deliver, hands: Hands) -> None:
    declare(hands(), drill=True)
    work()
    assert made(there.slack) == []
    assert there.slack.messages("hotline") == []
    messages = there.slack.messages("drill")
    assert len(messages) == 2
    assert all(one["text"].startswith("[DRILL]") for one in messages)
    assert {key for key, _ in there.pager.alerts} == {DRILL_KEY}
    for alert in there.pager.alerts.values():
        assert alert.payload["summary"].startswith("[DRILL]")
        assert alert.payload["severity"] == "info"
    assert all(one["topic"].startswith("[DRILL]") for one in there.zoom.meetings)
    resolve(hands)
    work()
    assert {one.state for one in there.pager.alerts.values()} == {"resolved"}


def test_a_drill_without_a_key_of_its_own_pages_nobody(there: Outside, work: Deliver, hands: Hands) -> None:
    wording = Wording("en", TOKYO)
    pager = PagerDutySender(KEY, None, there.pager.events_url, wording=wording)
    declare(hands(), drill=True)
    work(Dispatcher(there.senders(LIMIT, pagerduty=pager), hands))  # type: ignore[arg-type]
    assert there.pager.alerts == {}
    assert "PAGERDUTY_DRILL_KEY" in of_kind("page.trigger")[0].error


def publish(hands: Hands, state: str) -> None:
    with writing():
        incident().publish(
            key=f"published-{state}", by=db.session.get_one(Person, 3), at=hands(), state=state,
            words={"situation": "直しています"}, seen=None, next_update_reason="" if state == "resolved" else "夜間",
        )  # fmt: skip


def resolve(hands: Hands) -> None:
    publish(hands, "resolved")


def test_alerts_are_acknowledged_and_resolved_along_with_the_incident(
    there: Outside, work: Deliver, hands: Hands
) -> None:
    declare(hands())
    work()
    publish(hands, "identified")
    work()
    assert {one.state for one in there.pager.alerts.values()} == {"acknowledged"}
    resolve(hands)
    work()
    assert {tuple(one.events) for one in there.pager.alerts.values()} == {("trigger", "acknowledge", "resolve")}


def test_nobody_is_woken_for_what_is_restored(there: Outside, work: Deliver, hands: Hands) -> None:
    there.pager.stop()
    declare(hands())
    using = dispatcher(there, hands, LIMIT)
    for _ in range(30):
        using.next()
    resolve(hands)
    there.pager.start()
    work()
    assert there.pager.alerts == {}


def test_an_area_is_paged_with_its_own_key(there: Outside, work: Deliver, hands: Hands) -> None:
    with writing():
        paging.set_key(roster.areas()[2], "S" * 32, by=db.session.get_one(Person, 1), at=hands())
    declare(hands())
    work()
    assert sorted(key for key, _ in there.pager.alerts) == [KEY, KEY, KEY, "S" * 32]


def test_without_any_key_a_page_says_how_it_is_set_up(there: Outside, work: Deliver, hands: Hands) -> None:
    pager = PagerDutySender(None, None, there.pager.events_url, wording=Wording("en", TOKYO))
    declare(hands())
    work(Dispatcher(there.senders(LIMIT, pagerduty=pager), hands))  # type: ignore[arg-type]
    assert "PAGERDUTY_ROUTING_KEY" in of_kind("page.trigger")[0].error
    assert of_kind("incident.declared")[0].state == "sent"


def test_standing_links_and_jitsi_need_no_service(app: Flask, there: Outside, work: Deliver, hands: Hands) -> None:
    wording = Wording("en", TOKYO)
    for key, provider in (
        ("a", Standing({"system": "https://meet.example/s", "customer": "https://meet.example/c"})),
        ("b", Jitsi("https://jitsi.example/")),
    ):
        number = declare(hands(), key=key, title=key, page=False)
        work(Dispatcher(there.senders(LIMIT, calls=CallsSender(provider, wording=wording)), hands))  # type: ignore[arg-type,dict-item]
        found = mobilising.of(incident(number))
        assert found is not None
        assert found.system_call
        assert found.customer_call
        assert found.system_call != found.customer_call
    assert found.system_call.startswith("https://jitsi.example/noroshi-inc-2-system-")


def test_services_do_not_wait_for_each_other(there: Outside, hands: Hands) -> None:
    there.slack.faults.add("hang_before", "*", times=None)
    declare(hands())
    _, pager, calls = dispatcher(there, hands, LIMIT).each()
    while pager.next() or calls.next():
        pass
    assert len(there.pager.alerts) == 4
    assert len(there.zoom.meetings) == 2
    assert of_kind("channel.create")[0].attempts == 0


def test_further_channels_are_told_without_calling_everybody_up(
    there: Outside, work: Deliver, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from domain.db import organisation

    house = replace(organisation(), announce=("status", "nowhere"))
    monkeypatch.setattr("domain.mobilising.organisation", lambda: house)
    declare(hands())
    work()
    (message,) = there.slack.messages("status")
    assert message["_pings"] == []
    assert [one.state for one in of_kind("incident.announced")] == ["sent", "failed"]
    assert "SLACK_ANNOUNCE_CHANNELS" in of_kind("incident.announced")[1].error
