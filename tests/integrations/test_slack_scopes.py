"""The app's manifest asks for exactly what the code uses: permissions, commands, the shortcut, events."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprints.slack.buttons import PRESSED
from blueprints.slack.commands import COMMANDS
from blueprints.slack.shortcuts import MESSAGE
from integrations import slack_buttons
from integrations.duty_facts import DutyFacts
from integrations.slack_scopes import HEARD, METHODS, NEEDED, what_for
from integrations.wording import Wording
from local_slack.registry import METHODS as KNOWN
from local_slack.registry import needed_scope
from tests.integrations.conftest import TOKYO
from tests.integrations.test_slack_messages import REPORT

pytestmark = pytest.mark.one_database
ROOT = Path(__file__).parents[2]
METHOD = re.compile(
    r'"((?:auth|bookmarks|chat|conversations|files|pins|reactions|usergroups|users|views)\.[A-Za-z.]+)"'
)


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "docs" / "slack-manifest.yaml").read_text())


def called() -> set[str]:
    """Every method of Slack that is named in the code that calls it."""
    files = [one for one in (ROOT / "integrations").glob("*.py") if one.name != "slack_scopes.py"]
    return {name for file in files for name in METHOD.findall(file.read_text())}


def test_the_table_names_every_method_that_is_called_and_no_other() -> None:
    assert set(METHODS) == called()


def test_the_manifest_asks_for_what_is_needed_and_nothing_else(manifest) -> None:
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(NEEDED)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_the_local_slack_asks_for_the_same(name: str) -> None:
    assert name in KNOWN
    if name not in ("chat.getPermalink",):
        assert {needed_scope(name, {})} <= {*METHODS[name], ""}


def test_commands_shortcut_and_events_are_those_that_are_heard(manifest) -> None:
    assert {one["command"] for one in manifest["features"]["slash_commands"]} == {f"/{name}" for name in COMMANDS}
    assert [one["callback_id"] for one in manifest["features"]["shortcuts"]] == [MESSAGE]
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == [name for name in HEARD if " " not in name]
    assert manifest["settings"]["interactivity"]["is_enabled"]


def test_its_addresses_are_the_portal_s(manifest, app) -> None:
    addresses = [one["url"] for one in manifest["features"]["slash_commands"]]
    addresses.append(manifest["settings"]["interactivity"]["request_url"])
    addresses.append(manifest["settings"]["event_subscriptions"]["request_url"])
    paths = {address.removeprefix("https://noroshi.example.jp") for address in addresses}
    assert paths == {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/slack/")}


def test_every_permission_is_for_something() -> None:
    for scope in NEEDED:
        assert what_for(scope)


def test_every_button_is_known_where_it_is_pressed() -> None:
    wording = Wording("en", TOKYO)
    blocks = [slack_buttons.report_buttons(REPORT, wording)]
    blocks += slack_buttons.reminder_message(REPORT, DutyFacts(), wording, "", True).blocks
    actions = {
        one["action_id"] for block in blocks if block and block["type"] == "actions" for one in block["elements"]
    }
    assert actions == set(PRESSED)
