"""The desk of the bridge: what is internal, who copied which words, what waits for a go-ahead."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("updates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("internal", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("has_notices", sa.Boolean(), nullable=False, server_default=sa.false()))
    _table(
        "copies",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=15), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("told_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.UniqueConstraint("incident_id", "person_id", "name", "digest", name=op.f("uq_copies_incident_id")),
        keys={"incident_id": "incidents", "update_id": "updates", "person_id": "people", "told_id": "updates"},
    )
    _table(
        "pending_updates",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("asked_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("wrote_as", sa.String(length=15), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.UniqueConstraint("key", name=op.f("uq_pending_updates_key")),
        keys={"incident_id": "incidents", "by_id": "people", "asked_id": "people", "decided_by_id": "people"},
    )


def _table(name: str, *columns: sa.schema.SchemaItem, keys: dict[str, str]) -> None:
    """A table with an id, its foreign keys ({column: table}) each indexed."""
    foreign = [
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}"))
        for column, table in keys.items()
    ]
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *columns,
        *foreign,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        for column in keys:
            batch_op.create_index(batch_op.f(f"ix_{name}_{column}"), [column], unique=False)


def downgrade() -> None:
    op.drop_table("pending_updates")
    op.drop_table("copies")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("has_notices")
    with op.batch_alter_table("updates", schema=None) as batch_op:
        batch_op.drop_column("internal")
