"""Modals, commands, shortcuts: what Slack's client would not let out, what the app's answer does, what the page shows."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
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


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict:
    return {"text": plain(value), "value": value}


def field(name: str, element: dict, optional: bool = False) -> dict:
    found = {"type": "input", "block_id": name, "label": plain(name), "element": {"action_id": "typed", **element}}
    return found | {"optional": optional}


def view(*blocks: dict, **more: object) -> dict:
    found = {"type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Send")}
    return found | {"private_metadata": "kept", "blocks": list(blocks)} | more


TITLE = field("title", {"type": "plain_text_input", "max_length": 10})
SCALE = field("scale", {"type": "radio_buttons", "options": [option("a"), option("b")]}, optional=True)
SERVICES = field("services", {"type": "multi_static_select", "options": [option("1"), option("2")]}, optional=True)
HOW = field(
    "how",
    {"type": "checkboxes", "options": [option("x"), option("y")], "initial_options": [option("x")]},
    optional=True,
)
WHEN = field("when", {"type": "datetimepicker", "initial_date_time": 1_786_412_520}, optional=True)


@contextmanager
def portal(slack: LocalSlack, answer: object = "") -> Iterator[list[tuple[bytes, dict[str, str]]]]:
    """A portal that gives one answer to everything, and keeps what it is sent."""
    received: list[tuple[bytes, dict[str, str]]] = []

    @Request.application
    def app(request: Request) -> Response:
        received.append((request.get_data(), dict(request.headers)))
        return Response(answer if isinstance(answer, str) else json.dumps(answer), mimetype="application/json")

    server = make_server("127.0.0.1", 0, app, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    slack.interactions = slack.commands = f"http://127.0.0.1:{server.port}/"
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(slack: LocalSlack, client, *blocks: dict) -> dict:
    trigger = slack.workspace.issue_trigger("U0SATO")
    client.views_open(trigger_id=trigger, view=view(*blocks))
    found = slack.modal("U0SATO")
    assert found is not None
    return found


def content(received: list[tuple[bytes, dict[str, str]]]) -> dict:
    return json.loads(parse_qs(received[-1][0].decode())["payload"][0])


def test_a_modal_is_sent_signed_with_what_was_typed(slack, client) -> None:
    opened(slack, client, TITLE, SCALE, SERVICES, HOW, WHEN)
    with portal(slack) as received:
        given = {"title": "入場", "scale": "b", "services": ["1", "2"], "when": "2026-08-11T10:42"}
        assert slack.submit(given) == (200, "")
    body, headers = received[0]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, headers)
    sent = content(received)
    assert (sent["type"], sent["user"]["id"], sent["view"]["private_metadata"]) == ("view_submission", "U0SATO", "kept")
    values = {name: field["typed"] for name, field in sent["view"]["state"]["values"].items()}
    assert values["title"] == {"type": "plain_text_input", "value": "入場"}
    assert values["scale"]["selected_option"]["value"] == "b"
    assert [one["value"] for one in values["services"]["selected_options"]] == ["1", "2"]
    assert [one["value"] for one in values["how"]["selected_options"]] == ["x"]
    assert values["when"]["selected_date_time"] == 1_786_412_520
    # An empty answer closes it.
    assert slack.modal("U0SATO") is None


@pytest.mark.parametrize(
    ("values", "error"),
    [({}, "required"), ({"title": "a" * 11}, "too_long"), ({"title": "a", "scale": "c"}, "no_such_option")],
)
def test_what_slack_s_client_would_not_send_is_not_sent(slack, client, values, error) -> None:
    opened(slack, client, TITLE, SCALE)
    with portal(slack) as received, pytest.raises(Refusal, match=error):
        slack.submit(values)
    assert received == []


def test_the_app_says_what_is_wrong_at_a_field(slack, client) -> None:
    opened(slack, client, TITLE)
    with portal(slack, {"response_action": "errors", "errors": {"title": "not so"}}):
        slack.submit({"title": "a"})
    assert slack.modal("U0SATO")["_errors"] == {"title": "not so"}


def test_a_field_that_is_not_there_cannot_be_wrong(slack, client) -> None:
    opened(slack, client, TITLE)
    with portal(slack, {"response_action": "errors", "errors": {"other": "not so"}}), pytest.raises(Refusal):
        slack.submit({"title": "a"})


def test_the_app_shows_another_modal_in_its_place(slack, client) -> None:
    before = opened(slack, client, TITLE)["id"]
    with portal(slack, {"response_action": "update", "view": view({"type": "divider"}, callback_id="told")}):
        slack.submit({"title": "a"})
    after = slack.modal("U0SATO")
    assert (after["id"], after["callback_id"], after["hash"]) == (before, "told", "2.local")


def test_another_modal_that_slack_refuses_is_refused_here(slack, client) -> None:
    opened(slack, client, TITLE)
    wrong = {"response_action": "update", "view": view({"type": "divider"}, title=plain("a" * 25))}
    with portal(slack, wrong), pytest.raises(Refusal, match="invalid_arguments"):
        slack.submit({"title": "a"})


def test_views_update_wants_the_newest_hash(slack, client, refused) -> None:
    found = opened(slack, client, TITLE)
    fresh = view({"type": "divider"})
    assert client.views_update(view_id=found["id"], hash=found["hash"], view=fresh)["view"]["hash"] == "2.local"
    refused(client.views_update, "hash_conflict", view_id=found["id"], hash="1.local", view=fresh)
    refused(client.views_update, "not_found", view_id="V0", view=fresh)


def test_a_trigger_opens_once_and_for_three_seconds(slack, client, refused) -> None:
    trigger = slack.workspace.issue_trigger("U0SATO")
    client.views_open(trigger_id=trigger, view=view(TITLE))
    refused(client.views_open, "exchanged_trigger_id", trigger_id=trigger, view=view(TITLE))
    old = slack.workspace.issue_trigger("U0SATO", seconds=-1)
    refused(client.views_open, "expired_trigger_id", trigger_id=old, view=view(TITLE))


@pytest.mark.parametrize(
    "wrong",
    [
        view({"type": "divider"}, title=plain("a" * 25)),
        view(*[{"type": "divider"}] * 101),
        view(field("f", {"type": "radio_buttons", "options": [option(str(one)) for one in range(11)]})),
        view(field("f", {"type": "static_select", "options": [option(str(one)) for one in range(101)]})),
        view(field("f", {"type": "static_select", "options": [option("a" * 76)]})),
        view(field("f", {"type": "static_select", "option_groups": [{"label": plain("g"), "options": []}]})),
        view(field("f", {"type": "static_select"})),
        view(field("f", {"type": "checkboxes", "options": [option("a")], "initial_options": [option("b")]})),
        view(field("f", {"type": "plain_text_input", "max_length": 3001})),
        view(field("f", {"type": "plain_text_input", "max_length": 3, "initial_value": "abcd"})),
        view(field("f", {"type": "plain_text_input", "hint": "x"})),
    ],
)
def test_what_no_modal_may_hold(slack, client, refused, wrong) -> None:
    refused(client.views_open, "invalid_arguments", trigger_id=slack.workspace.issue_trigger("U0SATO"), view=wrong)


def test_a_command_arrives_signed_and_its_answer_is_private(slack) -> None:
    with portal(slack, {"response_type": "ephemeral", "text": "佐藤です"}) as received:
        assert slack.command("/duty a <b>", "U0ITO")[0] == 200
    body, headers = received[0]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, headers)
    fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert (fields["command"], fields["text"], fields["user_id"]) == ("/duty", "a &lt;b&gt;", "U0ITO")
    assert fields["response_url"].startswith(slack.url)
    assert [(one["_for"], one["text"]) for one in slack.workspace.ephemerals] == [("U0ITO", "佐藤です")]
    assert slack.messages("hotline") == []


def test_a_shortcut_carries_the_message(slack, client) -> None:
    ts = client.chat_postMessage(channel="hotline", text="QR")["ts"]
    with portal(slack) as received:
        assert slack.shortcut("hotline", ts) == (200, "")
    sent = content(received)
    assert (sent["type"], sent["callback_id"], sent["message"]["text"]) == ("message_action", "report_message", "QR")
    assert sent["channel"]["name"] == "hotline"


def test_every_answer_says_what_the_token_may_do(slack, client) -> None:
    slack.scopes = frozenset({"chat:write", "commands"})
    assert client.auth_test().headers["x-oauth-scopes"] == "chat:write,commands"


# The page


def post(slack: LocalSlack, path: str, **body: object) -> tuple[int, dict]:
    request = urllib.request.Request(slack.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def test_the_page_shows_the_modal_and_sends_it(slack, client) -> None:
    found = opened(slack, client, TITLE, SCALE, SERVICES, HOW, WHEN)
    with urllib.request.urlopen(f"{slack.url}_modal?user=U0SATO") as answer:
        html = answer.read().decode()
    for part in ('name="title"', 'type="radio"', "multiple", "checked", 'value="2026-08-11T10:42"', "Form", "Send"):
        assert part in html
    with urllib.request.urlopen(f"{slack.url}_modal?user=U0ITO") as answer:
        assert answer.status == 204
    with portal(slack, {"response_action": "errors", "errors": {"title": "<b>not so</b>"}}):
        body = {"user": "U0SATO", "view": found["id"], "values": {"title": "a"}}
        assert post(slack, "_do/submit", **body) == (200, {"status": 200, "answer": ""})
        assert post(slack, "_do/submit", **(body | {"values": {}}))[0] == 404
    with urllib.request.urlopen(f"{slack.url}_modal?user=U0SATO") as answer:
        assert "&lt;b&gt;not so&lt;/b&gt;" in answer.read().decode()
    assert post(slack, "_do/close", user="U0SATO")[0] == 200
    assert slack.modal("U0SATO") is None


def test_the_page_types_commands_and_picks_shortcuts(slack, client) -> None:
    ts = client.chat_postMessage(channel="hotline", text="QR")["ts"]
    with portal(slack) as received:
        assert post(slack, "_do/command", user="U0SATO", channel="C0HOTLINE", typed="/status")[0] == 200
        assert post(slack, "_do/command", user="U0SATO", channel="C0HOTLINE", typed="")[0] == 404
        assert post(slack, "_do/shortcut", user="U0SATO", channel="C0HOTLINE", ts=ts)[0] == 200
    assert len(received) == 2
