"""What people write into the timeline."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "timeline_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("for_bridge", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("internal", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("batch", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False, server_default="portal"),
        sa.Column("slack_channel", sa.String(length=40), nullable=True),
        sa.Column("slack_ts", sa.String(length=40), nullable=True),
        sa.Column("slack_link", sa.Text(), nullable=True),
        sa.Column("marked_by", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("struck_at", INSTANT, nullable=True),
        sa.Column("struck_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        _key("timeline_entries", "incident_id", "incidents"),
        _key("timeline_entries", "author_id", "people"),
        _key("timeline_entries", "struck_by_id", "people"),
        sa.UniqueConstraint("slack_channel", "slack_ts", name=op.f("uq_timeline_entries_slack_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entries")),
    )
    with op.batch_alter_table("timeline_entries", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_entries_order", ["incident_id", "happened_at", "id"], unique=False)
        for column in ("author_id", "batch", "struck_by_id"):
            batch_op.create_index(batch_op.f(f"ix_timeline_entries_{column}"), [column], unique=False)
    op.create_table(
        "timeline_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        _key("timeline_versions", "entry_id", "timeline_entries"),
        _key("timeline_versions", "by_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_versions")),
    )
    with op.batch_alter_table("timeline_versions", schema=None) as batch_op:
        for column in ("entry_id", "by_id"):
            batch_op.create_index(batch_op.f(f"ix_timeline_versions_{column}"), [column], unique=False)


def downgrade() -> None:
    op.drop_table("timeline_versions")
    op.drop_table("timeline_entries")
