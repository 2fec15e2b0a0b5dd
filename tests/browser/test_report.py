"""A suspicion on a phone: three taps, the hotline is told, and the page goes on telling what became of it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from domain.suspicion import Report
from local_slack import LocalSlack
from tests.browser.conftest import Site
from tests.browser.scene import Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
HOTLINE = "hotline"


@pytest.fixture(autouse=True)
def slack_is_well(slack: LocalSlack) -> Iterator[None]:
    yield
    slack.faults.clear()


def told(slack: LocalSlack, words: str) -> list[dict[str, Any]]:
    return [message for message in slack.messages(HOTLINE) if words in str(message)]


def typed(page: Page, words: str) -> None:
    page.locator("#body").fill(words)


def test_three_taps_lead_to_thanks_and_everybody_in_the_hotline_is_called(
    open_as: Callable[..., Page], slack: LocalSlack, stage: Scene
) -> None:
    page = open_as("reader", "/")
    before = len(told(slack, "入場できない"))
    page.get_by_role("link", name=ja("Report"), exact=True).tap()
    page.get_by_role("radio", name="入場できない").tap()
    page.get_by_role("button", name=ja("Send the report")).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(ja("Thank you for telling us"))
    assert slack.wait_until(lambda: len(told(slack, "入場できない")) == before + 1)
    assert "<!channel>" in str(told(slack, "入場できない")[-1])
    expect(page.get_by_text(ja("Delivered to Slack"))).to_be_visible()
    assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "navigate"


def test_delivered_shows_without_a_reload_and_meanwhile_who_can_be_called(
    open_as: Callable[..., Page], slack: LocalSlack, stage: Scene
) -> None:
    slack.stop()
    try:
        page = open_as("reader", "/reports/new")
        typed(page, "Slackがいないときの報告")
        page.get_by_role("button", name=ja("Send the report")).tap()
        expect(page.locator("a[href^='tel:']").first).to_be_visible()
        page.evaluate("window.kept = true")
    finally:
        slack.start()
    expect(page.get_by_text(ja("Delivered to Slack"))).to_be_visible(timeout=15000)
    assert page.evaluate("window.kept")
    assert len(told(slack, "Slackがいないときの報告")) == 1


def test_a_double_tap_is_one_report(open_as: Callable[..., Page], slack: LocalSlack, stage: Scene) -> None:
    before = stage.count(Report)
    page = open_as("reader", "/reports/new")
    typed(page, "二度押し")
    page.get_by_role("button", name=ja("Send the report")).dblclick()
    expect(page).to_have_url(re.compile("thanks=1"))
    assert slack.wait_until(lambda: told(slack, "二度押し"))
    assert stage.count(Report) == before + 1
    assert len(told(slack, "二度押し")) == 1


def test_the_draft_survives_a_reload_and_is_gone_once_it_is_sent(open_as: Callable[..., Page], site: Site) -> None:
    page = open_as("reader", "/reports/new")
    typed(page, "ゲートの表示が赤いままです")
    page.get_by_role("radio", name="決済できない").tap()
    page.reload()
    expect(page.locator("#body")).to_have_value("ゲートの表示が赤いままです")
    expect(page.get_by_role("radio", name="決済できない")).to_be_checked()
    expect(page.locator("#status")).not_to_be_empty()
    page.get_by_role("button", name=ja("Send the report")).tap()
    expect(page).to_have_url(re.compile("thanks=1"))
    page.goto("/reports/new")
    expect(page.locator("#body")).to_have_value("")


def test_the_draft_survives_an_ended_session(
    open_as: Callable[..., Page], slack: LocalSlack, stage: Scene, password: str
) -> None:
    page = open_as("reader", "/reports/new")
    page.wait_for_load_state("networkidle")
    typed(page, "サインアウトされても消えない文")
    page.context.clear_cookies()
    page.get_by_role("button", name=ja("Send the report")).tap()
    page.get_by_label(ja("Email address")).fill("reader@example.jp")
    page.get_by_label(ja("Password")).fill(password)
    page.get_by_role("button", name=ja("Sign in")).tap()
    expect(page.locator("#body")).to_have_value("サインアウトされても消えない文")
    page.get_by_role("button", name=ja("Send the report")).tap()
    expect(page).to_have_url(re.compile("thanks=1"))


def test_what_looks_alike_is_offered_while_typing(open_as: Callable[..., Page], stage: Scene) -> None:
    stage.report("予約サイトの画面が真っ白になります")
    page = open_as("bridge", "/reports/new")
    page.locator("#body").press_sequentially("予約サイトの画面が真っ白", delay=5)
    page.get_by_role("button", name=ja("Same as this: %(what)s", what="")).first.tap()
    expect(page).to_have_url(re.compile("thanks=1"))


def test_it_works_without_javascript(open_as: Callable[..., Page], slack: LocalSlack, stage: Scene) -> None:
    page = open_as("reader", "/", javascript=False)
    page.get_by_role("link", name=ja("Report"), exact=True).tap()
    typed(page, "スクリプトなしの報告")
    page.get_by_role("button", name=ja("Send the report")).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(ja("Thank you for telling us"))
    assert slack.wait_until(lambda: told(slack, "スクリプトなしの報告"))


def test_the_verdict_shows_on_the_open_page_of_who_reported_it(open_as: Callable[..., Page], stage: Scene) -> None:
    reporter = open_as("reader", "/reports/new")
    typed(reporter, "確認してほしいこと")
    reporter.get_by_role("button", name=ja("Send the report")).tap()
    expect(reporter).to_have_url(re.compile("thanks=1"))
    path = reporter.url.split("?")[0]
    responder = open_as("responder", path)
    responder.get_by_role("button", name=ja("I am checking")).tap()
    expect(reporter.get_by_text(re.compile("岡本.沙織さんが確認を始めました")).first).to_be_visible()
    responder.get_by_text(ja("It is no incident"), exact=True).tap()
    responder.get_by_label(ja("A word to who reported it (optional)")).fill("表示の遅れでした。")
    responder.get_by_role("button", name=ja("Close with thanks: no incident")).tap()
    expect(reporter.get_by_text("表示の遅れでした。")).to_be_visible()
