"""What protects every answer: the headers, the exact policy, the cross-origin rule, the cookies, who must sign in."""

import re
from pathlib import Path

import pytest
from flask import abort

from blueprints.shared.security import client_address

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)
OPEN = {"/login", "/logout", "/healthz", "/readyz", "/sw.js", "/manifest.webmanifest", "/offline"}
"""Answered without signing in."""


def pages(app) -> list[str]:
    """Every address that GET answers and that needs no value."""
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static"
    )


def test_every_page_of_an_administrator_carries_the_policy(app, sign_in, cast):
    client = sign_in(cast.admin)
    for path in pages(app):
        answer = client.get(path)
        assert answer.status_code < 500, path
        assert answer.headers["Content-Security-Policy"] == POLICY, path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["X-Frame-Options"] == "DENY", path


def nothing_shown(answer) -> bool:
    """Sent to the sign-in form, told so by the status (to machines in JSON), or an empty answer."""
    if answer.status_code == 303:
        return answer.location.startswith("/login")
    if answer.status_code == 401 and answer.is_json:
        return set(answer.get_json()) == {"error"}
    return answer.status_code in (204, 401) and not answer.data


def test_nothing_but_a_few_pages_is_shown_without_signing_in(app, client):
    for path in pages(app):
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY, path
        if path not in OPEN:
            assert nothing_shown(answer), path


def test_no_deed_is_done_without_signing_in(app, client):
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint.startswith(
            ("people.enter", "people.language", "slack.")
        ):
            continue
        values = dict.fromkeys(rule.arguments, "1")
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        answer = client.post(path)
        assert answer.status_code == 404 or nothing_shown(answer), path


@pytest.mark.parametrize(
    ("status", "path", "method"),
    [(404, "/nowhere", "get"), (405, "/language", "get"), (403, "/people", "get"), (404, "/people/999", "post"),
     (409, "/people/1/deactivation", "post"), (422, "/me", "post")],
)  # fmt: skip
def test_errors_carry_the_policy_too(sign_in, cast, status, path, method):
    who = cast.reader if status == 403 else cast.admin
    answer = getattr(sign_in(who), method)(path, data={"phone": "x"} if status == 422 else None)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("status", [400, 401, 413, 429, 500, 503])
def test_every_error_is_a_page_in_words_with_the_policy(app, sign_in, cast, monkeypatch, status):
    monkeypatch.setitem(app.view_functions, "people.mine", lambda: abort(status))
    answer = sign_in(cast.reader).get("/me")
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "<h1>" in answer.text


def test_a_fault_of_ours_shows_no_trace(app, sign_in, cast, monkeypatch):
    def fail():
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.view_functions, "people.mine", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = sign_in(cast.reader).get("/me")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_no_template_needs_more_than_the_policy_gives():
    """No styles or scripts within the page, no handlers in attributes: the policy would drop them in silence."""
    for file in (Path(__file__).parents[2] / "templates").rglob("*.html"):
        found = re.search(r'\sstyle="|<style|<script(?![^>]*\ssrc=)|\son[a-z]+="|javascript:', file.read_text())
        assert not found, f"{file}: {found and found[0]}"


# — the cross-origin rule: language is a form that needs nobody signed in


def send(client, base="http://localhost", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/language", data={"language": "en"}, headers=named, base_url=base).status_code


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("same-origin", 303),
        ("none", 303),
        ("same-site", 403),
        ("cross-site", 403),
        ("", 403),
        ("Same-Origin", 403),
        ("x", 403),
    ],
)
def test_the_browser_s_own_word_decides(client, cast, site, status):
    assert send(client, Sec_Fetch_Site=site) == status
    # It wins over whatever Origin says.
    assert send(client, Sec_Fetch_Site=site, Origin="https://evil.example") == status
    assert send(client, Sec_Fetch_Site=site, Origin="http://localhost") == status


@pytest.mark.parametrize(
    ("origin", "base", "status"),
    [
        ("http://localhost", "http://localhost", 303),
        ("http://localhost:8000", "http://localhost:8000", 303),
        ("http://localhost:8001", "http://localhost:8000", 403),
        ("http://localhost", "http://localhost:8000", 403),
        ("https://noroshi.example.jp", "http://noroshi.example.jp", 303),
        ("https://noroshi.example.jp:443", "http://noroshi.example.jp", 303),
        ("http://NOROSHI.example.jp", "http://noroshi.example.jp", 303),
        ("https://evil.example", "http://noroshi.example.jp", 403),
        ("https://noroshi.example.jp.evil.example", "http://noroshi.example.jp", 403),
        ("https://evil.example/noroshi.example.jp", "http://noroshi.example.jp", 403),
        ("null", "http://localhost", 403),
        ("", "http://localhost", 403),
        ("localhost", "http://localhost", 403),
        ("http://[", "http://localhost", 403),
        ("http://localhost:x", "http://localhost", 403),
    ],
)
def test_an_older_browser_s_origin_must_be_ours(client, cast, origin, base, status):
    assert send(client, base, Origin=origin) == status


