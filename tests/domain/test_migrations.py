"""The migrations make the tables that the models describe, and never delete a child row."""

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from domain.db import Base, db, writing
from tests.conftest import populate

ROOT = Path(__file__).parent.parent.parent


def test_the_tables_are_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_no_foreign_key_deletes_a_child() -> None:
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            assert key.ondelete is None, f"{table.name}.{key.parent.name}"


def test_a_child_without_its_parent_is_refused(app: Flask) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), writing() as session:
        session.execute(
            text("INSERT INTO plans (area_id, starts_at, recorded_at) VALUES (999, '2026-01-01', '2026-01-01')")
        )


REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{last}"


def upgrade() -> None:
    with op.batch_alter_table("areas", recreate="always") as batch:
        batch.add_column(sa.Column("colour", sa.String(10)))
"""


def test_rebuilding_a_parent_keeps_its_children(tmp_path: Path) -> None:
    """With foreign keys on, SQLite's batch mode would delete the children with the old parent."""
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "domain" / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    app = create_app({"TESTING": True, "SECRET_KEY": "x"}, str(tmp_path))
    with app.app_context():
        upgrade(directory=str(folder))
        populate()
        before = db.session.scalar(text("SELECT count(*) FROM plans"))
        db.session.remove()
        last = sorted(path.stem.split("_")[0] for path in (folder / "versions").glob("*.py"))[-1]
        (folder / "versions" / "9999_rebuild.py").write_text(REBUILD.format(last=last))
        upgrade(directory=str(folder))
        assert db.session.scalar(text("SELECT count(*) FROM plans")) == before > 0
        assert db.session.scalar(text("SELECT count(colour) FROM areas")) == 0
        db.session.remove()
        assert db.session.scalar(text("PRAGMA foreign_keys")) == 1
        db.session.remove()
        db.engine.dispose()
