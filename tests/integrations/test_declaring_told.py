"""Every way in which a declaration can go wrong: what ends how, what is said to whom, that it comes right, nothing twice."""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from domain import mobilising
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from integrations.console import ConsoleSender
from integrations.dispatch import Dispatcher
from integrations.pagerduty import PagerDutySender
from integrations.wording import Wording
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.declaring import BASE, KEY, Outside, check_everything_once, declare, made, outside, rows
from tests.integrations.test_declaring import FAULTS, SLACK_FAULTS, SLACK_STEPS

pytestmark = pytest.mark.one_database

NAME = "incdent_20260811_入場qrが読めない"
LIMIT = 0.3
"""Seconds of an attempt: a service that never answers must not make the tests wait."""

SETTINGS = {"SLACK_BOT_TOKEN": "xoxb", "PAGERDUTY_ROUTING_KEY": KEY, "ZOOM_ACCOUNT_ID": "account", "BASE_URL": BASE}
ALL = frozenset({"channel.create", "channel.invite", "incident.declared", "page.trigger", "call.open"})
"""One step of each kind: channel, people, news, pages, calls."""

SLACKS = frozenset({"channel.create", "channel.invite", "incident.declared"})


@dataclass(frozen=True)
class Mode:
    """`plant` makes it go wrong, `lift` makes it right again. `said`: what responders read, all of it.

    `missing`: the steps that are not done meanwhile; all the others are. `rounds`: minutes that are waited.
    """

    name: str
    plant: Callable[[Outside], object]
    said: tuple[str, ...]
    missing: frozenset[str] = frozenset()
    lift: Callable[[Outside], object] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    senders: Callable[[Outside], dict[str, object]] = lambda _: {}
    rounds: int = 4
    once: bool = True


def refuse(method: str, code: str, **more: Any) -> Callable[[Outside], object]:
    return lambda there: there.slack.faults.add("error_json", method, times=None, error=code, **more)


def at_pagerduty(kind: str, said: str, rounds: int = 4) -> Mode:
    return Mode(
        f"PagerDuty: {kind}", lambda there: there.pager.fail(kind, times=None), (said,), frozenset({"page.trigger"}),
        lambda there: there.pager.lift(), rounds=rounds,
    )  # fmt: skip


def taken(archived: bool) -> Callable[[Outside], object]:
    def plant(there: Outside) -> None:
        there.slack.workspace.create(NAME, "U0SATO").is_archived = archived

    return plant


def odd_people(there: Outside) -> None:
    """The bridge is not in the workspace, the deputy was deactivated there."""
    with writing():
        db.session.get_one(Person, 3).slack_id = "U0ELSEWHERE"
        db.session.get_one(Person, 6).slack_id = "U0ITO"
    there.slack.workspace.users["U0ITO"].deleted = True


def lifted(there: Outside) -> None:
    there.slack.faults.clear()


TOKEN = "Slack refused the token (token_revoked). Set SLACK_BOT_TOKEN and send again."
MODES = (
    Mode("nothing goes wrong", lambda _: None, (f"#{NAME}",)),
    Mode("the channel exists", taken(False), (f"#{NAME}_inc-1",)),
    Mode("the channel is archived", taken(True), (f"#{NAME}_inc-1",)),
    Mode(
        "the channel cannot be made", refuse("conversations.create", "restricted_action"),
        ("Slack does not allow it (restricted_action).", "Waits until “Open the incident's channel” is done."),
        frozenset({"channel.create", "channel.invite"}), lifted,
    ),
    Mode(
        "no name is taken", refuse("conversations.create", "invalid_name_specials"),
        ("Slack takes none of the names for the channel",), frozenset({"channel.create", "channel.invite"}), lifted,
    ),
    Mode("a person without a Slack ID", lambda _: None, ("Without a Slack ID, please tell them by hand: 高橋 由紀子",)),
    Mode(
        "people who are not there", odd_people,
        ("Slack could not invite them (user_not_found): 高橋 由紀子", "Slack could not invite them (cant_invite): 伊藤 航"),
    ),
    Mode(
        "nobody may be invited", refuse("conversations.invite", "missing_scope"),
        ("Slack does not allow it (missing_scope).",), frozenset({"channel.invite"}), lifted,
    ),
    Mode(
        "Slack is away", lambda there: there.slack.faults.add("away"),
        ("Slack did not answer in time, or not completely. We keep trying.",), SLACKS, lifted,
    ),
    Mode("the token is revoked", refuse("*", "token_revoked"), (TOKEN,), SLACKS, lifted),
    Mode("the token is revoked midway", refuse("*", "token_revoked", after=5), (TOKEN,), frozenset(), lifted),
    at_pagerduty("bad_request", "PagerDuty refused it (planted)."),
    at_pagerduty("rate_limited", "PagerDuty asks us to slow down. We keep trying."),
    at_pagerduty("error_500", "PagerDuty has a problem (HTTP 500). We keep trying."),
    at_pagerduty("hang_before", "PagerDuty did not answer in time, or not completely. We keep trying.", rounds=1),
    Mode(
        "PagerDuty is not set up", lambda _: None, ("PagerDuty is not set up", "Please telephone."),
        frozenset({"page.trigger"}), settings={"PAGERDUTY_ROUTING_KEY": None},
        senders=lambda there: {
            "pagerduty": PagerDutySender(None, None, there.pager.events_url, wording=Wording("en", TOKYO))
        },
        once=False,
    ),
    Mode(
        "a call service without credentials", lambda _: None, ("No call is set up: an administrator sets",),
        frozenset({"call.open"}), settings={"ZOOM_ACCOUNT_ID": None}, senders=lambda _: {"calls": ConsoleSender("calls")},
        once=False,
    ),
    Mode(
        "a call service that refuses them", lambda there: setattr(there.zoom, "secret", "another"),
        ("Zoom refused it (Invalid client_id or client_secret).",), frozenset({"call.open"}),
        lambda there: setattr(there.zoom, "secret", "secret"),
    ),
)  # fmt: skip