def test_the_address_of_the_setting_is_ours_too(app, client, cast):
    assert send(client, Origin="https://noroshi.example.jp") == 403
    app.config["BASE_URL"] = "https://noroshi.example.jp/"
    assert send(client, Origin="https://noroshi.example.jp") == 303
    assert send(client, Origin="https://noroshi.example.jp:8443") == 403


def test_a_script_that_says_nothing_passes(client, cast):
    assert send(client) == 303


def test_a_form_of_another_site_signs_nobody_out(sign_in, cast):
    client = sign_in(cast.reader)
    assert client.post("/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get("/me").status_code == 200


def test_looking_is_never_refused(client, cast):
    assert client.get("/login", headers={"Sec-Fetch-Site": "cross-site", "Origin": "null"}).status_code == 200


def test_slack_s_signed_requests_are_not_browsers(client, cast):
    assert client.post("/slack/events", headers={"Sec-Fetch-Site": "cross-site"}).status_code != 403
    assert client.post("/slacker", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_every_method_that_may_change_is_guarded(client, cast, method):
    assert getattr(client, method)("/language", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


# — cookies


def sign(client, **given):
    return client.post("/login", data={"email": "reader@example.jp", "password": "correct horse battery"}, **given)


def cookies(answer) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


def test_cookies_are_for_the_portal_alone(client, cast):
    found = cookies(sign(client))
    assert set(found) == {"noroshi", "noroshi_remember", "w"}
    found |= cookies(client.post("/language", data={"language": "en"}))
    for line in found.values():
        assert "; HttpOnly" in line
        assert "; SameSite=Lax" in line
        assert "; Secure" not in line


def test_cookies_are_secure_where_the_portal_is(app, cast):
    for name in ("SESSION_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE"):
        app.config[name] = True
    answer = sign(app.test_client())
    assert all("; Secure" in line for line in cookies(answer).values())
    assert answer.headers["Strict-Transport-Security"]


def test_a_page_sets_no_cookie(sign_in, cast):
    """A cookie with every answer would keep every page out of every cache."""
    client = sign_in(cast.reader)
    for path in ("/", "/me", "/login"):
        assert "Set-Cookie" not in client.get(path).headers


def test_every_deed_makes_the_next_look_a_fresh_one(client, cast):
    first, second = (cookies(client.post("/language", data={"language": "en"}))["w"] for _ in range(2))
    assert first != second


# — those who are not signed in


def test_a_page_leads_to_the_form_and_back(client, cast):
    assert client.get("/roster?area=system").location == "/login?next=/roster?area%3Dsystem"


def test_a_fragment_never_becomes_the_sign_in_page(client, cast):
    answer = client.get("/me", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/roster?x=1"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/roster?x%3D1"
    assert answer.text == ""


@pytest.mark.parametrize("page", ["https://evil.example/x", "http://localhost//evil", "http://[", "", "x"])
def test_a_fragment_s_page_elsewhere_is_not_followed(client, cast, page):
    answer = client.get("/me", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_stream_is_told_by_its_status(client, cast):
    assert client.get("/live?topic=board", headers={"Accept": "text/event-stream"}).status_code == 401


def test_a_machine_is_told_in_json(client, cast):
    answer = client.get("/me", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.is_json) == (401, True)


def test_what_was_sent_too_late_leads_back_to_its_page(client, cast):
    """The words are kept as a draft on the device, on the page where they were typed."""
    answer = client.post("/me", headers={"Referer": "http://localhost/reports/new?x=1"})
    assert answer.location == "/login?next=/reports/new?x%3D1"
    assert client.post("/me", headers={"Referer": "https://evil.example/"}).location == "/login"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::1", "2001:db8::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("unix:", "unix:"),
        ("", "unknown"),
    ],
)
def test_whom_the_throttle_counts(app, address, counted):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client_address() == counted


def test_a_number_that_no_row_has_is_an_unknown_page(sign_in, cast):
    assert sign_in(cast.admin).get(f"/people/{2**31}").status_code == 404
    assert sign_in(cast.admin).get(f"/people/{2**63}").status_code == 404
