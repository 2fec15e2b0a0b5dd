"""People: signing in and out, one's own settings, administrators' page of people, import; `flask people`."""

from flask import Blueprint

bp = Blueprint("people", __name__)
bp.cli.short_help = "Add people, or import them from a CSV file."

from blueprints.people import cli, following, imports, links, mine, signing, views  # noqa: E402, F401
