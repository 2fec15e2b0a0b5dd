"""A local Zoom: server-to-server OAuth and meetings, as far as a call needs them."""

import base64
from typing import Any

from local_services.faulty import Ask, Reply
from local_services.token_server import TokenServer


class LocalZoom(TokenServer):
    """Answers `/oauth/token` and `/v2/users/me/meetings`. `meetings` holds what was made."""

    def __init__(self, account: str = "account", client: str = "client", secret: str = "secret") -> None:
        super().__init__()
        self.account, self.client, self.secret = account, client, secret
        self.meetings: list[dict[str, Any]] = []

    @property
    def token_url(self) -> str:
        """What goes into ZOOM_TOKEN_URL."""
        return f"{self.url}oauth/token"

    @property
    def api_url(self) -> str:
        """What goes into ZOOM_API_URL."""
        return f"{self.url}v2/"

    def answer(self, ask: Ask) -> Reply:
        if (ask.method, ask.path) == ("POST", "/oauth/token"):
            return self._token(ask)
        if ask.path != "/v2/users/me/meetings":
            return Reply(404, {"code": 404, "message": "not found"})
        if not self.knows(ask):
            return Reply(401, {"code": 124, "message": "Invalid access token."})
        return self._make(ask) if ask.method == "POST" else self._list(ask)

    def _token(self, ask: Ask) -> Reply:
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        if ask.headers.get("authorization") != f"Basic {basic}":
            return Reply(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
        if ask.query.get("grant_type") != "account_credentials" or ask.query.get("account_id") != self.account:
            return Reply(400, {"reason": "Bad Request", "error": "invalid_request"})
        return Reply(200, {"access_token": self.made_token(), "token_type": "bearer", "expires_in": 3600})

    def _make(self, ask: Ask) -> Reply:
        asked = ask.body
        if not isinstance(asked, dict) or not 0 < len(str(asked.get("topic") or "")) <= 200:
            return Reply(400, {"code": 300, "message": "Validation Failed."})
        if asked.get("type") == 2 and not asked.get("start_time"):
            return Reply(400, {"code": 300, "message": "Missing field: start_time"})
        number = 80_000_000_000 + len(self.meetings)
        meeting = {
            "id": number, "topic": asked["topic"], "type": asked.get("type", 2), "agenda": asked.get("agenda", ""),
            "join_url": f"https://zoom.example/j/{number}", "start_url": f"https://zoom.example/s/{number}?zak=secret",
        }  # fmt: skip
        self.meetings.append(meeting)
        return Reply(201, meeting)

    def _list(self, ask: Ask) -> Reply:
        size = min(int(ask.query.get("page_size") or 30), 300)
        start = int(ask.query.get("next_page_token") or 0)
        page = [{**one, "agenda": one["agenda"][:250]} for one in self.meetings[start : start + size]]
        for one in page:
            one.pop("start_url")
        following = str(start + size) if start + size < len(self.meetings) else ""
        return Reply(200, {"meetings": page, "next_page_token": following, "page_size": size})
