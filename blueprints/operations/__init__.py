"""Keeping the portal running: health, metrics, waiting deliveries, and the administrators' front page."""

from flask import Blueprint

bp = Blueprint("operations", __name__)

from blueprints.operations import health, tokens, views  # noqa: E402, F401
