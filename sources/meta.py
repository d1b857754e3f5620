"""The rows of ``meta.*``: what a build may know about its sources, as Arrow tables.

Add a fact here when a dbt model or check needs it. Keep out: writing them (``raw.py``) and anything
that changes between two binds of the same cut.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import pyarrow as pa

from sources.content import Content
from sources.contract import Table
from sources.ledger import Batch
from sources.registry import Registry
from sources.tables import LandedTable

_INSTANT = pa.timestamp("us")
_PLACE_COLUMNS = ("division_code", "division_name")
_CUT = pa.schema({"cut_id": pa.int64(), "bound_at": _INSTANT, "as_of_date": pa.date32()})
_BATCH = pa.schema(
    {
        "batch_id": pa.int64(),
        "system_code": pa.string(),
        "table_code": pa.string(),
        "mode": pa.string(),
        "kind": pa.string(),
        "rows_read": pa.int64(),
        "rows_landed": pa.int64(),
        "rows_quarantined": pa.int64(),
        "rows_unchanged": pa.int64(),
        "min_watermark": pa.string(),
        "max_watermark": pa.string(),
        "checksum": pa.string(),
        "schema_version": pa.int32(),
        "started_at": _INSTANT,
        "committed_at": _INSTANT,
    }
)
_STATE = pa.schema(
    {
        "system_code": pa.string(),
        "table_code": pa.string(),
        "content_hash": pa.string(),
        "last_batch_id": pa.int64(),
    }
)
_TABLE = pa.schema(
    [
        (name, pa.string())
        for name in (
            "system_code",
            "system_name",
            "table_code",
            "table_name",
            "department_code",
            "department_name",
            "department_uscc",
            "technology",
            "mode",
            "update_cycle",
            "level",
            "county_code",
        )
    ]
)
_COLUMN = pa.schema(
    {
        "system_code": pa.string(),
        "table_code": pa.string(),
        "column_code": pa.string(),
        "column_name": pa.string(),
        "source_name": pa.string(),
        "type": pa.string(),
        "is_nullable": pa.bool_(),
        "is_key": pa.bool_(),
        "sensitivity_code": pa.string(),
    }
)


def cut_rows(*, cut_id: int, bound_at: datetime, as_of: date) -> pa.Table:
    """``meta.cut``: the one row that says which cut is bound."""
    return pa.Table.from_pylist(
        [{"cut_id": cut_id, "bound_at": bound_at, "as_of_date": as_of}], schema=_CUT
    )


def batch_rows(batches: Iterable[Batch]) -> pa.Table:
    """``meta.batch``: one row per table of the cut, which is its newest batch.

    Its rows are those of the table behind it: landed are those that it holds, quarantined those of
    every batch that makes it up, read are both. ``batches`` come oldest first.
    """
    by_table: dict[tuple[str, str], list[Batch]] = {}
    for batch in batches:
        by_table.setdefault((batch.system_code, batch.table_code), []).append(batch)
    return pa.Table.from_pylist(
        [
            {name: getattr(newest, name) for name in _BATCH.names} | _rows_behind(found)
            for found in by_table.values()
            for newest in found[-1:]
        ],
        schema=_BATCH,
    )


def _rows_behind(batches: Sequence[Batch]) -> dict[str, int]:
    newest = batches[-1]
    held = newest.rows_landed if newest.rows_held is None else newest.rows_held
    quarantined = sum(batch.rows_quarantined for batch in batches)
    return {
        "rows_read": held + quarantined,
        "rows_landed": held,
        "rows_quarantined": quarantined,
    }


def state_rows(bound: Iterable[tuple[LandedTable, Content]]) -> pa.Table:
    """``meta.source_state``: one row per table: where its changes go on from.

    While ``content_hash`` is the same, the table differs from what it was by the logs of later
    batches alone. It changes with a base that the source gave anew, and with what the registry
    promises of columns, keys and mode.
    """
    return pa.Table.from_pylist(
        [
            {
                "system_code": table.system_code,
                "table_code": table.table_code,
                "content_hash": _content_hash(table, content),
                "last_batch_id": max((one.batch_id for one in content.batches), default=0),
            }
            for table, content in bound
        ],
        schema=_STATE,
    )


def _content_hash(table: LandedTable, content: Content) -> str:
    # Of the source's own bases the newest; one that compaction made says what the logs before it
    # said. A base that repeats the one before shares its files; one that is a truncation has none.
    base = content.origin
    begun = (base.files or (str(base.batch_id),)) if base is not None else ()
    facts = [table.mode, *table.keys, *begun, *(repr(column) for column in table.columns)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def table_rows(registry: Registry) -> pa.Table:
    """``meta.source_table``: one row per registry table."""
    return pa.Table.from_pylist(
        [
            {
                "system_code": system.system,
                "system_name": system.name,
                "table_code": table.table,
                "table_name": table.name,
                "department_code": system.department.code,
                "department_name": system.department.name,
                "department_uscc": system.department.uscc,
                "technology": system.connection.technology,
                "mode": table.mode,
                "update_cycle": table.update_cycle,
                "level": system.level,
                "county_code": system.county,
            }
            for system, table in registry.tables()
        ],
        schema=_TABLE,
    )


def place_column(table: Table) -> str | None:
    """The column in which a table writes whose county a row is of, code or name; or none."""
    codes = {column.column for column in table.columns}
    return next((code for code in _PLACE_COLUMNS if code in codes), None)


def column_rows(registry: Registry) -> pa.Table:
    """``meta.source_column``: one row per registry column."""
    return pa.Table.from_pylist(
        [
            {
                "system_code": system.system,
                "table_code": table.table,
                "column_code": column.column,
                "column_name": column.name,
                "source_name": column.source_name,
                "type": column.type,
                "is_nullable": column.nullable,
                "is_key": column.column in table.keys,
                "sensitivity_code": column.sensitivity,
            }
            for system, table in registry.tables()
            for column in table.columns
        ],
        schema=_COLUMN,
    )
