"""What comes in from Slack: commands, pressed buttons, modals, shortcuts, events; signed, and no session needed."""

from flask import Blueprint

bp = Blueprint("slack", __name__, cli_group="slack")

from blueprints.slack import cli, incoming  # noqa: E402, F401
