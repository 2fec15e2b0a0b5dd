"""axe on every page: both languages, light and dark, phone and desktop."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.scene import PAGES, Scene

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize(
    ("lang", "scheme", "size"),
    [("ja", "light", PHONE), ("ja", "dark", DESKTOP), ("en", "dark", PHONE), ("en", "light", DESKTOP)],
    ids=["ja-light-phone", "ja-dark-desktop", "en-dark-phone", "en-light-desktop"],
)
def test_axe_finds_nothing(
    open_as: Callable[..., Page], scene: Scene, lang: str, scheme: str, size: dict[str, int]
) -> None:
    page = open_as("admin", "/", lang=lang, scheme=scheme, size=size)
    found = []
    for path in PAGES:
        page.goto(path.format(**scene.names))
        result = Axe().run(page, options=OPTIONS)
        found += [
            f"{path}: {violation['id']}: {violation['nodes'][0]['html'][:160]}" for violation in result.response["violations"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{path}: scrolls sideways by {wide} px")
    assert found == []


def test_a_planted_fault_is_found(open_as: Callable[..., Page]) -> None:
    page = open_as(None, "/login")
    page.evaluate("document.querySelector('label').remove()")
    assert [violation["id"] for violation in Axe().run(page, options=OPTIONS).response["violations"]]
