"""What the roster tells, over real HTTP to a local Slack that fails in every way: once, in time, in one's language."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from domain.db import db, writing
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Absence, Area, Handover, Override
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from local_slack import LocalSlack
from server.watch import Watch
from tests.conftest import NOW
from tests.integrations.conftest import TOKYO, Hands

SHIFT = NOW + timedelta(minutes=90)
TRANSLATIONS = str(Path(__file__).parent.parent.parent / "translations")
FAULTS = ("rate_limited", "error_500_html", "error_json", "break_before", "break_after", "cut_body")


@pytest.fixture
def sender(slack: LocalSlack) -> SlackSender:
    return SlackSender(
        slack.token, slack.api_url, "hotline", "https://noroshi.example.jp", "ja", TOKYO, TRANSLATIONS, time_limit=2.0
    )


@pytest.fixture
def watch(app: Flask, hands: Hands) -> Watch:
    """The deputy takes over the system in 90 minutes, for two hours."""
    with writing() as session:
        deputy = session.get_one(Person, 6)
        deputy.slack_id, deputy.locale = "U0ITO", "en"
        session.add(
            Override(
                kind="cover",
                person_id=6,
                for_person_id=2,
                area_id=3,
                starts_at=SHIFT,
                ends_at=SHIFT + timedelta(hours=2),
                recorded_at=NOW,
            )
        )
    return Watch(hands)


def direct(slack: LocalSlack, user: str) -> list[str]:
    """What a person was told: the text of each message to them."""
    return [
        str(message["blocks"])
        for channel in slack.workspace.channels.values()
        if channel.is_im and user in channel.members
        for message in slack.messages(channel.id)
    ]


def rows(kind: str = "roster.%") -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).where(Delivery.kind.like(kind)).order_by(Delivery.id)))


@pytest.fixture
def play(watch: Watch, deliver: Callable[..., int], hands: Hands) -> Callable[..., None]:
    """`play(minutes=30)`: the clock stands there, the worker looks and delivers."""

    def until(**span: float) -> None:
        hands.at = NOW + timedelta(**span)
        watch()
        deliver()

    return until


def test_who_comes_is_told_before_and_at_the_hand_over(play: Callable[..., None], slack: LocalSlack) -> None:
    play(minutes=31)
    play(minutes=91)
    before, at = direct(slack, "U0ITO")
    assert "You will be in charge of System from Aug 11, 12:12 JST." in before
    assert "Before you: 岡本 沙織." in before
    assert "You are in charge of System now" in at
    assert "https://noroshi.example.jp/roster/system" in at
    assert slack.messages("hotline") == []


def test_everybody_is_told_in_their_language(play: Callable[..., None], slack: LocalSlack) -> None:
    play(minutes=200)
    assert "システム" in direct(slack, "U0OKAMOTO")[0]
    assert "You will" not in direct(slack, "U0OKAMOTO")[0]


def test_the_note_comes_along_and_pings_nobody(play: Callable[..., None], slack: LocalSlack) -> None:
    with writing() as session:
        session.add(Handover(area_id=3, at=NOW, by_id=2, body="<!channel> 決済を見てください"))
    play(minutes=91)
    (told,) = direct(slack, "U0ITO")
    assert "決済を見てください" in told
    assert "&lt;!channel&gt;" in told


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
@pytest.mark.parametrize("kind", FAULTS)
def test_after_any_fault_it_is_told_once(kind: str, method: str, play: Callable[..., None], slack: LocalSlack) -> None:
    slack.faults.add(kind, method)
    play(minutes=91)
    assert len(direct(slack, "U0ITO")) == 1
    assert [row.state for row in rows()] == ["sent"]


@pytest.mark.parametrize("kind", ["hang_before", "hang_after"])
def test_a_hanging_slack_costs_no_second_message(
    kind: str, watch: Watch, slack: LocalSlack, hands: Hands, sender: SlackSender
) -> None:
    sender.time_limit = 0.3
    slack.faults.add(kind, seconds=1.0)
    hands.at = SHIFT
    watch()
    Dispatcher({"slack": sender}, hands).next()
    hands.forward(seconds=4)
    sender.time_limit = 5.0
    Dispatcher({"slack": sender}, hands).next()
    assert len(direct(slack, "U0ITO")) == 1
    assert [row.state for row in rows()] == ["sent"]


def test_a_worker_that_dies_after_sending_tells_nobody_twice(
    watch: Watch, slack: LocalSlack, hands: Hands, sender: SlackSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.at = SHIFT
    watch()
    dying = Dispatcher({"slack": sender}, hands)
    monkeypatch.setattr(dying, "_settle", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        dying.next()
    hands.forward(seconds=20)
    Watch(hands)()
    assert Dispatcher({"slack": sender}, hands).next()
    assert len(direct(slack, "U0ITO")) == 1
    assert [row.state for row in rows()] == ["sent"]


def test_slack_was_away_too_long_and_nobody_is_told_late(
    watch: Watch, slack: LocalSlack, hands: Hands, dispatcher: Dispatcher, deliver: Callable[..., int]
) -> None:
    slack.stop()
    hands.at = SHIFT
    watch()
    dispatcher.next()
    hands.at = SHIFT + timedelta(minutes=16)
    slack.start()
    deliver()
    assert direct(slack, "U0ITO") == []
    (row,) = rows()
    assert (row.state, bool(row.error)) == ("dropped", True)


def test_what_was_sent_before_it_was_late_counts_as_sent(
    watch: Watch, slack: LocalSlack, hands: Hands, dispatcher: Dispatcher, deliver: Callable[..., int]
) -> None:
    slack.faults.add("break_after")
    hands.at = SHIFT
    watch()
    dispatcher.next()
    hands.at = SHIFT + timedelta(minutes=16)
    deliver()
    assert len(direct(slack, "U0ITO")) == 1
    assert [row.state for row in rows()] == ["sent"]


def test_a_cover_that_was_cancelled_while_it_waited_is_not_told(
    watch: Watch, slack: LocalSlack, hands: Hands, deliver: Callable[..., int]
) -> None:
    hands.at = NOW + timedelta(minutes=31)
    watch()
    with writing() as session:
        session.scalars(select(Override)).one().cancelled_at = hands()
    deliver()
    assert direct(slack, "U0ITO") == []
    assert [row.state for row in rows()] == ["dropped"]


def test_a_slack_id_that_slack_does_not_know_is_said_in_words(play: Callable[..., None], slack: LocalSlack) -> None:
    with writing() as session:
        session.get_one(Person, 6).slack_id = "U0NOBODY1"
    play(minutes=91)
    (row,) = rows()
    assert row.state == "failed"
    assert "user_not_found" in row.error


def test_a_missing_permission_is_named(play: Callable[..., None], slack: LocalSlack) -> None:
    slack.scopes = frozenset({"chat:write", "channels:history"})
    play(minutes=91)
    assert "im:write" in rows()[0].error


@contextmanager
def several(app: Flask, act: Callable[[], object], count: int = 2) -> Iterator[None]:
    """The same act in threads of their own, at once."""
    gate = threading.Barrier(count)

    def run() -> None:
        with app.app_context():
            gate.wait(5)
            act()
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def test_workers_at_once_tell_once(
    app: Flask, watch: Watch, slack: LocalSlack, hands: Hands, sender: SlackSender
) -> None:
    hands.at = SHIFT

    def work() -> None:
        Watch(hands)()
        dispatcher = Dispatcher({"slack": sender}, hands)
        while dispatcher.next():
            pass

    db.session.rollback()
    with several(app, work, 4):
        pass
    Dispatcher({"slack": sender}, hands).next()
    assert len(rows()) == 1
    assert len(direct(slack, "U0ITO")) == 1


# The user group


@pytest.fixture
def group(watch: Watch) -> None:
    with writing() as session:
        session.get_one(Area, 3).slack_group = "S0SYSTEM0"


def members(slack: LocalSlack) -> list[str]:
    return slack.workspace.usergroups["S0SYSTEM0"].users


@pytest.mark.usefixtures("group")
def test_the_group_follows_who_is_on_duty(play: Callable[..., None], slack: LocalSlack) -> None:
    play()
    assert members(slack) == ["U0OKAMOTO"]
    play(minutes=90)
    assert members(slack) == ["U0ITO"]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("kind", FAULTS)
def test_the_group_is_right_after_any_fault(kind: str, play: Callable[..., None], slack: LocalSlack) -> None:
    slack.faults.add(kind, "usergroups.users.update")
    play()
    assert members(slack) == ["U0OKAMOTO"]


@pytest.mark.usefixtures("group")
def test_the_newest_state_wins_and_edits_are_one(
    watch: Watch, slack: LocalSlack, hands: Hands, dispatcher: Dispatcher, deliver: Callable[..., int]
) -> None:
    slack.stop()
    watch()
    dispatcher.next()
    hands.at = SHIFT
    watch()
    hands.at = SHIFT + timedelta(hours=2)
    watch()
    slack.start()
    deliver()
    assert members(slack) == ["U0OKAMOTO"]
    assert sum(call.method == "usergroups.users.update" for call in slack.workspace.calls) == 1


@pytest.mark.usefixtures("group")
def test_the_missing_scope_is_said(play: Callable[..., None], slack: LocalSlack) -> None:
    slack.scopes = frozenset({"chat:write"})
    play()
    (row,) = rows()
    assert row.state == "failed"
    assert "usergroups:write" in row.error


@pytest.mark.usefixtures("group")
def test_with_nobody_in_charge_the_group_stays_and_that_is_said(play: Callable[..., None], slack: LocalSlack) -> None:
    with writing() as session:
        for number in (2, 6):
            session.add(Absence(person_id=number, starts_at=NOW, recorded_at=NOW))
    before = list(members(slack))
    play(minutes=1)
    assert members(slack) == before
    (row,) = rows("roster.group")
    assert row.state == "dropped"
    assert "システム" in row.error


@pytest.mark.usefixtures("group")
def test_somebody_without_a_slack_id_leaves_the_group_and_that_is_said(
    play: Callable[..., None], slack: LocalSlack
) -> None:
    with writing() as session:
        session.get_one(Person, 2).slack_id = None
    play()
    assert members(slack) == ["U0SATO", "U0OKAMOTO"]
    (row,) = rows()
    assert "岡本 沙織" in row.error
    with writing() as session:
        session.get_one(Person, 2).slack_id = "U0OKAMOTO"
    play(minutes=2)
    assert members(slack) == ["U0OKAMOTO"]
    assert [one.state for one in rows()] == ["dropped", "sent"]


# Gaps


def test_administrators_are_told_of_gaps(play: Callable[..., None], slack: LocalSlack) -> None:
    with writing() as session:
        session.get_one(Person, 1).slack_id = "U0OTSUKA"
        for number in (3, 6):
            begin = NOW + timedelta(days=3)
            session.add(Absence(person_id=number, starts_at=begin, ends_at=begin + timedelta(hours=1), recorded_at=NOW))
    play()
    play(minutes=10)
    (told,) = direct(slack, "U0OTSUKA")
    assert "ブリッジ役: 8月14日 10:42（JST） – 8月14日 11:42（JST）" in told


# The look itself


def test_a_look_is_taken_every_thirty_seconds_at_most(
    watch: Watch, hands: Hands, count_queries: Callable[..., object]
) -> None:
    watch()
    with count_queries() as queries:  # type: ignore[attr-defined]
        hands.forward(seconds=29)
        watch()
    assert queries == []
    with count_queries() as queries:  # type: ignore[attr-defined]
        hands.forward(seconds=1)
        watch()
    assert 0 < len(queries) <= 10


def test_an_idle_look_never_writes(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.watch.writing", lambda: pytest.fail("it took the writers' lock"))
    assert watch() == 0


def test_a_failure_of_the_look_stops_nothing(
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    play: Callable[..., None],
    file: Callable[..., int],
    slack: LocalSlack,
) -> None:
    monkeypatch.setattr("domain.roster_watch.look", lambda _at: 1 / 0)
    file()
    play(minutes=91)
    assert len(slack.messages("hotline")) == 1


def test_a_clock_that_was_set_back_does_not_silence_it(watch: Watch, hands: Hands) -> None:
    hands.at = NOW + timedelta(days=2)
    watch()
    hands.at = SHIFT
    assert watch() == 1
