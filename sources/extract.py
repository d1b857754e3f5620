"""Extraction in full mode: reads a source table once, lands its good rows, quarantines the others.

Add a mode here when its batches are made otherwise. Keep out: technologies (``connectors/``), types
(``conversion.py``), what makes a batch true (``attempt.py``) and everything that Dagster or the
command line says about it.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlalchemy as sa

from citybase.duck import connect, literal, quoted
from citybase.errors import CitybaseError, RegistryError, WarehouseError
from citybase.settings import Settings, source_environment
from citybase.store import open_store
from sources import landing, ledger
from sources.attempt import Receipt, attempted, land
from sources.connectors import Reading, Session, open_source
from sources.connectors.base import LINE_COLUMN
from sources.contract import System, Table
from sources.registry import Registry, load_registry
from sources.segment import measure, read_into
from sources.tables import LandedTable, landed_table, own_table

# A source is one stream. A second thread would only wait for it, and DuckDB waits by spinning:
# measured at up to 1.5 CPU-seconds per million rows. Systems are what runs side by side.
_THREADS = 1
_MEMORY = "1GB"


@dataclass(frozen=True)
class Failure:
    """A table, or with ``table_code`` None a whole system, that could not be extracted."""

    system_code: str
    table_code: str | None
    message: str
    remedy: str


@dataclass(frozen=True)
class SystemResult:
    """What became of one system: no failure hides a receipt, nor the other way round."""

    system_code: str
    receipts: tuple[Receipt, ...]
    failures: tuple[Failure, ...]


def extract_system(
    settings: Settings,
    system: str,
    *,
    tables: list[str] | None = None,
    registry: Registry | None = None,
    accept_volume: bool = False,
) -> SystemResult:
    """Extract the tables of one system, or those named, one after the other.

    A table that fails does not stop the others; nor does it raise. With ``accept_volume`` an
    operator vouches for how many rows arrive (``volume.py``).

    Raises:
        RegistryError: the registry is broken, or has no such system or table.
    """
    registry = registry or load_registry()
    found = registry.system(system)
    chosen = _chosen(found, tables)
    engine = open_store(settings)
    receipts: list[Receipt] = []
    failures: list[Failure] = []
    try:
        with open_source(
            found, source_environment(settings), has_city=settings.city_environment.exists()
        ) as session:
            for table in chosen:
                try:
                    receipt = extract_table(settings, engine, session, table)
                    if accept_volume:
                        ledger.accept_volume(engine, receipt.batch_id)
                    receipts.append(receipt)
                except CitybaseError as error:
                    failures.append(Failure(system, table.table, error.message, error.remedy))
    except CitybaseError as error:
        failures.append(Failure(system, None, error.message, error.remedy))
    finally:
        engine.dispose()
    return SystemResult(system, tuple(receipts), tuple(failures))


def _chosen(system: System, tables: list[str] | None) -> list[Table]:
    codes = [table.table for table in system.tables]
    for code in tables or []:
        if code not in codes:
            raise RegistryError(
                f"System {system.system} has no table {code!r}.",
                remedy=f"Write one of: {', '.join(codes)}.",
            )
    return [table for table in system.tables if tables is None or table.table in tables]


def extract_table(settings: Settings, engine: sa.Engine, session: Session, table: Table) -> Receipt:
    """Land the whole content of one table as one batch.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
        LockedError: another process extracts it.
    """
    landed = landed_table(session.system, table)
    if table.mode != "full":
        raise session.table_error(
            table,
            f"declares `mode: {table.mode}`, which is not extracted yet",
            remedy="Write `mode: full` in the registry.",
        )
    with (
        attempted(settings, engine, landed) as attempt,
        landing.work_folder(settings, landed.system_code, landed.table_code) as work,
        connect(
            scratch=work / "spill",
            extensions=session.extensions,
            threads=_THREADS,
            memory_limit=_MEMORY,
        ) as duck,
    ):
        # The order of arrival decides which of two rows with one key came first.
        duck.execute("set preserve_insertion_order = true")
        reading = session.read(table, duck=duck, work=work)
        try:
            rows = read_into(
                attempt.path(landing.scratch_segment),
                duck=duck,
                reading=reading,
                table=landed,
                patterns={column.column: column.format for column in table.columns},
                batch_id=attempt.batch_id,
                read_at=attempt.started_at,
            )
        except duckdb.Error as error:
            raise session.explained(table, error) from None
        _refuse_miscount(session, table, reading, rows)
        return land(attempt, duck, reading=reading, rows=rows)


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
            return land(attempt, connection, reading=reading, rows=rows)
    finally:
        engine.dispose()


def _refuse_miscount(session: Session, table: Table, reading: Reading, rows: int) -> None:
    if reading.rows_good is not None and reading.rows_good != rows:
        raise session.table_error(
            table,
            f"was read in two ways that disagree: {reading.rows_good} records counted, "
            f"{rows} rows read",
            remedy="Nothing was landed. Keep the file and report it as a defect of citybase.",
        )


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
