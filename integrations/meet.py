"""Google Meet: spaces made in the name of a user who has agreed once; what is kept of that is a refresh token."""

import secrets
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.base import Sent
from integrations.call_requests import Asking, reason
from integrations.facts import DeliveryFacts
from integrations.http import Answer, Unanswered, Unreachable, request
from integrations.wording import Wording

EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""

SETTINGS = "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REFRESH_TOKEN"
SCOPE = "https://www.googleapis.com/auth/meetings.space.created"


ASKING = "https://accounts.google.com/o/oauth2/v2/auth"
BACK = "http://127.0.0.1"
"""Where Google sends the browser with its answer: nothing listens there, the address itself is what is wanted."""


class NoConsent(Exception):
    """The user did not agree, or Google did not take what came back; says why."""


class Consent:
    """The user agrees once that calls are made in their name; what is kept of that is a refresh token."""

    refused = NoConsent

    def __init__(self, client: str, secret: str, token_url: str) -> None:
        self._client, self._secret, self._token_url = client, secret, token_url
        self._state = secrets.token_urlsafe(16)

    def address(self) -> str:
        """Where the user agrees. `offline` and `consent`: only so Google gives a refresh token."""
        asked = {
            "client_id": self._client, "redirect_uri": BACK, "response_type": "code", "scope": SCOPE,
            "access_type": "offline", "prompt": "consent", "state": self._state,
        }  # fmt: skip
        return f"{ASKING}?{urlencode(asked)}"

    def redeem(self, address: str) -> str:
        """The refresh token for the address to which the browser was sent.

        Raises:
            NoConsent: it holds no consent, belongs to another attempt, or Google does not take it.
        """
        found = dict(parse_qsl(urlsplit(address.strip()).query))
        if found.get("state") != self._state or not found.get("code"):
            raise NoConsent(found.get("error") or "this is not the address that Google has sent the browser to")
        form = {
            "grant_type": "authorization_code", "code": found["code"], "redirect_uri": BACK,
            "client_id": self._client, "client_secret": self._secret,
        }  # fmt: skip
        try:
            answer = request("POST", self._token_url, seconds=10.0, form=form)
        except (Unreachable, Unanswered):
            raise NoConsent("Google cannot be reached") from None
        token = answer.text("refresh_token") if answer.status == 200 else ""
        if not token:
            raise NoConsent(reason(answer))
        return token


class Meet:
    """Spaces of Google Meet. The address is for everybody; nothing else is kept.

    Google knows no key and no list by which a space could be found again: after a lost answer another one is made.
    Nobody is ever told of the first, so the call is there once.
    """

    def __init__(self, client: str, secret: str, refresh: str, token_url: str, api_url: str) -> None:
        self._form = {
            "grant_type": "refresh_token",
            "client_id": client,
            "client_secret": secret,
            "refresh_token": refresh,
        }
        self._token_url = token_url
        self._api = api_url.rstrip("/")
        self._token: tuple[str, float] | None = None
        """The token, and until when it is used (monotonic seconds)."""

    def open(self, facts: DeliveryFacts, wording: Wording) -> Sent:
        """A new space; raises DeliveryError."""
        asking = Asking("Google Meet", SETTINGS, facts, wording)
        body = self._ask(asking).body
        body = body if isinstance(body, dict) else {}
        return asking.address(body.get("meetingUri"), body.get("name"))

    def _ask(self, asking: Asking) -> Answer:
        """One request; a token that is not taken any more is fetched anew once."""
        for fresh in (False, True):
            headers = {"Authorization": f"Bearer {self._access(asking, fresh)}"}
            answer = asking.send("POST", f"{self._api}/spaces", json_body={}, headers=headers)
            if answer.status != 401:
                break
        return asking.good(answer)

    def _access(self, asking: Asking, fresh: bool) -> str:
        if self._token and not fresh and time.monotonic() < self._token[1]:
            return self._token[0]
        answer = asking.good(asking.send("POST", self._token_url, form=self._form))
        body = answer.body if isinstance(answer.body, dict) else {}
        token, lasts = str(body.get("access_token") or ""), body.get("expires_in")
        self._token = (token, time.monotonic() + (lasts if isinstance(lasts, (int, float)) else 3600) - EARLY)
        return token
