"""What goes wrong on demand, as a client sees it, and whether the message is there afterwards."""

import http.client
import json
import threading
import urllib.request
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from local_slack import LocalSlack

pytestmark = pytest.mark.one_database
BROKEN = (URLError, OSError, http.client.HTTPException)


def post(client: WebClient) -> None:
    client.chat_postMessage(channel="hotline", text="a")


def test_rate_limited_says_how_long(slack, client) -> None:
    slack.faults.add("rate_limited", retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        post(client)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    post(client)
    assert len(slack.messages("hotline")) == 1
    assert slack.faults.fired == [("rate_limited", "chat.postMessage")]


def test_an_html_page_instead_of_an_answer(slack, client) -> None:
    slack.faults.add("error_500_html")
    with pytest.raises(SlackApiError, match="Something went wrong"):
        post(client)
    assert slack.messages("hotline") == []


def test_any_error_in_json(slack, client, refused) -> None:
    slack.faults.add("error_json", method="*", times=2, error="account_inactive")
    refused(client.auth_test, "account_inactive")
    refused(client.auth_test, "account_inactive")
    assert client.auth_test()["ok"]


@pytest.mark.parametrize(("kind", "there"), [("break_before", 0), ("break_after", 1), ("cut_body", 1)])
def test_a_lost_answer(slack, client, kind, there) -> None:
    slack.faults.add(kind)
    with pytest.raises(BROKEN):
        post(client)
    assert len(slack.messages("hotline")) == there
    post(client)


@pytest.mark.parametrize(("kind", "there"), [("hang_before", 0), ("hang_after", 1)])
def test_a_hanging_call_ends_with_the_server(slack, client, kind, there) -> None:
    slack.faults.add(kind, seconds=60)
    ended: list[bool] = []

    def call() -> None:
        try:
            post(client)
        except BROKEN:
            ended.append(True)

    thread = threading.Thread(target=call)
    thread.start()
    assert slack.wait_until(lambda: slack.faults.fired)
    assert there == 0 or slack.wait_until(lambda: slack.workspace.channel("C0HOTLINE").messages)
    slack.stop()
    thread.join(5)
    assert ended == [True]
    assert len(slack.messages("hotline")) == there


def test_a_short_hang_outlasts_a_short_patience(slack) -> None:
    slack.faults.add("hang_after", seconds=60)
    hasty = WebClient(slack.token, base_url=slack.api_url, retry_handlers=[], timeout=0.1)
    with pytest.raises(TimeoutError):
        hasty.chat_postMessage(channel="hotline", text="a")


def test_away_until_lifted(slack, client) -> None:
    slack.faults.add("away")
    for _ in range(3):
        with pytest.raises(BROKEN):
            client.auth_test()
    slack.faults.lift("away")
    assert client.auth_test()["ok"]


def test_the_first_calls_may_be_let_through(slack, client, refused) -> None:
    slack.faults.add("error_json", after=1)
    post(client)
    refused(client.chat_postMessage, "internal_error", channel="hotline", text="b")


def test_stopping_for_real_keeps_the_workspace(slack, client) -> None:
    post(client)
    port = slack.port
    slack.stop()
    with pytest.raises(URLError):
        post(client)
    slack.start()
    assert slack.port == port
    post(client)
    assert len(slack.messages("hotline")) == 2


def run_of(seed: int) -> list[tuple[str, str]]:
    with LocalSlack() as slack:
        slack.faults.random(seed, 0.5)
        client = WebClient(slack.token, base_url=slack.api_url, retry_handlers=[])
        for _ in range(20):
            try:
                post(client)
            except (SlackApiError, *BROKEN):
                continue
        return slack.faults.fired


def test_chance_repeats_itself() -> None:
    assert run_of(7) == run_of(7) != []


def test_an_unknown_kind_is_refused(slack) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        slack.faults.add("earthquake")


def control(slack: LocalSlack, method: str, path: str, body: object = None) -> tuple[int, dict]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{slack.url}_control/{path}", data, {"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def test_control_from_outside(slack, client, refused) -> None:
    assert control(slack, "POST", "faults", {"kind": "error_json", "times": 2, "error": "fatal_error"})[0] == 200
    refused(client.chat_postMessage, "fatal_error", channel="hotline", text="a")
    assert control(slack, "GET", "faults")[1]["pending"][0]["times"] == 1
    assert control(slack, "POST", "faults", {"kind": "earthquake"})[0] == 400
    assert control(slack, "DELETE", "faults")[0] == 200
    client.chat_postMessage(channel="hotline", text="<!here>", metadata={"event_type": "a", "event_payload": {"k": 1}})
    message = control(slack, "GET", "messages?channel=hotline")[1]["messages"][0]
    assert (message["_pings"], message["metadata"]["event_payload"]) == (["here"], {"k": 1})
    assert control(slack, "GET", "messages?channel=nowhere")[0] == 404


def test_real_tiers_when_wanted() -> None:
    with LocalSlack(rate_limits=True) as slack:
        client = WebClient(slack.token, base_url=slack.api_url, retry_handlers=[])
        for _ in range(20):
            client.conversations_list()
        with pytest.raises(SlackApiError) as caught:
            client.conversations_list()
        assert caught.value.response.status_code == 429
        assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 61
