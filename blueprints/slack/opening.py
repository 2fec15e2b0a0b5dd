"""Opening a modal; where Slack does not let us, a sentence with the link to the portal's own form."""

from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import get_locale, gettext
from sqlalchemy import func, select

from blueprints.incidents.page_question import page_asked
from blueprints.incidents.places import known_facilities
from blueprints.shared.language import now
from blueprints.shared.pages import new_key
from blueprints.slack import modals
from blueprints.slack.caller import Caller, escaped, link
from blueprints.slack.modals import Option, View
from domain import catalog, hotline, incidents
from domain.catalog import Service
from domain.db import db
from domain.hotline import Report
from domain.incidents import Incident


def report(caller: Caller, key: str) -> str | None:
    """The form of a suspicion."""
    language = get_locale().language
    tiles = [(one.key, one.called(language)) for one in catalog.symptoms()]
    view = modals.report(key, tiles, service_options())
    return _open(caller, view, link(gettext("Report an issue"), "hotline.new"))


def declare(caller: Caller, found: Report | None = None, title: str = "") -> str | None:
    """The declaration, filled from the report, or with the headline that was typed."""
    view = declaration(
        key=new_key(),
        report=found,
        newest=newest(),
        began_at=min((found and found.since) or now(), now()),
        chosen=[str(found.service_id)] if found and found.service_id else [],
        title=title,
    )
    return _open(
        caller, view, link(gettext("Declare an incident"), "incidents.new", **({"report": found.id} if found else {}))
    )


def declaration(*, report: Report | None, **given: Any) -> View:
    """The modal of a declaration with the words of the report that it comes from."""
    page, why = page_asked(given.pop("page", ""))
    return modals.declare(
        page=page,
        page_why=why,
        report=str(report.id) if report else "",
        about=about(report) if report else "",
        services=service_options(),
        facilities=[(str(one.id), one.name) for one in known_facilities()],
        **given,
    )


def no_incident(caller: Caller, found: Report) -> str | None:
    """Closing with thanks."""
    view = modals.no_incident(str(found.id), about(found))
    return _open(caller, view, link(gettext("Open the report"), "hotline.show", id=found.id))


def same(caller: Caller, found: Report) -> str | None:
    """What it is the same as; a sentence where there is nothing that it could be."""
    open_ones = [(one.code, f"{one.code} {one.title}") for one in _open_incidents(now())]
    language = get_locale().language
    others = [
        (one.code, f"{one.code} {one.headline(language)}") for one in hotline.open_suspicions() if one.id != found.id
    ]
    if not open_ones and not others:
        return gettext("There is no open incident and no other open report that it could be the same as.")
    view = modals.same(str(found.id), about(found), open_ones, others)
    return _open(caller, view, link(gettext("Open the report"), "hotline.show", id=found.id))


def about(report: Report) -> str:
    """Which report it is about."""
    return f"{report.code} {escaped(report.headline(get_locale().language))}"


def service_options() -> list[Option]:
    """The services in use."""
    language = get_locale().language
    return [(str(one.id), Service.called(one, language)) for one in catalog.services()]


def newest() -> int:
    """The newest incident that whoever declares has before them."""
    return db.session.scalar(select(func.max(Incident.id))) or 0


def _open_incidents(at: datetime) -> list[Incident]:
    return [one for one in incidents.open_incidents(at) if not one.drill]


def _open(caller: Caller, view: View, instead: str) -> str | None:
    # The read ends here: nothing of the database is held while Slack takes its time.
    db.session.rollback()
    if current_app.extensions["slack_views"].open(caller.trigger, view):
        return None
    return gettext("The form could not be opened in Slack. Please use the portal: %(link)s", link=instead)
