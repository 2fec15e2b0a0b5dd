"""Without a network: what was last seen, as of when, with telephone numbers that work; nothing of it after signing out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from domain.suspicion import Report
from tests.browser.scene import Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
AS_OF = re.compile(r"\d{1,2}:\d\d")


def until(page: Page, condition: str) -> None:
    """Waits for something that only a promise can tell."""
    loop = f"const end = Date.now() + 8000; while (!({condition}) && Date.now() < end) await new Promise(r => setTimeout(r, 30));"
    assert page.evaluate(f"async () => {{ {loop} return {condition}; }}")


@pytest.fixture
def phone(open_as: Callable[..., Page], scene: Scene) -> Page:
    """A phone that looked at the board once, so that the board and the roster are kept on it."""
    page = open_as("reader", "/")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    until(page, "Boolean(await caches.match('/') && await caches.match('/roster'))")
    return page


def test_the_last_board_is_shown_with_the_time_it_is_of(phone: Page, scene: Scene) -> None:
    phone.context.set_offline(True)
    phone.goto("/")
    expect(phone.locator("#connection")).to_contain_text(AS_OF)
    expect(phone.locator(f"#{scene.names['live']}")).to_be_visible()
    expect(phone.locator("#chip")).to_have_attribute("data-stale", "")


def test_whom_to_call_is_there_without_a_network(phone: Page) -> None:
    phone.context.set_offline(True)
    phone.goto("/roster")
    expect(phone.locator("#connection")).to_contain_text(AS_OF)
    expect(phone.locator("a[href='tel:+819000000119']").first).to_be_visible()


def test_a_page_that_is_not_kept_gives_way_to_the_board(phone: Page, scene: Scene) -> None:
    phone.context.set_offline(True)
    phone.goto(f"/incidents/{scene.names['live']}")
    expect(phone.locator("#connection")).to_contain_text(AS_OF)
    expect(phone.locator("#answer")).to_be_visible()


def test_an_open_board_says_that_it_is_offline_and_recovers_when_the_network_is_back(phone: Page, scene: Scene) -> None:
    phone.context.set_offline(True)
    expect(phone.locator("#connection")).to_contain_text(AS_OF)
    scene.publish(scene.names["late"], situation="圏外の間に公開された更新です。")
    phone.context.set_offline(False)
    expect(phone.get_by_text("圏外の間に公開された更新です。")).to_be_visible(timeout=30_000)
    expect(phone.locator("#connection")).to_be_hidden()


def test_a_kept_board_becomes_live_again(phone: Page, scene: Scene) -> None:
    phone.context.set_offline(True)
    phone.goto("/")
    expect(phone.locator("#connection")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.locator("#connection")).to_be_hidden(timeout=30_000)
    expect(phone.locator("#chip")).not_to_have_attribute("data-stale", "")


def test_a_report_that_cannot_leave_goes_out_by_itself_once_it_can(phone: Page, scene: Scene) -> None:
    before = scene.count(Report)
    phone.goto("/reports/new")
    phone.locator("#body").fill("圏外で書いた報告")
    phone.context.set_offline(True)
    phone.get_by_role("button", name=ja("Send the report")).tap()
    expect(phone.locator("#connection")).to_contain_text(AS_OF)
    assert scene.count(Report) == before
    phone.context.set_offline(False)
    expect(phone.locator("#status")).to_have_text(ja("Your report has arrived."), timeout=30_000)
    assert scene.count(Report) == before + 1
    phone.goto("/reports/new")
    expect(phone.locator("#body")).to_have_value("")


def test_nothing_is_left_after_signing_out(phone: Page) -> None:
    phone.evaluate("localStorage.setItem('draft:4:report', '{}')")
    phone.get_by_role("button", name=ja("Sign out")).tap()
    expect(phone).to_have_url(re.compile("/login"))
    until(phone, "(await caches.keys()).length === 0")
    assert phone.evaluate("localStorage.length") == 0
    assert phone.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    phone.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        phone.goto("/")
