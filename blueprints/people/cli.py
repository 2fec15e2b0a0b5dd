"""`flask people`: add somebody, import a file. For the first minutes of an instance, and for scripts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask_babel import force_locale

from blueprints.people import bp, wording
from blueprints.shared import words
from blueprints.shared.language import now
from domain import contacts, csv_table, people, people_import
from domain.db import writing
from domain.errors import DomainError

MAX_FILE = 2 * 1024 * 1024


@contextmanager
def _refusals() -> Iterator[None]:
    """What the domain refuses is the command's error: one sentence, exit code 1. Commands speak English."""
    with force_locale("en"):
        try:
            yield
        except DomainError as error:
            raise click.ClickException(words.sentence(error)) from None


@bp.cli.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As colleagues know it: 佐藤 美咲")
@click.option("--admin", is_flag=True, help="May keep people, plans and settings.")
@click.option("--password-stdin", is_flag=True, help="Takes the password from the first line of standard input.")
@click.option("--phone", default="", help="With a country code, or of the organisation's country.")
@click.option("--slack-id", default="", help="The Slack member ID, U… or W….")
def add(email: str, name: str, admin: bool, password_stdin: bool, phone: str, slack_id: str) -> None:
    """Adds a person. Without a password it prints a one-time link with which they choose one."""
    with _refusals():
        details = contacts.Details(
            email=contacts.read_email(email),
            name=contacts.read_name(name),
            phone=contacts.read_phone(phone, current_app.config["PHONE_REGION"]),
            slack_id=contacts.read_slack_id(slack_id),
            is_admin=admin,
        )
        hashed = _password(details) if password_stdin else None
        with writing():
            person = people.add(details, by=None, at=now())
            if hashed:
                person.set_password(hashed)
            token = None if hashed else person.invite(by=None, at=now())
    click.echo(f"Added: {details.name} <{details.email}>{', administrator' if admin else ''}")
    if token:
        base = (current_app.config["BASE_URL"] or "http://127.0.0.1:8000").rstrip("/")
        click.echo(f"This link lets them choose a password, once, within seven days:\n  {base}/invitations/{token}")


def _password(details: contacts.Details) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    people.check_new_password(password, email=details.email, name=details.name)
    return people.hash_password(password)


@bp.cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Adds and changes people from a CSV file. With one bad line nothing is changed."""
    if file.stat().st_size > MAX_FILE:
        raise click.ClickException(f"{file.name} is larger than 2 MB.")
    data = file.read_bytes()
    with force_locale("en"):
        with click.progressbar(length=_lines(data), label="Reading") as bar:
            read = people_import.read(data, current_app.config["PHONE_REGION"], bar.update)
        click.echo("Comparing and writing …")
        with writing():
            plan = people_import.plan(read)
            if not plan.problems:
                added, changed, same = (len(plan.of(change)) for change in ("added", "changed", "same"))
                people_import.carry_out(plan, by=None, at=now())
        for found in plan.problems:
            click.echo(wording.problem(found), err=True)
        if plan.problems:
            raise click.ClickException(f"Nothing was changed: {len(plan.problems)} to put right in {file.name}.")
    click.echo(f"Added {added}, changed {changed}, as they were {same}.")
    if added:
        click.echo("Their one-time links are made in the portal: Administration, People.")


def _lines(data: bytes) -> int:
    return max(1, (csv_table.decode(data) or "").count("\n"))
