"""auth, users, usergroups, files, views: the rest of the methods."""

from typing import Any

from local_slack import modals
from local_slack.checks import Refusal, checked_blocks, checked_view, parsed
from local_slack.conversations import paged
from local_slack.events import file_shown
from local_slack.registry import Json, Request, method
from local_slack.workspace import BOT_ID, BOT_USER, TEAM_ID, TEAM_NAME, File, User, Usergroup


@method("auth.test", tier=600)
def auth_test(call: Request) -> Json:
    return {
        "url": call.base, "team": TEAM_NAME, "user": "noroshi", "team_id": TEAM_ID, "user_id": BOT_USER,
        "bot_id": BOT_ID, "is_enterprise_install": False,
    }  # fmt: skip


@method("api.test", tier=600)
def api_test(call: Request) -> Json:
    if call.text("error"):
        raise Refusal(call.text("error"), args=call.args)
    return {"args": {name: value for name, value in call.args.items() if name != "token"}}


def _described(user: User) -> Json:
    return {
        "id": user.id, "team_id": TEAM_ID, "name": user.name, "deleted": user.deleted, "real_name": user.real_name,
        "tz": "Asia/Tokyo", "tz_label": "Japan Standard Time", "tz_offset": 32400, "is_bot": user.is_bot,
        "is_app_user": False,
        "profile": {
            "real_name": user.real_name, "display_name": user.real_name, "email": user.email, "team": TEAM_ID,
        },
    }  # fmt: skip


@method("users.info", "user", tier=100)
def user_info(call: Request) -> Json:
    return {"user": _described(call.workspace.user(call.args["user"]))}


@method("users.list", tier=20)
def user_list(call: Request) -> Json:
    page, more = paged(call, [_described(one) for one in call.workspace.users.values()], 200, 1000)
    return {"members": page, "cache_ts": int(call.workspace.clock()), **more}


@method("users.lookupByEmail", "email")
def look_up(call: Request) -> Json:
    for user in call.workspace.users.values():
        if user.email.lower() == call.text("email").lower() and not user.deleted and not user.is_bot:
            return {"user": _described(user)}
    raise Refusal("users_not_found")


def _group(group: Usergroup, users: bool) -> Json:
    found: dict[str, Any] = {
        "id": group.id, "team_id": TEAM_ID, "is_usergroup": True, "name": group.name, "handle": group.handle,
        "description": "", "user_count": len(group.users), "date_delete": 0,
    }  # fmt: skip
    return found | ({"users": group.users} if users else {})


@method("usergroups.list", tier=20)
def usergroup_list(call: Request) -> Json:
    return {"usergroups": [_group(one, call.flag("include_users")) for one in call.workspace.usergroups.values()]}


@method("usergroups.users.update", "usergroup", tier=20)
def usergroup_update(call: Request) -> Json:
    """Replaces the whole list of a group. It cannot be empty, and takes neither bots nor who has left."""
    group = call.workspace.usergroups.get(call.text("usergroup"))
    users = call.listed("users")
    if not group:
        raise Refusal("no_such_subteam")
    if not users:
        raise Refusal("no_users_provided")
    known = (call.workspace.users.get(one) for one in users)
    if any(user is None or user.is_bot or user.deleted for user in known):
        raise Refusal("invalid_users")
    group.users = list(dict.fromkeys(users))
    call.workspace.touch()
    return {"usergroup": _group(group, True)}


@method("files.getUploadURLExternal", "filename", "length", tier=100)
def upload_url(call: Request) -> Json:
    """Where the bytes of a file go; nobody sees it before `files.completeUploadExternal`."""
    if not call.text("length").isdecimal() or int(call.text("length")) < 1:
        raise Refusal("invalid_arguments", "[ERROR] must be greater than 0 [json-pointer:/length]")
    file = File(call.workspace.new_id("F"), call.text("filename"), int(call.text("length")), call.text("alt_txt"))
    call.workspace.files[file.id] = file
    return {"upload_url": f"{call.base}upload/v1/{file.id}", "file_id": file.id}


def _file(call: Request, file: File) -> Json:
    return file_shown(file, call.base, call.user)


@method("files.completeUploadExternal", "files", tier=100)
def complete_upload(call: Request) -> Json:
    """Shares uploaded files, in a channel where the app is a member if one is named."""
    listed = parsed(call.args["files"], "invalid_arguments")
    if not isinstance(listed, list) or not all(isinstance(one, dict) and "id" in one for one in listed):
        raise Refusal("invalid_arguments", "[ERROR] missing required field: id [json-pointer:/files/0]")
    files = []
    for entry in listed:
        file = call.workspace.files.get(str(entry["id"]))
        if not file or file.body is None or file.shared:
            raise Refusal("file_not_found")
        file.title = str(entry.get("title") or file.name)
        files.append(file)
    wanted = call.text("channel_id") or call.text("channels")
    channel = call.workspace.joined(wanted) if wanted else None
    described = [_file(call, file) for file in files]
    if channel:
        call.workspace.post(
            channel, call.user, call.text("initial_comment"), files=described, upload=True,
            thread_ts=call.text("thread_ts") or None, blocks=checked_blocks(call.args.get("blocks")),
        )  # fmt: skip
    for file in files:
        file.shared = True
    return {"files": described}


@method("views.open", "trigger_id", "view", tier=100)
def open_view(call: Request) -> Json:
    """Opens a modal for the person whose interaction gave the trigger."""
    view = checked_view(call.args["view"])
    if view["type"] != "modal":
        raise Refusal("invalid_arguments", "[ERROR] must be one of: modal [json-pointer:/view/type]")
    user = call.workspace.take_trigger(call.args["trigger_id"])
    return {"view": modals.opened(call.workspace, user, view)}


@method("views.update", "view", tier=100)
def update_view(call: Request) -> Json:
    """Another content in an open modal, unless it has changed since (`hash`)."""
    view = checked_view(call.args["view"])
    wanted = {"id": call.text("view_id"), "external_id": call.text("external_id")}
    found = next(
        (one for one in call.workspace.views if one["_open"] and any(v and one.get(n) == v for n, v in wanted.items())),
        None,
    )
    if found is None:
        raise Refusal("not_found")
    if call.text("hash") and call.text("hash") != found["hash"]:
        raise Refusal("hash_conflict")
    return {"view": modals.changed(call.workspace, found, view)}
