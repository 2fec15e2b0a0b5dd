"""What a message in Slack that was marked for the timeline brings along: its words as they were last read, its files."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("timeline_entries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("slack_text", sa.Text(), nullable=True))
    op.create_table(
        "timeline_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("slack_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["timeline_entries.id"], name=op.f("fk_timeline_files_entry_id_timeline_entries")
        ),
        sa.UniqueConstraint("entry_id", "slack_id", name=op.f("uq_timeline_files_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_files")),
    )


def downgrade() -> None:
    op.drop_table("timeline_files")
    with op.batch_alter_table("timeline_entries", schema=None) as batch_op:
        batch_op.drop_column("slack_text")
