"""Questions back with their answers, followers, who still needs help, incidents that end otherwise."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)


def _table(name: str, *columns: sa.Column, keys: dict[str, str], unique: tuple[str, ...] = ()) -> None:
    """A table with an id, its foreign keys ({column: table}) each indexed."""
    foreign = [
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}"))
        for column, table in keys.items()
    ]
    more = [sa.UniqueConstraint(*unique, name=op.f(f"uq_{name}_{unique[0]}"))] if unique else []
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *columns,
        *foreign,
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        for column in keys:
            batch_op.create_index(batch_op.f(f"ix_{name}_{column}"), [column], unique=False)


def upgrade() -> None:
    _table(
        "questions",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False, server_default=sa.false()),
        keys={"incident_id": "incidents", "asked_by_id": "people"},
        unique=("key",),
    )
    _table(
        "question_seconds",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        keys={"question_id": "questions", "person_id": "people"},
        unique=("question_id", "person_id"),
    )
    _table(
        "answers",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        keys={"question_id": "questions", "by_id": "people"},
    )
    _table(
        "follow_ups",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(length=300), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        keys={"incident_id": "incidents", "added_by_id": "people", "done_by_id": "people"},
    )
    _following()
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outcome", sa.String(length=12), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_incidents_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_incidents_merged_into_id_incidents"), "incidents", ["merged_into_id"], ["id"]
        )


def _following() -> None:
    _table(
        "follows",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("since", INSTANT, nullable=False),
        keys={"person_id": "people"},
        unique=("person_id", "kind", "subject"),
    )
    with op.batch_alter_table("follows", schema=None) as batch_op:
        batch_op.create_index("ix_follows_subject", ["kind", "subject"], unique=False)
    op.create_table(
        "follow_settings",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=5), nullable=False, server_default=""),
        sa.Column("at_night", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_follow_settings_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_follow_settings")),
        sa.UniqueConstraint("token", name=op.f("uq_follow_settings_token")),
    )


def downgrade() -> None:
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_incidents_merged_into_id_incidents"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_incidents_merged_into_id"))
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("outcome")
    for table in ("follow_settings", "follows", "follow_ups", "answers", "question_seconds", "questions"):
        op.drop_table(table)
