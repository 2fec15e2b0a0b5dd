"""Calls by Google Meet: an address for each of the two, whatever breaks; what is wrong is said in words."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import Result
from flask import Flask

import settings
from app import create_app
from domain import mobilising
from domain.db import db
from domain.incidents import Incident
from domain.outbox import Delivery
from integrations.calls import CallsSender, Meet, Zoom, provider
from integrations.dispatch import Dispatcher
from integrations.meet import Consent
from integrations.wording import Wording
from local_services import LocalMeet
from tests.integrations.conftest import TOKYO, Hands
from tests.integrations.declaring import BASE, declare, rows

FAULTS = ("rate_limited", "error_500", "break_before", "break_after", "cut_body", "hang_before", "hang_after")
PATHS = ("/token", "/v2/spaces")


@pytest.fixture
def meet() -> Iterator[LocalMeet]:
    with LocalMeet() as running:
        yield running


@pytest.fixture
def using(app: Flask, meet: LocalMeet, hands: Hands) -> Dispatcher:
    spaces = Meet("client", "secret", "refresh", meet.token_url, meet.api_url)
    return Dispatcher({"calls": CallsSender(spaces, BASE, wording=Wording("en", TOKYO), time_limit=0.5)}, hands)


@pytest.fixture
def work(using: Dispatcher, hands: Hands) -> Callable[[], None]:
    def all_of() -> None:
        for _ in range(40):
            if (due := using.due()) is None:
                return
            hands.at = max(hands.at, due)
            using.next()
        raise AssertionError("it does not end")

    return all_of


def calls() -> list[Delivery]:
    return [one for one in rows() if one.kind == "call.open"]


def addresses(number: int = 1) -> set[str | None]:
    found = mobilising.of(db.session.get_one(Incident, number))
    assert found is not None
    return {found.system_call, found.customer_call}


def test_each_of_the_two_calls_has_a_space_of_its_own(meet, work, hands) -> None:
    declare(hands(), page=False)
    work()
    assert addresses() == {one["meetingUri"] for one in meet.spaces}
    assert len(meet.spaces) == 2
    assert len([one for one in meet.asked if one.path == "/token"]) == 1, "a token serves until it ends"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_breaks_there_is_one_address_for_each(meet, work, hands, kind, path) -> None:
    meet.fail(kind, path, times=2)
    declare(hands(), page=False)
    work()
    assert {one.state for one in calls()} == {"sent"}
    assert len(addresses()) == 2
    assert addresses() <= {one["meetingUri"] for one in meet.spaces}


def test_a_token_that_ended_is_fetched_anew(meet, work, hands) -> None:
    declare(hands(), page=False)
    work()
    meet.revoke()
    declare(hands(), key="again", title="別の障害", page=False)
    work()
    assert len(meet.spaces) == 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"refresh": "another"}, "Token has been expired or revoked."),
        ({"client": "another"}, "The OAuth client was not found."),
        ({"enabled": False}, "Google Meet API has not been used in project 1 or it is disabled."),
    ],
)
def test_what_is_refused_says_why_and_what_to_check_and_no_secret(meet, work, hands, wrong, said) -> None:
    for name, value in wrong.items():
        setattr(meet, name, value)
    declare(hands(), page=False)
    work()
    assert {one.state for one in calls()} == {"failed"}
    error = calls()[0].error
    assert error == (
        f"Google Meet refused it ({said}). Check GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REFRESH_TOKEN."
    )


def test_what_the_settings_choose() -> None:
    google = {"GOOGLE_CLIENT_ID": "c", "GOOGLE_CLIENT_SECRET": "s", "GOOGLE_REFRESH_TOKEN": "r"}
    assert isinstance(provider(settings.DEFAULTS | google), Meet)
    assert isinstance(provider(settings.DEFAULTS | google | {"CALL_JITSI_URL": "https://jitsi.example/"}), Meet)
    assert isinstance(provider(settings.DEFAULTS | google | {"ZOOM_ACCOUNT_ID": "a"}), Zoom)
    assert provider(settings.DEFAULTS) is None


@pytest.fixture
def consent(app: Flask, meet: LocalMeet) -> Iterator[Callable[[str], Result]]:
    """Runs `flask meet-consent` and pastes an address; `{state}` in it is what the command asked with."""
    app.config.update(GOOGLE_CLIENT_ID="client", GOOGLE_CLIENT_SECRET="secret")
    before = app.extensions["meet_consent"]

    def run(pasted: str) -> Result:
        asked = Consent("client", "secret", meet.token_url)
        app.extensions["meet_consent"] = asked
        state = dict(parse_qsl(urlsplit(asked.address()).query))["state"]
        return app.test_cli_runner().invoke(args=["meet-consent"], input=pasted.format(state=state) + "\n")

    yield run
    app.extensions["meet_consent"] = before


def test_the_consent_becomes_a_setting(consent, meet) -> None:
    done = consent("http://127.0.0.1/?state={state}&code=4/code&scope=x")
    assert done.exit_code == 0, done.output
    assert "scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fmeetings.space.created" in done.output
    assert f"GOOGLE_REFRESH_TOKEN={meet.refresh}" in done.output


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("http://127.0.0.1/?state={state}&error=access_denied", "access_denied"),
        ("http://127.0.0.1/?state=another&code=4/code", "not the address"),
        ("nonsense", "not the address"),
        ("http://127.0.0.1/?state={state}&code=4/other", "Malformed auth code."),
    ],
)
def test_without_a_consent_it_says_why(consent, pasted, said) -> None:
    done = consent(pasted)
    assert done.exit_code == 1
    assert said in done.output


def test_the_consent_needs_the_client_first(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["meet-consent"])
    assert done.exit_code == 1
    assert "GOOGLE_CLIENT_ID" in done.output


def test_before_the_consent_meet_is_not_asked(tmp_path) -> None:
    client = {"GOOGLE_CLIENT_ID": "c", "GOOGLE_CLIENT_SECRET": "s"}
    assert provider(settings.DEFAULTS | client) is None
    create_app({"TESTING": True, **client}, str(tmp_path))
    with pytest.raises(settings.SettingError, match="GOOGLE_CLIENT_SECRET"):
        create_app({"TESTING": True, "GOOGLE_CLIENT_ID": "c"}, str(tmp_path))
