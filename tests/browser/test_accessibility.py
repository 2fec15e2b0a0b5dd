"""axe on every page: both languages, light and dark, phone and desktop; nothing scrolls sideways at 320 px."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.scene import PAGES, Scene
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = ["color-contrast", "target-size"]
"""The rules whose outcome depends on colours and size; all others see the same page in any scheme."""
NARROW = {"width": 320, "height": 640}


@pytest.mark.parametrize(
    ("lang", "first", "then"),
    [("ja", ("light", PHONE), ("dark", DESKTOP)), ("en", ("dark", PHONE), ("light", DESKTOP))],
    ids=["ja", "en"],
)
def test_axe_finds_nothing(
    open_as: Callable[..., Page], scene: Scene, lang: str, first: tuple[str, Any], then: tuple[str, Any]
) -> None:
    page = open_as("admin", "/login", lang=lang, scheme=first[0], size=first[1])
    page.context.add_init_script(path=AXE_FILE_PATH)
    found = []
    for path in PAGES:
        _dress(page, *first)
        page.goto(path.format(**scene.names))
        found += [f"{path} {fault}" for fault in faults(page, TAGS)]
        _dress(page, *then)
        found += [f"{path} ({then[0]}) {fault}" for fault in faults(page, LOOKS)]
        found += [f"{path} {fault}" for fault in sideways(page)]
    assert found == []


def test_a_refused_form_is_as_good_as_any_page(open_as: Callable[..., Page], site: object) -> None:
    page = open_as("reader", "/reports/new")
    page.context.add_init_script(path=AXE_FILE_PATH)
    page.get_by_role("button", name=ja("Send the report")).click()
    assert page.locator("#summary").evaluate("summary => summary === document.activeElement")
    assert page.title().startswith(ja("Error:"))
    assert faults(page, TAGS) == []


def test_a_planted_fault_is_found(open_as: Callable[..., Page]) -> None:
    page = open_as(None, "/login")
    page.context.add_init_script(path=AXE_FILE_PATH)
    page.reload()
    page.locator("label").first.evaluate("label => label.remove()")
    page.locator("main form").evaluate("form => { form.style.width = '500px'; }")
    assert any(fault.startswith("label:") for fault in faults(page, TAGS))
    assert sideways(page)


def faults(page: Page, rules: list[str]) -> list[str]:
    """What axe finds in the page as it stands."""
    found = page.evaluate(
        "rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then(result => result.violations)",
        rules,
    )
    return [f"{violation['id']}: {node['html'][:160]}" for violation in found for node in violation["nodes"]]


def sideways(page: Page) -> list[str]:
    """By how much the page is wider than the narrowest phone."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"scrolls sideways by {wide} px"] if wide > 0 else []


def _dress(page: Page, scheme: Any, size: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
