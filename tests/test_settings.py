"""A wrong setting stops the start with one sentence that names it."""

import subprocess
import sys
from pathlib import Path

import pytest

import settings
from app import create_app

pytestmark = pytest.mark.one_database
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Asia/Tokio"),
        ("LOCALE", "fr"),
        ("PHONE_REGION", "Japan"),
        ("BASE_URL", "noroshi.example.jp"),
        ("SLACK_API_URL", "ftp://slack.com"),
        ("SLACK_TIMEOUT", "soon"),
        ("PAGE_CACHE", "much"),
        ("PAGE_CACHE", "-1"),
        ("PAGE_CACHE", "4097"),
        ("HOTLINE_FIRST_REMINDER", "soon"),
        ("HOTLINE_FIRST_REMINDER", "0"),
        ("HOTLINE_NEXT_REMINDER", "-5"),
        ("HOTLINE_NEXT_REMINDER", "nan"),
        ("HOTLINE_NEXT_REMINDER", "1441"),
        ("UPDATE_FIRST", "0"),
        ("UPDATE_EVERY", "often"),
        ("UPDATE_EVERY_FOR", "3000"),
        ("DATABASE_URL", "mysql://x"),
        ("BUSINESS_HOURS", "mon-fri 9-18"),
        ("PAGE_FROM_SEVERITY", "huge"),
        ("INCIDENT_CHANNEL_NAME", "incident"),
        ("PAGERDUTY_ROUTING_KEY", "short"),
        ("PAGERDUTY_EVENTS_URL", "events.pagerduty.com"),
        ("CALL_SYSTEM_URL", "meet.example"),
        ("ZOOM_ACCOUNT_ID", "account"),
        ("GOOGLE_CLIENT_SECRET", "secret"),
        ("GOOGLE_MEET_URL", "meet.googleapis.com"),
    ],
)
def test_it_is_named_in_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(settings.SettingError, match=name):
        create_app({"TESTING": True, name: value}, str(tmp_path))


@pytest.mark.parametrize(("name", "value"), [("TIMEZONE", "Nowhere"), ("PORT", "abc")])
def test_the_start_stops_without_a_trace(tmp_path: Path, name: str, value: str) -> None:
    environment = {"PATH": "/usr/bin:/bin", "NOROSHI_INSTANCE": str(tmp_path), name: value}
    run = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 2
    assert name in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("TIMEZONE", "Nowhere"), ("DATABASE_URL", "postgresql://127.0.0.1:1/noroshi")]
)
def test_a_command_stops_without_a_trace_too(tmp_path: Path, name: str, value: str) -> None:
    environment = {"PATH": "/usr/bin:/bin", "NOROSHI_INSTANCE": str(tmp_path), name: value}
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, name in run.stderr, "Traceback" in run.stderr) == (1, True, False)


def test_a_database_that_was_not_brought_up_to_date_is_said(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "NOROSHI_INSTANCE": str(tmp_path), "PORT": "0"}
    run = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, "db upgrade" in run.stderr, "Traceback" in run.stderr) == (2, True, False)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.py").write_text('TIMEZONE = "Europe/Berlin"\nLOCALE = "en"\n')
    monkeypatch.setenv("TIMEZONE", "America/New_York")
    app = create_app({"TESTING": True}, str(tmp_path))
    assert (app.config["TIMEZONE"], app.config["LOCALE"]) == ("America/New_York", "en")


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = create_app({"TESTING": True}, str(tmp_path)).config["SECRET_KEY"]
    assert create_app({"TESTING": True}, str(tmp_path)).config["SECRET_KEY"] == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
