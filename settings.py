"""The settings: environment before `instance/config.py` before the defaults. A wrong one stops the start in words."""

import os
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import phonenumbers
from flask import Flask
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from domain import business_hours, channel_names, holidays
from domain.db import engine_options

DEFAULTS: dict[str, Any] = {
    "SECRET_KEY": None,
    "DATABASE_URL": None,
    "BASE_URL": None,
    "TRUSTED_PROXIES": "127.0.0.1",
    "TIMEZONE": "Asia/Tokyo",
    "LOCALE": "ja",
    "PHONE_REGION": "JP",
    "HOLIDAYS": "JP",
    "SLACK_BOT_TOKEN": None,
    "SLACK_SIGNING_SECRET": None,
    "SLACK_API_URL": "https://slack.com/api/",
    "SLACK_HOTLINE_CHANNEL": "hotline",
    "SLACK_TIMEOUT": "10",
    "SLACK_ANNOUNCE_CHANNELS": "",
    "SLACK_DRILL_CHANNEL": "drill",
    "SLACK_CUSTOMER_CHANNEL": "",
    "GO_AHEAD": "off",
    "SLACK_TIMELINE_REACTION": "memo",
    "INCIDENT_CHANNEL_NAME": channel_names.DEFAULT,
    "BUSINESS_HOURS": business_hours.DEFAULT_TEXT,
    "PAGE_FROM_SEVERITY": "critical",
    "PAGERDUTY_ROUTING_KEY": None,
    "PAGERDUTY_DRILL_KEY": None,
    "PAGERDUTY_EVENTS_URL": "https://events.pagerduty.com/v2/enqueue",
    "CALL_SYSTEM_URL": None,
    "CALL_CUSTOMER_URL": None,
    "CALL_JITSI_URL": None,
    "ZOOM_ACCOUNT_ID": None,
    "ZOOM_CLIENT_ID": None,
    "ZOOM_CLIENT_SECRET": None,
    "ZOOM_TOKEN_URL": "https://zoom.us/oauth/token",
    "ZOOM_API_URL": "https://api.zoom.us/v2/",
    "GOOGLE_CLIENT_ID": None,
    "GOOGLE_CLIENT_SECRET": None,
    "GOOGLE_REFRESH_TOKEN": None,
    "GOOGLE_TOKEN_URL": "https://oauth2.googleapis.com/token",
    "GOOGLE_MEET_URL": "https://meet.googleapis.com/v2/",
    "HOTLINE_FIRST_REMINDER": "5",
    "HOTLINE_NEXT_REMINDER": "5",
    "UPDATE_FIRST": "5",
    "UPDATE_EVERY": "20",
    "UPDATE_EVERY_FOR": "120",
    "CONFLUENCE_URL": None,
    "CONFLUENCE_USER": None,
    "CONFLUENCE_TOKEN": None,
    "CONFLUENCE_SPACE_ID": None,
    "CONFLUENCE_TITLE": "{date} {code} {title}",
    "SMTP_URL": None,
    "SMTP_HOST": None,
    "SMTP_PORT": "587",
    "SMTP_USER": None,
    "SMTP_PASSWORD": None,
    "SMTP_FROM": None,
    "NIGHT": "22:00-7:00",
    "PAGE_CACHE": "64",
    "POSTMORTEM_DAYS": "5",
    "RATELIMIT_STORAGE_URI": "memory://",
}
LANGUAGES = ("ja", "en")
SEVERITIES = ("minor", "major", "critical")
MAIL_SCHEMES = ("smtps", "smtp+starttls", "smtp")
ADDRESSES = (
    "BASE_URL", "SLACK_API_URL", "PAGERDUTY_EVENTS_URL", "CALL_SYSTEM_URL", "CALL_CUSTOMER_URL", "CALL_JITSI_URL",
    "ZOOM_TOKEN_URL", "ZOOM_API_URL", "GOOGLE_TOKEN_URL", "GOOGLE_MEET_URL", "CONFLUENCE_URL",
)  # fmt: skip
MAX_BODY = 15 * 1024 * 1024
"""Bytes of a request: a phone's photo fits; more is answered with 413."""


