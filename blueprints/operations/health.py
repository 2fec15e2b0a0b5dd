"""What machines ask: whether the process lives, whether it can serve and in words why not, and Prometheus' numbers."""

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blueprints.operations import bp
from blueprints.shared.language import now
from blueprints.shared.machines import or_token
from blueprints.shared.who import administrators
from domain import outbox
from domain.db import db

CALLS = ("CALL_SYSTEM_URL", "CALL_CUSTOMER_URL", "CALL_JITSI_URL", "ZOOM_ACCOUNT_ID", "GOOGLE_REFRESH_TOKEN")
SERVICES = ("slack", "direct", "mail", "pagerduty", "calls")
FREE = 200 * 1024 * 1024
"""Bytes that must be free where SQLite lies: it writes as much again while it tidies up."""


@bp.get("/healthz")
def healthz() -> Response:
    """The process lives."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """It can serve: the database answers and is up to date, deliveries go out. Says in words what is wrong."""
    problems = [*_database(), *_process(), *_disk()]
    return jsonify(status="not ready" if problems else "ok", problems=problems), 503 if problems else 200


def _database() -> Iterator[str]:
    try:
        db.session.execute(text("SELECT 1 FROM people LIMIT 1"))
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        stuck = outbox.stuck(now(), held_services())
    except SQLAlchemyError:
        db.session.rollback()
        yield "the database does not answer, or `flask db upgrade` has not run"
        return
    # A newer one is none of ours: the next version's migrations run while this one still serves.
    if found in _revisions() and found != _revisions()[-1]:
        yield f"the database is at revision {found}, this version needs {_revisions()[-1]}: run `flask db upgrade`"
    if stuck:
        yield f"{stuck} deliveries have been waiting for more than 5 minutes; see /deliveries"


def _process() -> list[str]:
    """What the running process says of itself; it is no concern of a command or a test."""
    say: Any = current_app.extensions.get("health")
    return say() if say else []


def _disk() -> Iterator[str]:
    url = db.engine.url
    if url.get_backend_name() != "sqlite":
        return
    free = shutil.disk_usage(Path(url.database or ".").parent).free
    if free < FREE:
        yield f"only {free // 1024**2} MB are free where the database lies; below that nothing can be written soon"


@cache
def _revisions() -> tuple[str, ...]:
    """The migrations that this version knows, oldest first. Read as text: Alembic would take a tenth of the start."""
    files = sorted((Path(current_app.root_path) / "domain" / "migrations" / "versions").glob("*.py"))
    found = (re.search(r'^revision = "(\w+)"', file.read_text(), re.MULTILINE) for file in files)
    return tuple(one[1] for one in found if one)


def held_services() -> list[str]:
    """The services that are not set up: what waits for them is held, not stuck."""
    config = current_app.config
    there = {
        "slack": config["SLACK_BOT_TOKEN"],
        "direct": config["SLACK_BOT_TOKEN"],
        "mail": config["SMTP_URL"] or config["SMTP_HOST"],
        "calls": any(config[name] for name in CALLS),
    }
    return [name for name, is_set_up in there.items() if not is_set_up]


@bp.get("/metrics")
@or_token(administrators)
def metrics() -> Response:
    """Prometheus' text form, for administrators and for machines with an API token."""
    asked = CollectorRegistry(auto_describe=False)
    asked.register(Deliveries())
    return Response(generate_latest() + generate_latest(asked), content_type=CONTENT_TYPE_LATEST)


class Deliveries:
    """What stands in the outbox. It is the same in every process: the alert rules take the highest."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        many = GaugeMetricFamily(
            "noroshi_deliveries", "Deliveries that are not settled, or failed.", labels=["service", "state", "age"]
        )
        oldest = GaugeMetricFamily(
            "noroshi_oldest_waiting_seconds", "Age of the oldest delivery that has to go out.", labels=["service"]
        )
        held, ages = held_services(), dict.fromkeys(SERVICES, 0.0)
        for service, state, age, count, seconds in outbox.backlog(now()):
            stage = "held" if service in held and state == "waiting" else state
            many.add_metric([service, stage, age], count)
            if stage in outbox.OPEN:
                ages[service] = max(ages.get(service, 0.0), seconds)
        for service, seconds in ages.items():
            oldest.add_metric([service], seconds)
        yield many
        yield oldest
