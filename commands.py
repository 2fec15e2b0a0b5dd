"""The commands of `flask --app app …` that belong to no room: deliver, backup, sample, meet-consent."""

import os
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy.engine import URL, make_url

import sample
from domain.db import db


def init_app(app: Flask) -> None:
    """Registers them."""
    app.cli.add_command(deliver)
    app.cli.add_command(backup)
    app.cli.add_command(sample.command)
    app.cli.add_command(meet_consent)


@click.command()
@click.option("--once", is_flag=True, help="Deliver what is due, then stop.")
def deliver(once: bool) -> None:
    """A delivery worker of its own."""
    from server import logs, worker

    logs.configure()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if once:
        click.echo(f"Delivered or tried: {worker.deliver_once(app)}")
        return
    click.echo("Delivering. Stop with Ctrl+C.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.deliver_forever(app, stop)


@click.command("meet-consent")
def meet_consent() -> None:
    """Asks for the consent to make calls by Google Meet; prints the setting that keeps it."""
    if not current_app.config["GOOGLE_CLIENT_ID"]:
        raise click.ClickException(
            "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET first (an OAuth client for desktops)."
        )
    consent = current_app.extensions["meet_consent"]
    click.echo("Open this address, sign in with the account that the calls are made for, and agree:")
    click.echo(consent.address())
    click.echo("Your browser is then sent to an address at which nothing answers.")
    try:
        token = consent.redeem(click.prompt("Paste that address here", hide_input=True))
    except consent.refused as error:
        raise click.ClickException(f"No consent was given: {error}.") from error
    click.echo("Set this, and keep it as secret as a password:")
    click.echo(f"GOOGLE_REFRESH_TOKEN={token}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copies the database into FILE while the portal runs. Only its owner may read it: it names people."""
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if file.exists():
        raise click.ClickException(f"{file} exists already; a backup never overwrites. Choose another name.")
    # Under its own name only once it is whole: what was broken off cannot be taken for a backup.
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(0o600)
        if url.drivername.startswith("postgresql"):
            _dump(url, part)
        else:
            _copy(url, part)
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{file} could not be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    db.session.remove()
    click.echo(f"Written: {file}")


def _dump(url: URL, file: Path) -> None:
    click.echo("Calling pg_dump …")
    # The password goes through the environment: everybody on the machine sees the command.
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": url.password} if url.password else None
    command = ["pg_dump", "--format=custom", f"--file={file}", plain]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603 (no shell)
    if done.returncode:
        raise click.ClickException(f"pg_dump failed: {done.stderr.strip()}")


def _copy(url: URL, file: Path) -> None:
    with closing(sqlite3.connect(url.database or "")) as source, closing(sqlite3.connect(file)) as target:
        with click.progressbar(length=1, label="Copying") as bar:

            def show(_status: int, left: int, total: int) -> None:
                bar.length = total
                bar.update(total - left - bar.pos)

            source.backup(target, pages=500, progress=show)
        found = target.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise click.ClickException(f"The copy is damaged ({found}). Do not rely on {file}.")
