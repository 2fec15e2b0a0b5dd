"""A roster's document: the neutral form and what our own export adds to it, read before anything is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from domain import duty, holidays, roster_file
from domain.roster_file import Reader, RosterFileError, incident_key


@dataclass(frozen=True)
class Source:
    """A file, read: the facts, and what our own export says beyond the neutral form."""

    facts: duty.Roster
    people: list[str]
    names: dict[str, str]
    calendar: str
    working_days: list[date]
    extras: dict[str, dict[str, Any]]


def read(document: Any) -> Source:
    """Reads the neutral form, and what `roster_export` adds to it. Asks no database.

    Raises:
        RosterFileError: naming every problem with its place.
    """
    if not isinstance(document, dict):
        raise RosterFileError(["roster: must be an object"])
    reader, problems = Reader(ZoneInfo(roster_file.DEFAULT_ZONE)), []
    try:
        facts = roster_file.parse({**document, "people": None})
    except RosterFileError as error:
        facts, problems = duty.Roster(reader.zone), error.problems
    people = reader.texts(document, "people", "")
    days = [reader.day(one, f"working_days[{n}]") for n, one in enumerate(reader.items(document, "working_days", ""))]
    names = {key: reader.text(one, f"names.{key}") for key, one in reader.table(document, "names", "").items()}
    calendar = document.get("calendar") or ""
    if calendar and not (isinstance(calendar, str) and holidays.is_known(calendar)):
        reader.wrong("calendar", f"no public holidays are known of {calendar!r:.60}")
    problems = problems + reader.problems + list(_unfit(facts, people))
    if problems:
        raise RosterFileError(problems)
    extras = {key: one for key, one in reader.table(document, "areas", "").items() if isinstance(one, dict)}
    return Source(facts, people, names, calendar, [day for day in days if day], extras)


def _unfit(facts: duty.Roster, people: list[str]) -> Iterator[str]:
    """Names that no table can keep."""
    kept: list[tuple[str, str, int]] = [(f"people[{n}]", name, 100) for n, name in enumerate(people)]
    kept += [(f"areas.{name}", name, 60) for name in facts.areas]
    kept += [(f"rotations.{name}", name, 60) for name in facts.rotations]
    kept += [(f"last_resort[{n}]", str(name), 100) for n, name in enumerate(facts.last_resort)]
    kept += [(f"attempts[{n}].incident", incident_key(str(one.incident)), 40) for n, one in enumerate(facts.attempts)]
    for place, name, most in kept:
        if len(name) > most:
            yield f"{place}: longer than {most} characters"
        elif "\0" in name or (not name.isascii() and any("\ud800" <= char <= "\udfff" for char in name)):
            yield f"{place}: {name!r:.60} has characters that are none"


def mentions(facts: duty.Roster) -> Iterator[tuple[str, str]]:
    """(place, name) of everybody who is named by the facts."""
    for area, one in facts.areas.items():
        for n, plan in enumerate(one.plans):
            for number, row in enumerate(plan.rows):
                for rank, slot in enumerate(row.slots):
                    if slot is not None and not isinstance(slot, duty.RotationSlot):
                        yield f"areas.{area}.plans[{n}].rows[{number}].slots[{rank}]", str(slot)
    for name, turn in facts.rotations.items():
        yield from ((f"rotations.{name}.members[{n}]", str(member)) for n, member in enumerate(turn.members))
    for n, override in enumerate(facts.overrides):
        yield f"overrides[{n}].person", str(override.person)
        if override.for_person is not None:
            yield f"overrides[{n}].for", str(override.for_person)
    yield from ((f"absences[{n}].person", str(absence.person)) for n, absence in enumerate(facts.absences))
    yield from ((f"attempts[{n}].person", str(one.person)) for n, one in enumerate(facts.attempts) if one.person)
