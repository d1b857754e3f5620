"""How many rows a table held after each batch, so that the ledger alone says what was gathered."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; what older batches held is known of those that only replace or add rows."""
    op.add_column("batch", sa.Column("rows_held", sa.BigInteger))
    op.execute(
        """
        update batch
        set rows_held = (
            select sum(part.rows_landed)
            from batch as part
            where part.system_code = batch.system_code
                and part.table_code = batch.table_code
                and part.batch_id <= batch.batch_id
                and part.batch_id >= coalesce(
                    (
                        select max(base.batch_id)
                        from batch as base
                        where base.system_code = batch.system_code
                            and base.table_code = batch.table_code
                            and base.kind = 'base'
                            and base.batch_id <= batch.batch_id
                    ),
                    0
                )
        )
        where kind = 'base' or mode = 'append_only'
        """
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_column("batch", "rows_held")
