"""What people do with messages, and that the app hears of it, signed, as Slack tells it."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from blueprints.slack.signature import is_slacks
from local_slack import LocalSlack
from local_slack.checks import Refusal
from tests.conftest import NOW

pytestmark = pytest.mark.one_database
PNG = b"\x89PNG\r\n"


@contextmanager
def app_of(slack: LocalSlack) -> Iterator[list[dict[str, Any]]]:
    """An app that keeps what it is told; `_signed`: whether it was signed."""
    heard: list[dict[str, Any]] = []

    class App(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stamp, signature = (self.headers[f"X-Slack-{name}"] for name in ("Request-Timestamp", "Signature"))
            heard.append(
                json.loads(body) | {"_signed": is_slacks(slack.signing_secret, stamp, signature, body, NOW)}
            )  # fmt: skip
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), App)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    slack.events = f"http://127.0.0.1:{server.server_port}/"
    yield heard
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(clock=NOW.timestamp) as running:
        channel = running.workspace.channel("hotline", by_name=True)
        running.workspace.join(channel, "U0NOROSHI")
        yield running


def test_a_message_a_reaction_and_its_end_an_edit_and_a_deletion(slack: LocalSlack) -> None:
    with app_of(slack) as heard:
        ts = slack.write("DB <b>", "U0ITO")["ts"]
        assert slack.react("hotline", ts, ":memo:", "U0SATO") == (200, "")
        slack.react("hotline", ts, "memo", "U0SATO")
        slack.edit("hotline", ts, "直した", "U0ITO")
        slack.delete("hotline", ts, "U0ITO")
    assert all(one["_signed"] and one["type"] == "event_callback" for one in heard)
    assert len({one["event_id"] for one in heard}) == 5
    events = [one["event"] for one in heard]
    assert [(one["type"], one.get("subtype")) for one in events] == [
        ("message", None), ("reaction_added", None), ("reaction_removed", None), ("message", "message_changed"),
        ("message", "message_deleted"),
    ]  # fmt: skip
    assert events[0]["text"] == "DB &lt;b&gt;"
    assert events[1]["item"] == {"type": "message", "channel": "C0HOTLINE", "ts": ts}
    assert events[3]["message"]["text"] == "直した"
    assert events[3]["previous_message"]["text"] == "DB &lt;b&gt;"
    assert events[4]["deleted_ts"] == ts


def test_the_same_again_has_the_same_id(slack: LocalSlack) -> None:
    with app_of(slack) as heard:
        slack.write("a")
        slack.repeat()
    assert heard[0] == heard[1]


def test_where_the_app_is_not_it_hears_nothing(slack: LocalSlack) -> None:
    with app_of(slack) as heard:
        ts = slack.write("a", channel="general")["ts"]
        slack.react("general", ts)
    assert heard == []


def test_a_reaction_is_taken_away_again(slack: LocalSlack) -> None:
    ts = slack.write("a")["ts"]
    slack.react("hotline", ts, "memo", "U0SATO")
    slack.react("hotline", ts, "memo", "U0ITO")
    assert slack.messages("hotline")[0]["reactions"] == [{"name": "memo", "users": ["U0SATO", "U0ITO"], "count": 2}]
    for user in ("U0SATO", "U0ITO"):
        slack.react("hotline", ts, "memo", user)
    assert "reactions" not in slack.messages("hotline")[0]


def test_only_one_s_own_is_edited_and_deleted(slack: LocalSlack) -> None:
    ts = slack.write("a", "U0ITO")["ts"]
    with pytest.raises(Refusal, match="cant_update_message"):
        slack.edit("hotline", ts, "b", "U0SATO")
    with pytest.raises(Refusal, match="cant_delete_message"):
        slack.delete("hotline", ts, "U0SATO")


@pytest.mark.parametrize(
    ("scopes", "token", "body"),
    [(None, "xoxb-local", PNG), ({"files:read"}, "xoxb-local", PNG), ({"chat:write"}, "xoxb-local", None), (None, "x", None)],
)  # fmt: skip
def test_a_file_is_read_by_who_may(slack: LocalSlack, scopes: set[str] | None, token: str, body: bytes | None) -> None:
    slack.scopes = frozenset(scopes) if scopes else None
    file = slack.write("", files=(("a.png", PNG),))["files"][0]
    request = urllib.request.Request(file["url_private"], headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        read = answer.read()
    assert read == body if body else b"Sign in" in read


def test_the_page_writes_reacts_edits_and_deletes(slack: LocalSlack) -> None:
    def do(what: str, **body: str) -> None:
        data = json.dumps({"user": "U0SATO", "channel": "C0HOTLINE", **body}).encode()
        request = urllib.request.Request(f"{slack.url}_do/{what}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    do("command", typed="DBを再起動")
    [message] = slack.messages("hotline")
    do("react", ts=message["ts"])
    do("edit", ts=message["ts"], typed="直した")
    [message] = slack.messages("hotline")
    assert message["text"] == "直した"
    assert message["reactions"][0]["name"] == "memo"
    do("delete", ts=message["ts"])
    assert slack.messages("hotline") == []
