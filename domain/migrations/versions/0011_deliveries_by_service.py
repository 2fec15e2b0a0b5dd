"""What waits is found by its service: where one service is away, the others' workers do not read all that it keeps."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_deliveries_service", "deliveries", ["service", "state", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_deliveries_service", table_name="deliveries")
