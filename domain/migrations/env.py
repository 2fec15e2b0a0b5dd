"""Runs migrations on the app's own engine. On SQLite foreign keys are off while tables are rebuilt.

With them on, batch mode drops the parent table and so deletes its children; inside a transaction the
pragma does nothing, so it comes first. Afterwards `foreign_key_check` must find nothing.
"""

import click
from alembic import context
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

import domain.hotline
import domain.incidents
import domain.outbox
import domain.roster
import domain.tokens  # noqa: F401  (all tables must be known)
from domain.db import Base, Instant, _writing

engine = current_app.extensions["migrate"].db.engine


def render(kind, item, _context):
    """Migrations stand alone: they name plain column types, not the project's."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def connected() -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        why = str(error.orig).splitlines()[0]
        raise click.ClickException(f"DATABASE_URL names a database that does not answer: {why}") from None


def run() -> None:
    token = _writing.set(True)
    try:
        with connected() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                compare_type=True,
                render_item=render,
                transaction_per_migration=False,
            )
            with context.begin_transaction():
                context.run_migrations()
            if engine.dialect.name == "sqlite":
                broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
                if broken:
                    raise RuntimeError(f"the migration left rows without their parent: {broken[:5]}")
            connection.commit()
            if engine.dialect.name == "sqlite":
                # The next one from the pool is new and has foreign keys on again.
                connection.invalidate()
    finally:
        _writing.reset(token)


run()
