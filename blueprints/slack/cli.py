"""`flask slack check`: says in words what is missing so that Slack works."""

import click
from flask import current_app

from blueprints.slack import bp

MARKS = {True: "✓", False: "✗", None: "·"}


@bp.cli.command("check")
def check() -> None:
    """Says what is missing in Slack: token, permissions, channel, signing secret. Exit 1 where something is wrong."""
    found = current_app.extensions["slack_check"].run()
    for one in found:
        click.echo(f"{MARKS[one.fine]} {one.sentence}")
    if any(one.fine is False for one in found):
        raise SystemExit(1)
