"""An update in Slack: one message in each place, edited when it is corrected, with no more than each place may know."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from domain.db import db, organisation, writing
from domain.incidents import Incident
from domain.people import Person
from integrations.dispatch import Dispatcher
from tests.integrations.conftest import Hands
from tests.integrations.declaring import Outside, declare, dispatcher, made, outside, rows

SECRET = "The vendor's certificate has expired"
WORDS = {
    "situation": f"Guests cannot enter. [[{SECRET}.]]",
    "guest_notice": "Please show your number.",
    "partner_notice": "Please restart the app.",
    "not_yet": "When it is restored",
}
Work = Callable[[], None]


@pytest.fixture
def there(app: Flask, hands: Hands) -> Iterator[Outside]:
    before = organisation()
    db.engine.update_execution_options(organisation=replace(before, customer_channel="customers"))
    with outside(lambda: hands().timestamp()) as services:
        services.slack.workspace.create("customers", "U0OKAMOTO")
        yield services
    db.engine.update_execution_options(organisation=before)


@pytest.fixture
def work(there: Outside, hands: Hands) -> Work:
    def all_of() -> None:
        using: Dispatcher = dispatcher(there, hands)
        while (due := using.due()) is not None:
            hands.at = max(hands.at, due)
            using.next()

    return all_of


def publish(hands: Hands, key: str = "u", **more: Any) -> int:
    hands.forward(minutes=1)
    given: dict[str, Any] = {"words": WORDS, "state": "identified", **more}
    due = hands() + timedelta(minutes=10)
    with writing():
        incident, by = db.session.get_one(Incident, 1), db.session.get_one(Person, 3)
        return incident.publish(key=key, by=by, at=hands(), next_update_at=due, **given).id


def said(there: Outside, channel: str) -> list[str]:
    """What stands in a channel about updates, as one text a message."""
    return [str(one["blocks"]) for one in there.slack.messages(channel) if "Situation" in str(one["blocks"])]


def own(there: Outside) -> str:
    (channel,) = made(there.slack)
    return str(channel.id)  # type: ignore[attr-defined]


def test_an_update_is_one_message_in_each_place(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands())
    publish(hands)
    work()
    for channel in ("customers", own(there)):
        (message,) = said(there, channel)
        assert "Please show your number." in message
        assert "Please restart the app." in message
        assert "When it is restored" not in message
    thread = [one for one in there.slack.messages("hotline") if "Guests cannot enter" in str(one)]
    assert len(thread) == 1


def test_what_is_internal_stands_in_the_incidents_channel_only(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands())
    publish(hands)
    work()
    assert f"[internal only] {SECRET}." in said(there, own(there))[0]
    for channel in ("customers", "hotline"):
        assert SECRET not in str(there.slack.messages(channel))


def test_a_correction_edits_every_message_and_adds_none(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands())
    wrong = publish(hands)
    work()
    before = {one: len(there.slack.messages(one)) for one in ("customers", "hotline", own(there))}
    right = {**WORDS, "situation": "Guests at one gate cannot enter.", "guest_notice": "Please use gate 2."}
    second = publish(hands, "c", words=right, corrects=wrong)
    work()
    publish(hands, "d", words={**right, "guest_notice": "Please use gate 3."}, corrects=second)
    work()
    assert {one: len(there.slack.messages(one)) for one in before} == before
    for channel in ("customers", own(there)):
        (message,) = said(there, channel)
        assert "Please use gate 3." in message
        assert "Corrected" in message
        assert "Please show your number." not in message
    assert "Guests cannot enter." not in str(there.slack.messages("hotline"))
    assert {row.state for row in rows() if row.kind.startswith("update.")} == {"sent"}


def test_what_was_corrected_before_it_went_out_is_said_right_at_once(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands())
    wrong = publish(hands)
    publish(hands, "c", words={**WORDS, "situation": "One gate."}, corrects=wrong)
    work()
    assert [len(said(there, one)) for one in ("customers", own(there))] == [1, 1]
    assert "One gate." in said(there, "customers")[0]
    assert [row.kind for row in rows() if row.kind == "update.changed"] == []


def test_the_holding_text_is_told_to_the_customer_side(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands(), holding=True, holding_words={"situation": "We are looking.", "guest_notice": "We apologise."})
    work()
    (message,) = said(there, "customers")
    assert "We apologise." in message


def test_that_nothing_is_new_is_said_with_the_next_promise(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands())
    publish(hands)
    with writing():
        db.session.get_one(Incident, 1).publish_unchanged(
            key="n", by=db.session.get_one(Person, 3), at=hands(), next_update_at=hands() + timedelta(minutes=9)
        )
    work()
    last = str(there.slack.messages("customers")[-1]["blocks"])
    assert "Nothing new; work continues." in last
    assert "Next update by" in last


def test_a_drill_stays_in_the_drill_channel(there: Outside, work: Work, hands: Hands) -> None:
    declare(hands(), drill=True)
    publish(hands)
    work()
    assert there.slack.messages("customers") == []
    assert there.slack.messages("hotline") == []
    assert all("[DRILL]" in one for one in said(there, "drill"))
    assert len(said(there, "drill")) == 2


def test_a_channel_that_does_not_exist_holds_up_nobody_and_names_the_setting(
    there: Outside, work: Work, hands: Hands
) -> None:
    db.engine.update_execution_options(organisation=replace(organisation(), customer_channel="nowhere"))
    declare(hands())
    publish(hands)
    work()
    (failed,) = [row for row in rows() if row.state == "failed"]
    assert (failed.kind, "SLACK_CUSTOMER_CHANNEL" in failed.error) == ("update.customer", True)
    assert len(said(there, own(there))) == 1


@pytest.mark.parametrize("fault", ["rate_limited", "error_500_html", "break_before", "break_after", "cut_body"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_whatever_breaks_each_message_is_there_once(
    there: Outside, work: Work, hands: Hands, fault: str, method: str
) -> None:
    declare(hands())
    work()
    wrong = publish(hands)
    if method == "chat.postMessage":
        there.slack.faults.add(fault, method)
    work()
    if method == "chat.update":
        there.slack.faults.add(fault, method)
    publish(hands, "c", words={**WORDS, "situation": "One gate."}, corrects=wrong)
    work()
    for channel in ("customers", own(there)):
        (message,) = said(there, channel)
        assert "One gate." in message


def test_without_a_customer_channel_nothing_is_written_for_it(there: Outside, work: Work, hands: Hands) -> None:
    db.engine.update_execution_options(organisation=replace(organisation(), customer_channel=""))
    declare(hands())
    publish(hands)
    work()
    assert "update.customer" not in {row.kind for row in rows()}
