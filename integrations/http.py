"""One request over HTTP with a limit for the whole of it, for services without a client library of their own."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

MOST = 1_000_000
"""Bytes of an answer; more is no answer of a service that we know."""


class Unreachable(Exception):
    """The connection was not even made: nothing can have happened at the other side."""


class Unanswered(Exception):
    """No answer in time, or not a whole one: it may have happened, or may still happen."""


@dataclass(frozen=True)
class Answer:
    """What came back. `retry_after`: the pause in seconds that the service asked for."""

    status: int
    body: Any
    retry_after: float | None = None

    def text(self, *names: str) -> str:
        """The first of the named fields that says something, at most 200 characters of it."""
        found = self.body if isinstance(self.body, dict) else {}
        for name in names:
            value = found.get(name)
            value = "; ".join(str(one) for one in value) if isinstance(value, list) else value
            if value and isinstance(value, (str, int)):
                return str(value)[:200]
        return ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: following one would turn a POST into a GET, and take a secret elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def request(
    method: str, url: str, *, seconds: float, json_body: Any = None, form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:  # fmt: skip
    """Sends one request and reads the answer whole, within `seconds`. Any status is an answer.

    The body is JSON or a form.

    Raises:
        Unreachable: the connection was refused, or the name is unknown.
        Unanswered: anything else that kept the answer away.
    """
    if not url.startswith(("https://", "http://")):
        raise Unreachable(url)
    end = time.monotonic() + seconds
    data = None if json_body is None else json.dumps(json_body).encode()
    kind = {} if data is None else {"Content-Type": "application/json"}
    if form is not None:
        data, kind = urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    given = {"Accept": "application/json", **kind, **(headers or {})}
    call = urllib.request.Request(url, data, given, method=method)  # noqa: S310 - checked above
    try:
        with urllib.request.build_opener(_Stay).open(call, timeout=seconds) as answer:
            return _read(answer, answer.status, end)
    except urllib.error.HTTPError as error:
        with error:
            try:
                return _read(error, error.code, end)
            except (HTTPException, OSError) as broken:
                raise Unanswered(str(broken)) from broken
    except (HTTPException, OSError, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, (ConnectionRefusedError, socket.gaierror)):
            raise Unreachable(str(cause)) from error
        raise Unanswered(str(cause)) from error


def _read(answer: Any, status: int, end: float) -> Answer:
    read = b""
    while piece := answer.read1(65_536):
        read += piece
        if time.monotonic() > end or len(read) > MOST:
            raise TimeoutError("the answer does not end")
    if (announced := answer.headers.get("Content-Length")) and len(read) < int(announced):
        raise TimeoutError("the answer was cut")
    try:
        body = json.loads(read) if read else None
    except ValueError:
        body = None
    asked = str(answer.headers.get("Retry-After") or "")
    return Answer(status, body, float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None)
