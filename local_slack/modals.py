"""Modals: what is open for whom, what a person types into one, what the app makes of it."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from local_slack.checks import Refusal, checked_view
from local_slack.interactions import actor, send
from local_slack.settings import Settings
from local_slack.workspace import BOT_ID, TEAM_ID, Workspace

Json = dict[str, Any]
TOKYO = ZoneInfo("Asia/Tokyo")
SHOWN = ("id", "type", "title", "submit", "close", "blocks", "callback_id", "private_metadata", "external_id", "hash")


def opened(workspace: Workspace, user: str, view: Json) -> Json:
    """A view becomes open for a person."""
    with workspace.lock:
        made = view | {"id": workspace.new_id("V"), "team_id": TEAM_ID, "bot_id": BOT_ID, "hash": "1.local"}
        _name_fields(made)
        workspace.views.append(made | {"_user": user, "_open": True, "_errors": {}})
        workspace.touch()
        return made


def changed(workspace: Workspace, view: Json, wanted: Json) -> Json:
    """Another content in the same modal."""
    with workspace.lock:
        number = int(str(view["hash"]).partition(".")[0]) + 1
        for name in ("submit", "close", "callback_id", "private_metadata", "external_id"):
            view.pop(name, None)
        view.update(wanted | {"hash": f"{number}.local", "_errors": {}})
        _name_fields(view)
        workspace.touch()
        return shown(view)


def open_for(workspace: Workspace, user: str) -> Json | None:
    """The modal in front of a person, if there is one."""
    with workspace.lock:
        return next((one for one in reversed(workspace.views) if one["_open"] and one["_user"] == user), None)


def close(workspace: Workspace, user: str) -> None:
    """The person closes what is in front of them."""
    view = open_for(workspace, user)
    if view is not None:
        view["_open"] = False
        workspace.touch()


def shown(view: Json) -> Json:
    """A view as Slack hands it out."""
    return {name: value for name, value in view.items() if not name.startswith("_")}


def submission(settings: Settings, view_id: str, user: str, values: Json) -> Json:
    """The payload of a modal that is sent; `values`: what was typed, by block. Raises Refusal, as Slack's client would.

    A choice is given by its value, several by a list, an instant as `2026-08-11T10:42` or as seconds.
    """
    workspace = settings.workspace
    with workspace.lock:
        view = next((one for one in workspace.views if one["id"] == view_id and one["_user"] == user), None)
        if view is None:
            raise Refusal("view_not_found")
        state = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                element = block["element"]
                field = _typed(element, values.get(block["block_id"], _initial(element)))
                if field is None and not block.get("optional"):
                    raise Refusal("required", f"[ERROR] {block['block_id']} is required")
                state[block["block_id"]] = {element["action_id"]: field or {"type": element["type"], "value": None}}
        content = {name: view[name] for name in SHOWN if name in view}
        return {
            "type": "view_submission",
            **actor(workspace, user),
            "view": content | {"state": {"values": state}, "team_id": TEAM_ID, "root_view_id": view["id"]},
            "response_urls": [],
        }


def submit(settings: Settings, view_id: str, user: str, values: Json) -> tuple[int, str]:
    """Sends a modal and does what the app says: closes it, shows what is wrong, shows another one."""
    content = submission(settings, view_id, user, values)
    status, text = send(settings, content)
    view = next(one for one in settings.workspace.views if one["id"] == view_id)
    if status != 200:
        view["_errors"] = {"": f"{status} {text}"[:200]}
    else:
        answered(settings.workspace, view, json.loads(text) if text.strip() else {})
    settings.workspace.touch()
    return status, text


def answered(workspace: Workspace, view: Json, answer: Json) -> None:
    """What the app's answer does to the modal. Raises Refusal for an answer that Slack does not take."""
    action = answer.get("response_action")
    if action == "errors":
        fields = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not answer.get("errors") or set(answer["errors"]) - fields:
            raise Refusal(
                "invalid_errors", f"[ERROR] not fields of this modal: {sorted(set(answer['errors']) - fields)}"
            )
        view["_errors"] = dict(answer["errors"])
    elif action == "update":
        changed(workspace, view, checked_view(answer.get("view")))
    elif action == "push":
        opened(workspace, view["_user"], checked_view(answer.get("view")))
    elif action == "clear":
        for one in workspace.views:
            one["_open"] = one["_open"] and one["_user"] != view["_user"]
    elif action is None:
        view["_open"] = False
    else:
        raise Refusal("invalid_response_action")


def _name_fields(view: Json) -> None:
    for at, block in enumerate(view["blocks"]):
        block.setdefault("block_id", f"b{at}")
        if block["type"] == "input":
            block["element"].setdefault("action_id", f"a{at}")


def options_of(element: Json) -> list[Json]:
    """Everything that can be chosen, in groups or not."""
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    return [option for group in groups for option in group["options"]]


def _initial(element: Json) -> Any:
    if "initial_options" in element:
        return [one["value"] for one in element["initial_options"]]
    if "initial_option" in element:
        return element["initial_option"]["value"]
    return element.get("initial_value") or element.get("initial_date_time") or element.get("initial_time")


def _typed(element: Json, value: Any) -> Json | None:
    """A field's state; None where nothing was typed or chosen."""
    kind = element["type"]
    if value in (None, "", []):
        return {"type": kind, "selected_options": []} if kind == "checkboxes" else None
    if kind == "plain_text_input":
        if len(str(value)) > element.get("max_length", 3000):
            raise Refusal("too_long")
        return {"type": kind, "value": str(value)}
    if kind == "timepicker":
        return {"type": kind, "selected_time": str(value)}
    if kind == "datetimepicker":
        if isinstance(value, str) and not value.isdecimal():
            value = datetime.fromisoformat(value).replace(tzinfo=TOKYO).timestamp()
        return {"type": kind, "selected_date_time": int(value)}
    known = {one["value"]: one for one in options_of(element)}
    wanted = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    if set(wanted) - set(known):
        raise Refusal("no_such_option", f"[ERROR] {sorted(set(wanted) - set(known))}")
    chosen = [known[one] for one in wanted]
    several = kind == "checkboxes" or kind.startswith("multi_")
    return {"type": kind, "selected_options": chosen} if several else {"type": kind, "selected_option": chosen[0]}
