"""The table of API methods: what each needs, in which tier it counts, and how arguments are read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_slack.checks import Refusal
from local_slack.workspace import BOT_USER, Workspace

Json = dict[str, Any]


@dataclass
class Request:
    """One call of a method: its arguments, whatever way they came, and the place it came to."""

    workspace: Workspace
    args: Json
    base: str
    user: str = BOT_USER

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name)
        return default if value is None else value if isinstance(value, str) else json.dumps(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name)
        return default if value in (None, "") else str(value).lower() in ("1", "true")

    def listed(self, name: str) -> list[str]:
        """A list that came as JSON or with commas between."""
        value = self.args.get(name)
        if isinstance(value, list):
            return [str(one) for one in value]
        return [one.strip() for one in str(value or "").split(",") if one.strip()]

    def number(self, name: str, default: int, most: int) -> int:
        """A count from 1 to `most`; raises `invalid_limit`."""
        value = self.args.get(name)
        if value in (None, "", 0, "0"):
            return default
        if not str(value).isdecimal() or int(str(value)) > most:
            raise Refusal("invalid_limit")
        return int(str(value))


@dataclass(frozen=True)
class Method:
    """An API method; `tier` is how many calls a minute Slack allows."""

    run: Callable[[Request], Json]
    required: tuple[str, ...]
    tier: int


SCOPES = {
    "chat.": "chat:write", "pins.add": "pins:write",
    "bookmarks.list": "bookmarks:read", "bookmarks.": "bookmarks:write",
    "reactions.add": "reactions:write",
    "conversations.join": "channels:join", "conversations.open": "im:write", "conversations.list": "channels:read",
    "conversations.info": "channels:read",
    "conversations.create": "channels:manage", "conversations.invite": "channels:manage",
    "conversations.set": "channels:manage",
    "conversations.history": "channels:history", "conversations.replies": "channels:history",
    "users.": "users:read", "usergroups.list": "usergroups:read", "usergroups.users.update": "usergroups:write",
    "files.": "files:write",
}  # fmt: skip
"""The scope that a method needs, by its name or its beginning; what is not here needs none."""

EVERYTHING = frozenset(SCOPES.values()) | {
    "im:history",
    "commands",
    "app_mentions:read",
    "reactions:read",
    "files:read",
}
"""What an app that may do everything says that it may."""


def needed_scope(name: str, args: Json) -> str:
    """The scope that a call needs: reading a direct conversation needs another one than reading a channel."""
    scope = next((scope for start, scope in SCOPES.items() if name.startswith(start)), "")
    direct = str(args.get("channel") or "").startswith("D")
    return scope.replace("channels:history", "im:history") if direct else scope


METHODS: dict[str, Method] = {}


def method(
    name: str, *required: str, tier: int = 50
) -> Callable[[Callable[[Request], Json]], Callable[[Request], Json]]:
    """Enters a function into the table under Slack's name for it."""

    def enter(run: Callable[[Request], Json]) -> Callable[[Request], Json]:
        METHODS[name] = Method(run, required, tier)
        return run

    return enter


def check_required(found: Method, args: Json) -> None:
    """Raises `invalid_arguments` naming every required argument that is not there."""
    missing = [name for name in found.required if args.get(name) in (None, "")]
    if missing:
        raise Refusal("invalid_arguments", *(f"[ERROR] missing required field: {name}" for name in missing))
