"""The roster: who is in charge now and next, the plan, absences and covers, areas; live; `flask roster`."""

from flask import Blueprint

bp = Blueprint("roster", __name__)
bp.cli.short_help = "Who is on duty: from the database, or worked out from a file."

from blueprints.roster import administration, changes, commands, live, plan, views, wording  # noqa: E402, F401
