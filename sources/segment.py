"""Segments: the Parquet files of landing, written and measured by DuckDB.

Add here what is asked of one file. Keep out: paths (``landing.py``), the ledger and the order in
which things happen (``extract.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from sources.connectors.base import BYTES_PREFIX, DAMAGE_PREFIX, LINE_COLUMN, Reading
from sources.conversion import conversion, typed_name
from sources.quarantine import quarantine_query, rejected_expression
from sources.tables import LandedTable

# What every segment row carries beside its table's columns.
BOOKKEEPING = {
    "_op": "varchar",
    "_position": "varchar",
    "_committed_at": "timestamp",
    "_batch_id": "bigint",
}
PARQUET = "(format parquet, compression lz4)"


@dataclass(frozen=True)
class Measure:
    """What is in a segment: rows, rejected ones among them, and of the good ones how many keys,
    which content (the same for the same rows in any order) and the ends of the watermark.
    """

    rows: int
    rejected: int
    keys: int
    checksum: int
    min_watermark: str | None
    max_watermark: str | None

    @property
    def clean(self) -> bool:
        """Whether every row may land."""
        return self.rejected == 0 and not self.repeats

    @property
    def repeats(self) -> bool:
        """Whether good rows may share a key."""
        return self.keys != self.rows - self.rejected


def read_into(
    scratch: Path,
    *,
    duck: duckdb.DuckDBPyConnection,
    reading: Reading,
    table: LandedTable,
    patterns: Mapping[str, str | None],
    batch_id: int,
    read_at: datetime,
) -> int:
    """Run the one read of a source table into a scratch segment. Returns the number of its rows.

    Every column has its registry type; ``_rejected`` is null for good rows. ``patterns`` are the
    strptime patterns of text dates.
    """
    query = typed_query(
        reading.sql,
        duck=duck,
        table=table,
        patterns=patterns,
        bookkeeping={
            "_op": "'r'",
            "_position": LINE_COLUMN,
            "_committed_at": f"{literal(read_at.isoformat(sep=' '))}::timestamp",
            "_batch_id": f"{batch_id}::bigint",
        },
    )
    scratch.parent.mkdir(parents=True, exist_ok=True)
    written = duck.execute(f"copy ({query}) to {literal(str(scratch))} {PARQUET}").fetchone()
    return int(written[0]) if written else 0


def typed_query(
    source: str,
    *,
    duck: duckdb.DuckDBPyConnection,
    table: LandedTable,
    patterns: Mapping[str, str | None],
    bookkeeping: Mapping[str, str],
) -> str:
    """SQL of the rows of ``source`` (as ``Reading.sql``) under their registry types, with the SQL
    of their ``bookkeeping`` and ``_rejected``. What was deleted (``_op`` d) owes nothing but its
    key.
    """
    types = {
        str(name): str(kind) for name, kind, *_ in duck.execute(f"describe {source}").fetchall()
    }
    escaped = {
        column.code: quoted(BYTES_PREFIX + column.code)
        for column in table.columns
        if BYTES_PREFIX + column.code in types
    }
    damaged = {
        column.code: quoted(DAMAGE_PREFIX + column.code)
        for column in table.columns
        if DAMAGE_PREFIX + column.code in types
    }
    raw = {
        column.code: f"coalesce({escaped[column.code]}, {quoted(column.code)})"
        if column.code in escaped
        else quoted(column.code)
        for column in table.columns
    }
    conversions = {
        column.code: conversion(
            column,
            source_type=types[column.code],
            pattern=patterns.get(column.code),
            is_key=column.code in table.keys,
            bytes_column=escaped.get(column.code),
            damage_column=damaged.get(column.code),
        )
        for column in table.columns
    }
    typed = ", ".join(f"{made.value} as {typed_name(code)}" for code, made in conversions.items())
    values = ", ".join(f"{typed_name(code)} as {quoted(code)}" for code in conversions)
    problems = {
        code: f"case when _op <> 'd' then {made.problem} end"
        if "_op" in types and code not in table.keys
        else made.problem
        for code, made in conversions.items()
        if made.problem
    }
    kept = ", ".join(f"{value} as {name}" for name, value in bookkeeping.items())
    return f"""
        select
            {values},
            {kept},
            {rejected_expression(table, problems, raw)} as _rejected,
        from (select *, {typed} from ({source}))
    """


def measure(
    segment: Path, *, duck: duckdb.DuckDBPyConnection, table: LandedTable, rejects: bool
) -> Measure:
    """Read a segment once. ``rejects`` says that it is a scratch segment with ``_rejected``."""
    codes = ", ".join(quoted(column.code) for column in table.columns)
    good = "_rejected is null" if rejects else "true"
    # Different hashes prove different keys, and numbers are counted faster than texts. Two equal
    # hashes prove nothing: `land_good_rows` then compares the keys themselves.
    keys = ", ".join(quoted(key) for key in table.keys)
    counted = f"count(distinct hash({keys})) filter (where {good})" if keys else "count(*)"
    mark = f"cast({quoted(table.watermark)} as varchar)" if table.watermark else "null::varchar"
    # The outer hash makes sums of the inner, weakly mixed row hashes safe to compare.
    found = duck.execute(
        f"""
        select
            count(*),
            count(*) filter (where not ({good})),
            {counted},
            coalesce(sum(hash(hash({codes}))) filter (where {good}), 0)::hugeint,
            min({mark}) filter (where {good}),
            max({mark}) filter (where {good}),
        from read_parquet({literal(str(segment))})
        """
    ).fetchone()
    if found is None:
        raise AssertionError("an aggregate yields one row")
    return Measure(*found)


def land_good_rows(
    scratch: Path,
    segment: Path,
    *,
    duck: duckdb.DuckDBPyConnection,
    table: LandedTable,
    repeats: bool,
) -> None:
    """Copy the good rows of a scratch segment; of rows with one key the first to arrive is good.

    ``repeats`` is what ``measure`` said, so that nothing is sorted when every key is single. Leaves
    the temporary table ``repeated`` for ``quarantine_bad_rows``.
    """
    source = f"read_parquet({literal(str(scratch))}, file_row_number = true)"
    duck.execute("create or replace temp table repeated (file_row_number bigint)")
    if repeats:
        keys = ", ".join(quoted(key) for key in table.keys)
        duck.execute(
            f"""
            insert into repeated
            select file_row_number
            from (
                select
                    file_row_number,
                    row_number() over (partition by {keys} order by file_row_number) as place,
                from {source}
                where _rejected is null
            )
            where place > 1
            """
        )
    codes = ", ".join(quoted(column.code) for column in table.columns)
    duck.execute(
        f"""
        copy (
            select {codes}, {", ".join(BOOKKEEPING)},
            from {source}
            where _rejected is null
                and file_row_number not in (select file_row_number from repeated)
        ) to {literal(str(segment))} {PARQUET}
        """
    )


def quarantine_bad_rows(
    scratch: Path,
    quarantine: Path,
    *,
    duck: duckdb.DuckDBPyConnection,
    table: LandedTable,
    reading: Reading,
    rows: int,
    batch_id: int,
) -> int:
    """Write the rejected values of a batch; returns their checksum, the same in any order."""
    quarantine.parent.mkdir(parents=True, exist_ok=True)
    query = quarantine_query(
        table, scratch=scratch, broken=reading.broken, rows_good=rows, batch_id=batch_id
    )
    duck.execute(f"copy ({query}) to {literal(str(quarantine))} {PARQUET}")
    found = duck.execute(
        f"""
        select sum(hash(hash(row_key, column_code, raw_value, reason, raw_row)))::hugeint
        from read_parquet({literal(str(quarantine))})
        """
    ).fetchone()
    return int(found[0]) if found and found[0] is not None else 0


def count_rows(segments: list[Path], *, duck: duckdb.DuckDBPyConnection) -> int:
    """The rows that the files themselves say they hold."""
    if not segments:
        return 0
    files = ", ".join(literal(str(segment)) for segment in segments)
    found = duck.execute(f"select sum(num_rows) from parquet_file_metadata([{files}])").fetchone()
    return int(found[0]) if found else 0


def count_quarantined(segments: list[Path], *, duck: duckdb.DuckDBPyConnection) -> int:
    """The rows, not values, that stand in quarantine segments."""
    if not segments:
        return 0
    files = ", ".join(literal(str(segment)) for segment in segments)
    found = duck.execute(
        f"select count(distinct (_batch_id, row_number)) from read_parquet([{files}])"
    ).fetchone()
    return int(found[0]) if found else 0
