"""How far each change stream has landed, and what happened to sources beside their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "stream",
        sa.Column("system_code", sa.String, nullable=False),
        sa.Column("position", sa.String, nullable=False),
        sa.Column("memberships", sa.JSON, nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("moved_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("system_code", name="pk_stream"),
    )
    op.create_table(
        "source_event",
        sa.Column("event_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("system_code", sa.String, nullable=False),
        sa.Column("table_code", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("remedy", sa.Text, nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.PrimaryKeyConstraint("event_id", name="pk_source_event"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_source_event_system_code_table_code",
        "source_event",
        ["system_code", "table_code"],
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("source_event")
    op.drop_table("stream")
