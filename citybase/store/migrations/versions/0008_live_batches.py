"""What makes up a table is found without reading every batch there ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_QUARANTINED = sa.text("rows_quarantined > 0")


def upgrade() -> None:
    """Say of each compaction which later one replaced it, and index what is asked for."""
    op.add_column("compaction", sa.Column("replaced_by", sa.BigInteger))
    op.execute(
        """
        update compaction
        set replaced_by = (
            select min(later.compaction_id)
            from compaction as later
            where later.system_code = compaction.system_code
                and later.table_code = compaction.table_code
                and later.kind = compaction.kind
                and later.compaction_id > compaction.compaction_id
                and (
                    later.kind = 'base'
                    or (
                        later.from_batch <= compaction.to_batch
                        and later.to_batch >= compaction.to_batch
                    )
                )
        )
        """
    )
    op.create_index(
        "ix_compaction_system_code_table_code_replaced_by",
        "compaction",
        ["system_code", "table_code", "replaced_by"],
    )
    op.create_index(
        "ix_batch_system_code_table_code_kind_batch_id",
        "batch",
        ["system_code", "table_code", "kind", "batch_id"],
    )
    op.create_index(
        "ix_batch_quarantined",
        "batch",
        ["system_code", "table_code", "batch_id"],
        sqlite_where=_QUARANTINED,
        postgresql_where=_QUARANTINED,
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_index("ix_batch_quarantined", "batch")
    op.drop_index("ix_batch_system_code_table_code_kind_batch_id", "batch")
    op.drop_index("ix_compaction_system_code_table_code_replaced_by", "compaction")
    op.drop_column("compaction", "replaced_by")
