"""The roster's revision says which part was changed: whoever keeps the others does not load them anew.

The triggers stay under their names; a process of the version before goes by the number alone, as it did. Versions of
plans still to come are found by an index: without one, all that ever were are looked through.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

PARTS = {
    "plans": ("plans", "plan_slots", "rotations", "rotation_members", "roster_settings"),
    "overrides": ("overrides",),
    "absences": ("absences",),
}
RAISE = "UPDATE roster_revision SET number = number + 1"


def upgrade() -> None:
    for part in PARTS:
        op.add_column("roster_revision", sa.Column(part, sa.BigInteger(), server_default="0", nullable=False))
    for column in ("starts_at", "recorded_at"):
        op.create_index(op.f(f"ix_plans_{column}"), "plans", [column], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _trigger({table: f"{RAISE}, {part} = {part} + 1" for part, tables in PARTS.items() for table in tables})
    else:
        raised = (f"{part} = {part} + (TG_TABLE_NAME IN {_quoted(tables)})::int" for part, tables in PARTS.items())
        _function(f"{RAISE}, {', '.join(raised)}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _trigger({table: RAISE for tables in PARTS.values() for table in tables})
    else:
        _function(RAISE)
    for column in ("starts_at", "recorded_at"):
        op.drop_index(op.f(f"ix_plans_{column}"), table_name="plans")
    for part in PARTS:
        op.drop_column("roster_revision", part)


def _trigger(acts: dict[str, str]) -> None:
    for table, act in acts.items():
        for number, change in enumerate(("INSERT", "UPDATE", "DELETE"), 1):
            op.execute(f"DROP TRIGGER roster_revision_{table}_{number}")
            op.execute(f"CREATE TRIGGER roster_revision_{table}_{number} AFTER {change} ON {table} BEGIN {act}; END")


def _function(act: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION raise_roster_revision() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {act}; RETURN NULL; END $$"
    )


def _quoted(tables: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{table}'" for table in tables) + ")"
