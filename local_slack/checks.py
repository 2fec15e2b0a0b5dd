"""What Slack refuses: blocks, metadata, channel names. Pure; a refusal carries Slack's own words for it."""

import json
import re
from collections.abc import Callable
from typing import Any

TEXT_CUT = 40_000
UPDATE_MAX = 4_000
Problems = list[str]
Json = dict[str, Any]


class Refusal(Exception):
    """A request that Slack answers with `ok: false`; `messages` become `response_metadata.messages`."""

    def __init__(self, error: str, *messages: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = list(messages)
        self.extra = extra


def parsed(value: Any, error: str) -> Any:
    """A value that a form carries as JSON text and a JSON body carries as itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal(error) from None


def _say(problems: Problems, words: str, pointer: str) -> None:
    problems.append(f"[ERROR] {words} [json-pointer:{pointer}]")


def _length(problems: Problems, value: Any, most: int, pointer: str, least: int = 1) -> None:
    if not isinstance(value, str):
        _say(problems, "must be a string", pointer)
    elif len(value) < least:
        _say(problems, f"must be more than {least - 1} characters", pointer)
    elif len(value) > most:
        _say(problems, f"must be less than {most + 1} characters", pointer)


def _text(problems: Problems, value: Any, most: int, pointer: str, kinds: tuple[str, ...] = ("plain_text",)) -> None:
    if not isinstance(value, dict):
        _say(problems, "must be an object", pointer)
        return
    if value.get("type") not in kinds:
        _say(problems, f"must be one of: {', '.join(kinds)}", f"{pointer}/type")
    _known(problems, value, {"type", "text", "emoji" if value.get("type") == "plain_text" else "verbatim"}, pointer)
    _length(problems, value.get("text"), most, f"{pointer}/text")


def _known(problems: Problems, value: Json, names: set[str], pointer: str) -> None:
    for name in sorted(set(value) - names):
        _say(problems, f"invalid additional property: {name}", pointer)


def _required(problems: Problems, value: Json, pointer: str, *names: str) -> bool:
    missing = [name for name in names if value.get(name) is None]
    for name in missing:
        _say(problems, f"missing required field: {name}", pointer)
    return not missing


def _count(problems: Problems, value: Any, most: int, pointer: str) -> list[Any]:
    if not isinstance(value, list):
        _say(problems, "must be an array", pointer)
        return []
    if not value:
        _say(problems, "no fewer than 1 items allowed", pointer)
    if len(value) > most:
        _say(problems, f"no more than {most} items allowed", pointer)
    return value


def _button(problems: Problems, value: Json, pointer: str) -> None:
    names = {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
    _known(problems, value, names, pointer)
    if _required(problems, value, pointer, "text"):
        _text(problems, value["text"], 75, f"{pointer}/text")
    for name, most in (("value", 2000), ("url", 3000), ("action_id", 255), ("accessibility_label", 75)):
        if name in value:
            _length(problems, value[name], most, f"{pointer}/{name}", least=0 if name == "value" else 1)
    if value.get("url") and not re.match(r"[a-z][a-z0-9+.-]*:", str(value["url"])):
        _say(problems, "invalid url", f"{pointer}/url")
    if value.get("style", "primary") not in ("primary", "danger"):
        _say(problems, "must be one of: primary, danger", f"{pointer}/style")


def _select(problems: Problems, value: Json, pointer: str) -> None:
    if "placeholder" in value:
        _text(problems, value["placeholder"], 150, f"{pointer}/placeholder")
    if "action_id" in value:
        _length(problems, value["action_id"], 255, f"{pointer}/action_id")
    offered: list[Any] = []
    if "option_groups" in value:
        for at, group in enumerate(_count(problems, value["option_groups"], 100, f"{pointer}/option_groups")):
            here = f"{pointer}/option_groups/{at}"
            if isinstance(group, dict) and _required(problems, group, here, "label", "options"):
                _text(problems, group["label"], 75, f"{here}/label")
                offered += _options(problems, group["options"], 100, f"{here}/options")
    elif value.get("type") in MOST_OPTIONS and _required(problems, value, pointer, "options"):
        offered = _options(problems, value["options"], MOST_OPTIONS[value["type"]], f"{pointer}/options")
    if offered:
        initial = value.get("initial_options") or [one for one in [value.get("initial_option")] if one]
        if any(one not in offered for one in initial):
            _say(problems, "must be one of the options", f"{pointer}/initial_options")


def _options(problems: Problems, value: Any, most: int, pointer: str) -> list[Any]:
    found = _count(problems, value, most, pointer)
    for at, option in enumerate(found):
        here = f"{pointer}/{at}"
        if isinstance(option, dict) and _required(problems, option, here, "text", "value"):
            _text(problems, option["text"], 75, f"{here}/text", ("plain_text", "mrkdwn"))
            _length(problems, option["value"], 150, f"{here}/value")
    return found


def _text_input(problems: Problems, value: Json, pointer: str) -> None:
    names = {"type", "action_id", "multiline", "max_length", "min_length", "initial_value", "placeholder"}
    _known(problems, value, names | {"focus_on_load", "dispatch_action_config"}, pointer)
    if not 1 <= int(value.get("max_length", 3000)) <= 3000:
        _say(problems, "must be between 1 and 3000", f"{pointer}/max_length")
    if "initial_value" in value:
        _length(problems, value["initial_value"], value.get("max_length", 3000), f"{pointer}/initial_value", least=0)
    if "placeholder" in value:
        _text(problems, value["placeholder"], 150, f"{pointer}/placeholder")


def _image(problems: Problems, value: Json, pointer: str) -> None:
    if "slack_file" not in value and _required(problems, value, pointer, "image_url"):
        _length(problems, value["image_url"], 3000, f"{pointer}/image_url")
        if not re.match(r"https?://", str(value["image_url"])):
            _say(problems, "invalid url", f"{pointer}/image_url")
    if _required(problems, value, pointer, "alt_text"):
        _length(problems, value["alt_text"], 2000, f"{pointer}/alt_text")


def _image_block(problems: Problems, value: Json, pointer: str) -> None:
    _image(problems, value, pointer)
    if "title" in value:
        _text(problems, value["title"], 2000, f"{pointer}/title")


def _nothing(problems: Problems, value: Json, pointer: str) -> None:
    """Element kinds that are taken as they come: the portal does not use them."""


MOST_OPTIONS = {
    "static_select": 100, "multi_static_select": 100, "radio_buttons": 10, "checkboxes": 10, "overflow": 5,
}  # fmt: skip
"""How many options an element takes."""

ELEMENTS: dict[str, Callable[[Problems, Json, str], None]] = {
    "button": _button, "static_select": _select, "users_select": _select, "channels_select": _select,
    "conversations_select": _select, "external_select": _select, "overflow": _select, "radio_buttons": _select,
    "checkboxes": _select, "multi_static_select": _select, "datepicker": _nothing, "timepicker": _nothing,
    "datetimepicker": _nothing,
}  # fmt: skip
INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input"}


def _elements(problems: Problems, value: Any, most: int, pointer: str) -> None:
    seen: set[str] = set()
    for at, element in enumerate(_count(problems, value, most, pointer)):
        here = f"{pointer}/{at}"
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in ELEMENTS:
            _say(problems, f"unsupported type: {kind}", f"{here}/type")
            continue
        ELEMENTS[kind](problems, element, here)
        if element.get("action_id") in seen:
            _say(problems, f"`action_id` {element['action_id']} already exists", here)
        seen.add(element.get("action_id") or f"({at})")


def _section(problems: Problems, block: Json, pointer: str) -> None:
    if "text" not in block and "fields" not in block:
        _say(problems, "missing required field: text", pointer)
    if "text" in block:
        _text(problems, block["text"], 3000, f"{pointer}/text", ("plain_text", "mrkdwn"))
    if "fields" in block:
        for at, field in enumerate(_count(problems, block["fields"], 10, f"{pointer}/fields")):
            _text(problems, field, 2000, f"{pointer}/fields/{at}", ("plain_text", "mrkdwn"))
    accessory = block.get("accessory")
    if isinstance(accessory, dict) and accessory.get("type") == "image":
        _image(problems, accessory, f"{pointer}/accessory")
    elif accessory is not None:
        _elements(problems, [accessory], 1, f"{pointer}/accessory")


def _header(problems: Problems, block: Json, pointer: str) -> None:
    if _required(problems, block, pointer, "text"):
        _text(problems, block["text"], 150, f"{pointer}/text")


def _context(problems: Problems, block: Json, pointer: str) -> None:
    if not _required(problems, block, pointer, "elements"):
        return
    for at, element in enumerate(_count(problems, block["elements"], 10, f"{pointer}/elements")):
        here = f"{pointer}/elements/{at}"
        if isinstance(element, dict) and element.get("type") == "image":
            _image(problems, element, here)
        else:
            _text(problems, element, 3000, here, ("plain_text", "mrkdwn", "image"))


def _actions(problems: Problems, block: Json, pointer: str) -> None:
    if _required(problems, block, pointer, "elements"):
        _elements(problems, block["elements"], 25, f"{pointer}/elements")


def _markdown(problems: Problems, block: Json, pointer: str) -> None:
    if _required(problems, block, pointer, "text"):
        _length(problems, block["text"], 12_000, f"{pointer}/text")


def _rich_text(problems: Problems, block: Json, pointer: str) -> None:
    _required(problems, block, pointer, "elements")


def _input(problems: Problems, block: Json, pointer: str) -> None:
    if not _required(problems, block, pointer, "label", "element"):
        return
    _text(problems, block["label"], 2000, f"{pointer}/label")
    if "hint" in block:
        _text(problems, block["hint"], 2000, f"{pointer}/hint")
    kind = block["element"].get("type") if isinstance(block["element"], dict) else None
    if kind not in INPUTS | set(ELEMENTS) - {"button", "overflow"} and not str(kind).startswith("multi_"):
        _say(problems, f"unsupported type: {kind}", f"{pointer}/element/type")
    elif kind == "plain_text_input":
        _text_input(problems, block["element"], f"{pointer}/element")
    elif kind in ELEMENTS:
        ELEMENTS[str(kind)](problems, block["element"], f"{pointer}/element")


BLOCKS: dict[str, tuple[Callable[[Problems, Json, str], None], set[str]]] = {
    "section": (_section, {"text", "fields", "accessory", "expand"}),
    "header": (_header, {"text", "level"}),
    "context": (_context, {"elements"}),
    "actions": (_actions, {"elements"}),
    "image": (_image_block, {"image_url", "slack_file", "alt_text", "title"}),
    "divider": (_nothing, set()),
    "markdown": (_markdown, {"text"}),
    "rich_text": (_rich_text, {"elements"}),
    "input": (_input, {"label", "element", "hint", "optional", "dispatch_action"}),
}


def block_problems(blocks: Any, most: int = 50, root: str = "/blocks") -> Problems:
    """Everything that Slack says about a list of blocks; empty when they may go out."""
    problems: Problems = []
    if not isinstance(blocks, list):
        return [f"[ERROR] must be an array [json-pointer:{root}]"]
    if len(blocks) > most:
        _say(problems, f"no more than {most} items allowed", root)
    seen: set[str] = set()
    for at, block in enumerate(blocks):
        here = f"{root}/{at}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in BLOCKS:
            _say(problems, f"unsupported type: {kind}", f"{here}/type")
            continue
        check, names = BLOCKS[kind]
        _known(problems, block, names | {"type", "block_id"}, here)
        check(problems, block, here)
        if "block_id" in block:
            _length(problems, block["block_id"], 255, f"{here}/block_id")
            if block["block_id"] in seen:
                _say(problems, f"`block_id` {block['block_id']} already exists", here)
            seen.add(str(block["block_id"]))
    return problems


def checked_blocks(value: Any) -> list[Json] | None:
    """The blocks of a message, or None where none were sent; raises `invalid_blocks`."""
    if value is None or value == "":
        return None
    blocks = parsed(value, "invalid_blocks_format")
    if problems := block_problems(blocks):
        raise Refusal("invalid_blocks", *problems, errors=[one.removeprefix("[ERROR] ") for one in problems])
    return list(blocks)


def checked_metadata(value: Any) -> Json | None:
    """A message's metadata; raises `invalid_metadata_format`, or `metadata_too_large` over 16 KB."""
    if value is None or value == "":
        return None
    metadata = parsed(value, "invalid_metadata_format")
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not re.fullmatch(r"[A-Za-z0-9_.\-]{1,255}", metadata["event_type"])
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise Refusal("invalid_metadata_format", "[ERROR] metadata must have event_type and event_payload (an object)")
    if len(json.dumps(metadata)) > 16_384:
        raise Refusal("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def checked_view(value: Any) -> Json:
    """A modal or home view; raises `invalid_arguments` with what is wrong."""
    view = parsed(value, "invalid_arguments")
    problems: Problems = []
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise Refusal("invalid_arguments", "[ERROR] must be one of: modal, home [json-pointer:/view/type]")
    _required(problems, view, "/view", "blocks", *(("title",) if view["type"] == "modal" else ()))
    for name in ("title", "submit", "close"):
        if view.get(name) is not None:
            _text(problems, view[name], 24, f"/view/{name}")
    for name, most in (("callback_id", 255), ("private_metadata", 3000), ("external_id", 255)):
        if view.get(name) is not None:
            _length(problems, view[name], most, f"/view/{name}", least=0)
    problems += block_problems(view.get("blocks") or [], 100, "/view/blocks")
    if any(isinstance(block, dict) and block.get("type") == "input" for block in view.get("blocks") or []):
        _required(problems, view, "/view", "submit")
    if problems:
        raise Refusal("invalid_arguments", *problems)
    return view


def checked_channel_name(name: str, *, ascii_only: bool = False) -> str:
    """A name for a new channel. Slack's help allows Japanese; `ascii_only` plays a workspace that does not."""
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > 80:
        raise Refusal("invalid_name_maxlength")
    if name != name.lower() or not all(char.isalnum() or char in "-_" for char in name):
        raise Refusal("invalid_name_specials")
    if not name.strip("-_"):
        raise Refusal("invalid_name_punctuation")
    if ascii_only and not name.isascii():
        raise Refusal("invalid_name_specials")
    return name
