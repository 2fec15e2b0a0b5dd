"""Learning from incidents: what comes of one, the postmortem, the figures, what was like it before."""

from flask import Blueprint

bp = Blueprint("learning", __name__)

from blueprints.learning import actions, figures, postmortems, similar, wording  # noqa: E402, F401
