"""Incidents: declaring, the page of one, the bridge's form, planned work, moving history in."""

from flask import Blueprint

bp = Blueprint("incidents", __name__, cli_group="incidents")

from blueprints.incidents import (  # noqa: E402, F401
    bridge,
    cli,
    copied,
    desk,
    endings,
    go_aheads,
    live,
    maintenances,
    mobilising,
    questions,
    reaching,
    sentences,
    templates,
    timeline,
    views,
)
