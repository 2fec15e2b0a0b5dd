"""Google Meet: spaces made in the name of a user who has agreed once; what is kept of that is a refresh token."""

import time

from integrations.base import Sent
from integrations.call_requests import Asking
from integrations.facts import DeliveryFacts
from integrations.http import Answer
from integrations.wording import Wording

EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""

SETTINGS = "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REFRESH_TOKEN"
SCOPE = "https://www.googleapis.com/auth/meetings.space.created"


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
