"""The tables of the operational store, as SQLAlchemy Core sees them.

Add a table here together with a migration that creates it (a test compares the two). Instants are
UTC without zone. Keep out: queries, and anything that DuckDB should read by itself: rows reach
the warehouse as Arrow (``sources/raw.py``).
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite numbers rows by itself only in a column whose type is exactly INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# One row per try to extract a table. It hands out the batch number; a try that died leaves no end.
attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("batch_id", Number, primary_key=True, autoincrement=True),
    sa.Column("system_code", sa.String, nullable=False),
    sa.Column("table_code", sa.String, nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
    sa.Column("ended_at", sa.DateTime),
    sa.Column("error", sa.Text),
    sa.Index(None, "system_code", "table_code", "batch_id"),
    sqlite_autoincrement=True,
)

# What the registry promised about a table when a batch of it was landed.
schema_version = sa.Table(
    "schema_version",
    metadata,
    sa.Column("system_code", sa.String, primary_key=True),
    sa.Column("table_code", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("columns", sa.JSON, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
)

# The ledger: the row IS the commit. Files are relative to the landing folder. `kind` is base (the
# whole content of the table) or log (changes since the batch before); a row of a log batch that was
# read and found as it had landed is counted in `rows_unchanged` alone. `rows_held` is how many rows
# the table has behind the batch; null where a citybase landed it that did not count them.
batch = sa.Table(
    "batch",
    metadata,
    sa.Column(
        "batch_id", Number, sa.ForeignKey("attempt.batch_id"), primary_key=True, autoincrement=False
    ),
    sa.Column("system_code", sa.String, nullable=False),
    sa.Column("table_code", sa.String, nullable=False),
    sa.Column("mode", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False, server_default=sa.text("'base'")),
    sa.Column("position", sa.JSON, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("quarantine_files", sa.JSON, nullable=False),
    sa.Column("rows_read", sa.BigInteger, nullable=False),
    sa.Column("rows_landed", sa.BigInteger, nullable=False),
    sa.Column("rows_quarantined", sa.BigInteger, nullable=False),
    sa.Column("rows_unchanged", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("rows_held", sa.BigInteger),
    sa.Column("min_watermark", sa.String),
    sa.Column("max_watermark", sa.String),
    sa.Column("checksum", sa.String, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
    sa.Column("committed_at", sa.DateTime, nullable=False),
    sa.ForeignKeyConstraint(
        ["system_code", "table_code", "schema_version"],
        ["schema_version.system_code", "schema_version.table_code", "schema_version.version"],
        name="fk_batch_schema_version",
    ),
    sa.CheckConstraint("rows_read = rows_landed + rows_quarantined", name="reconciled"),
    sa.Index(None, "system_code", "table_code", "batch_id"),
    # A stream adds a row a tenth of a second: the newest base, and the logs since, are found by it.
    sa.Index(None, "system_code", "table_code", "kind", "batch_id"),
    sa.Index(
        "ix_batch_quarantined",
        "system_code",
        "table_code",
        "batch_id",
        sqlite_where=sa.text("rows_quarantined > 0"),
        postgresql_where=sa.text("rows_quarantined > 0"),
    ),
)

# One row per bind: the numbers stay unique when the warehouse is rebuilt from landing.
cut = sa.Table(
    "cut",
    metadata,
    sa.Column("cut_id", Number, primary_key=True, autoincrement=True),
    sa.Column("bound_at", sa.DateTime, nullable=False),
    sa.Column("as_of_date", sa.Date, nullable=False),
    # The newest compaction that its views know of: what later ones replaced is still read.
    sa.Column("compaction_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    # When the warehouse really showed it: until then the cut before is what builds read.
    sa.Column("completed_at", sa.DateTime),
    sqlite_autoincrement=True,
)

# Exactly one row: which store this is. The landing folder carries the same number.
store_identity = sa.Table(
    "store_identity",
    metadata,
    sa.Column("store_id", sa.String, primary_key=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
)

# An operator said that a batch of an unlikely size is what the department meant to deliver.
volume_acceptance = sa.Table(
    "volume_acceptance",
    metadata,
    sa.Column(
        "batch_id", Number, sa.ForeignKey("batch.batch_id"), primary_key=True, autoincrement=False
    ),
    sa.Column("accepted_at", sa.DateTime, nullable=False),
)

# How far the change stream of a system has landed: it moves in the transaction of the batches that
# it moved by. `memberships` says, per table, under which publication membership it was snapshot.
stream = sa.Table(
    "stream",
    metadata,
    sa.Column("system_code", sa.String, primary_key=True),
    sa.Column("position", sa.String, nullable=False),
    sa.Column("memberships", sa.JSON, nullable=False),
    sa.Column("begun_at", sa.DateTime, nullable=False),
    sa.Column("moved_at", sa.DateTime, nullable=False),
)

# What happened to a source beside its rows (a column came or went, a stream broke), until it ended.
source_event = sa.Table(
    "source_event",
    metadata,
    sa.Column("event_id", Number, primary_key=True, autoincrement=True),
    sa.Column("system_code", sa.String, nullable=False),
    sa.Column("table_code", sa.String),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("remedy", sa.Text, nullable=False),
    sa.Column("happened_at", sa.DateTime, nullable=False),
    sa.Column("ended_at", sa.DateTime),
    sa.Index(None, "system_code", "table_code"),
    sqlite_autoincrement=True,
)

# Segments written together again: `log`, the changes of a range of batches in one file, or `base`,
# the rows as they were after `to_batch`. In force are those without `replaced_by`, the compaction
# that wrote the same again. `swept_at` says when what it replaced was deleted.
compaction = sa.Table(
    "compaction",
    metadata,
    sa.Column("compaction_id", Number, primary_key=True, autoincrement=True),
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
    sa.Column("replaced_by", sa.BigInteger),
    sa.Index(None, "system_code", "table_code"),
    sa.Index(None, "system_code", "table_code", "replaced_by"),
    sqlite_autoincrement=True,
)

# Who reads landed files just now, and the newest compaction that its list of files knows of.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("lease_id", Number, primary_key=True, autoincrement=True),
    sa.Column("holder", sa.String, nullable=False),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("compaction_id", sa.BigInteger, nullable=False),
    sa.Column("opened_at", sa.DateTime, nullable=False),
    sqlite_autoincrement=True,
)
