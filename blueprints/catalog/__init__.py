"""What administrators keep about the company: services, the tiles of the report form, facilities."""

from flask import Blueprint

bp = Blueprint("catalog", __name__)

from blueprints.catalog import views  # noqa: E402, F401
