"""Extraction: the tables of a system, one batch each, by the mode that the registry declares.

Add a mode to ``MODES`` (``modes/``). Keep out: technologies (``connectors/``), types
(``conversion.py``), what makes a batch true (``attempt.py``) and everything that Dagster or the
command line says about it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb
import sqlalchemy as sa

from citybase.errors import CitybaseError, LockedError, RegistryError
from citybase.masking import mask_numbers
from citybase.settings import Settings, source_environment
from citybase.store import open_store
from sources import ledger
from sources.attempt import Receipt
from sources.compaction import compact
from sources.connectors import Session, open_source
from sources.contract import System, Table
from sources.drift import watched
from sources.highway.once import capture_once
from sources.modes.append_only import extract_append_only
from sources.modes.cursor import extract_cursor
from sources.modes.extraction import Extraction, extraction
from sources.modes.file_drop import extract_file_drop
from sources.modes.full import extract_full
from sources.modes.hash_diff import extract_hash_diff
from sources.modes.http import extract_http
from sources.registry import Registry, load_registry
from sources.stand_in import as_located
from sources.tables import landed_table

MODES: Mapping[str, Callable[[Extraction], Receipt]] = {
    "full": extract_full,
    "cursor": extract_cursor,
    "hash_diff": extract_hash_diff,
    "append_only": extract_append_only,
    "file_drop": extract_file_drop,
    "http": extract_http,
}


@dataclass(frozen=True)
class Failure:
    """A table, or with ``table_code`` None a whole system, that could not be extracted; of a table
    that has a receipt beside it, a part.
    """

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
    """Extract the tables of one system, or those named, one after the other; those captured by
    their log all at once.

    A table that fails does not stop the others; nor does it raise. With ``accept_volume`` an
    operator vouches for how many rows arrive (``volume.py``).

    Raises:
        RegistryError: the registry is broken, or has no such system or table.
    """
    registry = registry or load_registry()
    environment = source_environment(settings)
    found = as_located(registry.system(system), environment)
    chosen = _chosen(found, tables)
    engine = open_store(settings)
    receipts: list[Receipt] = []
    failures: list[Failure] = []
    try:
        with open_source(
            found, environment, has_city=settings.city_environment.exists()
        ) as session:
            for table in chosen:
                if table.mode == "log":
                    continue
                try:
                    receipt = extract_table(settings, engine, session, table)
                    if accept_volume:
                        ledger.accept_volume(engine, receipt.batch_id)
                    receipts.append(receipt)
                    failures += [
                        Failure(system, table.table, one.message, one.remedy)
                        for one in receipt.refused
                    ]
                except CitybaseError as error:
                    failures.append(Failure(system, table.table, error.message, error.remedy))
    except CitybaseError as error:
        failures.append(Failure(system, None, error.message, error.remedy))
    logged = {table.table for table in chosen if table.mode == "log"}
    is_there = all(failure.table_code is not None for failure in failures)
    if logged and is_there:
        try:
            captured = capture_once(settings, engine, found)
            receipts += [one for one in captured if one.table_code in logged]
        except CitybaseError as error:
            failures += [Failure(system, code, error.message, error.remedy) for code in logged]
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
    """Land what the table's mode makes one batch.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
        LockedError: another process extracts it.
    """
    extract = MODES.get(table.mode)
    if extract is None:
        raise session.table_error(
            table,
            f"declares `mode: {table.mode}`, in which no single table is extracted",
            remedy=f"Write one of these in the registry: {', '.join(MODES)}.",
        )
    with extraction(settings, engine, session, table) as held, watched(held) as whole:
        try:
            receipt = replace(extract(whole), pending=whole.pending)
        except duckdb.Error as error:
            raise session.table_error(
                table,
                f"could not be landed: {mask_numbers(session.without_secret(str(error)))}",
                remedy="Look at this machine: its disk, its memory. Then extract it again.",
            ) from None
    if receipt.refused:
        # The batch is true, and so is what stands in its way to be the whole of the table.
        first, *others = receipt.refused
        message = first.message + (f" And {len(others)} more." if others else "")
        ledger.end_attempt(engine, receipt.batch_id, error=mask_numbers(message))
    if table.mode != "full":
        with suppress(LockedError):
            # Whoever compacts it just now does what is to be done.
            compact(settings, engine, landed_table(session.system, table))
    return receipt
