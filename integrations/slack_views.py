"""Opening a modal: the one call to Slack inside a request, because its trigger lasts three seconds."""

from typing import Any

import structlog
from slack_sdk import WebClient

from integrations.slack import TROUBLE

TIME_LIMIT = 2.0
"""Seconds; Slack waits three for the answer to what was pressed."""

log = structlog.get_logger()


class Views:
    """A port of the rooms (`app.extensions["slack_views"]`)."""

    def __init__(self, token: str | None, api_url: str, time_limit: float = TIME_LIMIT) -> None:
        self._token = token
        self._api_url = api_url
        self._time_limit = time_limit

    def open(self, trigger: str, view: dict[str, Any]) -> bool:
        """Opens the modal; False when it could not be opened, for whatever reason: then the person is given a link."""
        if not self._token or not trigger:
            return False
        client = WebClient(self._token, base_url=self._api_url, retry_handlers=[])
        client.proxy = None
        client.timeout = self._time_limit  # type: ignore[assignment]
        try:
            client.api_call("views.open", json={"trigger_id": trigger, "view": view})
        except TROUBLE as error:
            log.warning("a modal could not be opened", callback=view.get("callback_id"), error=str(error)[:300])
            return False
        return True
