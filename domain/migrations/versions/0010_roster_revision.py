"""The roster's revision: a number that the database itself raises with every change of what answers are made of.

By triggers, so that no writer can forget it: not an import, not a hand in the database, not a process of the version
before while the new one is being rolled out. SQLite drops a table's triggers when it is rebuilt (batch mode): a later
migration that rebuilds one of these creates them again.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    "absences", "areas", "holidays", "overrides", "plan_slots", "plans", "roster_settings", "rotation_members",
    "rotations",
)  # fmt: skip
RAISE = "UPDATE roster_revision SET number = number + 1"


def upgrade() -> None:
    op.create_table(
        "roster_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_revision")),
    )
    op.execute("INSERT INTO roster_revision (id, number) VALUES (1, 1)")
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "CREATE FUNCTION raise_roster_revision() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {RAISE}; RETURN NULL; END $$"
        )
    for name, table, change, act in _triggers():
        op.execute(f"CREATE TRIGGER {name} AFTER {change} ON {table} {act}")


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table, _change, _act in _triggers():
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION raise_roster_revision()")
    op.drop_table("roster_revision")


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    sqlite = op.get_bind().dialect.name == "sqlite"
    act = f"BEGIN {RAISE}; END" if sqlite else "FOR EACH STATEMENT EXECUTE FUNCTION raise_roster_revision()"
    changes = ("INSERT", "UPDATE", "DELETE") if sqlite else ("INSERT OR UPDATE OR DELETE OR TRUNCATE",)
    for table in TABLES:
        for number, change in enumerate(changes, 1):
            yield f"roster_revision_{table}_{number}", table, change, act
    # Whoever left is absent from then on (R24); nothing else about a person changes an answer.
    yield "roster_revision_people", "people", "UPDATE OF deactivated_at", act
