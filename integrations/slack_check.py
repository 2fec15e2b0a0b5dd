"""Whether Slack is set up: token, permissions, the channel, what comes in; each said in words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from integrations.slack import CHANNEL_ID, TROUBLE
from integrations.slack_errors import TOKEN
from integrations.slack_scopes import HEARD, NEEDED, what_for
from integrations.wording import Wording

TIME_LIMIT = 10.0
"""Seconds for one call."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `fine` None: nothing is wrong, but somebody should know."""

    fine: bool | None
    sentence: str


@dataclass(frozen=True)
class Check:
    """A port of the rooms (`app.extensions["slack_check"]`): what is set, and how to look at it."""

    token: str | None
    signing_secret: str | None
    api_url: str
    hotline: str
    base_url: str | None
    wording: Wording
    customers: str = ""
    """The channel of the customer side; empty where there is none."""

    def run(self) -> list[Finding]:
        """Everything that was found, in the order in which it is put right."""
        return [*self._outgoing(), *self._incoming()]

    def _outgoing(self) -> Iterator[Finding]:
        _ = self.wording.gettext
        if not self.token:
            yield Finding(
                False,
                _(
                    "SLACK_BOT_TOKEN is not set, so messages are held. Make the app from docs/slack-manifest.yaml, "
                    "install it, and set the token that begins with xoxb-."
                ),
            )
            return
        try:
            answer = self._client().api_call("auth.test")
        except TROUBLE as error:
            yield Finding(False, self._unreachable(error))
            return
        named = {"team": answer.get("team", "?"), "user": answer.get("user", "?")}
        yield Finding(True, _("The token is good: workspace %(team)s, app %(user)s.") % named)
        if not answer.get("bot_id"):
            yield Finding(False, _("The token is a person's. Set the app's own (Bot User OAuth Token, xoxb-)."))
        yield from self._scopes(answer)
        yield from self._channel(self.hotline, "SLACK_HOTLINE_CHANNEL")
        if self.customers:
            yield from self._channel(self.customers, "SLACK_CUSTOMER_CHANNEL")

    def _unreachable(self, error: Exception) -> str:
        _ = self.wording.gettext
        code = str(error.response.get("error") or "") if isinstance(error, SlackApiError) else ""
        if code in TOKEN:
            sentence = _("Slack refuses the token (%(code)s). Install the app again and set SLACK_BOT_TOKEN anew.")
            return sentence % {"code": code}
        if code and re.fullmatch(r"[a-z_]{1,80}", code):
            return _("Slack answers, but not well (%(code)s). Please try again later.") % {"code": code}
        return _("Slack cannot be reached at %(url)s. Check SLACK_API_URL and the network.") % {"url": self.api_url}

    def _scopes(self, answer: Any) -> Iterator[Finding]:
        """What the token may do stands in a header of the answer."""
        _ = self.wording.gettext
        headers = {str(name).lower(): value for name, value in dict(answer.headers).items()}
        value = headers.get("x-oauth-scopes")
        if value is None:
            yield Finding(None, _("Slack does not say which permissions the token has."))
            return
        text = value[0] if isinstance(value, list) else value
        granted = {one.strip() for one in str(text).split(",") if one.strip()}
        for scope in sorted(NEEDED - granted):
            sentence = _(
                "The permission %(scope)s is missing (for: %(what)s). Add it under OAuth & Permissions, "
                "and install the app again."
            )
            yield Finding(False, sentence % {"scope": scope, "what": what_for(scope)})
        if not NEEDED - granted:
            yield Finding(True, _("All permissions are there."))
        if more := sorted(granted - NEEDED):
            yield Finding(None, _("More than needed: %(scopes)s.") % {"scopes": ", ".join(more)})

    def _channel(self, channel: str, setting: str) -> Iterator[Finding]:
        _ = self.wording.gettext
        name = channel.strip().removeprefix("#")
        named = {"name": name, "setting": setting}
        try:
            found = self._found(name)
        except TROUBLE as error:
            code = str(error.response.get("error") or "") if isinstance(error, SlackApiError) else type(error).__name__
            if code != "missing_scope":  # that has been said already
                yield Finding(False, _("The channels could not be read (%(code)s).") % {"code": code})
            return
        if found is None:
            sentence = _(
                "There is no channel #%(name)s that the app can see. Make it, set %(setting)s, "
                "or, where it is private, invite the app with /invite."
            )
            yield Finding(False, sentence % named)
        elif found.get("is_archived"):
            yield Finding(False, _("The channel #%(name)s is archived. Restore it, or choose another one.") % named)
        elif found.get("is_member"):
            yield Finding(True, _("The channel #%(name)s is there, and the app is in it.") % named)
        elif found.get("is_private"):
            yield Finding(False, _("The app is not in #%(name)s, which is private. Write /invite there.") % named)
        else:
            sentence = _("The channel #%(name)s is there; the app joins it with the first message.")
            yield Finding(True, sentence % named)

    def _found(self, name: str) -> Any:
        """The channel, also an archived one; None where there is none."""
        if CHANNEL_ID.fullmatch(name):
            try:
                return self._client().api_call("conversations.info", params={"channel": name})["channel"]
            except SlackApiError as error:
                if error.response.get("error") == "channel_not_found":
                    return None
                raise
        cursor, archived = None, None
        while True:
            given = {"types": "public_channel", "exclude_archived": "false", "limit": "200", "cursor": cursor or ""}
            page = self._client().api_call("conversations.list", params=given)
            for channel in page.get("channels") or []:
                if name in (channel.get("name"), channel.get("name_normalized")):
                    if not channel.get("is_archived"):
                        return channel
                    archived = channel
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return archived

    def _incoming(self) -> Iterator[Finding]:
        _ = self.wording.gettext
        secret = self.signing_secret or ""
        if not secret:
            yield Finding(
                False,
                _(
                    "SLACK_SIGNING_SECRET is not set, so buttons and commands are refused. It stands in the app "
                    "under Basic Information, Signing Secret."
                ),
            )
        elif secret.startswith(("xox", "xapp")) or any(char.isspace() for char in secret):
            yield Finding(
                False,
                _("SLACK_SIGNING_SECRET is no signing secret. It stands under Basic Information, Signing Secret."),
            )
        else:
            yield Finding(
                None,
                _(
                    "A signing secret is set. Whether it is the right one only Slack shows: type /status there. "
                    "“dispatch_failed” means that it is wrong, or that Slack does not reach this address."
                ),
            )
        events = ", ".join(name for name in HEARD if " " not in name)
        yield Finding(
            None, _("Under Event Subscriptions these bot events must stand: %(events)s.") % {"events": events}
        )
        base = (self.base_url or "").rstrip("/")
        if not base.startswith("https://"):
            yield Finding(
                None,
                _("BASE_URL is no https:// address: Slack's own servers reach only such, and links need it."),
            )
        else:
            yield Finding(None, _("The app's request URLs must begin with %(url)s.") % {"url": f"{base}/slack/"})

    def _client(self) -> WebClient:
        client = WebClient(self.token, base_url=self.api_url, retry_handlers=[], timeout=int(TIME_LIMIT))
        client.proxy = None
        return client
