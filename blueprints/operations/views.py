"""Health for machines, deliveries for administrators."""

from typing import Any

from flask import Response, abort, current_app, flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blueprints.operations import bp
from blueprints.shared.language import now
from blueprints.shared.machines import or_token
from blueprints.shared.pages import render
from blueprints.shared.who import administrators, myself
from domain import outbox, roster
from domain.db import db, writing

CALLS = ("CALL_SYSTEM_URL", "CALL_CUSTOMER_URL", "CALL_JITSI_URL", "ZOOM_ACCOUNT_ID")


@bp.get("/healthz")
def healthz() -> Response:
    """The process lives."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """It can serve: the database answers, deliveries are not stuck. Says in words what is wrong."""
    problems = []
    try:
        db.session.execute(text("SELECT 1 FROM people LIMIT 1"))
        stuck = outbox.stuck(now(), held_services())
        if stuck:
            problems.append(f"{stuck} deliveries have been waiting for more than 5 minutes; see /deliveries")
    except SQLAlchemyError:
        db.session.rollback()
        problems.append("the database does not answer, or `flask db upgrade` has not run")
    return jsonify(status="not ready" if problems else "ok", problems=problems), 503 if problems else 200


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
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@bp.get("/administration")
@administrators
def administration() -> str:
    """What administrators keep, on one page, below what they have to see: when nobody is or will be in charge."""
    gaps = roster.gaps_ahead(now())
    return render_template("operations/administration.html", waiting=len(outbox.open_deliveries()), gaps=gaps)


@bp.get("/deliveries")
@administrators
def deliveries() -> str:
    """What has not reached the outside yet, why, and "send again"."""
    return render(
        "operations/deliveries.html",
        "operations/_deliveries.html",
        deliveries=outbox.open_deliveries(),
        recent=outbox.recent(),
        held=held_services(),
    )


@bp.post("/deliveries/<int:id>/attempts")
@administrators
def send_again(id: int) -> Any:
    """One more attempt, now."""
    with writing() as session:
        delivery = session.get(outbox.Delivery, id) or abort(404)
        delivery.send_again(at=now(), by=myself())
    flash(gettext("It is being sent again."))
    return redirect(url_for("operations.deliveries"), 303)
