"""The bridge on a phone: an update in a few taps, a draft that survives, and nobody's words overwritten."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from domain.updates import Update
from tests.browser.scene import Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
SITUATION = "入場ゲート3番で再現しました。ほかのゲートは正常です。"


@pytest.fixture
def incident(stage: Scene) -> Iterator[str]:
    code = stage.declare("入場ゲートの不調")
    stage.publish(code, guest_notice="予約番号でもご入場いただけます。")
    yield code
    stage.close_incident(code)


@pytest.fixture
def form(open_as: Callable[..., Page], incident: str) -> Page:
    return open_as("bridge", f"/incidents/{incident}/updates/new")


def situation(page: Page) -> Locator:
    return page.get_by_label(ja("Situation"), exact=True)


def test_from_the_board_to_a_published_update_in_four_taps(open_as: Callable[..., Page], incident: str) -> None:
    page = open_as("bridge", "/")
    page.locator(f"#{incident}").get_by_role("link", name=ja("Write an update")).tap()
    situation(page).fill(SITUATION)
    page.get_by_role("radio", name=ja("in %(num)d min", num=20)).tap()
    page.get_by_role("button", name=ja("Publish the update")).tap()
    expect(page).to_have_url(re.compile(f"/incidents/{incident}"))
    expect(page.locator(f"#n{incident[4:]}-situation")).to_have_text(SITUATION)
    expect(page.get_by_text("予約番号でもご入場いただけます。").first).to_be_visible()


def test_no_news_is_one_tap_and_two_taps_are_one_update(
    open_as: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_as("bridge", "/")
    before = stage.count(Update)
    page.locator(f"#no-news-{incident[4:]}").get_by_role("button").nth(1).dblclick()
    expect(page.locator(f"#{incident} [data-due]")).to_be_visible()
    page.wait_for_load_state()
    assert stage.count(Update) == before + 1


def test_the_next_update_is_asked_for_every_time(form: Page) -> None:
    situation(form).fill(SITUATION)
    form.get_by_role("button", name=ja("Publish the update")).tap()
    expect(form.locator("#summary")).to_be_focused()
    expect(situation(form)).to_have_value(SITUATION)
    form.locator("#summary a").first.tap()
    assert form.evaluate("location.hash") == "#next_update"


def test_the_draft_survives_a_reload_and_shows_on_another_device(
    open_as: Callable[..., Page], form: Page, incident: str
) -> None:
    situation(form).fill("下書き")
    form.get_by_role("radio", name=ja("in %(num)d min", num=15)).tap()
    form.reload()
    expect(situation(form)).to_have_value("下書き")
    expect(form.get_by_role("radio", name=ja("in %(num)d min", num=15))).to_be_checked()
    expect(form.locator("#others")).to_be_attached()
    situation(form).fill("下書きです")
    expect(form.locator("#others p")).to_be_visible()
    other = open_as("bridge", f"/incidents/{incident}/updates/new")
    expect(situation(other)).to_have_value("下書きです")


def test_the_preview_shows_what_readers_will_see_while_it_is_typed(form: Page) -> None:
    form.locator("#guest_notice").fill("**ただいま**復旧作業中です。")
    expect(form.locator("#preview strong").get_by_text("ただいま")).to_be_visible()


def test_what_somebody_else_published_meanwhile_is_shown_and_nothing_is_lost(
    form: Page, stage: Scene, incident: str
) -> None:
    situation(form).fill(SITUATION)
    form.get_by_role("radio", name=ja("in %(num)d min", num=20)).tap()
    stage.publish(incident, situation="先に公開された状況です。")
    form.get_by_role("button", name=ja("Publish the update")).tap()
    expect(form.get_by_role("alert")).to_be_focused()
    expect(form.get_by_text("先に公開された状況です。").first).to_be_visible()
    expect(situation(form)).to_have_value(SITUATION)
    form.get_by_role("button", name=ja("Publish the update")).tap()
    expect(form.locator(f"#n{incident[4:]}-situation")).to_have_text(SITUATION)


def test_a_template_fills_only_what_is_empty(form: Page) -> None:
    situation(form).fill(SITUATION)
    form.locator("#not_yet").fill("")
    form.locator("#update-form button[name=template][value=ja]").tap()
    expect(form.locator("#partner_notice")).not_to_have_value("")
    expect(situation(form)).to_have_value(SITUATION)
    expect(form.locator("#guest_notice")).to_have_value("予約番号でもご入場いただけます。")
