"""What administrators keep, and the deliveries that wait."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext

from blueprints.operations import bp
from blueprints.operations.health import held_services
from blueprints.shared.language import now
from blueprints.shared.pages import render
from blueprints.shared.who import administrators, myself
from domain import outbox, roster
from domain.db import writing


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
