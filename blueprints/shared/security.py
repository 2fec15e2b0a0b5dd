"""What protects every answer: headers, the cross-origin rule, the throttle."""

import secrets
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask_limiter import Limiter
from werkzeug.routing import IntegerConverter

SAFE = {"GET", "HEAD", "OPTIONS"}
MOST_ID = 2**31 - 1
"""The largest number that both databases take for an id."""
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
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Id(IntegerConverter):
    """`<int:id>` in an address: a number that no row can have is an unknown page (404), not an overflow."""

    def __init__(self, url_map: object, **options: object) -> None:
        super().__init__(url_map, **{"max": MOST_ID, **options})  # type: ignore[arg-type]


def client_address() -> str:
    """Whom the throttle counts: the address, of IPv6 the /64, which one customer holds."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return request.remote_addr or "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


limiter = Limiter(client_address, headers_enabled=False, strategy="moving-window")


def init_app(app: Flask) -> None:
    """Before the rooms open: their addresses are read with `Id`."""
    app.url_map.converters["int"] = Id
    # Known already, so it hooks into no request: only the sign-in counts, and asks by itself (`people.throttle`).
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)
    app.before_request(refuse_cross_origin)
    app.after_request(protect)


def refuse_cross_origin() -> None:
    """403 for an unsafe request that another site caused. No token: a form that was open for a day still sends."""
    if request.method in SAFE or request.path.startswith("/slack/"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            abort(403)
        return
    origin = request.headers.get("Origin")
    if origin is None:
        return
    own = {_host_and_port(f"//{request.host}"), _host_and_port(current_app.config["BASE_URL"] or "")}
    if _host_and_port(origin) not in own - {""}:
        abort(403)


def _host_and_port(address: str) -> str:
    """`example.jp:8443`, without the port where it is the scheme's own; empty for `null` and what is no address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").casefold()
    return f"{host}:{port}" if host and port and (parts.scheme, port) not in _OWN_PORTS else host


_OWN_PORTS = {("http", 80), ("https", 443)}


def protect(response: Response) -> Response:
    """Security headers on everything; pages are private and checked anew each time; a write marks the reader."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.vary.update(("Cookie", "Accept-Language", "HX-Request-Type"))
    if request.method not in SAFE:
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
