"""`flask roster`: who is on duty, from the database or worked out from a file; rosters move in and out."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from blueprints.roster import bp
from blueprints.shared.instants import parse_wall
from blueprints.shared.language import now
from domain import roster, roster_document, roster_export, roster_file, roster_transfer
from domain.db import writing
from domain.roster import REACH, Area, AreaDuty, Stretch
from domain.roster_file import RosterFileError
from domain.roster_transfer import Added


@bp.cli.command("show")
@click.option("--area", "key", help="The area's key or name; all areas without it.")
@click.option("--at", "when", help="An instant, in the roster's time unless it has an offset; now without it.")
@click.option("--from", "start", help="Who is on duty from here …")
@click.option("--to", "end", help="… to there.")
@click.option("--incident", help="Its number or code: who could not be reached in it is passed over.")
@click.option("--json", "as_json", is_flag=True, help="For machines, in the words of the neutral form.")
def show(
    key: str | None, when: str | None, start: str | None, end: str | None, incident: str | None, as_json: bool
) -> None:
    """Says who is in charge, since when, until when, and who is next."""
    if (start is None) != (end is None):
        raise click.ClickException("--from and --to go together.")
    zone = roster.zone(roster.settings())
    if start and end:
        answers = _timelines(_instant(start, zone), _instant(end, zone), key)
    else:
        answers = _answers(_instant(when, zone), key, incident)
    if as_json:
        click.echo(
            json.dumps({_called(area, key): found for area, found, _duty in answers}, ensure_ascii=False, indent=1)
        )
        return
    for area, found, duty in answers:
        click.echo(_line(area, duty, zone) if duty else _parts(area, found, zone))


def _called(area: Area, asked: str | None) -> str:
    """An area as it was asked for, else as the neutral form has it."""
    return asked or roster_export.called(area)


def _wanted(areas: Iterable[Area], key: str | None) -> list[Area]:
    found = list(areas)
    if key is None:
        return found
    for name in ("key", "name", "name_en"):
        for area in found:
            if getattr(area, name) == key:
                return [area]
    raise click.ClickException(f"There is no area {key!r} in use.")


def _answers(at: datetime, key: str | None, incident: str | None) -> list[tuple[Area, dict[str, Any], AreaDuty | None]]:
    code = None if incident is None else roster.incident_called(incident)
    facts = roster.facts(at, back=REACH, incident=code)
    found = [(area, facts.duty_of(area, code)) for area in _wanted(facts.areas, key)]
    return [(area, _answer(duty), duty) for area, duty in found if duty]


def _timelines(start: datetime, end: datetime, key: str | None) -> list[tuple[Area, dict[str, Any], AreaDuty | None]]:
    facts = roster.facts(start, ahead=max(end - start, timedelta()))
    return [
        (area, _timeline(roster.stretches(facts, area, start, end, last=end)), None)
        for area in _wanted(facts.areas, key)
    ]


def _instant(text: str | None, zone: ZoneInfo) -> datetime:
    """As in a file's question; `14:30` (today) and the like are read as well."""
    if not text:
        return now().replace(microsecond=0)
    try:
        return roster_file.moment(text, zone)
    except RosterFileError:
        pass
    try:
        return parse_wall(text, zone, now())
    except (ValueError, OverflowError):
        raise click.ClickException(f"{text!r} is not a time. Write it like 2026-08-11T14:30.") from None


def _answer(duty: AreaDuty) -> dict[str, Any]:
    """One area's answer in the words of the roster's neutral form; instants in UTC."""
    return {
        "line": [place.person.name for place in duty.people],
        "on_duty": duty.in_charge.person.name if duty.in_charge else None,
        "since": roster_file.text(duty.since),
        "until": roster_file.text(duty.until),
        "next": duty.next_person.name if duty.next_person else None,
        "gap": duty.gap,
        "last_resort": [contact.name for contact in duty.last_resort],
        "suggest": duty.suggest.name if duty.suggest else None,
        "exhausted": duty.exhausted,
        "warnings": duty.warnings,
    }


def _timeline(stretches: list[Stretch]) -> dict[str, Any]:
    parts = [
        [roster_file.text(part.start), roster_file.text(part.end), part.person.name if part.person else None]
        for part in stretches
    ]
    return {"timeline": parts, "gaps": [part[:2] for part in parts if part[2] is None]}


def _line(area: Area, duty: AreaDuty, zone: ZoneInfo) -> str:
    names = ", ".join(place.person.name for place in duty.people) or "nobody in charge"
    until = f", until {duty.until.astimezone(zone):%Y-%m-%d %H:%M}" if duty.until else ""
    following = f", then {duty.next_person.name if duty.next_person else 'nobody'}" if duty.until else ""
    return f"{area.key}: {names}{until}{following}"


def _parts(area: Area, found: dict[str, Any], zone: ZoneInfo) -> str:
    lines = [f"{area.key}:"]
    for start, end, name in found["timeline"]:
        begin, until = (datetime.fromisoformat(one).astimezone(zone) for one in (start, end))
        lines.append(f"  {begin:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M}  {name or 'nobody in charge'}")
    return "\n".join(lines)


@bp.cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in(file: Path) -> None:
    """Adds what a roster's file says and is not here yet. With one bad line nothing is changed."""
    try:
        source = roster_document.read(_read(file))
        with writing():
            added = roster_transfer.carry_out(source, by=None, at=now())
    except RosterFileError as error:
        raise click.ClickException("\n".join(["Nothing was changed:", *error.problems])) from None
    for line in _told(added):
        click.echo(line)


def _told(added: Added) -> list[str]:
    lines = [f"{kind.replace('_', ' ')}: {count} added" for kind, count in added.counts.items() if kind != "cancelled"]
    if added.counts.get("cancelled"):
        lines.append(f"{added.counts['cancelled']} entries were cancelled meanwhile")
    if added.zone:
        lines.append(f"The roster's wall times are those of {added.zone}")
    if added.people:
        lines.append(f"people who were not known, added without sign-in: {', '.join(added.people)}")
    return lines or ["Everything was here already."]


@bp.cli.command("export")
def give_out() -> None:
    """Prints the whole roster in the neutral form, history included."""
    click.echo(json.dumps(roster_export.export(now()), ensure_ascii=False, indent=1))


@bp.cli.command("answer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="On one line, for machines.")
def answer(file: Path, as_json: bool) -> None:
    """Works out the answers to a file of rosters and questions. Touches no database."""
    try:
        answers = roster_file.answer_vectors(_read(file))
    except RosterFileError as error:
        raise click.ClickException("\n".join([f"{file.name} cannot be read:", *error.problems])) from None
    click.echo(json.dumps(answers, ensure_ascii=False, indent=None if as_json else 1))


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from None
