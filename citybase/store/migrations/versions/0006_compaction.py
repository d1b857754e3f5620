"""Segments written together again, and who may still be reading those they replace."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "compaction",
        sa.Column("compaction_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_code", sa.String, nullable=False),
        sa.Column("table_code", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("from_batch", sa.BigInteger, nullable=False),
        sa.Column("to_batch", sa.BigInteger, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("committed_at", sa.DateTime, nullable=False),
        sa.Column("swept_at", sa.DateTime),
        sa.PrimaryKeyConstraint("compaction_id", name="pk_compaction"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_compaction_system_code_table_code", "compaction", ["system_code", "table_code"]
    )
    op.create_table(
        "lease",
        sa.Column("lease_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("compaction_id", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("lease_id", name="pk_lease"),
        sqlite_autoincrement=True,
    )
    op.add_column(
        "cut",
        sa.Column("compaction_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.add_column("cut", sa.Column("completed_at", sa.DateTime))


def downgrade() -> None:
    """Drop them again."""
    for column in ("completed_at", "compaction_id"):
        op.drop_column("cut", column)
    op.drop_table("lease")
    op.drop_table("compaction")
