"""Facilities from a CSV file: name, reading, services used. First a plan that people can read, then the doing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from domain import csv_table
from domain.catalog import Facility, Service, services
from domain.db import db
from domain.events import record
from domain.people import Person

COLUMNS = {
    "name": ("name", "facility", "名前", "施設", "施設名"),
    "reading": ("reading", "kana", "よみ", "読み", "ふりがな", "フリガナ", "よみがな"),
    "services": ("services", "service", "サービス", "利用サービス"),
}


@dataclass(frozen=True)
class Row:
    """One line of the file, understood. `change`: added, changed or same."""

    line: int
    name: str
    reading: str
    services: list[Service]
    change: str
    before: str


@dataclass(frozen=True)
class Plan:
    """What an import would do. With one bad line nothing is done."""

    rows: list[Row]
    problems: list[csv_table.Problem]

    def count(self, change: str) -> int:
        return sum(row.change == change for row in self.rows)


def plan(data: bytes) -> Plan:
    """Reads the file and compares it with what is there; facilities that it does not name stay as they are.

    Services are named as in the portal (either language), several separated by `;`, `、` or `|`.
    """
    lines, problems = csv_table.read(data, COLUMNS, required=("name",))
    known = {name.casefold(): service for service in services() for name in (service.name, service.name_en) if name}
    present = {facility.name: facility for facility in db.session.scalars(select(Facility))}
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for line in lines:
        name = line.values["name"][:200]
        if not name:
            problems.append(csv_table.Problem(line.number, "name", "empty", {}))
            continue
        if name in seen:
            problems.append(csv_table.Problem(line.number, "name", "twice", {"value": name, "line": seen[name]}))
            continue
        seen[name] = line.number
        used = []
        for wanted in csv_table.several(line.values["services"]):
            service = known.get(wanted.casefold())
            if service is None:
                problems.append(csv_table.Problem(line.number, "services", "unknown_service", {"value": wanted}))
            else:
                used.append(service)
        rows.append(_compare(line.number, name, line.values["reading"][:200], used, present.get(name)))
    return Plan(rows, problems)


def _compare(line: int, name: str, reading: str, used: list[Service], facility: Facility | None) -> Row:
    if facility is None:
        return Row(line, name, reading, used, "added", "")
    same = (
        facility.reading == reading
        and {one.id for one in facility.services} == {one.id for one in used}
        and facility.retired_at is None
    )
    before = f"{facility.reading} · {', '.join(one.name for one in facility.services)}"
    return Row(line, name, reading, used, "same" if same else "changed", before)


def carry_out(plan: Plan, *, by: Person, at: datetime) -> None:
    """Does what the plan says. Call it inside `writing()` with a plan made there."""
    present = {facility.name: facility for facility in db.session.scalars(select(Facility))}
    for row in plan.rows:
        if row.change == "same":
            continue
        facility = present.get(row.name)
        if facility is None:
            facility = Facility(name=row.name, created_at=at)
            db.session.add(facility)
        facility.reading, facility.services, facility.retired_at = row.reading, list(row.services), None
        facility.describe()
    db.session.flush()
    record("facilities.imported", by=by, at=at, added=plan.count("added"), changed=plan.count("changed"))
