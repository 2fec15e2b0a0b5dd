"""The roster: who is in charge now and next, the plan, absences and covers, areas; live; `flask roster`."""

from flask import Blueprint

bp = Blueprint("roster", __name__)
bp.cli.short_help = "Who is on duty: from the database, or worked out from a file."

from blueprints.roster import (  # noqa: E402
    administration,  # noqa: F401
    answers,  # noqa: F401
    changes,  # noqa: F401
    commands,  # noqa: F401
    days,  # noqa: F401
    feeds,  # noqa: F401
    finding,  # noqa: F401
    handovers,  # noqa: F401
    live,  # noqa: F401
    load,  # noqa: F401
    paging_keys,  # noqa: F401
    plan,  # noqa: F401
    told,  # noqa: F401
    views,  # noqa: F401
    weeks,  # noqa: F401
    wording,  # noqa: F401
)
