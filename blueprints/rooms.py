"""Which rooms there are: the blueprints and the commands."""

from importlib import import_module

from flask import Flask

ROOMS = ("status", "hotline", "incidents", "roster", "people", "catalog", "operations", "slack", "learning", "record")


def init_app(app: Flask) -> None:
    """Opens every room: its blueprint `bp`, and its command group where it has one."""
    for name in ROOMS:
        app.register_blueprint(import_module(f"blueprints.{name}").bp)
