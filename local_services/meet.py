"""A local Google Meet: a refresh token gives a token, a token makes spaces; as far as a call needs them."""

import secrets
from typing import Any
from urllib.parse import parse_qsl

from local_services.faulty import Ask, Reply
from local_services.token_server import TokenServer

FORM = "application/x-www-form-urlencoded"


class LocalMeet(TokenServer):
    """Answers `/token` and `/v2/spaces`. `spaces` holds what was made."""

    def __init__(self, client: str = "client", secret: str = "secret", refresh: str = "refresh") -> None:
        super().__init__()
        self.client, self.secret, self.refresh = client, secret, refresh
        self.spaces: list[dict[str, Any]] = []
        self.code = "4/code"
        """What the browser brings back from the page on which a user agrees."""
        self.enabled = True
        """Whether the project of the client has the Meet API."""

    @property
    def token_url(self) -> str:
        """What goes into GOOGLE_TOKEN_URL."""
        return f"{self.url}token"

    @property
    def api_url(self) -> str:
        """What goes into GOOGLE_MEET_URL."""
        return f"{self.url}v2/"

    def answer(self, ask: Ask) -> Reply:
        if (ask.method, ask.path) == ("POST", "/token"):
            return self._token(ask)
        if (ask.method, ask.path) != ("POST", "/v2/spaces"):
            return _error(404, "NOT_FOUND", "Requested entity was not found.")
        if not self.knows(ask):
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if not self.enabled:
            return _error(403, "PERMISSION_DENIED", "Google Meet API has not been used in project 1 or it is disabled.")
        if not isinstance(ask.body, dict) or not ask.headers["content-type"].startswith("application/json"):
            return _error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        if unknown := set(ask.body) - {"config"}:
            return _error(400, "INVALID_ARGUMENT", f"Unknown name {sorted(unknown)[0]!r}")
        return self._make()

    def _token(self, ask: Ask) -> Reply:
        if not ask.headers["content-type"].startswith(FORM) or not isinstance(ask.body, str):
            return Reply(400, {"error": "invalid_request", "error_description": "the body is no form"})
        asked = dict(parse_qsl(ask.body))
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client, self.secret):
            return Reply(401, {"error": "invalid_client", "error_description": "The OAuth client was not found."})
        if asked.get("grant_type") == "authorization_code":
            return self._consent(asked)
        if asked.get("grant_type") != "refresh_token":
            return Reply(400, {"error": "unsupported_grant_type"})
        if asked.get("refresh_token") != self.refresh:
            return Reply(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
        scope = "https://www.googleapis.com/auth/meetings.space.created"
        return Reply(
            200, {"access_token": self.made_token(), "token_type": "Bearer", "expires_in": 3599, "scope": scope}
        )

    def _consent(self, asked: dict[str, str]) -> Reply:
        if asked.get("code") != self.code or not asked.get("redirect_uri", "").startswith("http://127.0.0.1"):
            return Reply(400, {"error": "invalid_grant", "error_description": "Malformed auth code."})
        return Reply(200, {"access_token": "once", "expires_in": 3599, "refresh_token": self.refresh})

    def _make(self) -> Reply:
        code = f"abc-mnop-{len(self.spaces):03d}"
        space = {
            "name": f"spaces/{secrets.token_hex(6)}", "meetingUri": f"https://meet.example/{code}",
            "meetingCode": code, "config": {"accessType": "TRUSTED", "entryPointAccess": "ALL"},
        }  # fmt: skip
        self.spaces.append(space)
        return Reply(200, space)


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": status, "message": message, "status": code}})
