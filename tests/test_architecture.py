"""The import rule: app → server, blueprints, integrations → domain; inside the domain from db upwards."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parent.parent
HOUSE = {"app", "commands", "sample", "settings", "server", "blueprints", "integrations", "domain"}
MAY = {
    "app": HOUSE - {"app"},
    "commands": {"server", "domain", "settings", "sample"},
    "sample": {"domain"},
    "settings": {"domain"},
    "server": {"domain"},
    "blueprints": {"domain", "blueprints", "settings"},
    "integrations": {"domain", "integrations"},
    "domain": {"domain"},
}
FORBIDDEN_IN_DOMAIN = {
    "flask",
    "flask_babel",
    "flask_limiter",
    "werkzeug",
    "slack_sdk",
    "wtforms",
    "uvicorn",
    "requests",
}
FLOORS = (
    {
        "db",
        "fair_lock",
        "text",
        "errors",
        "walltime",
        "business_hours",
        "channel_names",
        "internal",
        "mrkdwn",
        "encoding",
        "merging",
        "record_text",
        "differences",
    },
    {"events", "duty", "turns", "csv_table", "contacts", "roster_file"},
    {"people"},
    {"people_import", "catalog", "outbox", "tokens", "answers", "telling"},
    {
        "roster_tables",
        "holidays",
        "roster_queries",
        "roster_facts",
        "roster_loading",
        "roster_now",
        "roster",
        "areas",
        "planning",
        "roster_watch",
        "roster_calendar",
        "timetable",
    }
    | {"roster_document", "roster_export", "roster_transfer", "beginnings", "facility_import"}
    | {"entries", "absences", "overrides", "cycles", "preview", "load", "handovers"},
    {"promises", "mobilising", "paging", "report_paging", "calls", "formation", "followers", "followup", "restoring"}
    | {"lifecycle", "incidents", "updates", "spreading", "copies", "maintenances", "past", "history_import"},
    {"rights", "reaching"},
    {"additions", "suspicion", "hotline", "alike", "hotline_clock", "formation_clock", "promise_clock"},
    {"questions", "endings", "timeline", "desk", "go_ahead"},
    {
        "record",
        "record_tables",
        "record_known",
        "carets",
        "pictures",
        "mirror",
        "readiness",
        "board",
        "board_queries",
        "chronicle",
        "slack_notes",
    },
    {"workdays", "blameless", "actions", "postmortem", "figures", "learning_clock", "lexicon", "memory"},
)
"""From the ground up: a module imports its own floor and those below."""


def modules(folder: str) -> list[Path]:
    found = ROOT / f"{folder}.py"
    files = [found] if found.exists() else sorted((ROOT / folder).rglob("*.py"))
    return [file for file in files if "migrations" not in file.parts]


def imported(file: Path) -> set[str]:
    names = set()
    for node in _run(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those for the type checker alone: they import nothing when the house runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _run(node)


@pytest.mark.parametrize("room", sorted(MAY))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    for file in modules(room):
        used = {name.split(".")[0] for name in imported(file)} & HOUSE
        if room == "server" or room in ("integrations", "blueprints", "domain"):
            used.discard(room)
        breach = used - MAY[room] - {room}
        assert not breach, f"{file.relative_to(ROOT)} imports {', '.join(sorted(breach))}"


def test_the_domain_knows_no_http() -> None:
    for file in modules("domain"):
        breach = {name.split(".")[0] for name in imported(file)} & FORBIDDEN_IN_DOMAIN
        assert not breach, f"{file.relative_to(ROOT)} imports {', '.join(sorted(breach))}"


def test_duty_is_pure() -> None:
    for name in ("duty", "turns", "walltime", "roster_file", "business_hours", "channel_names", "mrkdwn"):
        file = ROOT / "domain" / f"{name}.py"
        if file.exists():
            outside = {one.split(".")[0] for one in imported(file)} & {"sqlalchemy", "flask_sqlalchemy", "flask_login"}
            assert not outside, f"{name} imports {', '.join(outside)}"


def test_every_domain_module_has_its_floor() -> None:
    placed = set().union(*FLOORS) | {"__init__"}
    assert {file.stem for file in modules("domain")} <= placed


def test_no_domain_module_imports_from_a_floor_above() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    for file in modules("domain"):
        if file.stem == "__init__":
            continue
        for name in imported(file):
            parts = name.split(".")
            if parts[0] == "domain" and len(parts) > 1 and parts[1] in floor:
                assert floor[parts[1]] <= floor[file.stem], f"{file.stem} imports {parts[1]} from a floor above"


def test_a_breach_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "view.py"
    file.write_text("from integrations.slack import SlackSender\nimport flask\n")
    assert {"integrations.slack", "flask"} <= imported(file)
