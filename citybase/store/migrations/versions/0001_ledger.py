"""The ledger: attempts, schema versions, batches and cuts.

A migration that has run somewhere is never edited: add the next one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "attempt",
        sa.Column("batch_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_code", sa.String, nullable=False),
        sa.Column("table_code", sa.String, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("batch_id", name="pk_attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_attempt_system_code_table_code_batch_id",
        "attempt",
        ["system_code", "table_code", "batch_id"],
    )
    op.create_table(
        "schema_version",
        sa.Column("system_code", sa.String, nullable=False),
        sa.Column("table_code", sa.String, nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("columns", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("system_code", "table_code", "version", name="pk_schema_version"),
    )
    op.create_table(
        "batch",
        sa.Column("batch_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("system_code", sa.String, nullable=False),
        sa.Column("table_code", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("position", sa.JSON, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("quarantine_files", sa.JSON, nullable=False),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("rows_landed", sa.BigInteger, nullable=False),
        sa.Column("rows_quarantined", sa.BigInteger, nullable=False),
        sa.Column("min_watermark", sa.String),
        sa.Column("max_watermark", sa.String),
        sa.Column("checksum", sa.String, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("committed_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batch"),
        sa.ForeignKeyConstraint(["batch_id"], ["attempt.batch_id"], name="fk_batch_batch_id"),
        sa.ForeignKeyConstraint(
            ["system_code", "table_code", "schema_version"],
            ["schema_version.system_code", "schema_version.table_code", "schema_version.version"],
            name="fk_batch_schema_version",
        ),
        sa.CheckConstraint("rows_read = rows_landed + rows_quarantined", name="reconciled"),
    )
    op.create_index(
        "ix_batch_system_code_table_code_batch_id",
        "batch",
        ["system_code", "table_code", "batch_id"],
    )
    op.create_table(
        "cut",
        sa.Column("cut_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("bound_at", sa.DateTime, nullable=False),
        sa.Column("as_of_date", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("cut_id", name="pk_cut"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them again."""
    for table in ("cut", "batch", "schema_version", "attempt"):
        op.drop_table(table)