class SettingError(click.ClickException):
    """A setting that cannot be used; the sentence names it. The `flask` command shows it without a trace."""


def load(app: Flask, given: dict[str, Any] | None = None) -> None:
    """Fills `app.config`. `given` (tests) wins over the environment, which wins over `instance/config.py`.

    Raises:
        SettingError: one sentence that names the setting and says what it must be.
    """
    app.config.from_mapping(DEFAULTS)
    app.config.from_pyfile(str(Path(app.instance_path) / "config.py"), silent=True)
    app.config.update({name: os.environ[name] for name in DEFAULTS if os.environ.get(name)})
    app.config.update(given or {})
    _check(app.config)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = _kept_secret(Path(app.instance_path) / "secret_key")
    url = app.config["DATABASE_URL"] or f"sqlite:///{Path(app.instance_path) / 'noroshi.sqlite3'}"
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    _check_url(url)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(url),
        ZONE=ZoneInfo(app.config["TIMEZONE"]),
        **_flask(app.config),
    )


def address() -> tuple[str, int]:
    """HOST and PORT to listen on."""
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not (port.isascii() and port.isdecimal() and int(port) < 65_536):
        raise SettingError(f"PORT is {port!r}; it must be a number from 0 to 65535.")
    return host, int(port)


def _flask(config: dict[str, Any]) -> dict[str, Any]:
    secure = bool(config["BASE_URL"]) and urlsplit(config["BASE_URL"]).scheme == "https"
    return {
        "BABEL_DEFAULT_LOCALE": config["LOCALE"],
        "BABEL_DEFAULT_TIMEZONE": config["TIMEZONE"],
        "MAX_CONTENT_LENGTH": MAX_BODY,
        # A form's text is read whole, so that what is too long comes back with the form instead of being lost.
        "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
        "MAX_FORM_PARTS": 500,
        "SESSION_COOKIE_NAME": "noroshi",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        # A cookie with every answer would keep every page out of every cache.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "REMEMBER_COOKIE_NAME": "noroshi_remember",
        "REMEMBER_COOKIE_DURATION": 90 * 24 * 3600,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "RATELIMIT_HEADERS_ENABLED": True,
        "COMPRESS_MIMETYPES": ["text/html", "application/json", "application/atom+xml", "text/plain"],
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 5,
        "COMPRESS_STREAMS": False,
    }


def _check(config: dict[str, Any]) -> None:
    try:
        ZoneInfo(str(config["TIMEZONE"]))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(
            f"TIMEZONE is {config['TIMEZONE']!r}; it must be the name of a time zone, such as Asia/Tokyo."
        ) from None
    if config["LOCALE"] not in LANGUAGES:
        raise SettingError(f"LOCALE is {config['LOCALE']!r}; it must be one of {', '.join(LANGUAGES)}.")
    if config["PHONE_REGION"] not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingError(f"PHONE_REGION is {config['PHONE_REGION']!r}; it must be the code of a country, such as JP.")
    config["HOLIDAYS"] = _country(config["HOLIDAYS"])
    for name in ADDRESSES:
        value = config[name]
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise SettingError(f"{name} is {value!r}; it must be an address such as https://noroshi.example.jp/.")
    _check_mobilising(config)
    _check_confluence(config)
    _check_mail(config)
    config["SLACK_TIMELINE_REACTION"] = _reaction(str(config["SLACK_TIMELINE_REACTION"]))
    config["HOTLINE_REMINDERS"] = tuple(
        minutes(name, config[name]) for name in ("HOTLINE_FIRST_REMINDER", "HOTLINE_NEXT_REMINDER")
    )
    if config["GO_AHEAD"] not in ("off", "ask"):
        given = config["GO_AHEAD"]
        raise SettingError(f"GO_AHEAD is {given!r}; it must be off, or ask: an update may wait for the commander.")
    for name in ("UPDATE_FIRST", "UPDATE_EVERY", "UPDATE_EVERY_FOR"):
        config[f"{name}_SPAN"] = minutes(name, config[name])
    if not (str(config["PAGE_CACHE"]).isdecimal() and int(config["PAGE_CACHE"]) <= 4096):
        raise SettingError(f"PAGE_CACHE is {config['PAGE_CACHE']!r}; it must be megabytes, from 0 (off) to 4096.")
    config["PAGE_CACHE_BYTES"] = int(config["PAGE_CACHE"]) * 1024 * 1024
    config["POSTMORTEM_WITHIN"] = _working_days(str(config["POSTMORTEM_DAYS"]))
    try:
        config["SLACK_TIMEOUT"] = float(config["SLACK_TIMEOUT"])
    except ValueError:
        raise SettingError(f"SLACK_TIMEOUT is {config['SLACK_TIMEOUT']!r}; it must be a number of seconds.") from None


