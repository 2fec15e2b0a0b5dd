"""Slack: posts, edits and answers in threads, each exactly once; looks before it sends again."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from domain import spreading
from domain.answers import ANSWER, HELP
from domain.outbox import DeliveryError
from domain.slack_notes import FILE, READ
from integrations.base import Sent, seconds_left
from integrations.facts import DeliveryFacts, DutyFacts
from integrations.slack_buttons import message_of
from integrations.slack_channels import carry_out
from integrations.slack_duty import needless
from integrations.slack_errors import classify
from integrations.slack_messages import Message, photo_title
from integrations.slack_notes import read_file, read_message
from integrations.slack_private import answer_privately
from integrations.wording import Wording

EVENT = "noroshi_delivery"
"""The type of the metadata by which we know our messages again."""

SKEW = timedelta(seconds=60)
"""By how much Slack's clock and ours may differ."""

ENOUGH = 0.05
"""Seconds that must be left of an attempt for another request to begin."""

PAGE = 200
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{6,}")
NOT_OURS_TO_JOIN = ("method_not_supported_for_channel_type", "missing_scope", "already_in_channel")
TROUBLE = (SlackClientError, HTTPException, OSError, UnicodeDecodeError)


class Stale(Exception):
    """What we remember of the channel does not hold any more: it was made anew, or we were removed from it."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__(error.message)
        self.error = error


class SlackSender:
    """Speaks to one workspace. `time_limit`: seconds for a whole attempt, however many requests it takes."""

    service = "slack"

    def __init__(
        self,
        token: str,
        api_url: str,
        hotline_channel: str,
        base_url: str,
        locale: str,
        zone: ZoneInfo,
        translations_dir: str | None,
        time_limit: float = 10.0,
        drill_channel: str = "drill",
        pressable: bool = False,
    ) -> None:
        self.token = token
        self.api_url = api_url
        self.hotline = hotline_channel.strip().removeprefix("#")
        self.base_url = base_url
        self.wording = Wording(locale, zone, translations_dir)
        self._speaking = {one: Wording(one, zone, translations_dir) for one in ("ja", "en") if one != locale}
        self.time_limit = time_limit
        self.pressable = pressable
        """Whether what people press in Slack reaches us: then there are buttons."""
        self.drills = drill_channel.strip().removeprefix("#")
        self.channel: str | None = None
        """The id of the hotline channel, once we have found and joined it."""
        self.places: dict[str, str] = {}
        """The ids of other channels by name, once we have found and joined them."""

    def speaking(self, locale: str | None) -> Wording:
        """A person's language where they chose one, else the organisation's."""
        return self._speaking.get(locale or "", self.wording)

    def send(self, facts: DeliveryFacts) -> Sent:
        """Carries a delivery out; raises DeliveryError."""
        remembered = self.channel is not None or bool(self.places)
        try:
            return Attempt(self, facts).run()
        except Stale as stale:
            self.channel = None
            self.places.clear()
            if not remembered:
                raise stale.error from None
        try:
            # As if it were a later attempt: what the first half of this one sent is looked for.
            return Attempt(self, replace(facts, attempt=facts.attempt + 1)).run()
        except Stale as stale:
            self.channel = None
            raise stale.error from None


class Attempt:
    """One attempt at one delivery."""

    def __init__(self, sender: SlackSender, facts: DeliveryFacts) -> None:
        self._sender = sender
        self._facts = facts
        self._wording = sender.wording
        # Retrying is the outbox's work: the client's own would post twice when an answer is lost.
        self._client = WebClient(sender.token, base_url=sender.api_url, retry_handlers=[])
        # The client's own look-up of a proxy ignores NO_PROXY; urllib's does not.
        self._client.proxy = None

    def run(self) -> Sent:
        facts = self._facts
        if facts.kind in ("report.changed", spreading.CHANGED):
            return self._change()
        if facts.kind == "report.photo":
            return self._upload()
        if facts.kind in (ANSWER, HELP):
            return answer_privately(self, facts)
        if facts.kind in (READ, FILE):
            return read_message(self, facts) if facts.kind == READ else read_file(self, facts)
        if facts.kind.startswith("channel."):
            return carry_out(self, facts)
        if facts.duty is not None:
            return self._fill_group(facts.duty) if facts.kind == "roster.group" else self._tell(facts.duty)
        message = self._built(self._wording)
        if facts.kind in (spreading.CHANNEL, spreading.CUSTOMER):
            channel = self._audience()
            ts = self._post(channel, None, message)
            return Sent(ts, channel, self._permalink(channel, ts))
        thread = facts.thread
        channel = thread.place if thread else self._place()
        ts = self._post(channel, thread.id if thread else None, message)
        return Sent(ts, channel, self._permalink(channel, ts))

    def _built(self, wording: Wording) -> Message:
        return message_of(self._facts, wording, self._sender.base_url, self._sender.pressable)

    # What the steps at an incident's channel (`slack_channels`) and private answers (`slack_private`) need

    trouble = TROUBLE
    skew = SKEW.total_seconds()

    @property
    def wording(self) -> Wording:
        return self._wording

    @property
    def base_url(self) -> str:
        return self._sender.base_url

    @property
    def token(self) -> str:
        return self._sender.token

    @property
    def pressable(self) -> bool:
        """Whether what is pressed in Slack reaches us."""
        return self._sender.pressable

    def ask(self, method: str, **arguments: Any) -> Any:
        """One request as it is; raises what the client raises, and DeliveryError when the time is over."""
        return self._request(method, **arguments)

    def time_left(self) -> float:
        """Seconds that are left of this attempt; raises DeliveryError when there are none."""
        return self._time_left()

    def find_first(self, channel: str) -> str | None:
        """The `ts` of this delivery's message where an earlier attempt has brought it."""
        return self._find(channel, None).get(0)

    def post(self, channel: str, text: str, blocks: list[dict[str, Any]]) -> str:
        """The `ts` of a new message, which can be found again by the delivery's key."""
        return self._say(channel, None, Message(text, blocks), 0)

    def permalink(self, channel: str, ts: str) -> str | None:
        return self._permalink(channel, ts)

    def drill_channel(self) -> tuple[str, str]:
        """Id and name of the channel of drills."""
        return self._joined(self._sender.drills), self._sender.drills

    def _place(self) -> str:
        """Where a message goes that belongs to no thread: a drill's never to where the real ones go."""
        facts = self._facts
        if facts.incident is not None and facts.incident.drill:
            return self.drill_channel()[0]
        if facts.kind == "incident.announced":
            return self._joined(str(facts.details["channel"]))
        return self._hotline()

    def _audience(self) -> str:
        """The channel in which an update is a message of its own: the incident's, or that of the customer side."""
        facts = self._facts
        if facts.incident is not None and facts.incident.drill:
            return self.drill_channel()[0]
        if facts.kind == spreading.CUSTOMER:
            return self._joined(str(facts.details["channel"]))
        outside = facts.mobilising
        if outside is None or not outside.channel_id:
            _ = self._wording.gettext
            raise DeliveryError(_("There is no channel for this incident yet."))
        return outside.channel_id

    def _joined(self, name: str) -> str:
        """The id of a channel that is not the hotline."""
        if name not in self._sender.places:
            self._sender.places[name] = self._found_and_joined(name)
        return self._sender.places[name]

    def _post(self, channel: str, thread: str | None, message: Message) -> str:
        """Posts the message and what did not fit, without what is there already; the `ts` of the first."""
        found = self._find(channel, thread)
        first = found.get(0) or self._say(channel, thread, message, 0)
        top = thread or first
        if message.rest and thread is None and 0 in found:
            found |= self._find(channel, top)
        for part, more in enumerate(message.rest, start=1):
            if part not in found:
                self._say(channel, top, more, part)
        return first

    def _say(self, channel: str, thread: str | None, message: Message, part: int) -> str:
        answer = self._call(
            "chat.postMessage", acting=True, channel=channel, thread_ts=thread, text=message.text,
            blocks=message.blocks, unfurl_links=False, unfurl_media=False,
            reply_broadcast=True if thread and message.aloud else None,
            metadata={"event_type": EVENT, "event_payload": {"key": self._facts.key, "part": part}},
        )  # fmt: skip
        return str(answer["ts"])

    def _change(self) -> Sent:
        """Brings a message up to date; it always shows the newest state."""
        place = self._facts.thread
        if place is None:
            return Sent()
        message = self._built(self._wording)
        # An edit may be done twice; a lost answer does no harm.
        content = {"text": message.text, "blocks": message.blocks}
        self._call("chat.update", acting=True, channel=place.place, ts=place.id, **content)
        return Sent(place.id, place.place)

    def _tell(self, duty: DutyFacts) -> Sent:
        """A direct message, unless there is no use in it any more: nobody is told late, or what is not so."""
        if self._facts.attempt < 2 and (why := self._needless(duty)):
            raise why
        place = self._call("conversations.open", users=duty.slack_id) if duty.slack_id else None
        channel = str(place["channel"]["id"]) if place else ""
        found = self._find(channel, None) if channel else {}
        if 0 not in found and (why := self._needless(duty)):
            raise why
        message = self._built(self._sender.speaking(duty.locale))
        return Sent(found.get(0) or self._say(channel, None, message, 0), channel)

    def _needless(self, duty: DutyFacts) -> DeliveryError | None:
        _ = self._wording.gettext
        if not duty.slack_id:
            sentence = _("%(name)s has no Slack ID any more, or has left.") % {"name": duty.name}
            return DeliveryError(sentence, needless=True)
        return needless(duty, self._wording)

    def _fill_group(self, duty: DutyFacts) -> Sent:
        """Who is on duty, alone, becomes the user group. Doing it twice does no harm."""
        _ = self._wording.gettext
        named = {"name": duty.name, "area": duty.area.called(self._wording.locale) if duty.area else duty.key}
        if not duty.name:
            sentence = _("Nobody is in charge of %(area)s. Slack takes no empty group, so it stays as it was.")
            raise DeliveryError(sentence % named, needless=True)
        if not duty.users:
            sentence = _(
                "%(name)s has no Slack ID, so the Slack group of %(area)s stays as it was. Enter it under People."
            )
            raise DeliveryError(sentence % named, permanent=True)
        users = ",".join(duty.users)
        self._call("usergroups.users.update", acting=True, usergroup=duty.group, users=users)
        return Sent(duty.group)

    def _find(self, channel: str, thread: str | None) -> dict[int, str]:
        """The parts of this delivery that are in Slack already: part → ts. Nothing to look for at the first try."""
        if self._facts.attempt < 2:
            return {}
        found: dict[int, str] = {}
        for message in self._since(channel, thread):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT and payload.get("key") == self._facts.key:
                found[int(payload.get("part") or 0)] = str(message["ts"])
        return found

    def _since(self, channel: str, thread: str | None) -> Iterator[dict[str, Any]]:
        """Every message of the channel, or of the thread, since just before the first try."""
        oldest = f"{(self._facts.since - SKEW).timestamp():.6f}"
        cursor: str | None = None
        while True:
            method = "conversations.replies" if thread else "conversations.history"
            page = self._call(
                method, channel=channel, ts=thread, oldest=oldest, limit=PAGE, cursor=cursor, include_all_metadata=True
            )
            yield from page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _upload(self) -> Sent:
        """A picture into the thread. Its file name carries the key: files have no metadata."""
        facts, thread = self._facts, self._facts.thread
        if facts.photo is None:
            _ = self._wording.gettext
            raise DeliveryError(_("The photo is not there any more."), permanent=True)
        channel = thread.place if thread else self._hotline()
        kind = facts.photo.media_type.rpartition("/")[2].replace("jpeg", "jpg")
        name = f"noroshi-{facts.key[:16]}.{kind}"
        if facts.attempt > 1:
            for message in self._since(channel, thread.id if thread else None):
                for file in message.get("files") or []:
                    if file.get("name") == name:
                        return Sent(str(file["id"]), channel, file.get("permalink"))
        place = self._call("files.getUploadURLExternal", filename=name, length=len(facts.photo.data))
        self._put(str(place["upload_url"]), facts.photo.data)
        answer = self._call(
            "files.completeUploadExternal", acting=True, channel_id=channel, thread_ts=thread.id if thread else None,
            files=[{"id": place["file_id"], "title": photo_title(facts, self._wording)}],
        )  # fmt: skip
        return Sent(str(place["file_id"]), channel, (answer.get("files") or [{}])[0].get("permalink"))

    def _put(self, url: str, data: bytes) -> None:
        """The bytes of a file to where Slack wants them; nobody sees them before the upload is completed."""
        _ = self._wording.gettext
        if not url.startswith(("https://", "http://")):
            raise DeliveryError(_("Slack has a problem (%(code)s). We keep trying.") % {"code": "upload_url"})
        kind = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(url, data, kind, method="POST")  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=self._time_left()) as answer:  # noqa: S310
                answer.read()
        except TROUBLE as error:
            raise classify(error, False, self._wording) from error

    def _hotline(self) -> str:
        """The id of the hotline channel; found by its name and joined at the first use."""
        if self._sender.channel is None:
            self._sender.channel = self._found_and_joined(self._sender.hotline)
        return self._sender.channel

    def _found_and_joined(self, name: str) -> str:
        channel = name if CHANNEL_ID.fullmatch(name) else self._named(name)
        try:
            self._request("conversations.join", channel=channel)
        except SlackApiError as error:
            if error.response.get("error") not in NOT_OURS_TO_JOIN:
                raise self._said(error, False) from error
        except TROUBLE as error:
            raise classify(error, False, self._wording) from error
        return channel

    def _named(self, name: str) -> str:
        cursor: str | None = None
        while True:
            page = self._call(
                "conversations.list", types="public_channel", exclude_archived=True, limit=PAGE, cursor=cursor
            )
            for channel in page.get("channels") or []:
                if name in (channel.get("name"), channel.get("name_normalized")):
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                _ = self._wording.gettext
                sentence = _("There is no channel #%(name)s in Slack. Check %(setting)s and send again.")
                raise DeliveryError(sentence % {"name": name, "setting": self._setting(name)}, permanent=True)

    def _setting(self, name: str) -> str:
        """The setting that named a channel."""
        if name == self._sender.hotline:
            return "SLACK_HOTLINE_CHANNEL"
        if self._facts.kind == spreading.CUSTOMER:
            return "SLACK_CUSTOMER_CHANNEL"
        return "SLACK_DRILL_CHANNEL" if name == self._sender.drills else "SLACK_ANNOUNCE_CHANNELS"

    def _permalink(self, channel: str, ts: str) -> str | None:
        """The address for people. It has arrived without one, too: a failure here fails nothing."""
        try:
            return str(self._request("chat.getPermalink", channel=channel, message_ts=ts)["permalink"])
        except (*TROUBLE, DeliveryError, KeyError):
            return None

    def _call(self, method: str, *, acting: bool = False, **arguments: Any) -> Any:
        """One request. `acting`: a failure leaves open whether it had its effect. Raises DeliveryError, Stale."""
        try:
            return self._request(method, **arguments)
        except TROUBLE as error:
            raise self._said(error, acting) from error

    def _said(self, error: Exception, acting: bool) -> Exception:
        said = classify(error, acting, self._wording)
        code = error.response.get("error") if isinstance(error, SlackApiError) else ""
        hotlines = self._facts.duty is None
        return Stale(said) if hotlines and code in ("channel_not_found", "not_in_channel") else said

    def _request(self, method: str, **arguments: Any) -> Any:
        self._client.timeout = self._time_left()  # type: ignore[assignment]
        given = {name: value for name, value in arguments.items() if value is not None}
        return self._client.api_call(method, json=given) if "blocks" in given else self._form(method, given)

    def _form(self, method: str, given: dict[str, Any]) -> Any:
        """As a form: the reading methods take no JSON."""
        plain = {name: json.dumps(value) if isinstance(value, list) else value for name, value in given.items()}
        return self._client.api_call(method, params=plain)

    def _time_left(self) -> float:
        """Seconds for the next request; raises DeliveryError when the attempt is over."""
        left = seconds_left(self._facts)
        if left < ENOUGH:
            _ = self._wording.gettext
            raise DeliveryError(_("Slack is slow; the rest of it follows. We keep trying."))
        return min(left, self._sender.time_limit)
