"""The files of one table's changes: rows under their registry types, and those that do not fit.

Keep out: what order tables go in, and the ledger (``micro_batch.py``).
"""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from citybase.duck import literal, quoted
from sources import landing
from sources.attempt import Attempt, Written
from sources.connectors import Reading
from sources.highway.change import TableChanges
from sources.segment import BOOKKEEPING, PARQUET, Measure, quarantine_bad_rows, typed_query

_PLACE = "_place"


def write_changes(
    attempt: Attempt,
    duck: duckdb.DuckDBPyConnection,
    changes: TableChanges,
    *,
    patterns: Mapping[str, str | None],
) -> Written:
    """Write segment and quarantine of one table's changes, safe on the disk.

    ``patterns`` are the strptime patterns of text dates, by column code.
    """
    place = pa.array(range(changes.rows.num_rows), pa.int64())
    duck.register("arrived", changes.rows.append_column(_PLACE, place))
    try:
        if changes.refused is not None:
            written = _refused(attempt, duck, changes)
        else:
            _type(attempt, duck, changes, patterns)
            written = _written(attempt, duck)
    finally:
        duck.unregister("arrived")
    for file in (*written.segments, *written.quarantined):
        landing.make_durable(attempt.settings, file)
    return written


def _type(
    attempt: Attempt,
    duck: duckdb.DuckDBPyConnection,
    changes: TableChanges,
    patterns: Mapping[str, str | None],
) -> None:
    """Make the temporary table ``typed``: every row under its registry types, or rejected."""
    replaced = ", ".join(f"{sql} as {quoted(code)}" for code, sql in changes.select.items())
    shown = f"* replace ({replaced})" if replaced else "*"
    query = typed_query(
        f"select {shown} from arrived",
        duck=duck,
        table=attempt.table,
        patterns=patterns,
        bookkeeping={
            "_op": "_op",
            "_position": "_position",
            "_committed_at": "_committed_at",
            "_batch_id": f"{attempt.batch_id}::bigint",
            _PLACE: _PLACE,
        },
    )
    duck.execute(f"create or replace temp table typed as {query}")


def _written(attempt: Attempt, duck: duckdb.DuckDBPyConnection) -> Written:
    codes = [quoted(column.code) for column in attempt.table.columns]
    found = duck.execute(
        f"""
        select
            count(*),
            count(*) filter (where _rejected is not null),
            coalesce(
                sum(hash(hash({", ".join(codes)}, _op))) filter (where _rejected is null), 0
            )::hugeint,
        from typed
        """
    ).fetchone()
    rows, rejected, checksum = found or (0, 0, 0)
    segments, quarantined, rejected_checksum = [], [], 0
    if rejected < rows:
        segment = attempt.path(landing.segment)
        segment.parent.mkdir(parents=True, exist_ok=True)
        duck.execute(
            f"copy (select {', '.join([*codes, *BOOKKEEPING])} from typed "
            f"where _rejected is null order by {_PLACE}) to {literal(str(segment))} {PARQUET}"
        )
        segments = [segment]
    if rejected:
        rejected_checksum = _quarantine(attempt, duck, rows=rows)
        quarantined = [attempt.path(landing.quarantine_segment)]
    measure = Measure(rows, rejected, 0, checksum, None, None)
    return Written(segments, quarantined, measure, rejected_checksum)


def _quarantine(attempt: Attempt, duck: duckdb.DuckDBPyConnection, *, rows: int) -> int:
    """Write the rejected values of the batch; returns their checksum."""
    scratch = attempt.path(landing.scratch_segment)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    duck.execute(f"copy (from typed order by {_PLACE}) to {literal(str(scratch))} {PARQUET}")
    duck.execute("create or replace temp table repeated (file_row_number bigint)")
    checksum = quarantine_bad_rows(
        scratch,
        attempt.path(landing.quarantine_segment),
        duck=duck,
        table=attempt.table,
        reading=Reading(sql=""),
        rows=rows,
        batch_id=attempt.batch_id,
    )
    scratch.unlink()
    return checksum


def _refused(attempt: Attempt, duck: duckdb.DuckDBPyConnection, changes: TableChanges) -> Written:
    """Every row into quarantine, whole, with the one reason why none of them may land."""
    table, names = attempt.table, set(changes.rows.column_names)
    key = ", ".join(f"{literal(k)}: {quoted(k)}" for k in table.keys if k in names)
    row = ", ".join(
        f"{literal(name)}: {quoted(name)}"
        for name in changes.rows.column_names
        if name not in {"_position", "_committed_at"}
    )
    path = attempt.path(landing.quarantine_segment)
    path.parent.mkdir(parents=True, exist_ok=True)
    duck.execute(
        f"""
        copy (
            select
                {literal(table.system_code)} as system_code,
                {literal(table.table_code)} as table_code,
                {_PLACE} + 1 as row_number,
                _position as position,
                {f"cast(to_json({{{key}}}) as varchar)" if key else "null::varchar"} as row_key,
                null::varchar as column_code,
                null::varchar as raw_value,
                {literal(changes.refused or "")} as reason,
                cast(to_json({{{row}}}) as varchar) as raw_row,
                {attempt.batch_id}::bigint as _batch_id,
            from arrived
            order by {_PLACE}
        ) to {literal(str(path))} {PARQUET}
        """
    )
    found = duck.execute(
        "select coalesce(sum(hash(hash(row_key, reason, raw_row))), 0)::hugeint "
        f"from read_parquet({literal(str(path))})"
    ).fetchone()
    rows = changes.rows.num_rows
    measure = Measure(rows, rows, 0, 0, None, None)
    return Written([], [path], measure, int(found[0]) if found else 0)
