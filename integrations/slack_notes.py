"""A message that was marked for the timeline: how it stands in Slack now, its author, its marks; and its files."""

import urllib.request
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError

from domain.encoding import Picture, encode
from domain.errors import Refused
from domain.mrkdwn import mentioned, unmarked
from domain.outbox import DeliveryError
from domain.slack_notes import LARGEST_FILE
from domain.text import clean, one_line
from integrations.base import Sent
from integrations.facts import DeliveryFacts
from integrations.slack_errors import GONE, classify
from integrations.wording import Wording

MOST_NAMES = 10
"""People who are asked for by id in one message; the ids of further ones stay as they are."""

NO_FILE = ("tombstone", "hidden_by_limit")
"""What Slack shows in the place of a file that is not there any more."""


class Reads(Protocol):
    """What is needed of an attempt of the Slack sender."""

    trouble: Any

    @property
    def token(self) -> str: ...

    def time_left(self) -> float: ...

    @property
    def wording(self) -> Wording: ...

    def ask(self, method: str, **arguments: Any) -> Any: ...

    def permalink(self, channel: str, ts: str) -> str | None: ...


def read_message(attempt: Reads, facts: DeliveryFacts) -> Sent:
    """Notes `message`: None where it is not there any more. Raises DeliveryError."""
    channel, ts = str(facts.details["channel"]), str(facts.details["ts"])
    try:
        found = _found(attempt, channel, ts)
    except attempt.trouble as error:
        raise classify(error, False, attempt.wording) from error
    if found is None:
        return Sent(notes={"message": None})
    text = clean(_text(found))
    names = {one: _name(attempt, one) for one in mentioned(text)[:MOST_NAMES]}
    author = str(found.get("user") or "")
    message = {
        "text": unmarked(text, lambda one: names.get(one, "")),
        "author": author,
        "name": one_line(_called(found) or (_name(attempt, author) if author else "")),
        "link": attempt.permalink(channel, ts) or "",
        "files": [_file(one) for one in found.get("files") or [] if one.get("mode") not in NO_FILE],
        "marked_by": list(_marks(found, str(facts.details["mark"]))),
    }
    return Sent(notes={"message": message})


def read_file(attempt: Reads, facts: DeliveryFacts) -> Sent:
    """Fetches a file of a message: a picture encoded by us, else the bytes. Raises DeliveryError.

    What cannot be read stays a link; nobody has to put anything right so that the timeline goes on.
    """
    url, _ = str(facts.details["url"]), attempt.wording.gettext
    gone = DeliveryError(_("The file cannot be read in Slack, so it is only linked."), needless=True)
    if not url.startswith(("https://", "http://")):
        raise gone
    headers = {"Authorization": f"Bearer {attempt.token}"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked above
    try:
        with _open_there.open(request, timeout=attempt.time_left()) as answer:
            data, kind = answer.read(LARGEST_FILE + 1), answer.headers.get_content_type()
    except HTTPError as refused:
        with refused:
            code = refused.code
        if code != 429 and code < 500:
            raise gone from None
        raise DeliveryError(_("Slack has a problem (%(code)s). We keep trying.") % {"code": f"HTTP {code}"}) from None
    except attempt.trouble as error:
        raise classify(error, False, attempt.wording) from error
    # Who may not read it is shown a page to sign in: no file of that kind was announced.
    if len(data) > LARGEST_FILE or (kind == "text/html" and facts.details["type"] != "text/html"):
        raise gone
    return Sent(content=_kept(data, str(facts.details["type"])))


def _kept(data: bytes, media_type: str) -> Picture | bytes:
    if not media_type.startswith("image/"):
        return data
    try:
        return encode(BytesIO(data))
    except Refused:
        return data


class _OnlyThere(urllib.request.HTTPRedirectHandler):
    """Our token goes to Slack's own host, and nowhere that an answer would like it to go."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).netloc == urlsplit(req.full_url).netloc:
            return super().redirect_request(req, fp, code, msg, headers, newurl)
        return None


_open_there = urllib.request.build_opener(_OnlyThere)


def _found(attempt: Reads, channel: str, ts: str) -> Any:
    """The message: from the channel, or where it is an answer from its thread; None where it is gone."""
    page = attempt.ask("conversations.history", channel=channel, oldest=ts, latest=ts, inclusive=True, limit=1)
    messages = page.get("messages") or []
    if not messages:
        try:
            messages = attempt.ask("conversations.replies", channel=channel, ts=ts, limit=1).get("messages") or []
        except SlackApiError as error:
            if error.response.get("error") not in GONE:
                raise
    return next((one for one in messages if one.get("ts") == ts), None)


def _text(message: Any) -> str:
    """What it says; an app may put everything into attachments."""
    if message.get("text"):
        return str(message["text"])
    parts = [one.get("text") or one.get("fallback") for one in message.get("attachments") or []]
    return "\n".join(str(part) for part in parts if part)


def _called(message: Any) -> str:
    """What an app calls itself."""
    return str(message.get("username") or (message.get("bot_profile") or {}).get("name") or "")


def _name(attempt: Reads, user: str) -> str:
    """A person's name in Slack; "" where it is not told: nothing fails for want of a name."""
    try:
        found = attempt.ask("users.info", user=user)["user"]
    except (*attempt.trouble, KeyError):
        return ""
    profile = found.get("profile") or {}
    return str(found.get("real_name") or profile.get("real_name") or profile.get("display_name") or "")


def _file(one: Any) -> dict[str, Any]:
    return {
        "id": str(one.get("id") or ""),
        "name": one_line(str(one.get("title") or one.get("name") or "")),
        "link": str(one.get("permalink") or ""),
        "url": str(one.get("url_private") or ""),
        "size": int(one.get("size") or 0),
        "type": str(one.get("mimetype") or "")[:100],
    }


def _marks(message: Any, mark: str) -> Iterator[str]:
    """Who holds the mark to it, by Slack id."""
    for one in message.get("reactions") or []:
        if one.get("name") == mark:
            yield from map(str, one.get("users") or [])