def _check_mobilising(config: dict[str, Any]) -> None:
    """What a declaration goes by."""
    try:
        business_hours.parse(str(config["BUSINESS_HOURS"]))
    except ValueError as error:
        raise SettingError(
            f"BUSINESS_HOURS cannot be read at {str(error)!r}; "
            "write it like: mon-fri 9:00-18:00; sat,sun,hol 8:30-19:00"
        ) from None
    if config["PAGE_FROM_SEVERITY"] not in SEVERITIES:
        given = config["PAGE_FROM_SEVERITY"]
        raise SettingError(f"PAGE_FROM_SEVERITY is {given!r}; it must be one of {', '.join(SEVERITIES)}.")
    if not channel_names.is_pattern(str(config["INCIDENT_CHANNEL_NAME"])):
        given = config["INCIDENT_CHANNEL_NAME"]
        raise SettingError(
            f"INCIDENT_CHANNEL_NAME is {given!r}; it must hold {{title}} or {{code}}, "
            "and of others only {date} and {severity}."
        )
    _check_whole(config, "Zoom", ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"))
    # Without the consent (`flask meet-consent`) the two are there alone, and Meet is not asked yet.
    google = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    _check_whole(config, "Google Meet", (*google, "GOOGLE_REFRESH_TOKEN") if config["GOOGLE_REFRESH_TOKEN"] else google)
    for name in ("PAGERDUTY_ROUTING_KEY", "PAGERDUTY_DRILL_KEY"):
        if config[name] and not re.fullmatch(r"[A-Za-z0-9]{32}", str(config[name])):
            raise SettingError(f"{name} is not a routing key of PagerDuty's; it must be 32 letters and digits.")


def _check_whole(config: dict[str, Any], service: str, names: tuple[str, ...]) -> None:
    """A service is set up whole, or not at all."""
    missing = [name for name in names if not config[name]]
    if missing and len(missing) < len(names):
        raise SettingError(
            f"{missing[0]} is not set, so {service} cannot be asked; set it, or none of {', '.join(names)}."
        )


def _check_confluence(config: dict[str, Any]) -> None:
    """What the record is mirrored by."""
    names = ("CONFLUENCE_URL", "CONFLUENCE_USER", "CONFLUENCE_TOKEN", "CONFLUENCE_SPACE_ID")
    if any(config[name] for name in names) and (missing := [name for name in names if not config[name]]):
        raise SettingError(f"{missing[0]} is not set, so nothing is mirrored; set it, or none of {', '.join(names)}.")
    space, title = config["CONFLUENCE_SPACE_ID"], str(config["CONFLUENCE_TITLE"])
    if space and not (str(space).isascii() and str(space).isdecimal()):
        raise SettingError(f"CONFLUENCE_SPACE_ID is {space!r}; it must be the number of a space.")
    if "{code}" not in title or not channel_names.is_pattern(title):
        raise SettingError(
            f"CONFLUENCE_TITLE is {title!r}; it must hold {{code}}, "
            "and of others only {date}, {title} and {severity}."
        )


def _check_mail(config: dict[str, Any]) -> None:
    """What followers are told by, and when they are left to sleep."""
    if config["SMTP_URL"]:
        parts = urlsplit(config["SMTP_URL"])
        if parts.scheme not in MAIL_SCHEMES or not parts.hostname or not _is_port(parts):
            raise SettingError(
                f"SMTP_URL cannot be read; it must be like {MAIL_SCHEMES[0]}://user:password@mail.example.jp:465 "
                f"(or {', '.join(MAIL_SCHEMES[1:])})."
            )
    if not (str(config["SMTP_PORT"]).isdecimal() and 0 < int(config["SMTP_PORT"]) < 65_536):
        raise SettingError(f"SMTP_PORT is {config['SMTP_PORT']!r}; it must be a number from 1 to 65535.")
    sender = config["SMTP_FROM"]
    if (config["SMTP_URL"] or config["SMTP_HOST"]) and not sender:
        raise SettingError("SMTP_FROM is not set; it must be the address that mails come from.")
    if sender and not re.fullmatch(r"[^@<>\r\n]*<?[^@\s<>]+@[^@\s<>]+>?", str(sender)):
        raise SettingError(f"SMTP_FROM is {sender!r}; it must be an address such as noroshi@example.jp.")
    config["NIGHT_HOURS"] = _night(str(config["NIGHT"]))


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _reaction(text: str) -> str:
    """The name of an emoji as Slack's events have it: without colons."""
    name = text.strip().strip(":")
    if not re.fullmatch(r"[^\s:]{1,100}", name):
        raise SettingError(f"SLACK_TIMELINE_REACTION is {text!r}; it must be the name of an emoji, such as memo.")
    return name


def _night(text: str) -> tuple[int, int]:
    """From when until when, in minutes after midnight; it may go over midnight."""
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)", text.replace(" ", ""))
    if match is None or int(match[1]) > 23 or int(match[3]) > 23:
        raise SettingError(f"NIGHT is {text!r}; write it like 22:00-7:00.")
    return int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])


