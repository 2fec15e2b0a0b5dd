"""An area's PagerDuty key: kept by administrators, never shown again in full."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.roster import bp
from blueprints.roster.views import find
from blueprints.shared import words
from blueprints.shared.language import now
from blueprints.shared.who import administrators, myself
from domain import paging
from domain.db import writing
from domain.errors import Refused
from domain.text import one_line

words.say({"pagerduty_key_wrong": _l("A PagerDuty key has 32 letters and digits. Please copy it whole.")})


@bp.get("/areas/<key>/pagerduty")
@administrators
def paging_key(key: str) -> str:
    """Whether the area has a key of its own, and the form that sets another."""
    area = find(key)
    return render_template("roster/paging_key.html", area=area, ending=paging.key_ending(area), errors={})


@bp.post("/areas/<key>/pagerduty")
@administrators
def set_paging_key(key: str) -> Any:
    """Another key, or none (`remove`). What was typed is a secret: a refused form does not show it again."""
    area = find(key)
    typed = "" if request.form.get("remove") else one_line(request.form.get("pagerduty_key"))
    try:
        if not typed and not request.form.get("remove"):
            raise Refused("pagerduty_key", "pagerduty_key_wrong")
        with writing():
            paging.set_key(area, typed, by=myself(), at=now())
    except Refused as refused:
        errors = {refused.field: [words.sentence(refused)]}
        ending = paging.key_ending(area)
        return render_template("roster/paging_key.html", area=area, ending=ending, errors=errors), 422
    flash(gettext("Saved.") if typed else gettext("The key was removed."))
    return redirect(url_for("roster.paging_key", key=area.key), 303)
