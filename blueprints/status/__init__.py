"""The board: is there a problem, where, what to say, whom to call; its history; the live stream."""

from flask import Blueprint

bp = Blueprint("status", __name__)

from blueprints.status import live, views  # noqa: E402, F401
