"""Puts everything together: settings, extensions, rooms, senders; nothing is elsewhere. `python app.py` serves."""

import gc

if __name__ == "__main__":
    # What is loaded to start is kept: looking through it for rubbish, again and again, took a third of the start.
    gc.disable()

import mimetypes
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from flask_compress import Compress
from sqlalchemy.exc import DBAPIError
from whitenoise import WhiteNoise

import commands
import settings
from blueprints import rooms
from blueprints.shared import away, errors, keeping, language, live, pages, security, signin
from blueprints.status import answer
from domain import (
    beginnings,
    business_hours,
    formation_clock,
    hotline_clock,
    learning_clock,
    memory,
    mirror,
    promise_clock,
)
from domain.db import Organisation, db, guard, writing
from integrations import calls, mail
from integrations.console import ConsoleSender
from integrations.dispatch import Dispatcher
from integrations.pagerduty import PagerDutySender
from integrations.wording import Wording
from server.watch import Watch, Watches

ROOT = Path(__file__).parent
log = structlog.get_logger()


class Portal(Flask):
    """Flask with the house's way to find templates."""

    jinja_environment = pages.Templates


def create_app(
    given: dict[str, Any] | None = None, instance_path: str | None = None, *, commanded: bool = True
) -> Flask:
    """The portal. `given` settings win over the environment (tests). Not `commanded`: `flask db` is left out.

    Raises:
        settings.SettingError: a setting cannot be used; the sentence names it.
    """
    app = Portal(__name__, instance_path=instance_path or os.environ.get("NOROSHI_INSTANCE"))
    settings.load(app, given)
    db.init_app(app)
    with app.app_context():
        guard(db.engine, _organisation(app.config))
    if commanded:
        _migrations(app)
    # Registered first, so that it runs last: it compresses what the others have finished.
    Compress(app)
    away.init_app(app)
    language.init_app(app)
    signin.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    pages.init_app(app)
    live.init_app(app)
    keeping.init_app(app)
    rooms.init_app(app)
    answer.init_app(app)
    commands.init_app(app)
    app.extensions["deliver"] = Dispatcher(_senders(app), clock=lambda: datetime.now(UTC))
    watches: list[Watch] = []
    if app.config["SLACK_BOT_TOKEN"]:
        # Without Slack nothing is written down: it would be out of date by the time it could go out.
        watches += [
            Watch(_now),
            Watch(_now, of=hotline_clock, every=timedelta(seconds=5)),
            Watch(_now, of=formation_clock, every=timedelta(seconds=15)),
            Watch(_now, of=promise_clock, every=timedelta(seconds=5)),
            Watch(_now, of=learning_clock, every=learning_clock.EVERY),
        ]
    if app.config["CONFLUENCE_URL"]:
        watches.append(Watch(_now, of=mirror, every=mirror.EVERY))
    app.extensions["watch"] = Watches(*watches, Watch(_now, of=memory, every=memory.EVERY))
    _slack_ports(app)
    _serve_static(app)
    return app


