"""`flask roster`: who is on duty, from the database or worked out from a file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from blueprints.roster import bp
from blueprints.shared.instants import parse_wall
from blueprints.shared.language import now, zone
from domain import roster
from domain.roster import AreaDuty
from domain.roster_file import RosterFileError, answer_vectors


@bp.cli.command("show")
@click.option("--area", "key", help="The area's key; all areas without it.")
@click.option("--at", "when", help="An instant, in the organisation's time unless it has an offset.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show(key: str | None, when: str | None, as_json: bool) -> None:
    """Says who is in charge, until when, and who is next."""
    duties = roster.duty_now(_instant(when))
    if key is not None:
        duties = [duty for duty in duties if duty.area.key == key]
        if not duties:
            raise click.ClickException(f"There is no area {key!r} in use.")
    if as_json:
        click.echo(json.dumps({duty.area.key: _answer(duty) for duty in duties}, ensure_ascii=False, indent=1))
        return
    for duty in duties:
        click.echo(_line(duty))


def _instant(text: str | None) -> datetime:
    if not text:
        return now().replace(microsecond=0)
    try:
        return parse_wall(text, zone(), now())
    except (ValueError, OverflowError):
        raise click.ClickException(f"{text!r} is not a time. Write it like 2026-08-11T14:30.") from None


def _answer(duty: AreaDuty) -> dict[str, Any]:
    """One area's answer in the words of the roster's neutral form; instants in UTC."""
    return {
        "line": [place.person.name for place in duty.people],
        "on_duty": duty.in_charge.person.name if duty.in_charge else None,
        "until": _utc(duty.until),
        "next": duty.next_person.name if duty.next_person else None,
        "gap": duty.gap,
        "last_resort": [contact.name for contact in duty.last_resort],
        "warnings": duty.warnings,
    }


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _line(duty: AreaDuty) -> str:
    names = ", ".join(place.person.name for place in duty.people) or "nobody in charge"
    until = f", until {duty.until.astimezone(zone()):%Y-%m-%d %H:%M}" if duty.until else ""
    following = f", then {duty.next_person.name if duty.next_person else 'nobody'}" if duty.until else ""
    return f"{duty.area.key}: {names}{until}{following}"


@bp.cli.command("answer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="On one line, for machines.")
def answer(file: Path, as_json: bool) -> None:
    """Works out the answers to a file of rosters and questions. Touches no database."""
    try:
        answers = answer_vectors(json.loads(file.read_text(encoding="utf-8")))
    except RosterFileError as error:
        raise click.ClickException("\n".join([f"{file.name} cannot be read:", *error.problems])) from None
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from None
    click.echo(json.dumps(answers, ensure_ascii=False, indent=None if as_json else 1))
