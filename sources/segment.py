"""Segments: the Parquet files of landing, written and measured by DuckDB.

Add here what is asked of one file. Keep out: paths (``landing.py``), the ledger and the order in
which things happen (``extract.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np

from citybase.duck import literal, quoted
from sources.connectors.base import (
    BYTES_PREFIX,
    DAMAGE_PREFIX,
    LINE_COLUMN,
    TEXT_PREFIX,
    Reading,
)
from sources.conversion import conversion, source_text, typed_name
from sources.quarantine import quarantine_query, rejected_expression
from sources.tables import LandedTable

# What every segment row carries beside its table's columns.
BOOKKEEPING = {
    "_op": "varchar",
    "_position": "varchar",
    "_committed_at": "timestamp",
    "_batch_id": "bigint",
}
PARQUET = "(format parquet, parquet_version v2, compression lz4, dictionary_size_limit 10000)"

_WHOLE = frozenset({"smallint", "integer", "bigint"})
# How many times its rows the range of a key may have, at a byte each.
_SPREAD = 8
_ROWS = 100_000


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
    # Per column and prefix, the column beside it where the source has one.
    beside = {
        column.code: {
            prefix: quoted(prefix + column.code)
            for prefix in (BYTES_PREFIX, TEXT_PREFIX, DAMAGE_PREFIX)
            if prefix + column.code in types
        }
        for column in table.columns
    }
    raw = {
        code: "coalesce("
        + ", ".join(
            [
                *(found[prefix] for prefix in (BYTES_PREFIX, TEXT_PREFIX) if prefix in found),
                source_text(quoted(code), source_type=types[code]),
            ]
        )
        + ")"
        for code, found in beside.items()
    }
    conversions = {
        column.code: conversion(
            column,
            source_type=types[column.code],
            pattern=patterns.get(column.code),
            is_key=column.code in table.keys,
            bytes_column=beside[column.code].get(BYTES_PREFIX),
            text_column=beside[column.code].get(TEXT_PREFIX),
            damage_column=beside[column.code].get(DAMAGE_PREFIX),
        )
        for column in table.columns
    }
    # What nobody has asked for yet costs no row.
    judged = {c.code: conversions[c.code] for c in table.columns if not c.is_pending}
    typed = ", ".join(f"{made.value} as {typed_name(code)}" for code, made in conversions.items())
    values = ", ".join(f"{typed_name(code)} as {quoted(code)}" for code in conversions)
    owing = {
        code: "_op <> 'd'" if "_op" in types and code not in table.keys else "true"
        for code in conversions
    }
    problems = {
        code: f"case when {owing[code]} then {made.problem} end"
        for code, made in judged.items()
        if made.problem
    }
    suspect = " or ".join(
        f"({owing[code]} and ({made.suspect}))" for code, made in judged.items() if made.problem
    )
    kept = ", ".join(f"{value} as {name}" for name, value in bookkeeping.items())
    return f"""
        select
            {values},
            {kept},
            {rejected_expression(table, problems, raw, suspect=suspect)} as _rejected,
        from (select *, {typed} from ({source}))
    """


def measure(
    segment: Path, *, duck: duckdb.DuckDBPyConnection, table: LandedTable, rejects: bool
) -> Measure:
    """Read a segment once. ``rejects`` says that it is a scratch segment with ``_rejected``."""
    codes = ", ".join(quoted(column.code) for column in table.columns)
    good = "_rejected is null" if rejects else "true"
    source = f"read_parquet({literal(str(segment))})"
    keys = _count_dense_keys(f"from {source} where {good}", duck=duck, table=table)
    mark = f"cast({quoted(table.watermark)} as varchar)" if table.watermark else "null::varchar"
    # The outer hash makes sums of the inner, weakly mixed row hashes safe to compare.
    found = duck.execute(
        f"""
        select
            count(*),
            count(*) filter (where not ({good})),
            {_counted(table, good) if keys is None else keys},
            coalesce(sum(hash(hash({codes}))) filter (where {good}), 0)::hugeint,
            min({mark}) filter (where {good}),
            max({mark}) filter (where {good}),
        from {source}
        """
    ).fetchone()
    if found is None:
        raise AssertionError("an aggregate yields one row")
    return Measure(*found)


def _counted(table: LandedTable, good: str) -> str:
    # Different hashes prove different keys, and numbers are counted faster than texts. Two equal
    # hashes prove nothing: `land_good_rows` then compares the keys themselves.
    keys = ", ".join(quoted(key) for key in table.keys)
    return f"count(distinct hash({keys})) filter (where {good})" if keys else "count(*)"


def _count_dense_keys(
    rows: str, *, duck: duckdb.DuckDBPyConnection, table: LandedTable
) -> int | None:
    """How many keys some rows have, where one whole number is the key and most of its range is in
    use: numbers drawn one after the other can be ticked off, at a quarter of what counting costs.
    """
    types = {column.code: column.type for column in table.columns}
    if len(table.keys) != 1 or types[table.keys[0]] not in _WHOLE:
        return None
    key = quoted(table.keys[0])
    rows += f" and {key} is not null"
    lowest, highest, count = duck.execute(
        f"select min({key})::hugeint, max({key})::hugeint, count({key}) {rows}"
    ).fetchone() or (None, None, 0)
    if lowest is None or highest - lowest >= _SPREAD * count:
        return None
    ticked = np.zeros(highest - lowest + 1, dtype=np.bool_)
    # In the width of the key a difference could run over; the range is narrow, the offset is not.
    numbers = duck.execute(f"select ({key}::hugeint - {lowest})::bigint as place {rows}")
    for batch in numbers.to_arrow_reader(_ROWS):
        ticked[batch.column(0).to_numpy(zero_copy_only=False)] = True
    return int(np.count_nonzero(ticked))


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
