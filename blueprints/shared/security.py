"""What protects every answer: headers, the cross-origin rule, the throttle."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # With `no-referrer` the portal's own forms would send `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

limiter = Limiter(get_remote_address, headers_enabled=False, strategy="moving-window")


def init_app(app: Flask) -> None:
    limiter.init_app(app)
    app.before_request(refuse_cross_origin)
    app.after_request(protect)


def refuse_cross_origin() -> None:
    """403 for an unsafe request that another site caused. No token: a form that was open for a day still sends."""
    if request.method not in UNSAFE or request.path.startswith("/slack/"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            abort(403)
        return
    origin = request.headers.get("Origin")
    if origin is None:
        return
    own = {request.host, urlsplit(current_app.config["BASE_URL"] or "").netloc}
    if origin == "null" or urlsplit(origin).netloc not in own - {""}:
        abort(403)


def protect(response: Response) -> Response:
    """Security headers on everything; pages are private and checked anew each time; a write marks the reader."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.vary.update(("Cookie", "Accept-Language", "HX-Request-Type"))
    if request.method in UNSAFE:
        # A fresh value makes this person's next read a miss in every page cache, on every machine.
        response.set_cookie(
            "w", secrets.token_hex(4), samesite="Lax", httponly=True, secure=current_app.config["SESSION_COOKIE_SECURE"]
        )
        response.headers.setdefault("Cache-Control", "no-store")
    else:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
            response.add_etag()
            response.make_conditional(request)
    return response
