"""The kept roster without a network, later: who took over since, or that it is no longer certain; never after a day."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from domain.db import db
from domain.roster import Override
from tests.browser.scene import DEPUTY, RESPONDER, Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
CARD = "#area-system"
IN_CHARGE, NEXT = "伊藤 航", "岡本 沙織"
WAIT = "async () => { while (!(await caches.match('/roster'))) await new Promise(r => setTimeout(r, 30)); }"


@pytest.fixture(scope="module")
def handover(scene: Scene) -> datetime:
    """The deputy covers the responder for two hours from now, and again for an hour five hours from now."""
    now = datetime.now(UTC).replace(microsecond=0)
    hours = [(timedelta(minutes=-5), timedelta(hours=2)), (timedelta(hours=5), timedelta(hours=9))]

    def cover() -> None:
        for start, end in hours:
            db.session.add(
                Override(
                    kind="cover", person_id=DEPUTY, for_person_id=RESPONDER, area_id=3, starts_at=now + start,
                    ends_at=now + end, recorded_at=now,
                )
            )  # fmt: skip

    scene.write(cover)
    return now + timedelta(hours=2)


@pytest.fixture
def later(open_as: Callable[..., Page], handover: datetime) -> Callable[..., Page]:
    """The roster that was kept now, looked at without a network after some time."""

    def look(**span: float) -> Page:
        page = open_as("reader", "/")
        page.wait_for_function("() => navigator.serviceWorker.controller")
        page.evaluate(WAIT)
        page.context.set_offline(True)
        page.clock.set_fixed_time(datetime.now(UTC) + timedelta(**span))
        page.goto("/roster")
        expect(page.locator("#connection")).to_contain_text(re.compile(r"\d{1,2}:\d\d"))
        return page

    return look


def test_before_the_hand_over_nothing_is_different(later: Callable[..., Page]) -> None:
    card = later(hours=1).locator(CARD)
    expect(card.locator(".lit")).to_contain_text(IN_CHARGE)
    expect(card.get_by_text(ja("In charge now"), exact=True)).to_be_visible()
    expect(card.locator("[data-when='next']")).to_be_hidden()


def test_after_it_the_one_who_took_over_stands_first_and_can_be_called(later: Callable[..., Page]) -> None:
    card = later(hours=3).locator(CARD)
    took_over = card.locator("[data-when='next']")
    expect(took_over).to_contain_text(NEXT)
    expect(took_over.locator("a[href='tel:+819000000119']")).to_be_visible()
    expect(card.get_by_text(ja("In charge now"), exact=True)).to_be_hidden()
    expect(card.locator("[data-when='unsure']")).to_be_hidden()


def test_after_a_further_one_it_is_no_longer_certain(later: Callable[..., Page]) -> None:
    card = later(hours=6).locator(CARD)
    expect(card.locator("[data-when='unsure']")).to_be_visible()
    expect(card.locator("[data-when='next']")).to_be_hidden()
    expect(card.get_by_text(ja("In charge now"), exact=True)).to_be_hidden()


def test_a_copy_older_than_a_day_shows_no_numbers(later: Callable[..., Page]) -> None:
    page = later(hours=25)
    expect(page.locator("#too-old")).to_be_visible()
    expect(page.locator("#yesterday")).to_be_visible()
    expect(page.locator("main a[href^='tel:']")).to_have_count(0)


def test_a_page_that_is_live_is_left_to_the_server(open_as: Callable[..., Page], handover: datetime) -> None:
    page = open_as("reader", "/roster")
    expect(page.locator(CARD)).not_to_have_attribute("data-passed", "")
    expect(page.locator(f"{CARD} [data-when='next']").first).to_be_hidden()
