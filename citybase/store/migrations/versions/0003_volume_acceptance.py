"""An operator's word that a batch of an unlikely size is right."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "volume_acceptance",
        sa.Column("batch_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("accepted_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_volume_acceptance"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.batch_id"], name="fk_volume_acceptance_batch_id"
        ),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("volume_acceptance")
