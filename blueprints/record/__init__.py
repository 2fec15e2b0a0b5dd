"""The record of an incident: reading it, writing it together, its history, the report that comes of it."""

from flask import Blueprint

bp = Blueprint("record", __name__)

from blueprints.record import history, live, picturing, reports, syncing, views  # noqa: E402, F401
