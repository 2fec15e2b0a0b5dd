"""Postmortems and their actions; the words by which similar incidents are found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INSTANT = sa.DateTime(timezone=True)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _indexes(table: str, *columns: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in columns:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def upgrade() -> None:
    _postmortems()
    _actions()
    op.create_table(
        "memories",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("similar", sa.JSON(), nullable=False),
        _key("memories", "incident_id", "incidents"),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_memories")),
    )
    _indexes("memories", "event_id")
    op.create_table(
        "incident_words",
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        _key("incident_words", "incident_id", "incidents"),
        sa.PrimaryKeyConstraint("word", "incident_id", name=op.f("pk_incident_words")),
    )
    _indexes("incident_words", "incident_id")


def _postmortems() -> None:
    op.create_table(
        "postmortems",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("meets_at", INSTANT, nullable=True),
        sa.Column("place", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("host_id", sa.Integer(), nullable=True),
        sa.Column("held_at", INSTANT, nullable=True),
        sa.Column("went_well", sa.Text(), nullable=False, server_default=""),
        sa.Column("lucky", sa.Text(), nullable=False, server_default=""),
        sa.Column("hard", sa.Text(), nullable=False, server_default=""),
        sa.Column("whys", sa.JSON(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("cause_key", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        _key("postmortems", "incident_id", "incidents"),
        _key("postmortems", "host_id", "people"),
        _key("postmortems", "changed_by_id", "people"),
        sa.UniqueConstraint("incident_id", name=op.f("uq_postmortems_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postmortems")),
    )
    _indexes("postmortems", "meets_at", "host_id", "cause_key", "changed_by_id")


def _actions() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("body", sa.String(length=500), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("state", sa.String(length=10), nullable=False, server_default="open"),
        sa.Column("note", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        _key("actions", "incident_id", "incidents"),
        _key("actions", "owner_id", "people"),
        _key("actions", "area_id", "areas"),
        _key("actions", "created_by_id", "people"),
        _key("actions", "ended_by_id", "people"),
        sa.UniqueConstraint("key", name=op.f("uq_actions_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
    )
    _indexes("actions", "incident_id", "owner_id", "area_id", "created_by_id", "ended_by_id")
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.create_index("ix_actions_open", ["state", "due_on"], unique=False)


def downgrade() -> None:
    for table in ("incident_words", "memories", "actions", "postmortems"):
        op.drop_table(table)
