"""The commands that belong to no room."""

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

pytestmark = pytest.mark.one_database


def test_a_backup_holds_what_the_portal_holds_and_overwrites_nothing(
    app: Flask, cast: SimpleNamespace, tmp_path: Path
) -> None:
    file = tmp_path / "copy.sqlite3"
    first = app.test_cli_runner().invoke(args=["backup", str(file)])
    assert first.exit_code == 0, first.output
    with sqlite3.connect(file) as copy:
        names = {name for (name,) in copy.execute("SELECT name FROM people")}
    copy.close()
    assert cast.reader.name in names
    again = app.test_cli_runner().invoke(args=["backup", str(file)])
    assert again.exit_code == 1
    assert "never overwrites" in again.output
