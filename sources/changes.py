"""Changes found by comparison: candidate rows against the rows as they are, landed as a log batch.

A mode that reads more than what changed brings its candidates here; whatever had landed just so is
passed over, so that history holds every change once. Keep out: which rows are candidates
(``modes/``), and changes that the source itself tells (``highway/``).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from sources import landing
from sources.attempt import Attempt, Receipt, Written, committed, made_batch
from sources.connectors import Reading
from sources.content import Content
from sources.contract import sql_type
from sources.quarantine import COLUMNS
from sources.relation import DELETED, current_rows
from sources.segment import (
    PARQUET,
    Measure,
    count_rows,
    land_good_rows,
    measure,
    quarantine_bad_rows,
)
from sources.tables import LandedTable

CHANGED_AFTER_APPEND = "changed_after_append"
_IDENTITY = ("row_key", "column_code", "raw_value", "reason", "raw_row")


def land_changes(
    attempt: Attempt,
    duck: duckdb.DuckDBPyConnection,
    *,
    content: Content,
    reading: Reading,
    rows: int,
    deleted: str | None,
    rows_passed: int = 0,
    position: Callable[[Measure], Mapping[str, str]],
) -> Receipt:
    """Turn a scratch segment of candidates into a log batch and commit it.

    ``deleted`` is SQL of the keys, each under its registry type, that the source no longer has;
    ``rows_passed`` counts the rows read that are no candidates; ``position`` is told what the good
    candidates hold. Of an append-only table only new keys land: a row that is otherwise than it was
    goes to quarantine.
    """
    table = attempt.table
    scratch = attempt.path(landing.scratch_segment)
    good = scratch.with_name(f"{attempt.batch_id}.good.scratch.parquet")
    segment = attempt.path(landing.segment)
    found = measure(scratch, duck=duck, table=table, rejects=True)
    land_good_rows(scratch, good, duck=duck, table=table, repeats=found.repeats)
    duck.execute(
        f"create or replace temp view present as {current_rows(attempt.settings, table, content)}"
    )
    rewritten = _count_rewritten(attempt, duck)
    quarantined, rejected_checksum = _quarantined(attempt, duck, content, reading, rows)
    query = _changes(attempt, good=good, deleted=deleted)
    segment.parent.mkdir(parents=True, exist_ok=True)
    duck.execute(f"copy ({query}) to {literal(str(segment))} {PARQUET}")
    candidates, changed = count_rows([good], duck=duck), count_rows([segment], duck=duck)
    written = Written(
        segments=[segment] if changed else [],
        quarantined=quarantined,
        found=measure(segment, duck=duck, table=table, rejects=False),
        rejected_checksum=rejected_checksum,
    )
    ops = f"from read_parquet({literal(str(segment))}) where _op"
    created, removed = duck.execute(
        f"select (select count(*) {ops} = 'c'), (select count(*) {ops} = {literal(DELETED)})"
    ).fetchone() or (0, 0)
    mark = measure(good, duck=duck, table=table, rejects=False)
    for file in (scratch, good, *(() if changed else (segment,))):
        file.unlink()
    batch = made_batch(
        attempt,
        duck,
        kind="log",
        position={**reading.position, **position(mark)},
        written=written,
        rows_unchanged=rows_passed + candidates - (changed - removed) - rewritten,
        rows_held=_count_present(duck, content) + created - removed,
    )
    return committed(attempt, duck, batch)


def _count_present(duck: duckdb.DuckDBPyConnection, content: Content) -> int:
    """How many rows the table has now; counted only where the ledger does not say."""
    known = content.batches[-1].rows_held if content.batches else 0
    if known is None:
        known, *_ = duck.execute("select count(*) from present").fetchone() or (0,)
    return int(known)


def _changes(attempt: Attempt, *, good: Path, deleted: str | None) -> str:
    """SQL of the log segment: what was deleted, then what is new or otherwise than it was."""
    table = attempt.table
    codes = ", ".join(quoted(column.code) for column in table.columns)
    candidates = f"read_parquet({literal(str(good))}, file_row_number = true)"
    wanted = _is_new(table) if table.mode == "append_only" else _is_change(table)
    parts = [
        f"""
        select
            {_columns(table, "new")},
            case when {_is_new(table)} then 'c' else 'u' end as _op,
            1 as _part,
            new.file_row_number as _row,
        from {candidates} as new
        left join present as old on {_same_key(table)}
        where {wanted}
        """
    ]
    if deleted is not None:
        keys = ", ".join(quoted(key) for key in table.keys)
        values = ", ".join(
            quoted(column.code)
            if column.code in table.keys
            else f"cast(null as {sql_type(column.type)}) as {quoted(column.code)}"
            for column in table.columns
        )
        parts.append(
            f"""
            select {values}, 'd' as _op, 0 as _part, row_number() over (order by {keys}) as _row,
            from present
            semi join ({deleted}) as gone using ({keys})
            anti join {candidates} as new using ({keys})
            """
        )
    return f"""
        select
            {codes},
            _op,
            printf('%012d', row_number() over (order by _part, _row)) as _position,
            {literal(attempt.started_at.isoformat(sep=" "))}::timestamp as _committed_at,
            {attempt.batch_id}::bigint as _batch_id,
        from ({" union all by name ".join(parts)})
        order by _part, _row
    """


def _columns(table: LandedTable, alias: str) -> str:
    return ", ".join(f"{alias}.{quoted(column.code)}" for column in table.columns)


def _same_key(table: LandedTable) -> str:
    return " and ".join(f"new.{key} = old.{key}" for key in map(quoted, table.keys))


def _is_new(table: LandedTable) -> str:
    return f"old.{quoted(table.keys[0])} is null"


def _is_change(table: LandedTable) -> str:
    differs = " or ".join(
        f"new.{code} is distinct from old.{code}"
        for code in (quoted(column.code) for column in table.columns)
    )
    return f"({_is_new(table)} or {differs})"


def _quarantined(
    attempt: Attempt,
    duck: duckdb.DuckDBPyConnection,
    content: Content,
    reading: Reading,
    rows: int,
) -> tuple[list[Path], int]:
    """The rejected values that do not stand in quarantine already, as a file, if there are any."""
    written = attempt.path(landing.quarantine_segment)
    fresh = written.with_name(f"{attempt.batch_id}.scratch.parquet")
    quarantine_bad_rows(
        attempt.path(landing.scratch_segment),
        fresh,
        duck=duck,
        table=attempt.table,
        reading=reading,
        rows=rows,
        batch_id=attempt.batch_id,
    )
    files = content.quarantine_files
    rejected = f"select * from read_parquet({literal(str(fresh))})"
    if attempt.table.mode == "append_only":
        rejected += f" union all by name {_rewritten(attempt, rows + reading.rows_broken)}"
    query = f"select fresh.* from ({rejected}) as fresh"
    if files:
        query += f" anti join ({_standing(attempt, files)}) as standing on " + " and ".join(
            f"fresh.{name} is not distinct from standing.{name}" for name in _IDENTITY
        )
    duck.execute(f"copy ({query}) to {literal(str(written))} {PARQUET}")
    fresh.unlink()
    checksum = duck.execute(
        f"select count(*), sum(hash(hash({', '.join(_IDENTITY)})))::hugeint "
        f"from read_parquet({literal(str(written))})"
    ).fetchone()
    if checksum is None or checksum[0] == 0:
        written.unlink()
        return [], 0
    return [written], int(checksum[1])


def _rewritten(attempt: Attempt, rows: int) -> str:
    """Rows of an append-only table that the source has changed all the same, as quarantine has
    rejected values.
    """
    table, scratch = attempt.table, attempt.path(landing.scratch_segment)
    good = scratch.with_name(f"{attempt.batch_id}.good.scratch.parquet")
    key = ", ".join(f"{literal(key)}: new.{quoted(key)}" for key in table.keys)
    row = ", ".join(f"{literal(c.code)}: new.{quoted(c.code)}" for c in table.columns)
    return f"""
        select
            {literal(table.system_code)} as system_code,
            {literal(table.table_code)} as table_code,
            {rows} + row_number() over () as row_number,
            new._position as position,
            cast(to_json({{{key}}}) as varchar) as row_key,
            null::varchar as column_code,
            null::varchar as raw_value,
            {literal(CHANGED_AFTER_APPEND)} as reason,
            cast(to_json({{{row}}}) as varchar) as raw_row,
            {attempt.batch_id}::bigint as _batch_id,
        from read_parquet({literal(str(good))}) as new
        inner join present as old on {_same_key(table)}
        where {_is_change(table)}
    """


def _count_rewritten(attempt: Attempt, duck: duckdb.DuckDBPyConnection) -> int:
    if attempt.table.mode != "append_only":
        return 0
    found = duck.execute(f"select count(*) from ({_rewritten(attempt, 0)})").fetchone()
    return int(found[0]) if found else 0


def _standing(attempt: Attempt, files: Sequence[str]) -> str:
    paths = landing.absolute(attempt.settings, tuple(files))
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"select {', '.join(COLUMNS)} from read_parquet([{listed}])"
