"""Pressed buttons: signed, in Slack's form, answered; the response_url."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs

import pytest
from slack_sdk.signature import SignatureVerifier
from werkzeug import Request, Response
from werkzeug.serving import make_server

from local_slack import LocalSlack
from local_slack.checks import Refusal
from local_slack.server import QuietHandler

pytestmark = pytest.mark.one_database


@contextmanager
def portal(status: int = 200) -> Iterator[tuple[str, list[tuple[bytes, dict[str, str]]]]]:
    """A portal that keeps what it is sent."""
    received: list[tuple[bytes, dict[str, str]]] = []

    @Request.application
    def app(request: Request) -> Response:
        received.append((request.get_data(), dict(request.headers)))
        return Response("了解", status)

    server = make_server("127.0.0.1", 0, app, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}/slack/interactions", received
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def ts(client: Any) -> str:
    button = {
        "type": "button",
        "action_id": "acknowledge",
        "value": "42",
        "text": {"type": "plain_text", "text": "確認します"},
    }
    blocks = [{"type": "actions", "block_id": "verdict", "elements": [button]}]
    return client.chat_postMessage(channel="hotline", text="a", blocks=blocks)["ts"]


def send(url: str, body: object) -> tuple[int, str]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_a_click_arrives_signed(slack: LocalSlack, ts) -> None:
    with portal() as (address, received):
        slack.interactions = address
        assert slack.click("hotline", ts, "acknowledge", "U0ITO") == (200, "了解")
    body, headers = received[0]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, headers)
    content = json.loads(parse_qs(body.decode())["payload"][0])
    assert (content["type"], content["user"]["id"], content["channel"]["id"]) == ("block_actions", "U0ITO", "C0HOTLINE")
    action = content["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("acknowledge", "verdict", "42")
    assert content["message"]["ts"] == ts


def test_the_page_sends_the_click_and_shows_the_answer(slack, ts) -> None:
    body = {"channel": "C0HOTLINE", "ts": ts, "action_id": "acknowledge", "user": "U0SATO"}
    with portal(422) as (address, _):
        slack.interactions = address
        status, answer = send(f"{slack.url}_click", body)
    assert status == 200
    assert json.loads(answer) == {"status": 422, "answer": "了解"}
    assert send(f"{slack.url}_click", {**body, "action_id": "other"})[0] == 404


def test_a_portal_that_is_away_is_status_0(slack, ts) -> None:
    with portal() as (address, _):
        pass
    slack.interactions = address
    assert slack.click("hotline", ts, "acknowledge")[0] == 0


def test_the_response_url_replaces_whispers_and_runs_out(slack, ts) -> None:
    url = slack.interaction("hotline", ts, "acknowledge")["response_url"]
    assert send(url, {"text": "佐藤さんが確認しています", "replace_original": True})[0] == 200
    assert slack.messages("hotline")[0]["text"] == "佐藤さんが確認しています"
    assert "blocks" not in slack.messages("hotline")[0]
    assert send(url, {"text": "あなたにだけ"})[0] == 200
    assert slack.workspace.ephemerals[0]["_for"] == "U0SATO"
    for _ in range(3):
        assert send(url, {"text": "みなさんへ", "response_type": "in_channel"})[0] == 200
    assert send(url, {"text": "a"})[0] == 404
    assert len(slack.messages("hotline")) == 4


def test_the_trigger_opens_a_view(slack, client, ts) -> None:
    trigger = slack.interaction("hotline", ts, "acknowledge")["trigger_id"]
    view = {"type": "modal", "title": {"type": "plain_text", "text": "確認"}, "blocks": [{"type": "divider"}]}
    assert client.views_open(trigger_id=trigger, view=view)["ok"]
    assert slack.workspace.views[0]["_user"] == "U0SATO"


def test_there_is_no_such_button(slack, ts) -> None:
    with pytest.raises(Refusal, match="action_not_found"):
        slack.interaction("hotline", ts, "other")


def test_a_request_can_be_signed_for_tests(slack) -> None:
    body = b"command=%2Freport"
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, slack.sign(body))
    assert not SignatureVerifier(slack.signing_secret).is_valid_request(body, slack.sign(body, at=1))
