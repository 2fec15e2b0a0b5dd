"""A real portal in a process of its own, a local Slack, and real Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from local_slack import LocalSlack
from tests.browser.scene import Scene, fill, opened
from tests.conftest import PASSWORD

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = next(
    (
        path
        for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
        if Path(path).exists()
    ),
    None,
)
expect.set_options(timeout=10_000)
ARGUMENTS = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


class Site:
    """The portal as people start it: `python app.py`, on a database of its own."""

    def __init__(self, folder: Path, slack: LocalSlack) -> None:
        self.folder = folder
        self.url = ""
        """Where it listens, once it was started. The system gives the port: one chosen here may be taken by then."""
        self.environment = {
            **os.environ,
            "NOROSHI_INSTANCE": str(folder),
            "PORT": "0",
            "HOST": "127.0.0.1",
            "SECRET_KEY": "for tests only",
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_TIMEOUT": "2",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self, template: Path) -> None:
        """The cast of `tests/conftest.py` and nothing else, from a database that was filled once."""
        if not template.exists():
            subprocess.run([sys.executable, "-m", "tests.browser.prepare"], cwd=ROOT, env=self.environment, check=True)
            shutil.copy(self.folder / "noroshi.sqlite3", template)
        else:
            shutil.copy(template, self.folder / "noroshi.sqlite3")

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("ab") as file:
            told = file.tell()
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=self.environment, stdout=file, stderr=file
            )
        for _ in range(400):
            # The whole line: a file that another process writes to may be seen up to the middle of one.
            ready = re.search(rb"Noroshi is ready: (\S+)\n", log.read_bytes()[told:])
            if ready:
                self.url = ready[1].decode()
                self.environment["PORT"] = self.url.rpartition(":")[2]
                return
            if self.process.poll() is not None:
                break
            # Waiting for another process to listen has no event to wait for.
            subprocess.run(["sleep", "0.05"], check=True)
        raise RuntimeError(log.read_text())

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=10)

    def cookie(self, session_id: str) -> str:
        """A session cookie as the portal would sign it: tests sign in without a form."""
        app = SimpleNamespace(secret_key="for tests only", config={"SECRET_KEY_FALLBACKS": None})
        signer = SecureCookieSessionInterface().get_signing_serializer(app)  # type: ignore[arg-type]
        assert signer
        return str(signer.dumps({"_user_id": session_id, "_fresh": True}))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database with nothing but the cast is kept."""
    return tmp_path_factory.mktemp("template") / "noroshi.sqlite3"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, slack: LocalSlack, template: Path) -> Iterator[Site]:
    """One portal a test file; its people are the cast of `tests/conftest.py`."""
    running = Site(tmp_path_factory.mktemp("site"), slack)
    running.prepare(template)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def stage(site: Site) -> Iterator[Scene]:
    """The domain's verbs on the site's database; calm at first."""
    yield from opened(site.folder, site.environment)


@pytest.fixture(scope="module")
def scene(stage: Scene) -> Scene:
    """An organisation in the middle of a morning: see `tests/browser/scene.py`."""
    fill(stage)
    return stage


PEOPLE = {"admin": "1.0", "responder": "2.0", "bridge": "3.0", "reader": "4.0", "support": "7.0"}
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
def open_as(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """`open_as("reader", "/", lang="ja", scheme="light", size=PHONE)` → a page; errors in it fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(
        who: str | None,
        path: str = "/",
        *,
        lang: str = "ja",
        scheme: str = "light",
        size: dict[str, int] = PHONE,
        javascript: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale={"ja": "ja-JP", "en": "en-GB"}[lang],
            color_scheme=scheme,  # type: ignore[arg-type]
            timezone_id="Asia/Tokyo",
            java_script_enabled=javascript,
            has_touch=size is PHONE,
            base_url=site.url,
        )
        contexts.append(context)
        context.set_default_timeout(8000)
        if who:
            context.add_cookies([{"name": "noroshi", "value": site.cookie(PEOPLE[who]), "url": site.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: _note(message.text, faults))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            _come_to_rest(page)
        context.close()
    assert faults == []


def _come_to_rest(page: Page) -> None:
    """Leaves a page that may be under way to another one, as after a test that ends with a tap.

    Chromium may forget to close a page in the middle of a navigation, and the closing waits for ever
    (microsoft/playwright#42366). The page that was under way may win once.
    """
    for _ in range(5):
        try:
            page.goto("about:blank")
            return
        except Error as error:
            if "interrupted by another navigation" not in error.message:
                raise


def _note(text: str, faults: list[str]) -> None:
    if "Content Security Policy" in text:
        faults.append(text)


@pytest.fixture
def password() -> str:
    return PASSWORD
