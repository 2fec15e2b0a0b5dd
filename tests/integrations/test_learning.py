"""Reminders of actions and postmortems, over real HTTP to a local Slack that fails: once, in words, in time."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from domain import actions, incidents, learning_clock, postmortem
from domain.actions import Draft
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from integrations.dispatch import Dispatcher
from integrations.slack_direct import DirectSender
from local_slack import LocalSlack
from server.watch import Watch
from tests.conftest import NOW
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.test_slack_duty import direct

TRANSLATIONS = str(Path(__file__).parent.parent.parent / "translations")


@pytest.fixture
def sender(slack: LocalSlack) -> DirectSender:
    return DirectSender(
        slack.token, slack.api_url, "hotline", "https://noroshi.example.jp", "ja", TOKYO, TRANSLATIONS, time_limit=2.0
    )


@pytest.fixture
def dispatcher(app: Flask, sender: DirectSender, hands: Hands) -> Dispatcher:
    return Dispatcher({"direct": sender}, hands)


@pytest.fixture
def watch(app: Flask, hands: Hands) -> Watch:
    """Two actions of the responder: one due in two working days, one long past its date."""
    with writing():
        by = db.session.get_one(Person, 2)
        made = incidents.declare(
            key="a", by=by, at=NOW, title="入場できない", severity="major", services={}, began_at=NOW, holding=False,
        )  # fmt: skip
        draft = Draft("prevent", "<!channel> *試験*を足す", by, date(2026, 8, 20), link="https://tracker.example.jp/1")
        actions.add(made, draft, key="a", by=by, at=NOW)
        db.session.flush()
    hands.at = datetime(2026, 8, 18, 1, tzinfo=UTC)
    return Watch(hands, of=learning_clock, every=learning_clock.EVERY)


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery.state).where(Delivery.kind.in_(learning_clock.KINDS))))


@pytest.mark.parametrize("fault", [None, "rate_limited", "break_after", "cut_body"])
def test_the_owner_is_told_once_whatever_fails(
    watch: Watch, deliver: Callable[..., int], slack: LocalSlack, hands: Hands, fault: str | None
) -> None:
    if fault:
        slack.faults.add(fault, "chat.postMessage")
    for _ in range(3):
        watch()
        deliver()
        hands.forward(minutes=6)
    (told,) = direct(slack, "U0OKAMOTO")
    assert "8月20日（木）が期限です" in told
    assert "&lt;!channel&gt;" in told
    assert "https://noroshi.example.jp/actions/1" in told
    assert states() == ["sent"]


def test_what_was_done_in_the_meantime_is_not_told(
    watch: Watch, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    watch()
    with writing():
        actions.found(1).move_on("done", by=db.session.get_one(Person, 2), at=NOW)  # type: ignore[union-attr]
    deliver()
    assert direct(slack, "U0OKAMOTO") == []
    assert states() == ["dropped"]


def test_the_digest_names_what_is_late(
    watch: Watch, deliver: Callable[..., int], slack: LocalSlack, hands: Hands
) -> None:
    hands.at = datetime(2026, 9, 7, 1, tzinfo=UTC)
    watch()
    deliver()
    (told,) = direct(slack, "U0OKAMOTO")
    assert "期限を過ぎた対策が1件あります" in told
    assert "actions?mine=1" in told


def test_who_speaks_english_is_asked_in_english_to_plan(
    watch: Watch, deliver: Callable[..., int], slack: LocalSlack, hands: Hands
) -> None:
    with writing():
        db.session.get_one(Person, 2).locale = "en"
        db.session.get_one(Incident, 1).closed_at = NOW
        actions.found(1).move_on("done", by=db.session.get_one(Person, 2), at=NOW)  # type: ignore[union-attr]
    watch()
    deliver()
    (told,) = direct(slack, "U0OKAMOTO")
    assert "Please plan the postmortem of INC-1" in told
    assert "by Tue, 18 Aug" in told


def test_a_meeting_that_was_moved_is_not_told_at_its_old_time(
    watch: Watch, deliver: Callable[..., int], slack: LocalSlack, hands: Hands
) -> None:
    with writing():
        by, found = db.session.get_one(Person, 2), db.session.get_one(Incident, 1)
        actions.found(1).move_on("done", by=by, at=NOW)  # type: ignore[union-attr]
        known = postmortem.begun(found)
        known.plan(datetime(2026, 8, 18, 5, tzinfo=UTC), host=by, place="会議室A", by=by, at=NOW)
    watch()
    with writing():
        postmortem.begun(db.session.get_one(Incident, 1)).plan(
            datetime(2026, 8, 18, 6, tzinfo=UTC), host=db.session.get_one(Person, 2), place="会議室B",
            by=db.session.get_one(Person, 2), at=NOW,
        )  # fmt: skip
    hands.forward(minutes=6)
    watch()
    deliver()
    (told,) = direct(slack, "U0OKAMOTO")
    assert "会議室B" in told
    assert "15:00" in told
