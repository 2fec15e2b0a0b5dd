"""A local PagerDuty: the Events API v2 with its checks; alerts by routing key and dedup_key."""

import re
from dataclasses import dataclass, field
from typing import Any

from local_services.faulty import Ask, FaultyServer, Reply

KEY = re.compile(r"[A-Za-z0-9]{32}")


@dataclass
class Alert:
    """One alert. `state`: triggered, acknowledged or resolved; `events`: every action that came for it."""

    routing_key: str
    dedup_key: str
    payload: dict[str, Any]
    state: str = "triggered"
    events: list[str] = field(default_factory=list)
    whole: dict[str, Any] = field(default_factory=dict)


class LocalPagerDuty(FaultyServer):
    """Answers `POST /v2/enqueue`. `alerts` holds what a person would have been woken for."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[tuple[str, str], Alert] = {}
        self.known: set[str] | None = None
        """The routing keys that there are; None: any."""

    @property
    def events_url(self) -> str:
        """What goes into PAGERDUTY_EVENTS_URL."""
        return f"{self.url}v2/enqueue"

    def answer(self, ask: Ask) -> Reply:
        if (ask.method, ask.path) != ("POST", "/v2/enqueue"):
            return Reply(404, {"status": "not found"})
        if errors := _errors(ask):
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return Reply(400, body)
        event = ask.body
        if self.known is not None and event["routing_key"] not in self.known:
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]}
            return Reply(400, body)
        self._take_in(event)
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    def _take_in(self, event: dict[str, Any]) -> None:
        place = event["routing_key"], event["dedup_key"]
        action = event["event_action"]
        alert = self.alerts.get(place)
        if action == "trigger":
            if alert is None or alert.state == "resolved":
                alert = self.alerts[place] = Alert(*place, event["payload"], whole=event)
        elif alert is not None:
            alert.state = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]
        if alert is not None:
            alert.events.append(action)


def _errors(ask: Ask) -> list[str]:
    event = ask.body
    if not isinstance(event, dict) or not ask.headers["content-type"].startswith("application/json"):
        return ["the body is not a JSON object"]
    wrong = []
    if not KEY.fullmatch(str(event.get("routing_key") or "")):
        wrong.append("'routing_key' must be 32 characters")
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        wrong.append("'event_action' is missing or wrong")
    dedup = event.get("dedup_key")
    if not isinstance(dedup, str) or not 0 < len(dedup) <= 255:
        wrong.append("'dedup_key' is missing or longer than 255")
    return wrong + (_payload_errors(event) if event.get("event_action") == "trigger" else [])


def _payload_errors(event: dict[str, Any]) -> list[str]:
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return ["'payload' is missing"]
    wrong = []
    if not 0 < len(str(payload.get("summary") or "")) <= 1024:
        wrong.append("'payload.summary' is missing or longer than 1024")
    if not payload.get("source"):
        wrong.append("'payload.source' is missing")
    if payload.get("severity") not in ("critical", "error", "warning", "info"):
        wrong.append("'payload.severity' is missing or wrong")
    for link in event.get("links", []):
        if not str(link.get("href") or "").startswith(("http://", "https://")):
            wrong.append("'links.href' is wrong")
    return wrong
