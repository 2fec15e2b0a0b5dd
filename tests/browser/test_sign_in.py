"""Coming in and leaving: the form, the first administrator, the language, signing out."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from local_slack import LocalSlack
from tests.browser.conftest import ROOT, Site
from tests.browser.words import ja

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


def sign_in(page: Page, password: str) -> None:
    page.get_by_label(ja("Email address")).fill("reader@example.jp")
    page.get_by_label(ja("Password")).fill(password)
    page.get_by_role("button", name=ja("Sign in")).tap()


def test_signing_in_leads_to_the_page_that_was_asked_for(open_as: Callable[..., Page], password: str) -> None:
    page = open_as(None, "/roster?from=bookmark")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    sign_in(page, password)
    expect(page).to_have_url(re.compile(r"/roster\?from=bookmark$"))


def test_a_wrong_password_keeps_the_address_and_says_so(open_as: Callable[..., Page], password: str) -> None:
    page = open_as(None, "/login")
    sign_in(page, "not the password")
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label(ja("Email address"))).to_have_value("reader@example.jp")
    expect(page.get_by_label(ja("Password"))).to_have_value("")
    sign_in(page, password)
    expect(page).to_have_url(re.compile(r"/$"))


def test_signing_out_ends_it_here(open_as: Callable[..., Page]) -> None:
    page = open_as("reader", "/")
    page.get_by_role("button", name=ja("Sign out")).tap()
    expect(page).to_have_url(re.compile("/login"))
    page.go_back()
    page.goto("/")
    expect(page).to_have_url(re.compile("/login"))


def test_signing_out_ends_the_other_tabs_of_the_browser(open_as: Callable[..., Page]) -> None:
    page = open_as("reader", "/logout")
    board = page.context.new_page()
    board.goto(page.url.replace("/logout", "/"))
    page.get_by_role("main").get_by_role("button", name=ja("Sign out")).tap()
    expect(board).to_have_url(re.compile("/login"))


def test_the_language_is_one_tap_away_and_stays(open_as: Callable[..., Page], password: str) -> None:
    page = open_as(None, "/login")
    page.get_by_role("button", name="English").tap()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="日本語").tap()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    sign_in(page, password)
    page.get_by_role("button", name="English").tap()
    expect(page.get_by_role("link", name="Report", exact=True)).to_be_visible()
    other = open_as("reader", "/history")
    expect(other.locator("html")).to_have_attribute("lang", "en")


@pytest.fixture
def empty_site(slack: LocalSlack, tmp_path: Path) -> Iterator[Site]:
    """A portal in which nobody is yet."""
    fresh = Site(tmp_path, slack)
    migrate = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    subprocess.run(migrate, cwd=ROOT, env=fresh.environment, check=True, capture_output=True)
    fresh.start()
    yield fresh
    fresh.stop()


def first_link(page: Page, site: Site) -> str:
    """What the terminal shows; it is printed just after the port answers."""
    for _ in range(500):
        if link := re.search(r"\S+/first/\S+", (site.folder / "log").read_text()):
            return link[0]
        page.wait_for_timeout(20)
    raise AssertionError((site.folder / "log").read_text())


def test_the_link_in_the_terminal_makes_the_first_administrator(open_as: Callable[..., Page], empty_site: Site) -> None:
    page = open_as(None, "/login")
    link = first_link(page, empty_site)
    page.goto(link)
    page.get_by_label(ja("Name"), exact=True).fill("狼煙 花子")
    page.get_by_label(ja("Email address")).fill("hanako@example.jp")
    for field in page.locator("input[type=password]").all():
        field.fill("a long sentence of mine")
    page.get_by_role("button", name=ja("Save and sign in")).tap()
    expect(page.get_by_role("link", name=ja("Administration"), exact=True)).to_be_visible()
    page.goto(link)
    expect(page.locator("input[type=password]")).to_have_count(0)
