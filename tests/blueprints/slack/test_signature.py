"""What is not Slack's gets a 4xx in words, and changes nothing."""

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain.db import db
from domain.hotline import Report
from domain.outbox import Delivery
from tests.conftest import NOW

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
PATHS = ("/slack/commands", "/slack/interactions", "/slack/events")
BODY = urlencode({"command": "/hotline", "text": "QR", "user_id": "U0OKAMOTO", "trigger_id": "1.2"}).encode()
STAMP = str(int(NOW.timestamp()))


@pytest.fixture(autouse=True)
def secret(app: Flask) -> None:
    app.config["SLACK_SIGNING_SECRET"] = SECRET


def signature(body: bytes = BODY, stamp: str = STAMP, secret: str = SECRET) -> str:
    base = b"v0:" + stamp.encode("utf-8", "surrogateescape") + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def headers(stamp: str | None = STAMP, sign: str | None = None) -> dict[str, str]:
    found = {"Content-Type": "application/x-www-form-urlencoded"}
    if stamp is not None:
        found["X-Slack-Request-Timestamp"] = stamp
    if sign is not None:
        found["X-Slack-Signature"] = sign
    return found


def ago(seconds: int) -> str:
    return str(int(NOW.timestamp()) - seconds)


FORGERIES: dict[str, tuple[dict[str, str], bytes]] = {
    "nothing at all": (headers(None), BODY),
    "no signature": (headers(), BODY),
    "no time": (headers(None, signature()), BODY),
    "empty": (headers("", ""), BODY),
    "another secret": (headers(STAMP, signature(secret="guessed")), BODY),
    "another body": (headers(STAMP, signature()), BODY + b"&x=1"),
    "the time is no number": (headers("soon", signature(stamp="soon")), BODY),
    "the time is a float": (headers(f"{STAMP}.0", signature(stamp=f"{STAMP}.0")), BODY),
    "the time is negative": (headers("-1", signature(stamp="-1")), BODY),
    "the time has other digits": (headers("１７８６", signature(stamp="１７８６")), BODY),
    "the time is endless": (headers("9" * 400, signature(stamp="9" * 400)), BODY),
    "five minutes and one second old": (headers(ago(301), signature(stamp=ago(301))), BODY),
    "of the future": (headers(ago(-301), signature(stamp=ago(-301))), BODY),
    "the signature is not ASCII": (headers(STAMP, "v0=é"), BODY),
    "the signature is Japanese": (headers(STAMP, "署名"), BODY),
    "another version": (headers(STAMP, signature().replace("v0=", "v1=")), BODY),
    "without a version": (headers(STAMP, signature().removeprefix("v0=")), BODY),
    "the body is not UTF-8": (headers(STAMP, "v0=00"), b"\xff\xfe\x00"),
}


def changed() -> int:
    db.session.rollback()
    return len(db.session.query(Report).all()) + len(db.session.query(Delivery).all())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_in_words(client: FlaskClient, path: str, forgery: str) -> None:
    given, body = FORGERIES[forgery]
    environ = {f"HTTP_{name.upper().replace('-', '_')}": _wire(value) for name, value in given.items()}
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    answer = client.post(path, data=body, environ_overrides=environ)
    assert answer.status_code == 401
    assert "SLACK_SIGNING_SECRET" in answer.get_json()["error"]
    assert changed() == 0


def _wire(value: str) -> str:
    """As WSGI hands a header's bytes over."""
    return value.encode().decode("latin-1")


@pytest.mark.parametrize("path", PATHS)
def test_without_a_secret_nothing_is_believed(app: Flask, client: FlaskClient, path: str) -> None:
    app.config["SLACK_SIGNING_SECRET"] = None
    answer = client.post(path, data=BODY, headers=headers(STAMP, signature(secret="")))
    assert answer.status_code == 401
    assert changed() == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/slack/interactions", b""),
        ("/slack/interactions", b"payload="),
        ("/slack/interactions", b"payload=%7B"),
        ("/slack/interactions", b"payload=[]"),
        ("/slack/interactions", b"\xff\xfe"),
        ("/slack/interactions", b"payload=" + b"[" * 30_000),
        ("/slack/events", b""),
        ("/slack/events", b"[1]"),
        ("/slack/events", b"\xff"),
        ("/slack/commands", b"\xff=1"),
    ],
)
def test_what_is_signed_and_cannot_be_read_is_a_400(client: FlaskClient, path: str, body: bytes) -> None:
    assert client.post(path, data=body, headers=headers(STAMP, signature(body))).status_code == 400


