"""Reading what Slack sends: the payload, a modal's fields as a form, text as it was typed."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from blueprints.slack.modals import FIELD

Json = dict[str, Any]


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a signed form. Raises `BadRequest`: it is none."""
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadRequest from None
    return {name: values[0] for name, values in fields.items()}


def json_of(text: str | bytes) -> Json:
    """A JSON object. Raises `BadRequest`: it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not isinstance(found, dict):
        raise BadRequest
    return found


def at(content: Any, *path: str) -> Any:
    """What lies at a path of objects; "" where there is nothing."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return "" if content is None else content


def text_at(content: Any, *path: str) -> str:
    """The text at a path; "" where there is none."""
    found = at(content, *path)
    return found if isinstance(found, str) else ""


def kept(view: Json) -> Json:
    """What the modal was given to keep. Raises `BadRequest`: it is no modal of ours."""
    return json_of(text_at(view, "private_metadata") or "{}")


def typed(view: Json) -> MultiDict[str, str]:
    """What was typed and chosen in a modal, by the names of its fields, as a form would have it."""
    values = at(view, "state", "values")
    found: MultiDict[str, str] = MultiDict()
    for name in values if isinstance(values, dict) else ():
        field = at(values, name, FIELD)
        for value in _values(field if isinstance(field, dict) else {}):
            found.add(name, value)
    return found


def _values(field: Json) -> list[str]:
    if isinstance(field.get("selected_options"), list):
        return [text_at(one, "value") for one in field["selected_options"]]
    if isinstance(instant := field.get("selected_date_time"), int):
        try:
            return [datetime.fromtimestamp(instant, UTC).isoformat()]
        except (ValueError, OverflowError, OSError):
            return [str(instant)]
    found = text_at(field, "value") or text_at(field, "selected_time") or text_at(field, "selected_option", "value")
    return [found] if found else []


def permalink(content: Json, channel: str, ts: str, thread: str) -> str:
    """The address of a message: what Slack sends along does not hold it, and asking would take time."""
    api = urlsplit(str(current_app.config["SLACK_API_URL"]))
    domain, host = text_at(content, "team", "domain"), api.hostname or ""
    base = f"{api.scheme}://{api.netloc}"
    if host in ("slack.com", "slack-gov.com") and re.fullmatch(r"[a-z0-9-]{1,80}", domain):
        base = f"https://{domain}.{host}"
    tail = f"?thread_ts={thread}&cid={channel}" if thread and thread != ts else ""
    return f"{base}/archives/{channel}/p{ts.replace('.', '')}{tail}"
