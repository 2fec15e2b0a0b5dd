"""People from a CSV file. First what it would change, for people to read; then exactly that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from domain import contacts, csv_table, events
from domain.contacts import Details
from domain.csv_table import Problem
from domain.db import db
from domain.errors import Refused
from domain.people import Person
from domain.text import fold

COLUMNS = {
    "email": ("email", "e-mail", "mail", "メール", "メールアドレス"),
    "name": ("name", "名前", "氏名"),
    "reading": ("reading", "kana", "よみ", "読み", "ふりがな", "フリガナ", "よみがな"),
    "department": ("department", "部署", "部門"),
    "phone": ("phone", "telephone", "tel", "電話", "電話番号"),
    "slack_id": ("slack_id", "slack id", "slack"),
    "admin": ("admin", "administrator", "管理者"),
}
YES = {"1", "yes", "y", "true", "はい", "有", "○", "◯", "〇", "管理者"}
NO = {"0", "no", "n", "false", "いいえ", "無", "×", "✕", "-"}


@dataclass(frozen=True)
class Wanted:
    """A line of the file, understood: only what it says. An empty cell says nothing; it takes nothing away."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class File:
    """What a file says, line by line; and which lines cannot be taken."""

    lines: list[Wanted]
    problems: list[Problem]


@dataclass(frozen=True)
class Row:
    """What a line would do. `person` None: somebody new."""

    line: int
    person: Person | None
    before: Details | None
    after: Details

    @property
    def change(self) -> str:
        """added, changed or same."""
        if self.before is None:
            return "added"
        return "changed" if self.before != self.after else "same"

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        return self.before.differences(self.after) if self.before else {}


@dataclass(frozen=True)
class Plan:
    """What an import would do. With one bad line nothing is done."""

    rows: list[Row]
    problems: list[Problem]

    def of(self, change: str) -> list[Row]:
        return [row for row in self.rows if row.change == change]

    @property
    def fingerprint(self) -> str:
        """The same for the same plan: shown in the preview, and asked for again before it is carried out."""
        whole = [(row.line, row.person.id if row.person else 0, row.before, row.after) for row in self.rows]
        return sha256(repr(whole).encode("utf-8", "replace")).hexdigest()


def read(data: bytes, region: str, tick: Callable[[int], object] = lambda lines: None) -> File:
    """What the file says. `region` is that of numbers without a country code; `tick` hears of each line read.

    Needs no database, so that it can be done before `writing()`.
    """
    lines, problems = csv_table.read(data, COLUMNS, required=("email",))
    wanted: list[Wanted] = []
    seen: dict[str, int] = {}
    for line in lines:
        values, wrong = _understand(line, region)
        email = values.get("email", "")
        if email in seen:
            wrong.append(Problem(line.number, "email", "twice", {"value": email, "line": seen[email]}))
        elif email:
            seen[email] = line.number
        wanted.append(Wanted(line.number, values))
        problems += wrong
        tick(1)
    return File(wanted, problems)


def _understand(line: csv_table.Line, region: str) -> tuple[dict[str, Any], list[Problem]]:
    readers: dict[str, Callable[[str], Any]] = {
        "email": contacts.read_email,
        "name": contacts.read_name,
        "reading": lambda cell: contacts.read_line("reading", cell),
        "department": lambda cell: contacts.read_line("department", cell),
        "phone": lambda cell: contacts.read_phone(cell, region),
        "slack_id": contacts.read_slack_id,
        "admin": _yes_or_no,
    }
    values, problems = {}, []
    for column, reader in readers.items():
        cell = line.values[column]
        if not cell and column != "email":
            continue
        try:
            values["is_admin" if column == "admin" else column] = reader(cell)
        except Refused as refused:
            problems.append(Problem(line.number, column, refused.code, refused.params))
    return values, problems


def _yes_or_no(cell: str) -> bool:
    word = fold(cell)
    if word not in {fold(one) for one in YES | NO}:
        raise Refused("admin", "not_yes_or_no", value=cell)
    return word in {fold(one) for one in YES}


def plan(file: File) -> Plan:
    """Compares the file with who is there. People whom it does not name stay as they are."""
    present = {person.email: person for person in db.session.scalars(select(Person))}
    problems, rows = list(file.problems), []
    for wanted in file.lines:
        person = present.get(wanted.values.get("email", ""))
        if person is not None:
            rows.append(Row(wanted.line, person, person.details, replace(person.details, **wanted.values)))
        elif {"email", "name"} <= wanted.values.keys():
            rows.append(Row(wanted.line, None, None, Details(**wanted.values)))
        elif "email" in wanted.values and not any(one.line == wanted.line for one in file.problems):
            problems.append(Problem(wanted.line, "name", "name_missing", {}))
    problems += _shared_slack_ids(rows, list(present.values())) + _no_administrator(rows, list(present.values()))
    return Plan(rows, sorted(problems, key=lambda one: one.line))


def _shared_slack_ids(rows: list[Row], present: list[Person]) -> list[Problem]:
    """Lines after which two people would have one Slack id."""
    named = {row.person.id for row in rows if row.person}
    holders = {person.slack_id: person.name for person in present if person.slack_id and person.id not in named}
    problems = []
    for row in rows:
        slack_id = row.after.slack_id
        if not slack_id:
            continue
        if slack_id in holders:
            problems.append(Problem(row.line, "slack_id", "slack_id_twice", {"name": holders[slack_id]}))
        holders.setdefault(slack_id, row.after.name)
    return problems


def _no_administrator(rows: list[Row], present: list[Person]) -> list[Problem]:
    """The lines that would leave nobody who can administrate."""
    able = {person.id for person in present if person.is_admin and person.is_active and person.password_hash}
    losing = [row for row in rows if row.person and row.person.id in able and not row.after.is_admin]
    if not losing or able - {row.person.id for row in losing if row.person}:
        return []
    return [Problem(row.line, "admin", "last_administrator", {}) for row in losing]


def carry_out(plan: Plan, *, by: Person | None, at: datetime) -> None:
    """Does what the plan says. Call it inside `writing()` with a plan made there.

    Raises:
        ValueError: the plan has problems.
    """
    if plan.problems:
        raise ValueError("a plan with problems is not carried out")
    # First every Slack id that moves is put down: two people may exchange theirs.
    for row in plan.of("changed"):
        if row.person and "slack_id" in row.changes:
            row.person.slack_id = None
    db.session.flush()
    for row in plan.of("changed"):
        if row.person:
            row.person.take(row.after)
    new = []
    for row in plan.of("added"):
        person = Person(email=row.after.email, name=row.after.name, created_at=at)
        person.take(row.after)
        new.append(person)
    db.session.add_all(new)
    db.session.flush()
    changed = [row.person.id for row in plan.of("changed") if row.person]
    events.record("people_imported", by=by, at=at, added=[person.id for person in new], changed=changed)