class Later:
    """Something that is made when it is first asked for. Slack's library alone takes a tenth of the start."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def _slack_ports(app: Flask) -> None:
    """What the rooms ask of services within a request or a command: they know no integrations."""
    app.extensions["slack_views"] = Later(lambda: _views(app.config))
    app.extensions["slack_check"] = Later(lambda: _check(app.config))
    app.extensions["meet_consent"] = Later(lambda: _consent(app.config))


def _consent(config: dict[str, Any]) -> Any:
    from integrations.meet import Consent

    return Consent(config["GOOGLE_CLIENT_ID"], config["GOOGLE_CLIENT_SECRET"], config["GOOGLE_TOKEN_URL"])


def _views(config: dict[str, Any]) -> Any:
    from integrations.slack_views import Views

    return Views(config["SLACK_BOT_TOKEN"], config["SLACK_API_URL"])


def _check(config: dict[str, Any]) -> Any:
    from integrations.slack_check import Check

    return Check(
        token=config["SLACK_BOT_TOKEN"],
        signing_secret=config["SLACK_SIGNING_SECRET"],
        api_url=config["SLACK_API_URL"],
        hotline=config["SLACK_HOTLINE_CHANNEL"],
        customers=next(iter(settings.listed(config["SLACK_CUSTOMER_CHANNEL"])), ""),
        base_url=config["BASE_URL"],
        wording=Wording(config["LOCALE"], config["ZONE"], str(ROOT / "translations")),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _organisation(config: dict[str, Any]) -> Organisation:
    return Organisation(
        zone=config["ZONE"],
        country=config["HOLIDAYS"],
        business_hours=business_hours.parse(config["BUSINESS_HOURS"]),
        page_from=config["PAGE_FROM_SEVERITY"],
        channel_name=config["INCIDENT_CHANNEL_NAME"],
        announce=settings.listed(config["SLACK_ANNOUNCE_CHANNELS"]),
        customer_channel=next(iter(settings.listed(config["SLACK_CUSTOMER_CHANNEL"])), ""),
        night=config["NIGHT_HOURS"],
        go_ahead=config["GO_AHEAD"] == "ask",
        pages=bool(config["PAGERDUTY_ROUTING_KEY"]),
        first_update=config["UPDATE_FIRST_SPAN"],
        update_every=config["UPDATE_EVERY_SPAN"],
        update_every_for=config["UPDATE_EVERY_FOR_SPAN"],
        postmortem_days=config["POSTMORTEM_WITHIN"],
        # Without Slack nobody is told by the clock, so nothing promises it.
        reminders=config["HOTLINE_REMINDERS"] if config["SLACK_BOT_TOKEN"] else None,
    )


def _migrations(app: Flask) -> None:
    from flask_migrate import Migrate  # with all of Alembic: a tenth of the start, and serving never asks for it

    Migrate(app, db, directory=str(ROOT / "domain" / "migrations"), render_as_batch=True, compare_type=True)


def _senders(app: Flask) -> dict[str, Any]:
    """Per service who speaks to it; where it is not configured, the console stands in and the word is held."""
    config = app.config
    words: dict[str, Any] = {
        "base_url": config["BASE_URL"] or "",
        "wording": Wording(config["LOCALE"], config["ZONE"], str(ROOT / "translations")),
    }
    pager = PagerDutySender(
        config["PAGERDUTY_ROUTING_KEY"], config["PAGERDUTY_DRILL_KEY"], config["PAGERDUTY_EVENTS_URL"], **words
    )
    provider = calls.provider(config)
    return (
        _slack(config)
        | _confluence(config, words)
        | {
            "mail": _mail(config),
            "pagerduty": pager,
            "calls": calls.CallsSender(provider, **words) if provider else ConsoleSender("calls"),
        }
    )


def _confluence(config: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    """Nothing where it is not set up: the record is whole without it."""
    if not config["CONFLUENCE_URL"]:
        return {}
    from integrations.confluence import ConfluenceSender

    given = (config[f"CONFLUENCE_{name}"] for name in ("URL", "USER", "TOKEN", "SPACE_ID", "TITLE"))
    return {"confluence": ConfluenceSender(*given, **words)}


def _mail(config: dict[str, Any]) -> Any:
    at = mail.server(config)
    if at is None:
        return ConsoleSender("mail")
    zone, folder = config["ZONE"], str(ROOT / "translations")
    wordings = {one: Wording(one, zone, folder) for one in settings.LANGUAGES}
    return mail.MailSender(at, config["SMTP_FROM"], config["BASE_URL"] or "", wordings, config["LOCALE"])


def _slack(config: dict[str, Any]) -> dict[str, Any]:
    """To its channels and to people, each by a worker of its own."""
    if not config["SLACK_BOT_TOKEN"]:
        return {name: ConsoleSender(name) for name in ("slack", "direct")}
    from integrations.slack import SlackSender
    from integrations.slack_direct import DirectSender

    given = {
        "token": config["SLACK_BOT_TOKEN"],
        "api_url": config["SLACK_API_URL"],
        "hotline_channel": config["SLACK_HOTLINE_CHANNEL"],
        "base_url": config["BASE_URL"] or "",
        "locale": config["LOCALE"],
        "zone": config["ZONE"],
        "translations_dir": str(ROOT / "translations"),
        "time_limit": config["SLACK_TIMEOUT"],
        "drill_channel": config["SLACK_DRILL_CHANNEL"],
        "pressable": bool(config["SLACK_SIGNING_SECRET"]),
    }
    return {"slack": SlackSender(**given), "direct": DirectSender(**given)}


def _serve_static(app: Flask) -> None:
    mimetypes.add_type("application/manifest+json", ".webmanifest")

    def headers(response_headers: Any, _path: str, _url: str) -> None:
        # Every address of a static file carries its content's hash (`pages.asset`).
        response_headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response_headers["X-Content-Type-Options"] = "nosniff"

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(ROOT / "static"),
        prefix="static/",
        autorefresh=app.config.get("TESTING", False),
        allow_all_origins=False,
        add_headers_function=headers,
    )


def _furnish(app: Flask) -> None:
    """A new instance begins with areas and tiles."""
    with app.app_context():
        try:
            bare = beginnings.is_bare()
        except DBAPIError as error:
            raise settings.SettingError(
                "the database does not answer, or is not up to date. Run `make database` (flask --app app db upgrade)."
            ) from error
        if bare:
            with writing():
                beginnings.furnish(datetime.now(UTC))


def main() -> int:
    """Serves on HOST and PORT; says where, and on an empty instance how the first administrator comes in."""
    from blueprints.people.first import first_link
    from server import logs
    from server.serve import serve

    logs.configure()
    try:
        app = create_app(commanded=False)
        host, port = settings.address()
        _furnish(app)
    except settings.SettingError as error:
        print(f"Noroshi cannot start: {error}", file=sys.stderr)
        return 2

    def ready(url: str) -> None:
        app.extensions["deliver"].answer_at(url)
        with app.app_context():
            link = first_link(app.config["BASE_URL"] or url, at=datetime.now(UTC))
        print(f"\nNoroshi is ready: {app.config['BASE_URL'] or url}", flush=True)
        if link:
            print(f"Nobody is here yet. This link makes the first administrator, once:\n  {link}", flush=True)

    return serve(app, host, port, ready) or 0


if __name__ == "__main__":
    sys.exit(main())
