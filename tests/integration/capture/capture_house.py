"""A PostgreSQL whose log is captured, and an installation that lands it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources.connectors import open_source
from sources.content import table_content
from sources.contract import System
from sources.highway.micro_batch import Lander
from sources.highway.pg_capture import PostgresCapture, snapshot
from sources.highway.pg_source import PostgresLog
from sources.highway.progress import SourceEvent, open_events
from sources.ledger import last_batch
from sources.relation import all_changes, current_rows
from sources.tables import landed_table
from tests.integration.extraction.extraction_house import POSTGRESQL, make_system

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class LogServer:
    """A PostgreSQL with a log that can be captured: ``admin`` owns the tables, ``reader`` reads."""

    admin: str
    reader: str

    def connect(self) -> Connection:
        return psycopg.connect(self.admin, autocommit=True)


def log_system(columns: dict[str, list[str]], *, code: str = "household_register") -> System:
    """A registry system whose tables are all in mode log."""
    system = make_system(POSTGRESQL, columns, code=code)
    tables = [table.model_copy(update={"mode": "log"}) for table in system.tables]
    return system.model_copy(update={"tables": tables})


@dataclass
class Highway:
    """One system's capture, started and stopped as a test likes."""

    settings: Settings
    system: System
    location: str

    @property
    def log(self) -> PostgresLog:
        return PostgresLog(self.system, self.location)

    @contextmanager
    def running(self) -> Iterator["Running"]:
        engine = open_store(self.settings)
        environment = {self.system.connection.location_env: self.location}
        with open_source(self.system, environment) as session:
            position = snapshot(self.settings, engine, session, self.log)
        with (
            Lander(self.settings, engine, self.system) as lander,
            PostgresCapture(self.log, position=position) as capture,
        ):
            yield Running(lander, capture)
        engine.dispose()

    def drain(self) -> int:
        """Start, land everything there is, stop; returns the rows that landed."""
        with self.running() as running:
            return running.drain()

    def rows(self, table: str, *, history: bool = False) -> list[dict[str, Any]]:
        engine = open_store(self.settings)
        content = table_content(engine, self.system.system, table)
        engine.dispose()
        relation = all_changes if history else current_rows
        query = relation(
            self.settings, landed_table(self.system, self.system.table(table)), content
        )
        with connect() as duck:
            found = duck.execute(f"from ({query}) order by _batch_id, _position")
            names = [str(column[0]) for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def equal(self, table: str) -> None:
        """The rows landed are the source's rows, both ways."""
        found = self.system.table(table)
        listed = ", ".join(f'"{c.source_name}"' for c in found.columns)
        with psycopg.connect(self.location) as connection:
            there = connection.execute(
                f'select {listed} from huji."{found.source_name}"'.encode()
            ).fetchall()
        codes = [column.column for column in found.columns]
        here = [tuple(row[code] for code in codes) for row in self.rows(table)]
        assert sorted(map(repr, here)) == sorted(map(repr, there))
        assert self.rows_held(table) == len(here)

    def rows_held(self, table: str) -> int | None:
        """How many rows the table has, as the ledger says."""
        engine = open_store(self.settings)
        batch = last_batch(engine, self.system.system, table)
        engine.dispose()
        return batch.rows_held if batch is not None else None

    def events(self) -> list[SourceEvent]:
        engine = open_store(self.settings)
        found = open_events(engine)
        engine.dispose()
        return list(found)

    def landed_values(self, table: str, column: str) -> list[object]:
        """The values of a column that not every segment has."""
        engine = open_store(self.settings)
        content = table_content(engine, self.system.system, table)
        engine.dispose()
        files = [str(self.settings.landing / file) for b in content.logs for file in b.files]
        with connect() as duck:
            rows = duck.execute(
                f'select "{column}" from read_parquet($1, union_by_name = true)'
                f' where "{column}" is not null',
                [files],
            ).fetchall()
        return [value for (value,) in rows]

    def quarantined(self, table: str) -> list[tuple[Any, ...]]:
        engine = open_store(self.settings)
        content = table_content(engine, self.system.system, table)
        engine.dispose()
        files = [
            str(self.settings.landing / file)
            for batch in content.batches
            for file in batch.quarantine_files
        ]
        if not files:
            return []
        with connect() as duck:
            return duck.execute(
                "select row_key, column_code, raw_value, reason from read_parquet($1) order by all",
                [files],
            ).fetchall()


@dataclass
class Running:
    """An open capture."""

    lander: Lander
    capture: PostgresCapture

    def drain(self, *, quiet_seconds: float = 0.3) -> int:
        """Land until nothing has come for a while."""
        rows = 0
        while (batch := self.capture.next(self.lander, wait_seconds=quiet_seconds)) is not None:
            rows += self.lander.land(batch).rows_landed
            self.capture.landed(batch)
        return rows
