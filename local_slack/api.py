"""The HTTP side of the API: who asks, with which arguments, and Slack's way of answering."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from local_slack import chat, conversations, people  # noqa: F401 - they enter their methods into the table
from local_slack.checks import Refusal
from local_slack.interactions import response_url_used
from local_slack.registry import EVERYTHING, METHODS, Json, Request, check_required, needed_scope
from local_slack.settings import Settings

bp = Blueprint("api", __name__)


def settings() -> Settings:
    """What the running server was given."""
    return current_app.extensions["local_slack"]


def _arguments() -> Json:
    args: Json = request.args.to_dict() | request.form.to_dict()
    if request.is_json and request.get_data():
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Refusal("invalid_json" if body is None else "json_not_object")
        args |= body
    return args


def _check_token(args: Json) -> None:
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else args.pop("token", "")
    if not token:
        raise Refusal("not_authed")
    if token != settings().token:
        raise Refusal("invalid_auth")


def _check_scope(method: str, args: Json) -> None:
    scopes, needed = settings().scopes, needed_scope(method, args)
    if scopes is not None and needed and needed not in scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(scopes)))


def _refused(refusal: Refusal) -> Json:
    answer: Json = {"ok": False, "error": refusal.error, **refusal.extra}
    if refusal.messages:
        answer["response_metadata"] = {"messages": refusal.messages}
    return answer


@bp.route("/api/<method>", methods=["GET", "POST"])
def call(method: str) -> Response:
    """One call: token, known method, rate, required arguments, then the method itself; all is logged."""
    here = settings()
    detail = ""
    try:
        args = _arguments()
        if method not in METHODS:
            raise Refusal("unknown_method", req_method=method)
        if method != "api.test":
            _check_token(args)
            _check_scope(method, args)
        found = METHODS[method]
        detail = str(args.get("channel") or args.get("channel_id") or args.get("name") or "")
        if here.rates and (wait := here.rates.wait(method, found.tier, detail)):
            here.workspace.log(method, "ratelimited", detail)
            answer = jsonify(ok=False, error="ratelimited")
            answer.status_code, answer.headers["Retry-After"] = 429, str(wait)
            return answer
        check_required(found, args)
        with here.workspace.lock:
            body: Json = {"ok": True, **found.run(Request(here.workspace, args, request.host_url))}
    except Refusal as refusal:
        body = _refused(refusal)
        detail = "; ".join([detail, *refusal.messages]).strip("; ")
    here.workspace.log(method, "ok" if body["ok"] else body["error"], detail)
    answered = jsonify(body)
    if body.get("error") not in ("not_authed", "invalid_auth"):
        answered.headers["x-oauth-scopes"] = ",".join(sorted(EVERYTHING if here.scopes is None else here.scopes))
    return answered


@bp.post("/upload/v1/<file_id>")
def upload(file_id: str) -> tuple[str, int]:
    """The bytes of a file, raw or as a form."""
    workspace = settings().workspace
    # Raw bytes often come with a form's content type; only a real multipart body is taken apart.
    form = request.mimetype == "multipart/form-data"
    body = b"".join(one.read() for one in request.files.values()) if form else request.get_data()
    with workspace.lock:
        file = workspace.files.get(file_id)
        if not file or file.shared:
            return "not found", 404
        file.body = body
    workspace.log("upload", "ok", f"{file.name}, {len(body)} bytes")
    return f"OK - {len(body)}", 200


@bp.get("/files-pri/<file_id>")
def private_file(file_id: str) -> Response:
    """The bytes of a file for an app that may read files; who may not gets a page to sign in, as at Slack."""
    here = settings()
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    allowed = token == here.token and (here.scopes is None or "files:read" in here.scopes)
    file = here.workspace.files.get(file_id)
    if not allowed:
        return Response("<!doctype html><title>Sign in</title>", mimetype="text/html")
    if not file or file.body is None:
        return Response("not found", status=404, mimetype="text/plain")
    here.workspace.log("file read", "ok", f"{file.name}, {len(file.body)} bytes")
    return Response(file.body, mimetype=file.mimetype)


@bp.post("/response/<key>")
def response_url(key: str) -> tuple[Any, int]:
    """What an app answers to an interaction: five times within 30 minutes."""
    body = request.get_json(silent=True)
    workspace = settings().workspace
    try:
        with workspace.lock:
            response_url_used(workspace, key, body if isinstance(body, dict) else {})
    except Refusal as refusal:
        workspace.log("response_url", refusal.error)
        return jsonify(_refused(refusal)), 404 if refusal.error in ("used_url", "expired_url") else 400
    workspace.log("response_url", "ok")
    return "ok", 200
