"""The record, written by many at once."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)


def _table(name: str, *columns: sa.Column, keys: dict[str, str], unique: tuple[str, ...] = ()) -> None:
    """A table with an id, its foreign keys ({column: table}) each indexed, but where `unique` begins with it."""
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
            if column not in unique[:1]:
                batch_op.create_index(batch_op.f(f"ix_{name}_{column}"), [column], unique=False)


def upgrade() -> None:
    _table(
        "record_sections",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
        sa.Column("internal", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("seq", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("packed_seq", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        keys={"incident_id": "incidents", "updated_by_id": "people"},
        unique=("incident_id", "key"),
    )
    _table(
        "record_updates",
        sa.Column("section_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        keys={"section_id": "record_sections", "by_id": "people"},
        unique=("section_id", "seq"),
    )
    _table(
        "record_versions",
        sa.Column("section_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("restored", sa.Integer(), nullable=True),
        keys={"section_id": "record_sections"},
        unique=("section_id", "number"),
    )
    _table(
        "record_hypotheses",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False, server_default="open"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        keys={"incident_id": "incidents", "by_id": "people"},
        unique=("incident_id", "number"),
    )
    _table(
        "record_carets",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("tab", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("at", INSTANT, nullable=False),
        keys={"incident_id": "incidents", "person_id": "people"},
        unique=("incident_id", "tab"),
    )
    _table(
        "record_pictures",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        keys={"incident_id": "incidents", "person_id": "people"},
        unique=("incident_id", "number"),
    )
    op.create_table(
        "record_mirrors",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_record_mirrors_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_record_mirrors")),
    )


def downgrade() -> None:
    for table in ("mirrors", "pictures", "carets", "hypotheses", "versions", "updates", "sections"):
        op.drop_table(f"record_{table}")
