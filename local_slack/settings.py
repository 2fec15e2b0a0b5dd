"""What a running local Slack was given: its secrets, its workspace, where interactions go."""

from dataclasses import dataclass
from typing import Any

from local_slack.faults import Faults
from local_slack.rates import Rates
from local_slack.workspace import Workspace

TOKEN = "xoxb-local"
SIGNING_SECRET = "local-secret"


@dataclass
class Settings:
    workspace: Workspace
    faults: Faults
    token: str = TOKEN
    signing_secret: str = SIGNING_SECRET
    interactions: str | None = None
    commands: str | None = None
    events: str | None = None
    rates: Rates | None = None
    scopes: frozenset[str] | None = None
    """What the app may do; None: everything."""
    last_event: dict[str, Any] | None = None
    """What the app was told last, to be sent again."""
