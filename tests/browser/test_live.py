"""An open board: it changes by itself, takes nothing from under anybody's hands, and says when it cannot be trusted."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.browser.scene import READER, Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
NOTICE = "ただいま入場に時間がかかっております。"
NEWER = "入場は再開しました。"


@pytest.fixture
def incident(stage: Scene) -> Iterator[str]:
    """One open incident, restored and closed afterwards."""
    code = stage.declare("入場ゲートの不調")
    stage.publish(code, guest_notice=NOTICE, workaround="予約番号を手入力してください。")
    yield code
    stage.close_incident(code)


@pytest.fixture
def open_board(open_as: Callable[..., Page]) -> Callable[..., Page]:
    """A board whose stream is connected; nothing on it may come from a reload."""

    def board(who: str = "reader", **how: object) -> Page:
        page = open_as(who, "/", **how)
        connected(page)
        page.evaluate("window.kept = true")
        return page

    return board


def connected(page: Page) -> None:
    page.wait_for_function("() => noroshi.stream.source?.readyState === EventSource.OPEN")


def as_it_was(page: Page) -> bool:
    return bool(page.evaluate("window.kept === true"))


def test_what_the_bridge_publishes_changes_every_open_board(
    open_as: Callable[..., Page], open_board: Callable[..., Page], incident: str
) -> None:
    reader = open_board()
    bridge = open_as("bridge", f"/incidents/{incident}/updates/new")
    bridge.get_by_role("radio", name=ja("Cause found")).tap()
    bridge.get_by_label(ja("Situation"), exact=True).fill("原因がわかりました。復旧作業をしています。")
    bridge.get_by_role("radio", name=ja("in %(num)d min", num=20)).tap()
    bridge.get_by_role("button", name=ja("Publish the update")).tap()
    expect(reader.get_by_text("原因がわかりました。復旧作業をしています。")).to_be_visible()
    expect(reader.locator(f"#{incident} [aria-current=step]")).to_have_text(ja("Cause found"))
    expect(reader.locator(f"#{incident} [data-fresh]")).to_be_visible()
    assert as_it_was(reader)


def test_a_change_leaves_scroll_focus_and_typed_text_alone(
    open_board: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_board(size=DESKTOP)
    field = page.locator("#facility")
    field.fill("みなと")
    field.press("ArrowLeft")
    page.evaluate("scrollTo(0, 240)")
    before = page.evaluate("scrollY")
    stage.publish(incident, situation="ゲート3台で再現しました。", state="identified")
    expect(page.get_by_text("ゲート3台で再現しました。")).to_be_visible()
    expect(field).to_have_value("みなと")
    expect(field).to_be_focused()
    assert field.evaluate("field => field.selectionStart") == 2
    assert page.evaluate("scrollY") == before


def test_focus_stays_on_a_button_inside_what_changes(
    open_board: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_board()
    button = page.locator(f"#{incident} button[data-copy]").first
    button.focus()
    stage.publish(incident, situation="ゲート4台で再現しました。")
    expect(page.get_by_text("ゲート4台で再現しました。")).to_be_visible()
    expect(button).to_be_focused()
    expect(button).to_be_visible()


def test_a_change_is_said_once(open_board: Callable[..., Page], stage: Scene, incident: str) -> None:
    page = open_board()
    page.evaluate("""() => {
      window.said = [];
      new MutationObserver(() => { const text = document.querySelector("#status").textContent; if (text) said.push(text); })
        .observe(document.querySelector("#status"), { childList: true, characterData: true, subtree: true });
    }""")
    stage.publish(incident, state="monitoring")
    page.wait_for_function("() => said.length > 0")
    stage.report("決済も遅い気がします")
    expect(page.locator("#suspicions")).to_be_visible()
    page.wait_for_function("() => said.length > 1")
    first, second = page.evaluate("said")
    assert incident in first
    assert ja("Recovered, watching") in first
    assert incident not in second


def test_title_and_icon_show_the_state(open_board: Callable[..., Page], stage: Scene, incident: str) -> None:
    page = open_board()
    assert "incident" in page.locator("#favicon").get_attribute("href")
    before = page.title()
    second = stage.declare("決済の遅延")
    expect(page).not_to_have_title(before)
    expect(page.locator(f"#{second}")).to_be_visible()
    expect(page.locator(f"#{incident}")).to_be_visible()
    for code in (second, incident):
        stage.publish(code, state="resolved")
    expect(page.locator("#favicon")).not_to_have_attribute("href", re.compile("incident"))
    stage.close_incident(second)
    assert as_it_was(page)


def test_every_live_page_shows_the_overall_state(open_as: Callable[..., Page], stage: Scene) -> None:
    page = open_as("reader", "/roster")
    connected(page)
    expect(page.locator("#favicon")).not_to_have_attribute("href", re.compile("incident"))
    code = stage.declare("入場ゲートの不調")
    expect(page.locator("#chip")).to_contain_text("1")
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("incident"))
    page.goto("/history")
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("incident"))
    stage.close_incident(code)


def test_words_that_are_being_read_stay_and_the_new_ones_are_one_tap_away(
    open_board: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_board()
    notice = page.locator(f"#n{incident[4:]}-guest-notice")
    notice.scroll_into_view_if_needed()
    stage.publish(incident, guest_notice=NEWER)
    bar = page.locator(".replaced")
    expect(bar).to_be_visible()
    expect(notice).to_have_text(NOTICE)
    stage.publish(incident, guest_notice=NEWER, workaround="手入力は不要です。")
    expect(page.get_by_text("手入力は不要です。")).to_be_visible()
    expect(notice).to_have_text(NOTICE)
    expect(bar).to_have_count(1)
    bar.get_by_role("button").tap()
    expect(notice).to_have_text(NEWER)
    expect(bar).to_have_count(0)
    expect(notice).to_be_focused()


def test_words_that_nobody_looks_at_are_simply_new(
    open_board: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_board()
    page.locator(f"#n{incident[4:]}-guest-notice-box summary").tap()
    stage.publish(incident, guest_notice=NEWER)
    expect(page.locator(f"#n{incident[4:]}-guest-notice")).to_have_text(NEWER)
    expect(page.locator(".replaced")).to_have_count(0)
    expect(page.locator(f"#n{incident[4:]}-guest-notice-box details")).not_to_have_attribute("open", "")


@pytest.mark.parametrize("secure", [True, False], ids=["clipboard", "plain-http"])
def test_words_are_copied_in_one_tap(open_as: Callable[..., Page], incident: str, secure: bool) -> None:
    page = open_as("reader", "/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not secure:
        page.evaluate("navigator.clipboard.writeText = undefined")
    box = page.locator(f"#n{incident[4:]}-guest-notice-box")
    box.locator("summary").tap()
    box.locator("button").tap()
    expect(page.locator("#status")).to_have_text(ja("Copied"))
    assert page.evaluate("navigator.clipboard.readText()").strip() == NOTICE


def test_a_broken_stream_says_since_when_and_recovers_by_itself(
    open_board: Callable[..., Page], site: Site, stage: Scene, incident: str
) -> None:
    page = open_board()
    site.stop()
    try:
        # As if the last beat were a while ago: the page waits a little before it worries anybody.
        page.evaluate("noroshi.stream.beat -= 15000")
        expect(page.locator("#connection")).to_be_visible()
        expect(page.locator("#connection")).to_contain_text(re.compile(r"\d{1,2}:\d\d"))
        expect(page.locator("#chip")).to_have_attribute("data-stale", "")
        stage.publish(incident, situation="切れている間の更新です。")
    finally:
        site.start()
    # It tries again less and less often; a test need not wait as long as a person may have to.
    page.evaluate("noroshi.polls.calm()")
    expect(page.get_by_text("切れている間の更新です。")).to_be_visible(timeout=40_000)
    expect(page.locator("#connection")).to_be_hidden()
    expect(page.locator("#chip")).not_to_have_attribute("data-stale", "")
    assert as_it_was(page)


def test_a_slow_network_still_gets_a_stream(open_as: Callable[..., Page], stage: Scene, incident: str) -> None:
    page = open_as("reader", "/login", size=PHONE)

    def late(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route(re.compile(r"live\.js|htmx\.min|noroshi\.js"), late)
    page.goto("/")
    connected(page)
    stage.publish(incident, situation="遅い回線でも届く更新です。")
    expect(page.get_by_text("遅い回線でも届く更新です。")).to_be_visible()


def test_where_streams_are_blocked_the_board_is_polled(
    open_as: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_as("reader", "/login", size=PHONE)
    page.context.route(re.compile(r"/live\?"), lambda route: route.abort())
    page.goto("/")
    page.evaluate("noroshi.stream.beat -= 10000")
    stage.publish(incident, situation="ポーリングで届く更新です。")
    expect(page.get_by_text("ポーリングで届く更新です。")).to_be_visible(timeout=15_000)
    expect(page.locator("#connection")).to_be_hidden()


def test_who_is_signed_out_everywhere_is_asked_to_sign_in_and_comes_back(
    open_board: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_board()
    stage.sign_out_everywhere(READER)
    expect(page).to_have_url(re.compile(r"/login\?next=(/|%2F)$"), timeout=15_000)
