"""Moving history in: `flask incidents import FILE.json`."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask_babel import force_locale, gettext

from blueprints.incidents import bp
from domain.db import writing
from domain.events import record
from domain.history_import import NotUnderstood, keep, read

BATCH = 100
"""Records kept in one transaction: reports that come in meanwhile wait for no more than that."""


@bp.cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_history(file: Path) -> None:
    """Moves past incidents in: Statuspage's incidents.json, or `title` and `updates`. Again changes nothing."""
    at = datetime.now(UTC).replace(microsecond=0)
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
        with force_locale(current_app.config["LOCALE"]):
            found, unread = read(data, at=at, touches=gettext("Touches:"))
    except (NotUnderstood, ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name} was not understood, nothing was changed. {error}") from error
    new = 0
    for start in range(0, len(found), BATCH):
        with writing():
            kept = len(keep(found[start : start + BATCH], at=at))
            if kept:
                record("history.imported", by=None, at=at, incidents=kept)
        new += kept
        click.echo(f"{min(start + BATCH, len(found))} of {len(found)}", err=True)
    for past in found:
        for odd in past.odd:
            click.echo(f"{past.name}: {odd}")
    for sentence in unread:
        click.echo(sentence)
    click.echo(f"{new} incidents moved in, {len(found) - new} were here already, {len(unread)} could not be read.")