def listed(text: str | None) -> tuple[str, ...]:
    """Channels with commas between, without `#`, each once."""
    names = (name.strip().removeprefix("#") for name in (text or "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def minutes(name: str, value: object) -> timedelta:
    """A span that is set in minutes: whole or with a point, more than none, at most a day.

    Raises:
        SettingError: it is no such number.
    """
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number <= 24 * 60:
        raise SettingError(f"{name} is {value!r}; it must be a number of minutes, more than 0 and at most 1440.")
    return timedelta(minutes=number)


def _working_days(text: str) -> int:
    """Within how many working days of closing people meet for a postmortem."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= 60):
        raise SettingError(f"POSTMORTEM_DAYS is {text!r}; it must be a number of working days from 1 to 60.")
    return int(text)


def _country(code: str) -> str:
    """Whose public holidays count; `none` is kept as nothing."""
    if code in ("JP", ""):  # the default is not looked up: the library with all countries takes a tenth of the start
        return code
    if code == "none":
        return ""
    if not holidays.is_known(code):
        raise SettingError(f"HOLIDAYS is {code!r}; it must be the code of a country, such as JP, or none.")
    return code


def _check_url(url: str) -> None:
    try:
        driver = make_url(url).drivername
    except ArgumentError:
        driver = ""
    if driver not in ("sqlite", "postgresql+psycopg"):
        raise SettingError("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg:// and name a database.")


def _kept_secret(path: Path) -> str:
    """The key that signs cookies, made at the first start and readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return path.read_text().strip()