@pytest.mark.parametrize(
    "payload",
    [
        "{}",
        '{"type":"block_actions"}',
        '{"type":"block_actions","actions":[]}',
        '{"type":"block_actions","actions":[7],"user":"x"}',
        '{"type":"block_actions","user":{"id":"U0OKAMOTO"},"actions":[{"action_id":"report.acknowledge","value":9}]}',
        '{"type":"view_submission","view":{"callback_id":"nothing"}}',
        '{"type":"view_submission","user":{"id":7},"view":[]}',
        '{"type":"message_action","callback_id":"other"}',
        '{"type":"view_closed"}',
    ],
)
def test_what_is_not_known_is_heard_and_changes_nothing(client: FlaskClient, payload: str) -> None:
    body = urlencode({"payload": payload}).encode()
    assert client.post("/slack/interactions", data=body, headers=headers(STAMP, signature(body))).status_code == 200
    assert changed() == 0


@pytest.mark.parametrize("callback", ["report", "declare", "no_incident", "same"])
@pytest.mark.parametrize(
    "view", ["{}", '{"private_metadata":"x"}', '{"state":{"values":{"since":{"typed":{"selected_date_time":1e99}}}}}']
)
def test_a_modal_that_is_none_of_ours_is_never_a_500(client: FlaskClient, callback: str, view: str) -> None:
    payload = f'{{"type":"view_submission","user":{{"id":"U0OKAMOTO"}},"view":{view[:-1]}{"," if len(view) > 2 else ""}"callback_id":"{callback}"}}}}'
    body = urlencode({"payload": payload}).encode()
    answer = client.post("/slack/interactions", data=body, headers=headers(STAMP, signature(body)))
    assert answer.status_code in (200, 400)
    assert changed() == 0


def test_too_much_is_a_413(client: FlaskClient) -> None:
    body = b"text=" + b"a" * (1024 * 1024)
    assert client.post("/slack/commands", data=body, headers=headers(STAMP, signature(body))).status_code == 413


def test_another_site_s_marks_do_not_matter_where_the_signature_does(client: FlaskClient) -> None:
    given = headers(STAMP, signature()) | {"Sec-Fetch-Site": "cross-site", "Origin": "null"}
    assert client.post("/slack/commands", data=BODY, headers=given).status_code == 200


def test_it_is_only_posted_to(client: FlaskClient) -> None:
    for path in PATHS:
        assert client.get(path).status_code == 405


@pytest.fixture
def event(client: FlaskClient) -> Callable[[str], object]:
    def send(text: str) -> object:
        body = text.encode()
        return client.post("/slack/events", data=body, headers=headers(STAMP, signature(body)))

    return send


def test_the_address_is_verified_by_its_challenge(event) -> None:
    answer = event('{"type":"url_verification","challenge":"3eZbrw1a"}')
    assert (answer.status_code, answer.get_json()) == (200, {"challenge": "3eZbrw1a"})


def test_an_event_that_comes_again_is_dropped(event) -> None:
    mention = (
        '{"type":"event_callback","event_id":"%s","event":{"type":"app_mention","user":"U0OKAMOTO","channel":"C1"}}'
    )
    for number in ("Ev1", "Ev1", "Ev2", "Ev1"):
        assert event(mention % number).status_code == 200
    db.session.rollback()
    told = db.session.query(Delivery).all()
    assert [one.kind for one in told] == ["answer.help", "answer.help"]
    assert (told[0].details["channel"], told[0].details["user"]) == ("C1", "U0OKAMOTO")
    assert "/hotline" in told[0].details["text"]


def test_what_a_bot_says_is_not_answered(event) -> None:
    event('{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention","bot_id":"B1","user":"U0OKAMOTO"}}')
    assert changed() == 0
