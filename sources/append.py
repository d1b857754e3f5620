"""Rows that citybase lands for itself: its own tables, appended to and never changed.

Keep out: what such a row means (``identity_register.py``) and tables of departments.
"""

from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from citybase.errors import WarehouseError
from citybase.settings import Settings
from citybase.store import open_store
from sources import landing, ledger
from sources.attempt import Receipt, attempted, land
from sources.connectors import Reading
from sources.connectors.base import LINE_COLUMN
from sources.segment import measure, read_into
from sources.tables import LandedTable, own_table


def append_rows(
    settings: Settings,
    *,
    system_code: str,
    table_code: str,
    connection: duckdb.DuckDBPyConnection,
    query: str,
) -> Receipt | None:
    """Land rows of one of citybase's own tables (``tables.OWN_TABLES``) as an append-only batch.

    ``query`` runs on ``connection`` (so it may read an open warehouse) and yields that table's
    columns by name. Rows whose key has landed before are passed over, so that it may be called
    again after any accident. None when nothing is left: then nothing is written.

    Raises:
        KeyError: citybase has no such table.
        LockedError: another process appends to it.
        ValueError: a row does not fit the table or repeats a key; none of them is landed.
        duckdb.Error: the query fails or lacks a column.
        WarehouseError: a key has landed before for another anchor; nothing is landed.
    """
    table = own_table(system_code, table_code)
    engine = open_store(settings)
    try:
        with attempted(settings, engine, table) as attempt:
            landed = landing.segments(settings, engine, system_code, table_code)
            _refuse_contradiction(connection, table, query, landed)
            reading = Reading(sql=_not_landed(table, query, landed))
            scratch = attempt.path(landing.scratch_segment)
            rows = read_into(
                scratch,
                duck=connection,
                reading=reading,
                table=table,
                patterns={},
                batch_id=attempt.batch_id,
                read_at=attempt.started_at,
            )
            if rows == 0:
                scratch.unlink()
                ledger.end_attempt(engine, attempt.batch_id)
                return None
            found = measure(scratch, duck=connection, table=table, rejects=True)
            if not found.clean:
                raise ValueError(
                    f"{found.rejected} rows do not fit {system_code}.{table_code}, "
                    f"{found.rows - found.rejected - found.keys} repeat a key"
                )
            return land(attempt, connection, reading=reading, rows=rows, kind="log")
    finally:
        engine.dispose()


def _refuse_contradiction(
    connection: duckdb.DuckDBPyConnection, table: LandedTable, query: str, landed: list[Path]
) -> None:
    """One key stands for one anchor for ever: a warehouse that says otherwise minted it twice."""
    if not landed:
        return
    files = ", ".join(literal(str(file)) for file in landed)
    same = " and ".join(f"new.{quoted(key)} = old.{quoted(key)}" for key in table.keys)
    found = connection.execute(
        f"select count(*) from ({query}) as new join read_parquet([{files}]) as old on {same}"
        " where new.anchor is distinct from old.anchor"
    ).fetchone()
    if found and found[0]:
        raise WarehouseError(
            f"{table.system_code}.{table.table_code}: {found[0]} keys of the warehouse have landed "
            "before for somebody else. Nothing was landed.",
            remedy="The warehouse is older than the landing folder. Move warehouse.duckdb away and "
            "run `citybase build`: it is made again from landing, every key as it was.",
        )


def _not_landed(table: LandedTable, query: str, landed: list[Path]) -> str:
    """The rows of ``query`` whose keys no landed segment holds."""
    select = f"select *, null::varchar as {LINE_COLUMN} from ({query}) as new"
    if not landed:
        return select
    files = ", ".join(literal(str(file)) for file in landed)
    same = " and ".join(
        f"new.{quoted(key)} is not distinct from old.{quoted(key)}" for key in table.keys
    )
    return f"{select} anti join read_parquet([{files}]) as old on {same}"