@pytest.fixture
def there(app: Flask, hands: Hands) -> Iterator[Outside]:
    app.config.update(SETTINGS)
    with outside(lambda: hands().timestamp()) as services:
        yield services


def work(there: Outside, hands: Hands, rounds: int, **senders: object) -> None:
    """Delivers what is due, and a minute later again."""
    each = Dispatcher(there.senders(LIMIT, **senders), hands).each()  # type: ignore[arg-type]
    for _ in range(rounds):
        for one in each:
            for _ in range(60):
                if not one.next():
                    break
        hands.forward(minutes=1)


def states() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows():
        found.setdefault(row.kind, set()).add(row.state)
    return found


def page(client: Any, path: str = "/incidents/INC-1") -> str:
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return html.unescape(answer.text).replace("\u00a0", " ")


def put_right(mode: Mode, there: Outside, hands: Hands) -> None:
    """What an administrator does: the cause is mended, what has failed is tried again."""
    assert mode.lift is not None
    mode.lift(there)
    for _ in range(2):
        with writing():
            by = db.session.get_one(Person, 1)
            for one in db.session.query(Delivery).filter_by(state="failed"):
                mobilising.again(one, by=by, at=hands())
        work(there, hands, 8)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_it_ends_in_a_clear_state_and_comes_right(there, hands, cast, sign_in, app, mode: Mode) -> None:
    app.config.update(mode.settings)
    mode.plant(there)
    declare(hands())
    work(there, hands, mode.rounds, **mode.senders(there))
    responder, reader, admin = (page(sign_in(one)) for one in (cast.responder, cast.reader, cast.admin))
    for sentence in mode.said:
        assert sentence in responder
        assert sentence in admin
        assert sentence not in reader or sentence.startswith("#"), "why it failed is for those who can do something"
    found = states()
    undone = {kind for kind in ALL if found[kind] != {"sent"}}
    assert undone == mode.missing or (mode.name.endswith("midway") and undone)
    if mode.lift is not None:
        put_right(mode, there, hands)
    if mode.once:
        check_everything_once(there)


def publish(hands: Hands, state: str, situation: str = "直しています") -> None:
    with writing():
        db.session.get_one(Incident, 1).publish(
            key=f"to-{state}", by=db.session.get_one(Person, 3), at=hands(), state=state,
            words={"situation": situation}, next_update_at=hands() + timedelta(minutes=15),
        )  # fmt: skip


def test_slack_is_away_for_the_whole_incident(there, hands, cast, sign_in) -> None:
    """The portal carries it alone; what Slack missed comes once each, and says how it stands when it comes."""
    there.slack.faults.add("away")
    declare(hands())
    work(there, hands, 2)
    for number, state in enumerate(("identified", "resolved")):
        publish(hands, state, f"状況{number}")
        work(there, hands, 2)
    assert "状況1" in page(sign_in(cast.reader))
    assert {one.state for one in there.pager.alerts.values()} == {"resolved"}
    assert len(there.zoom.meetings) == 2
    there.slack.faults.clear()
    work(there, hands, 12)
    assert [one.state for one in rows() if one.state not in ("sent", "dropped")] == []
    texts = [one["text"] for one in there.slack.messages("hotline")]
    assert len(texts) == 3
    assert [text.partition("INC-1")[2][:12] for text in texts[1:]] == [": Cause foun", ": Restored 入"]
    (channel,) = made(there.slack)
    (first,) = [one for one in there.slack.messages(channel.id) if "metadata" in one][:1]  # type: ignore[attr-defined]
    assert "Restored" in str(first["blocks"])
    assert len(channel.pins) == 1  # type: ignore[attr-defined]


# Every way in which a service fails for a moment, at every step


@pytest.mark.parametrize("kind", SLACK_FAULTS)
def test_slack_fails_at_each_step_alone(there, hands, kind: str) -> None:
    for number, method in enumerate(SLACK_STEPS):
        there.slack.faults.add(kind, method, times=1)
        declare(hands(), key=method, title=f"入場できない{number}", page=False)
        work(there, hands, 4)
        assert there.slack.faults.fired == [(kind, method)]
        there.slack.faults.clear()
    check_everything_once(there, len(SLACK_STEPS), areas=0)


@pytest.mark.parametrize("kind", FAULTS)
def test_pagerduty_fails_at_each_step_alone(there, hands, kind: str) -> None:
    steps = (("investigating", "triggered"), ("identified", "acknowledged"), ("resolved", "resolved"))
    declare(hands())
    for state, wanted in steps:
        there.pager.fail(kind, times=2)
        if state != "investigating":
            publish(hands, state)
        work(there, hands, 4)
        assert [one.state for one in there.pager.alerts.values()] == [wanted] * 4
    for alert in there.pager.alerts.values():
        assert list(dict.fromkeys(alert.events)) == ["trigger", "acknowledge", "resolve"]


@pytest.mark.parametrize("kind", FAULTS)
def test_zoom_fails_at_each_step_alone(there, hands, kind: str) -> None:
    for number, path in enumerate(("/oauth/token", "/v2/users/me/meetings")):
        there.zoom.fail(kind, path, times=1)
        declare(hands(), key=path, title=f"入場できない{number}", page=False)
        work(there, hands, 4)
    check_everything_once(there, 2, areas=0)
