"""The hotline: reporting a suspicion in three taps, what became of it, me too, the verdict, all reports."""

from flask import Blueprint

bp = Blueprint("hotline", __name__)

from blueprints.hotline import answers, live, sentences, views  # noqa: E402, F401
