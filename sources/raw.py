"""Bind: makes the warehouse see one committed cut of all sources, without copying a row.

``raw.<system>__<table>`` are views of the rows as they are over exactly the files the ledger lists
at one moment, ``raw_log.*`` of every change on record, ``raw_delta.*`` of the last change of every
key that some model has not applied yet, and ``meta.*`` says which batches those are. Add here what
a build must know about its sources. Keep out: landing itself, and shaping of any kind (dbt's).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from citybase.duck import connect, literal, quoted
from citybase.lock import warehouse_lock
from citybase.settings import Settings
from citybase.store import open_store
from sources import landing, ledger
from sources.compaction import sweep_replaced
from sources.content import NOTHING, Content, contents
from sources.meta import (
    batch_rows,
    column_rows,
    cut_rows,
    place_column,
    state_rows,
    table_rows,
)
from sources.quarantine import COLUMNS as QUARANTINE_COLUMNS
from sources.registry import Registry, load_registry
from sources.relation import all_changes, changed_rows, current_rows
from sources.tables import OWN_TABLES, LandedTable, landed_table

_NEWEST = 2**63 - 1
# What each staging model has applied of each table it reads; the models write it, in the
# transaction of what they apply (`dbt_project/macros/staging/apply_changes_materialization.sql`).
APPLIED_CUT = """
    create table if not exists meta.applied_cut (
        model_name varchar,
        system_code varchar,
        table_code varchar,
        definition_hash varchar,
        content_hash varchar,
        batch_id bigint,
        cut_id bigint,
        applied_at timestamp
    )
"""


@dataclass(frozen=True)
class Cut:
    """One bound state of all sources. ``bound_at`` is UTC; ``unlanded`` names registry tables
    without any batch, whose views are empty.
    """

    cut_id: int
    bound_at: datetime
    as_of_date: date
    batches: int
    rows: int
    unlanded: tuple[str, ...]


def bind(
    settings: Settings,
    *,
    as_of: date | None = None,
    registry: Registry | None = None,
    wait_seconds: float = 0,
) -> Cut:
    """Point ``raw.*`` and ``meta.*`` of the warehouse at what the ledger commits now.

    ``as_of`` is the day that dated states are computed for (default: today).

    Raises:
        LockedError: another process holds the warehouse.
        RegistryError: the registry is broken.
        WarehouseError: landing belongs to another ledger, or lacks a file that the ledger lists.
    """
    registry = registry or load_registry()
    tables = [*(landed_table(*entry) for entry in registry.tables()), *OWN_TABLES]
    engine = open_store(settings)
    try:
        with warehouse_lock(settings, "bind", wait_seconds=wait_seconds):
            landing.claim(settings, engine)
            # Read after the lock is held: two binds in a row never go back in time.
            read = contents(engine)
            bound = {
                table.name: read.tables.get((table.system_code, table.table_code), NOTHING)
                for table in tables
            }
            batches = [batch for content in bound.values() for batch in content.batches]
            for table in tables:
                files = bound[table.name].files
                landing.refuse_missing(settings, table.system_code, table.table_code, files)
            day = as_of or datetime.now().astimezone().date()
            cut_id, bound_at = ledger.record_cut(
                engine, as_of=day, compaction_id=read.compaction_id
            )
            with connect(settings.warehouse, scratch=settings.scratch) as duck:
                duck.execute("begin")
                _bind_views(settings, duck, tables, bound)
                _bind_quarantine(settings, duck, bound.values())
                _replace(duck, "cut", cut_rows(cut_id=cut_id, bound_at=bound_at, as_of=day))
                _replace(duck, "batch", batch_rows(batches))
                _replace(
                    duck, "source_state", state_rows((table, bound[table.name]) for table in tables)
                )
                _replace(duck, "source_table", table_rows(registry))
                _replace(duck, "source_column", column_rows(registry))
                _bind_places(duck, registry)
                duck.execute("commit")
            ledger.complete_cut(engine, cut_id)
            sweep_replaced(settings, engine)
    finally:
        engine.dispose()
    return Cut(
        cut_id=cut_id,
        bound_at=bound_at,
        as_of_date=day,
        batches=len(batches),
        rows=sum(batch.rows_landed for batch in batches),
        unlanded=tuple(
            table.name
            for table in tables
            if table not in OWN_TABLES and not bound[table.name].batches
        ),
    )


def _bind_views(
    settings: Settings,
    duck: duckdb.DuckDBPyConnection,
    tables: list[LandedTable],
    bound: Mapping[str, Content],
) -> None:
    duck.execute("create schema if not exists meta")
    applied = _applied(duck)

    def delta(settings: Settings, table: LandedTable, content: Content) -> str:
        # Whoever has applied nothing yet begins with the rows as they are.
        return changed_rows(settings, table, content, since=applied.get(table.name, _NEWEST))

    for schema, relation in (
        ("raw", current_rows),
        ("raw_log", all_changes),
        ("raw_delta", delta),
    ):
        duck.execute(f"create schema if not exists {schema}")
        existing = duck.execute(
            "select view_name from duckdb_views() where schema_name = ? and not internal", [schema]
        ).fetchall()
        for (name,) in existing:
            if name not in bound:
                duck.execute(f"drop view {schema}.{quoted(name)}")
        for table in tables:
            select = relation(settings, table, bound[table.name])
            duck.execute(f"create or replace view {schema}.{quoted(table.name)} as {select}")


def _applied(duck: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """By table the oldest batch up to which some model has applied it (``meta.applied_cut``)."""
    duck.execute(APPLIED_CUT)
    rows = duck.execute(
        "select system_code, table_code, min(batch_id) from meta.applied_cut group by all"
    ).fetchall()
    return {f"{system}__{table}": int(batch_id) for system, table, batch_id in rows}


def _bind_quarantine(
    settings: Settings, duck: duckdb.DuckDBPyConnection, bound: Iterable[Content]
) -> None:
    """``meta.quarantine``: every rejected value of the bound batches."""
    files = sorted(
        {file for content in bound for file in landing.absolute(settings, content.quarantine_files)}
    )
    columns = ", ".join(
        f"cast({name if files else 'null'} as {kind}) as {name}"
        for name, kind in QUARANTINE_COLUMNS.items()
    )
    source = f"from read_parquet({_list(files)})" if files else "where false"
    duck.execute(f"create or replace view meta.quarantine as select {columns} {source}")


def _bind_places(duck: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """``meta.written_division``: how often each table of the cut writes each place, as written.

    Tables that name no county are not in it.
    """
    counts = [
        f"select {literal(system.system)} as system_code, {literal(table.table)} as table_code,"
        f" {quoted(place)} as written_division, count(*) as row_count"
        f" from raw.{quoted(landed_table(system, table).name)} group by all"
        for system, table in registry.tables()
        if (place := place_column(table)) is not None
    ]
    none = (
        "select null::varchar as system_code, null::varchar as table_code,"
        " null::varchar as written_division, 0::bigint as row_count where false"
    )
    duck.execute(
        "create or replace table meta.written_division as " + " union all ".join([none, *counts])
    )


def _replace(duck: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    duck.register("rows_of_meta", rows)
    duck.execute(f"create or replace table meta.{name} as from rows_of_meta")
    duck.unregister("rows_of_meta")


def _list(files: list[Path]) -> str:
    return f"[{', '.join(literal(str(file)) for file in files)}]"
