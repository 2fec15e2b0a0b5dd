"""A whole incident, in Japanese, by four people at once: who reports it, who commands, the bridge, a support agent.

Each has a phone of their own; whatever they see of the others comes by itself, and only words are typed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from domain.db import db
from domain.people import Person
from local_services import LocalPagerDuty, LocalZoom
from local_slack import LocalSlack
from tests.browser.conftest import Site
from tests.browser.scene import Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
SUSPICION = "入場ゲートでQRコードが赤くなります"
HEADLINE = "入場ゲートでQRコードが読み取れません"
FIRST = "一部の入場ゲートでQRコードを読み取れません。原因を調べています。"
SAY = "ただいま入場に時間がかかっております。予約番号でもご入場いただけます。"
CAUSE = "原因がわかりました。設定を元に戻しています。"
QUESTION = "並んでいるお客様に返金のご案内をしてよいですか？"
ANSWER = "返金のご案内はまだお控えください。"
THANKS = ja("Thank you for telling us. Please never hesitate to report again.")
NEEDS_HELP = "青葉アドベンチャーパーク（入場待ちのお客様12組）"

LONGEST = 30.0
"""Seconds until something must have come."""


@dataclass
class Outside:
    """The services that are not the portal's."""

    slack: LocalSlack
    pager: LocalPagerDuty
    zoom: LocalZoom

    def channel(self) -> Any:
        """The incident's channel, once there is one."""
        with self.slack.workspace.lock:
            found = [one for one in self.slack.workspace.channels.values() if one.name.startswith("incdent_")]
        return found[0] if found else None

    def alerts(self) -> set[str]:
        """The states of all alerts."""
        return {one.state for one in self.pager.alerts.values()}

    def said_to(self, slack_id: str) -> str:
        """Everything in the direct messages to a person."""
        with self.slack.workspace.lock:
            return str([one.messages for one in self.slack.workspace.channels.values()
                        if one.is_im and slack_id in one.members])  # fmt: skip


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with LocalSlack() as slack, LocalPagerDuty() as pager, LocalZoom() as zoom:
        yield Outside(slack, pager, zoom)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, outside: Outside, template: Path) -> Iterator[Site]:
    """A portal that has everything: Slack, PagerDuty and Zoom. It is day at any hour, so that nobody is left to sleep."""
    running = Site(tmp_path_factory.mktemp("roles"), outside.slack)
    running.environment.update(
        SLACK_SIGNING_SECRET=outside.slack.signing_secret,
        PAGERDUTY_EVENTS_URL=outside.pager.events_url,
        PAGERDUTY_ROUTING_KEY="R" * 32,
        ZOOM_TOKEN_URL=outside.zoom.token_url,
        ZOOM_API_URL=outside.zoom.api_url,
        ZOOM_ACCOUNT_ID=outside.zoom.account,
        ZOOM_CLIENT_ID=outside.zoom.client,
        ZOOM_CLIENT_SECRET=outside.zoom.secret,
        NIGHT="3:00-3:00",
    )
    running.prepare(template)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def agent(stage: Scene) -> None:
    """Somebody of the support who stands in no plan; and Slack knows who reports."""

    def act() -> None:
        db.session.get_one(Person, 4).slack_id = "U0SATO"
        person = Person(
            id=7, email="agent@example.jp", name="中村 健", reading="なかむら けん", created_at=datetime.now(UTC)
        )
        person.describe()
        db.session.add(person)

    stage.write(act)


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Four browsers at once, while a machine has much else to do: what does not come fails all the same."""
    expect.set_options(timeout=LONGEST * 1000)
    yield
    expect.set_options(timeout=10_000)


def press(page: Page | Locator, sentence: str, **given: object) -> None:
    page.get_by_role("button", name=ja(sentence, **given)).first.tap()


def follow(page: Page | Locator, sentence: str) -> None:
    page.get_by_role("link", name=ja(sentence), exact=True).first.tap()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"[name={name}][value='{value}']").tap()


def write(page: Page, name: str, words: str) -> None:
    page.locator(f"#{name}").fill(words)


def publish(bridge: Page, state: str, **words: str) -> None:
    """The bridge writes an update and publishes it; of a restoration the portal asks once more."""
    follow(bridge, "Write an update")
    choose(bridge, "state", state)
    for name, text in words.items():
        write(bridge, name, text)
    choose(bridge, "next_update", "15m")
    press(bridge, "Publish the update")


def test_from_the_first_suspicion_until_nobody_needs_help(
    open_as: Callable[..., Page], outside: Outside, agent: None
) -> None:
    commander, bridge, support, reporter = (open_as(who) for who in ("responder", "bridge", "support", "reader"))
    for page in (commander, bridge, support, reporter):
        page.set_default_timeout(LONGEST * 1000)
    expect(support.get_by_role("heading", level=1)).to_have_text(ja("There is no incident right now"))

    follow(reporter, "Report")
    reporter.get_by_role("radio", name="入場できない").tap()
    write(reporter, "body", SUSPICION)
    press(reporter, "Send the report")

    commander.get_by_role("link", name=SUSPICION).first.tap()
    press(commander, "I am checking")
    expect(reporter.get_by_text("岡本\u00a0沙織さんが確認を始めました").first).to_be_visible()
    declared(commander, outside)
    expect(reporter.get_by_text(ja("Incident declared")).first).to_be_visible()

    calls_and_positions(commander, bridge, support)
    informed(bridge, support)

    publish(bridge, "identified", situation=CAUSE)
    expect(commander.get_by_text(CAUSE).first).to_be_visible()
    assert outside.pager.wait_until(lambda: outside.alerts() == {"acknowledged"}, LONGEST)

    restored(bridge, support, reporter, outside)
    followed_up(support)
    for board in (bridge, commander):
        board.locator("header a[href='/']").first.tap()
        expect(board.get_by_role("heading", level=1)).to_have_text(ja("There is no incident right now"))


def declared(commander: Page, outside: Outside) -> None:
    """The commander declares; everything that it starts is there, once, and its page says so by itself."""
    follow(commander, "Declare an incident")
    write(commander, "title", HEADLINE)
    choose(commander, "severity", "critical")
    commander.get_by_label("入場管理").tap()
    choose(commander, "page", "yes")
    press(commander, "Declare the incident")
    for group in ("channel", "people", "news", "page", "calls"):
        expect(commander.locator(f"#steps-{group} .pill").first).to_have_text(ja("Done"))
    channel = outside.channel()
    assert channel.name.endswith("_入場ゲートでqrコードが読み取れません")
    assert {"U0OKAMOTO", "U0SATO"} <= set(channel.members)
    assert len(outside.pager.alerts) == 4
    assert len(outside.zoom.meetings) == 2
    assert HEADLINE in [one["text"] for one in outside.slack.messages("hotline") if "thread_ts" not in one][-1]


def calls_and_positions(commander: Page, bridge: Page, support: Page) -> None:
    """Each says in one tap where they are; the commander gives the agent the lead for guests, and keeps notes."""
    for page in (bridge, support):
        page.locator("article h2 a", has_text=HEADLINE).tap()
    press(support, "I am in the customer call")
    press(bridge, "I am in both calls")
    expect(commander.locator("#call-customer").get_by_text("中村\u00a0健")).to_be_visible()
    expect(commander.locator("#call-system").get_by_text("高橋\u00a0由紀子")).to_be_visible()
    press(commander.locator("#formation"), "I take it")
    expect(commander.locator("#position-scribe")).to_contain_text("岡本\u00a0沙織")
    commander.get_by_text(ja("Give somebody a position")).tap()
    commander.locator("#position").select_option("guest_lead")
    commander.locator("#person").select_option("7")
    press(commander, "Give")
    expect(support.locator("#position-guest_lead")).to_contain_text("中村\u00a0健")


def informed(bridge: Page, support: Page) -> None:
    """The bridge says what can be said; the agent has it word for word, asks back and is answered."""
    publish(bridge, "investigating", situation=FIRST, guest_notice=SAY)
    expect(support.get_by_text(SAY).first).to_be_visible()
    write(support, "body", QUESTION)
    support.locator("#ask").get_by_role("button", name=ja("Ask"), exact=True).tap()
    question = bridge.locator("#questions article", has_text=QUESTION)
    question.get_by_text(ja("Answer it"), exact=True).tap()
    question.get_by_label(ja("Answer, once for everybody")).fill(ANSWER)
    press(question, "Answer, and show it on the board")
    expect(support.locator("#questions").get_by_text(ANSWER)).to_be_visible()


def restored(bridge: Page, support: Page, reporter: Page, outside: Outside) -> None:
    """Everybody who was told of the beginning is told of the end; the alerts are closed, the reporter is thanked."""
    publish(bridge, "resolved", situation="復旧しました。")
    press(bridge, "Publish the restoration")
    expect(support.locator("#follow-up")).to_be_visible()
    expect(reporter.get_by_text(ja("What you reported is restored. Thank you for telling us."))).to_be_visible()
    assert outside.pager.wait_until(lambda: outside.alerts() == {"resolved"}, LONGEST)
    assert outside.slack.wait_until(lambda: THANKS in outside.said_to("U0SATO"), LONGEST)


def followed_up(support: Page) -> None:
    """The customer side is closed by who leads it, not before the last one on the list was helped."""
    write(support, "follow-up-body", NEEDS_HELP)
    press(support, "Add to the list")
    press(support, "Finish customer follow-up")
    expect(
        support.get_by_text(ja("%(num)d on the list still need help. Please tick them off, or go on helping.", num=1))
    ).to_be_visible()
    support.locator("#follow-up").get_by_role("button", name=ja("Helped")).tap()
    press(support, "Finish customer follow-up")
    expect(support.get_by_text(ja("Finish customer follow-up"))).to_have_count(0)
