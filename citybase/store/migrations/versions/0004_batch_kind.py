"""A batch is the whole content of its table, or the changes since the batch before it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; what citybase appended to its own tables are changes."""
    op.add_column(
        "batch", sa.Column("kind", sa.String, nullable=False, server_default=sa.text("'base'"))
    )
    op.add_column(
        "batch",
        sa.Column("rows_unchanged", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.execute("update batch set kind = 'log' where mode = 'append_only'")


def downgrade() -> None:
    """Drop them again."""
    for column in ("rows_unchanged", "kind"):
        op.drop_column("batch", column)
