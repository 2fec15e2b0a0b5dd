"""The commander's go-ahead: one tap publishes what waits, another sends it back; the bridge may stop waiting."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.incidents import bp
from blueprints.incidents.at_desk import is_here
from blueprints.incidents.views import found
from blueprints.shared import words
from blueprints.shared.language import clock_time, now
from blueprints.shared.who import my_rights, myself, signed_in
from domain import go_ahead, rights
from domain.db import writing

words.say(
    {
        "go_ahead_off": _l("Nobody needs to be asked here: please publish the update."),
        "go_ahead_nobody": _l("Nobody commands this incident right now. Please publish the update without asking."),
        "go_ahead_yours": _l("You command this incident yourself: please publish the update."),
        "go_ahead_decided": _l("This does not wait any more: %(name)s has decided already."),
        "go_ahead_not_yours": _l("The go-ahead is given by who commands the incident."),
    }
)


@bp.post("/incidents/<code>/go-aheads/<int:number>")
@signed_in
def decide(code: str, number: int) -> Any:
    """`what`: give (the commander, or the bridge that waits no longer), refuse (with a `note`), withdraw."""
    incident = found(code)
    pending = go_ahead.found(incident, number)
    if pending is None:
        abort(404)
    what = request.form.get("what")
    decides = go_ahead.decides(pending, myself(), now())
    publishes = rights.wrote_as(myself(), incident, my_rights(), now()) is not None
    rights.require(decides or (publishes and what != "refuse"), "go_ahead_not_yours")
    with writing():
        if what == "give":
            pending.give(by=myself(), at=now())
        elif what == "refuse":
            pending.refuse(request.form.get("note", ""), by=myself(), at=now())
        elif what == "withdraw":
            pending.withdraw(by=myself(), at=now())
        else:
            abort(400)
    if what == "give":
        flash(gettext("Published %(time)s.", time=clock_time(now())))
    return redirect(url_for("incidents.desk" if is_here() else "incidents.show", code=incident.code), 303)
