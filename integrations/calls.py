"""The two calls: standing links, Zoom, Google Meet or a Jitsi pattern; each gives one address per call."""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from domain.outbox import DeliveryError
from integrations.base import Sent
from integrations.call_requests import Asking
from integrations.facts import DeliveryFacts
from integrations.http import Answer
from integrations.meet import Meet
from integrations.wording import Wording

EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""

PAGE = 300
"""Meetings in one page of Zoom's list."""

TOPIC = 200
ZOOM_SETTINGS = "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET"


def title(facts: DeliveryFacts, wording: Wording) -> str:
    """PURE: what the call is called in the service: drill, which of the two, which incident."""
    _ = wording.gettext
    incident = facts.incident
    if incident is None:
        raise ValueError("a call belongs to an incident")
    name = _("System call") if facts.details.get("call") == "system" else _("Customer call")
    start = _("[DRILL]") + " " if incident.drill else ""
    return f"{start}{name} {incident.code} {incident.title}"[:TOPIC]


class Provider(Protocol):
    """Makes a call and gives its address; raises DeliveryError."""

    def open(self, facts: DeliveryFacts, wording: Wording) -> Sent: ...


@dataclass(frozen=True)
class Standing:
    """Two links of the company's own, always the same."""

    links: Mapping[str, str | None]

    def open(self, facts: DeliveryFacts, wording: Wording) -> Sent:
        call = str(facts.details["call"])
        if link := self.links.get(call):
            return Sent(call, url=link)
        _ = wording.gettext
        name = "CALL_SYSTEM_URL" if call == "system" else "CALL_CUSTOMER_URL"
        raise DeliveryError(_("Not set up: set %(name)s, then try again.") % {"name": name}, permanent=True)


@dataclass(frozen=True)
class Jitsi:
    """A room is there as soon as somebody opens its address, which nobody can guess."""

    base: str

    def open(self, facts: DeliveryFacts, wording: Wording) -> Sent:
        # From the delivery's key, which is random: the same room however often it is tried.
        secret = hashlib.sha256(f"call:{facts.key}".encode()).hexdigest()[:24]
        code = facts.incident.code.lower() if facts.incident else "call"
        room = f"noroshi-{code}-{facts.details['call']}-{secret}"
        return Sent(room, url=f"{self.base.rstrip('/')}/{room}")


class Zoom:
    """Meetings made by Zoom with server-to-server OAuth. `start_url`, which gives the host's rights, is never kept."""

    def __init__(self, account: str, client: str, secret: str, token_url: str, api_url: str) -> None:
        self._account = account
        self._basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        self._token_url = token_url
        self._api = api_url.rstrip("/")
        self._token: tuple[str, float] | None = None
        """The token, and until when it is used (monotonic seconds)."""

    def open(self, facts: DeliveryFacts, wording: Wording) -> Sent:
        asking = Asking("Zoom", ZOOM_SETTINGS, facts, wording)
        mark = f"noroshi:{facts.key}"
        if facts.attempt > 1 and (found := self._find(asking, mark)):
            return found
        asked = {
            "topic": title(facts, wording),
            "type": 2,
            "start_time": f"{facts.since:%Y-%m-%dT%H:%M:%SZ}",
            "duration": 240,
            "agenda": mark,
            "settings": {"join_before_host": True, "jbh_time": 0, "waiting_room": False, "mute_upon_entry": True},
        }
        return _meeting(asking, self._ask(asking, "POST", "/users/me/meetings", asked).body)

    def _find(self, asking: Asking, mark: str) -> Sent | None:
        """The meeting of an earlier attempt whose answer was lost."""
        following = ""
        while True:
            query = urlencode({"type": "scheduled", "page_size": PAGE, "next_page_token": following})
            page = self._ask(asking, "GET", f"/users/me/meetings?{query}").body
            page = page if isinstance(page, dict) else {}
            for one in page.get("meetings") or []:
                if str(one.get("agenda") or "").startswith(mark):
                    return _meeting(asking, one)
            following = str(page.get("next_page_token") or "")
            if not following:
                return None

    def _ask(self, asking: Asking, method: str, path: str, body: Any = None) -> Answer:
        """One request; a token that is not taken any more is fetched anew once."""
        acting = method == "POST"
        for fresh in (False, True):
            headers = {"Authorization": f"Bearer {self._access(asking, fresh)}"}
            answer = asking.send(method, f"{self._api}{path}", acting=acting, json_body=body, headers=headers)
            if answer.status != 401:
                break
        return asking.good(answer, acting=acting)

    def _access(self, asking: Asking, fresh: bool) -> str:
        if self._token and not fresh and time.monotonic() < self._token[1]:
            return self._token[0]
        query = urlencode({"grant_type": "account_credentials", "account_id": self._account})
        headers = {"Authorization": f"Basic {self._basic}"}
        answer = asking.good(asking.send("POST", f"{self._token_url}?{query}", headers=headers))
        body = answer.body if isinstance(answer.body, dict) else {}
        token, lasts = str(body.get("access_token") or ""), body.get("expires_in")
        self._token = (token, time.monotonic() + (lasts if isinstance(lasts, (int, float)) else 3600) - EARLY)
        return token


def _meeting(asking: Asking, found: Any) -> Sent:
    found = found if isinstance(found, dict) else {}
    return asking.address(found.get("join_url"), found.get("id"), acting=True)


def provider(config: Mapping[str, Any]) -> Provider | None:
    """Who makes the calls, by the settings: the first of Zoom, Google Meet, Jitsi, standing links; None: nobody."""
    if config["ZOOM_ACCOUNT_ID"]:
        return Zoom(
            config["ZOOM_ACCOUNT_ID"], config["ZOOM_CLIENT_ID"], config["ZOOM_CLIENT_SECRET"],
            config["ZOOM_TOKEN_URL"], config["ZOOM_API_URL"],
        )  # fmt: skip
    if config["GOOGLE_REFRESH_TOKEN"]:
        return Meet(
            config["GOOGLE_CLIENT_ID"], config["GOOGLE_CLIENT_SECRET"], config["GOOGLE_REFRESH_TOKEN"],
            config["GOOGLE_TOKEN_URL"], config["GOOGLE_MEET_URL"],
        )  # fmt: skip
    if config["CALL_JITSI_URL"]:
        return Jitsi(config["CALL_JITSI_URL"])
    if config["CALL_SYSTEM_URL"] or config["CALL_CUSTOMER_URL"]:
        return Standing({"system": config["CALL_SYSTEM_URL"], "customer": config["CALL_CUSTOMER_URL"]})
    return None


class CallsSender:
    """Opens the calls of an incident, each by itself."""

    service = "calls"

    def __init__(self, provider: Provider, base_url: str = "", *, wording: Wording, time_limit: float = 10.0) -> None:
        self._provider = provider
        self._wording = wording
        self.base_url = base_url
        self.time_limit = time_limit

    def send(self, facts: DeliveryFacts) -> Sent:
        """The address of the call; raises DeliveryError. For what is over no call is opened any more."""
        if facts.mobilising and facts.mobilising.closed:
            _ = self._wording.gettext
            raise DeliveryError(_("The incident was finished in the meantime."), needless=True)
        return self._provider.open(facts, self._wording)
