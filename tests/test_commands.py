"""The commands that belong to no room."""

import sqlite3
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from domain.db import db
from domain.people import Person
from tests.postgresql import Cluster
from tests.server.machines import furnished, window

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
    assert file.stat().st_mode & 0o777 == 0o600, "it names people"
    assert cast.reader.name in names
    again = app.test_cli_runner().invoke(args=["backup", str(file)])
    assert again.exit_code == 1
    assert "never overwrites" in again.output


def test_a_backup_that_fails_leaves_nothing_behind(app: Flask, cast: SimpleNamespace, tmp_path: Path) -> None:
    failed = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "missing" / "copy.sqlite3")])
    assert failed.exit_code == 1
    assert "could not be written" in failed.output
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_postgresql_can_be_brought_back(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "noroshi.dump"
    with furnished(cluster, tmp_path) as name, cluster.database(like=name) as url, cluster.database() as empty:
        portal = window(url, tmp_path)
        with portal.app_context():
            done = portal.test_cli_runner().invoke(args=["backup", str(file)])
        assert done.exit_code == 0, done.output
        plain = empty.replace("+psycopg", "")
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={plain}", str(file)], check=True)
        restored = window(empty, tmp_path)
        with restored.app_context():
            assert db.session.query(Person).count() == 6
            db.session.remove()
            db.engine.dispose()
