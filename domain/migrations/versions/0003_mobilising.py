"""What an incident has outside: its channel, its calls, who is in them, what was decided about paging; routing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "mobilisations",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.String(length=80), nullable=False),
        sa.Column("channel_id", sa.String(length=30), nullable=True),
        sa.Column("channel_name", sa.String(length=100), nullable=True),
        sa.Column("channel_url", sa.Text(), nullable=True),
        sa.Column("system_call", sa.Text(), nullable=True),
        sa.Column("customer_call", sa.Text(), nullable=True),
        sa.Column("page", sa.Boolean(), nullable=True),
        sa.Column("proposal", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_mobilisations_incident_id_incidents")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_mobilisations")),
    )
    with op.batch_alter_table("mobilisations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mobilisations_wanted"), ["wanted"], unique=False)
    op.create_table(
        "call_presences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("call", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_call_presences_incident_id_incidents")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_call_presences_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_presences")),
    )
    with op.batch_alter_table("call_presences", schema=None) as batch_op:
        batch_op.create_index("ix_call_presences_open", ["incident_id", "until"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_presences_person_id"), ["person_id"], unique=False)
    op.create_table(
        "area_paging_keys",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_area_paging_keys_area_id_areas")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_paging_keys")),
    )


def downgrade() -> None:
    for table in ("area_paging_keys", "call_presences", "mobilisations"):
        op.drop_table(table)
