"""The whole roster: rows with windows, rotations, weekly absences, attempts, hand-over notes, days off, tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holidays")),
    )
    op.create_table(
        "roster_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("country", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_settings")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_attempts_area_id_areas")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_attempts_by_id_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_attempts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_incident"), ["incident"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_person_id"), ["person_id"], unique=False)

    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_handovers_area_id_areas")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_handovers_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    with op.batch_alter_table("handovers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handovers_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handovers_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_handovers_by_id"), ["by_id"], unique=False)

    op.create_table(
        "rotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("start", sa.String(length=19), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("unit", sa.String(length=5), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["people.id"], name=op.f("fk_rotations_recorded_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotations")),
    )
    with op.batch_alter_table("rotations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rotations_recorded_by_id"), ["recorded_by_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("area", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_tokens_created_by_id_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_created_by_id"), ["created_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_person_id"), ["person_id"], unique=False)

    op.create_table(
        "rotation_members",
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_rotation_members_person_id_people")),
        sa.ForeignKeyConstraint(
            ["rotation_id"], ["rotations.id"], name=op.f("fk_rotation_members_rotation_id_rotations")
        ),
        sa.PrimaryKeyConstraint("rotation_id", "position", name=op.f("pk_rotation_members")),
    )
    with op.batch_alter_table("rotation_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rotation_members_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("absences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weekly", sa.JSON(), nullable=True))
        batch_op.create_index("ix_absences_ends_at", ["ends_at"], unique=False)

    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zone", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("slack_group", sa.String(length=20), nullable=True))

    with op.batch_alter_table("overrides", schema=None) as batch_op:
        batch_op.create_index("ix_overrides_ends_at", ["ends_at"], unique=False)

    with op.batch_alter_table("plan_slots", schema=None) as batch_op:
        batch_op.add_column(sa.Column("row", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rotation_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("offset", sa.Integer(), nullable=False, server_default="0"))
        batch_op.drop_constraint(batch_op.f("uq_plan_slots_plan_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_plan_slots_plan_id"), ["plan_id", "row", "rank"])
        batch_op.create_index(batch_op.f("ix_plan_slots_rotation_id"), ["rotation_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_plan_slots_rotation_id_rotations"), "rotations", ["rotation_id"], ["id"]
        )

    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("windows", sa.JSON(), nullable=False, server_default="[[]]"))


def downgrade() -> None:
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.drop_column("windows")

    with op.batch_alter_table("plan_slots", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_plan_slots_rotation_id_rotations"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_plan_slots_rotation_id"))
        batch_op.drop_constraint(batch_op.f("uq_plan_slots_plan_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_plan_slots_plan_id"), ["plan_id", "rank"])
        batch_op.drop_column("offset")
        batch_op.drop_column("rotation_id")
        batch_op.drop_column("row")

    with op.batch_alter_table("overrides", schema=None) as batch_op:
        batch_op.drop_index("ix_overrides_ends_at")

    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.drop_column("slack_group")
        batch_op.drop_column("zone")

    with op.batch_alter_table("absences", schema=None) as batch_op:
        batch_op.drop_index("ix_absences_ends_at")
        batch_op.drop_column("weekly")

    with op.batch_alter_table("rotation_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rotation_members_person_id"))

    op.drop_table("rotation_members")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_person_id"))
        batch_op.drop_index(batch_op.f("ix_tokens_created_by_id"))

    op.drop_table("tokens")
    with op.batch_alter_table("rotations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rotations_recorded_by_id"))

    op.drop_table("rotations")
    with op.batch_alter_table("handovers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handovers_by_id"))
        batch_op.drop_index(batch_op.f("ix_handovers_at"))
        batch_op.drop_index(batch_op.f("ix_handovers_area_id"))

    op.drop_table("handovers")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_person_id"))
        batch_op.drop_index(batch_op.f("ix_attempts_incident"))
        batch_op.drop_index(batch_op.f("ix_attempts_by_id"))
        batch_op.drop_index(batch_op.f("ix_attempts_area_id"))

    op.drop_table("attempts")
    op.drop_table("roster_settings")
    op.drop_table("holidays")
