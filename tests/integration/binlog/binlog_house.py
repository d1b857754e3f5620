"""What tests of the MariaDB stream share: a source, its stream, and a fold of what it says."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pymysql

from citybase.duck import connect
from sources.connectors.mysql import MysqlSession
from sources.contract import System, Table
from sources.contract_connection import MysqlConnection
from sources.highway.binlog import BinlogStream
from sources.highway.binlog_batch import BinlogBatch
from tests.mariadb_house import Mariadb

SERVER_ID = 3_000_000_001
_BOOKKEEPING = ("_op", "_position", "_committed_at")
Row = tuple[str | None, ...]


@dataclass
class Source:
    """A database, and the streams that a test opens on it."""

    mariadb: Mariadb
    streams: list[BinlogStream] = field(default_factory=list)
    begun: str = ""

    def execute(self, *statements: str) -> None:
        self.mariadb.execute(*statements)

    def connect(self) -> "pymysql.Connection[Any]":
        connection = self.mariadb.connect()
        with connection.cursor() as cursor:
            cursor.execute("set session sql_mode = ''")
        return connection

    def position(self) -> str:
        with self.mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select @@gtid_binlog_pos")
            [[position]] = cursor.fetchall()
        return str(position)

    def follow(
        self, system: System, *, position: str, snapshots: dict[str, str] | None = None
    ) -> BinlogStream:
        self.close()
        self.begun = position
        stream = BinlogStream(
            system,
            self.mariadb.reader,
            tables=system.tables,
            position=position,
            server_id=SERVER_ID,
            snapshots=snapshots,
        )
        self.streams.append(stream)
        return stream

    def drained(self, stream: BinlogStream, *, max_rows: int = 50_000) -> list[BinlogBatch]:
        """Everything up to what the source has committed now."""
        end, found = self.position(), []
        deadline = time.monotonic() + 60
        while (found[-1].position if found else self.begun) != end:
            assert time.monotonic() < deadline, "the stream does not reach the end"
            batch = stream.batch(wait_seconds=1, max_rows=max_rows)
            if batch is not None:
                found.append(batch)
        return found

    def loaded(self, system: System, table: Table) -> list[dict[str, str | None]]:
        """What the full load reads, as text."""
        connection = system.connection
        assert isinstance(connection, MysqlConnection)
        with (
            connect(extensions=("mysql_scanner",)) as duck,
            MysqlSession(system, self.mariadb.reader, connection=connection) as session,
        ):
            reading = session.read(table, duck=duck, work=Path())
            return texts(duck, f"select * exclude (_line) from ({reading.sql})")

    def close(self) -> None:
        while self.streams:
            self.streams.pop().close()


def texts(duck: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, str | None]]:
    """Rows with every value as DuckDB's text of it."""
    found = duck.execute(f"select columns(*)::varchar from ({query})")
    names = [str(column[0]) for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def changes(batches: Iterable[BinlogBatch], table: str) -> list[dict[str, Any]]:
    """Every change of a table, in order."""
    return [
        row
        for batch in batches
        if table in batch.changes
        for row in batch.changes[table].to_pylist()
    ]


def folded(
    snapshot: Iterable[dict[str, Any]], batches: Iterable[BinlogBatch], table: Table
) -> set[Row]:
    """The table after the changes: the latest change of a key is its truth."""
    codes = [column.column for column in table.columns]
    keys = [codes.index(key) for key in table.keys]
    rows: dict[Row, Row] = {}
    for row in snapshot:
        values = tuple(row[code] for code in codes)
        rows[tuple(values[key] for key in keys)] = values
    for batch in batches:
        for fact in batch.facts:
            assert fact.effect == "truncated", fact
            if fact.table == table.table:
                rows = {}
        for change in changes([batch], table.table):
            values = tuple(change[code] for code in codes)
            key = tuple(values[key] for key in keys)
            if change["_op"] == "d":
                rows.pop(key, None)
            else:
                rows[key] = values
    return set(rows.values())
