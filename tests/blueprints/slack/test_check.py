"""`flask slack check`: every planted mistake in words, exit 1; nothing wrong, exit 0."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask import Flask

from integrations.slack_check import Check
from integrations.slack_scopes import NEEDED
from integrations.wording import Wording
from local_slack import LocalSlack

pytestmark = pytest.mark.one_database
ROOT = Path(__file__).parents[3]
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@pytest.fixture
def slack() -> Any:
    with LocalSlack() as running:
        running.scopes = NEEDED
        yield running


@pytest.fixture
def check(app: Flask, slack: LocalSlack) -> Callable[..., Result]:
    """Runs the command with some settings otherwise."""

    def run(locale: str = "en", **otherwise: Any) -> Result:
        wording = Wording(locale, ZoneInfo("Asia/Tokyo"), str(ROOT / "translations"))
        given = {
            "token": slack.token, "signing_secret": SECRET, "api_url": slack.api_url, "hotline": "#hotline",
            "base_url": "https://noroshi.example.jp", "wording": wording,
        }  # fmt: skip
        app.extensions["slack_check"] = Check(**{**given, **otherwise})
        return app.test_cli_runner().invoke(args=["slack", "check"])

    return run


def test_all_is_well(check) -> None:
    found = check()
    assert found.exit_code == 0, found.output
    assert "✗" not in found.output
    assert "青葉チケット" in found.output
    assert "All permissions are there" in found.output
    assert "joins it with the first message" in found.output
    assert "type /status" in found.output
    assert "app_mention, message.channels, reaction_added, reaction_removed" in found.output
    assert "https://noroshi.example.jp/slack/" in found.output


def archive(slack: LocalSlack) -> None:
    slack.workspace.channel("hotline", by_name=True).is_archived = True


def remove(slack: LocalSlack) -> None:
    del slack.workspace.channels["C0HOTLINE"]


def hide(slack: LocalSlack) -> None:
    slack.workspace.channel("hotline", by_name=True).is_private = True


PLANTED: dict[str, tuple[dict[str, Any], Callable[[LocalSlack], Any] | None, str]] = {
    "no token": ({"token": None}, None, "SLACK_BOT_TOKEN is not set"),
    "another token": ({"token": "xoxb-old"}, None, "Slack refuses the token (invalid_auth)"),
    "a revoked token": (
        {},
        lambda slack: slack.faults.add("error_json", "auth.test", error="token_revoked"),
        "refuses the token (token_revoked)",
    ),
    "a person's token": ({}, lambda slack: None, ""),
    "no answer": ({"api_url": "http://127.0.0.1:9/api/"}, None, "cannot be reached at http://127.0.0.1:9/api/"),
    "slack is broken": ({}, lambda slack: slack.faults.add("error_500_html", "auth.test"), "cannot be reached"),
    "slack is busy": ({}, lambda slack: slack.faults.add("rate_limited", "auth.test"), "Slack answers, but not well"),
    "no channel": ({"hotline": "hotlime"}, None, "There is no channel #hotlime"),
    "no channel of this id": ({"hotline": "C0NOTHERE0"}, None, "There is no channel #C0NOTHERE0"),
    "the channel is gone": ({}, remove, "There is no channel #hotline"),
    "the channel is archived": ({}, archive, "#hotline is archived"),
    "an id of an archived channel": ({"hotline": "C0HOTLINE"}, archive, "is archived"),
    "the channel is private": ({}, hide, "There is no channel #hotline that the app can see"),
    "the app is not in the private channel": ({"hotline": "C0HOTLINE"}, hide, "which is private"),
    "the channels cannot be read": (
        {},
        lambda slack: slack.faults.add("error_json", "conversations.list", error="internal_error"),
        "The channels could not be read (internal_error)",
    ),
    "no signing secret": ({"signing_secret": None}, None, "SLACK_SIGNING_SECRET is not set"),
    "the token in its place": ({"signing_secret": "xoxb-1-2"}, None, "SLACK_SIGNING_SECRET is no signing secret"),
    "two lines in its place": ({"signing_secret": "a b"}, None, "SLACK_SIGNING_SECRET is no signing secret"),
    **{
        f"without {scope}": (
            {},
            lambda slack, scope=scope: setattr(slack, "scopes", NEEDED - {scope}),
            f"The permission {scope} is missing",
        )
        for scope in sorted(NEEDED)
    },
}
del PLANTED["a person's token"]


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_explained(check, slack, mistake: str) -> None:
    otherwise, plant, sentence = PLANTED[mistake]
    if plant:
        plant(slack)
    found = check(**otherwise)
    assert found.exit_code == 1
    assert sentence in found.output
    wrong = [line for line in found.output.splitlines() if line.startswith("✗")]
    assert len(wrong) == 1, wrong
    assert "Traceback" not in found.output


def test_a_token_of_a_person_is_seen(check, monkeypatch) -> None:
    from local_slack.registry import METHODS, Method

    person = {"url": "", "team": "青葉チケット", "user": "sato", "team_id": "T1", "user_id": "U0SATO"}
    monkeypatch.setitem(METHODS, "auth.test", Method(lambda call: person, (), 600))
    found = check()
    assert found.exit_code == 1
    assert "The token is a person's" in found.output


def test_more_than_needed_is_said_and_is_no_fault(check, slack) -> None:
    slack.scopes = NEEDED | {"admin"}
    found = check()
    assert found.exit_code == 0
    assert "More than needed: admin" in found.output


def test_an_address_that_slack_does_not_reach_is_said(check) -> None:
    assert "BASE_URL is no https:// address" in check(base_url="http://127.0.0.1:8000").output


def test_it_says_so_in_japanese(check) -> None:
    output = check("ja", token=None, signing_secret=None).output
    assert "SLACK_BOT_TOKENが設定されていないため" in output
    assert "SLACK_SIGNING_SECRETが設定されていないため" in output


def test_the_channel_of_the_customer_side_is_looked_at_where_there_is_one(check, slack) -> None:
    missing = check(customers="customers")
    assert missing.exit_code == 1
    assert "There is no channel #customers" in missing.output
    assert "SLACK_CUSTOMER_CHANNEL" in missing.output
    slack.workspace.create("customers", "U0OKAMOTO")
    assert check(customers="customers").exit_code == 0
