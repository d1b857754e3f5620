"""The store says who it is, so that a landing folder can tell its own ledger from another."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table with its one row."""
    identity = op.create_table(
        "store_identity",
        sa.Column("store_id", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("store_id", name="pk_store_identity"),
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    op.bulk_insert(identity, [{"store_id": str(uuid.uuid4()), "created_at": now}])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("store_identity")
