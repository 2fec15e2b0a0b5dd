"""The bridge's desk on a phone: an update in six taps at most, live beside what is typed, without a script as well."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from domain import incidents, questions, timeline
from domain.copies import Copy
from domain.db import db
from domain.people import Person
from tests.browser.conftest import DESKTOP
from tests.browser.scene import Scene
from tests.browser.test_accessibility import LOOKS, TAGS, faults, sideways
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

COUNT = """
addEventListener("pointerdown", (event) => {
  if (event.isTrusted) sessionStorage.taps = Number(sessionStorage.taps || 0) + 1;
}, { capture: true });
"""
MOST = 6
"""Taps that publishing takes, beside the words."""


@pytest.fixture
def incident(stage: Scene) -> Iterator[str]:
    code = stage.declare("入場ゲートの不調")
    yield code
    stage.close_incident(code)


def note(stage: Scene, code: str, text: str) -> None:
    def act() -> None:
        incident = incidents.by_code(code)
        assert incident
        timeline.add(incident, text, by=db.session.get_one(Person, 2), at=datetime.now(UTC), for_bridge=True)

    stage.write(act)


def correct(stage: Scene, code: str, notice: str) -> None:
    def act() -> None:
        incident, at = incidents.by_code(code), datetime.now(UTC)
        assert incident
        assert incident.latest
        incident.publish(
            key=f"c{at:%f}", by=db.session.get_one(Person, 3), at=at, state="investigating", corrects=incident.latest.id,
            words={"situation": "訂正します。", "guest_notice": notice}, next_update_at=at + timedelta(minutes=9),
        )  # fmt: skip

    stage.write(act)


def typed(field: Locator, words: str) -> None:
    """As on a phone: a tap into the field, and then the keyboard."""
    field.tap()
    field.press("ControlOrMeta+a")
    field.press_sequentially(words)


def test_publishing_takes_six_taps_at_most_beside_the_words(
    open_as: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_as("bridge", f"/incidents/{incident}")
    page.context.add_init_script(COUNT)
    page.goto(f"/incidents/{incident}/desk")
    page.get_by_role("radio", name=ja("Cause found"), exact=True).tap()
    typed(page.get_by_label(ja("Situation"), exact=True), "ゲート3番の読み取り機を交換しています。")
    typed(page.get_by_label(ja("What to tell guests"), exact=True), "ほかのゲートをご利用ください。")
    typed(page.get_by_label(ja("What to tell partners"), exact=True), "ゲート3番を閉めてください。")
    page.get_by_role("radio", name=ja("in %(num)d min", num=15)).tap()
    page.get_by_role("button", name=ja("Publish the update")).tap()
    expect(page.locator("#desk-said")).to_contain_text("ゲート3番の読み取り機を交換しています。")
    taps = int(page.evaluate("sessionStorage.taps"))
    assert 0 < taps <= MOST
    said = stage.read(
        lambda: (
            found := incidents.by_code(incident)) and found.latest
            and (found.latest.state, found.latest.guest_notice, found.latest.partner_notice)
    )  # fmt: skip
    assert said == ("identified", "ほかのゲートをご利用ください。", "ゲート3番を閉めてください。")


def test_what_comes_in_shows_at_once_and_leaves_what_is_typed_alone(
    open_as: Callable[..., Page], stage: Scene, incident: str
) -> None:
    page = open_as("bridge", f"/incidents/{incident}/desk", size=DESKTOP)
    situation = page.get_by_label(ja("Situation"), exact=True)
    situation.fill("書きかけの文です")
    note(stage, incident, "v4.12.1へ戻しました")
    expect(page.locator("#desk-news")).to_contain_text("v4.12.1へ戻しました")
    expect(situation).to_be_focused()
    expect(situation).to_have_value("書きかけの文です")
    stage.write(lambda: questions.ask(
        incidents.by_code(incident), "返金はありますか", key="q", by=db.session.get_one(Person, 4), at=datetime.now(UTC)
    ))  # fmt: skip
    expect(page.locator("#desk-questions")).to_contain_text("返金はありますか")


def test_one_tap_keeps_a_sentence_for_our_own_people(open_as: Callable[..., Page], incident: str) -> None:
    page = open_as("bridge", f"/incidents/{incident}/desk")
    situation = page.get_by_label(ja("Situation"), exact=True)
    situation.fill("入場できません。原因は委託先です。お待ちください。")
    situation.evaluate("area => area.setSelectionRange(12, 12)")
    button = page.locator("[data-mark='#situation']")
    button.tap()
    expect(situation).to_have_value("入場できません。[[原因は委託先です。]]お待ちください。")
    expect(page.locator("#preview mark")).to_contain_text("原因は委託先です。")


def test_whoever_copied_what_is_corrected_sees_it_at_once(
    open_as: Callable[..., Page], stage: Scene, incident: str
) -> None:
    reader, other = (open_as(who, f"/incidents/{incident}") for who in ("reader", "responder"))
    with reader.expect_response("**/copied"):
        reader.locator(f"#n{incident[4:]}-guest-notice-box").get_by_role("button").tap()
    assert stage.read(lambda: len(db.session.scalars(select(Copy)).all())) == 1
    correct(stage, incident, "正しい案内文です。")
    expect(reader.locator("#copied")).to_contain_text("正しい案内文です。")
    reader.context.add_init_script(path=AXE_FILE_PATH)
    reader.reload()
    assert faults(reader, TAGS) == []
    reader.get_by_role("button", name=ja("I have seen it")).tap()
    expect(reader.locator("#copied")).to_be_empty()
    expect(other.locator(".smoke")).to_contain_text("訂正します。")
    assert other.locator("#copied").inner_text() == ""


def test_it_works_without_a_script(open_as: Callable[..., Page], stage: Scene, incident: str) -> None:
    note(stage, incident, "配信率62%")
    page = open_as("bridge", f"/incidents/{incident}/desk", javascript=False)
    expect(page.locator("#desk-news")).to_contain_text("配信率62%")
    page.locator("#situation").fill("順に読み取れるようになっています。[[委託先と確認中です。]]")
    page.get_by_label(ja("in %(num)d min", num=15)).check()
    page.get_by_role("button", name=ja("Publish the update")).tap()
    expect(page.locator("#desk-said")).to_contain_text("順に読み取れるようになっています。")
    expect(page.locator("#desk-said mark").first).to_contain_text("委託先と確認中です。")


@pytest.mark.parametrize(("lang", "scheme"), [("ja", "light"), ("en", "dark")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    open_as: Callable[..., Page], stage: Scene, incident: str, lang: str, scheme: str
) -> None:
    note(stage, incident, "とても長い事実" * 12)
    page = open_as("bridge", f"/incidents/{incident}", lang=lang, scheme=scheme)
    page.context.add_init_script(path=AXE_FILE_PATH)
    page.goto(f"/incidents/{incident}/desk")
    assert faults(page, TAGS) == []
    assert sideways(page) == []
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    assert faults(page, LOOKS) == []
