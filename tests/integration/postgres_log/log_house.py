"""The plainest consumer of a change stream: a dictionary for each table, and what it has seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from citybase.duck import connect, quoted
from sources.connectors import open_source
from sources.contract import Table
from sources.highway.pg_slot import publish
from sources.highway.pg_snapshot import Snapshot, new_slot, read_as_of
from sources.highway.pg_source import PostgresLog
from sources.highway.pg_stream import ReplicationStream, StreamBatch
from sources.highway.pg_text import snapshot_text
from sources.highway.pgoutput import Decoder
from sources.highway.pgoutput_message import ChangeRun, Truncation
from tests.integration.extraction.extraction_house import make_system

PASSWORD = "sesam-oeffne-dich"
POSTGRESQL = {"technology": "postgresql", "schema": "huji"}
Values = tuple[object, ...]
Content = dict[Values, Values]


@dataclass(frozen=True)
class LogServer:
    """A running PostgreSQL: ``admin`` may do all, ``reader`` replicates and reads. ``programs`` is
    the folder of its own tools.
    """

    programs: Path
    admin: str
    reader: str

    def execute(self, *statements: str) -> None:
        """Each statement by itself, as the administrator."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def transaction(self, *statements: str) -> None:
        with psycopg.connect(self.admin) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def value(self, query: str) -> object:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

    def reset(self) -> None:
        self.execute(
            "select pg_terminate_backend(active_pid) from pg_replication_slots "
            "where active_pid is not null",
            "alter system reset all",
            "alter system set wal_level = 'logical'",
            "alter system set fsync = off",
            "alter system set max_slot_wal_keep_size = '1GB'",
            "select pg_reload_conf()",
        )
        while self.value("select count(*) from pg_replication_slots where active"):
            pass
        self.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots",
            "drop publication if exists citybase_household_register",
            "drop schema if exists huji cascade",
            "create schema huji authorization reader",
            "grant create on database postgres to reader",
            "alter role reader replication nobypassrls",
        )

    def log(self, tables: Mapping[str, list[str]]) -> PostgresLog:
        """A system whose tables are all captured by their log."""
        system = make_system(POSTGRESQL, dict(tables))
        changed = [table.model_copy(update={"mode": "log"}) for table in system.tables]
        return PostgresLog(
            system=system.model_copy(update={"tables": changed}), location=self.reader
        )

    def create(self, table: str, columns: str) -> None:
        """A table that belongs to the reader, so that it may publish it."""
        self.execute(
            f"create table huji.{table} ({columns})", f"alter table huji.{table} owner to reader"
        )


@dataclass
class Replica:
    """What a consumer has who lands the snapshot and applies every change in order."""

    log: PostgresLog
    work: Path
    content: dict[str, Content] = field(default_factory=dict)
    position: int = 0
    operations: dict[str, list[str]] = field(default_factory=dict)
    positions: list[str] = field(default_factory=list)
    since: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.decoder = Decoder(keys=self.log.keys)

    def start(self) -> None:
        """Publication, slot, and the content of every table as of the slot's beginning."""
        publish(self.log)
        with new_slot(self.log) as snapshot:
            self.position = snapshot.lsn
            for table in self.log.tables:
                self.take(table, snapshot)

    def take(self, table: Table, snapshot: Snapshot | None = None) -> None:
        self.content[table.table] = self.read(table, snapshot)
        self.operations.setdefault(table.table, [])
        self.since[table.table] = snapshot.lsn if snapshot else 0

    def read(self, table: Table, snapshot: Snapshot | None = None) -> Content:
        """The source's table, now or as of a snapshot, by the product's own connector."""
        environment = {self.log.system.connection.location_env: self.log.location}
        names = [column.column for column in table.columns]
        shown = ", ".join(f"cast({quoted(name)} as varchar)" for name in names)
        with (
            open_source(self.log.system, environment) as session,
            connect(extensions=session.extensions) as duck,
        ):
            reading = session.read(table, duck=duck, work=self.work)
            if snapshot:
                read_as_of(duck, snapshot, alias="source")
            rows = duck.execute(f"select {shown} from ({reading.sql})").fetchall()
        keys = [names.index(key) for key in table.keys]
        content = {tuple(row[i] for i in keys): row for row in rows}
        assert len(content) == len(rows)
        return content

    def stream(self, **options: float) -> ReplicationStream:
        self.decoder.reconnected()
        return ReplicationStream(self.log, start_lsn=self.position, **options)  # type: ignore[arg-type]

    def drain(self, stream: ReplicationStream, *, until: int, acknowledge: bool = True) -> int:
        """Apply all that was committed below LSN ``until``; returns the number of batches."""
        batches = 0
        while self.position < until:
            batch = stream.read(timeout_seconds=0.2)
            if batch is None:
                if stream.caught_up_lsn >= until:
                    break
                continue
            batches += 1
            self.apply(batch)
            if acknowledge and batch.end_lsn is not None:
                stream.acknowledge(batch.end_lsn)
        return batches

    def apply(self, batch: StreamBatch) -> None:
        decoded = self.decoder.decode(batch.block)
        for event in decoded.events:
            if isinstance(event, Truncation):
                for relation in event.relations:
                    self.content[relation.name].clear()
                    self.operations[relation.name].append("t")
            elif isinstance(event, ChangeRun):
                self._apply_run(event)
        if batch.end_lsn is not None:
            assert decoded.committed is not None
            assert decoded.committed.end_lsn == batch.end_lsn
            self.position = batch.end_lsn

    def _apply_run(self, run: ChangeRun) -> None:
        table = next(t for t in self.log.tables if t.source_name == run.relation.name)
        found = {column.name: column for column in run.relation.columns}
        names = {c.source_name: c.column for c in table.columns if c.source_name in found}
        arrow = run.table(names)
        expressions = ", ".join(
            f"cast({snapshot_text(found[c.source_name], code=c.column)} as varchar)"
            if c.source_name in names
            else "null"
            for c in table.columns
        )
        codes = [column.column for column in table.columns]
        unsent = {
            code: arrow[f"_unchanged_{code}"].to_pylist()
            for code in codes
            if f"_unchanged_{code}" in arrow.column_names
        }
        with connect() as duck:
            duck.register("arrow", arrow)
            rows = duck.execute(
                f"select _op, _position, {expressions} from arrow order by _position"
            ).fetchall()
        content = self.content[table.table]
        keys = [codes.index(key) for key in table.keys]
        given_up: Values | None = None
        for index, (op, position, *values) in enumerate(rows):
            if int(position[:16], 16) < self.since[table.table]:
                continue
            self.operations[table.table].append(op)
            self.positions.append(position)
            key = tuple(values[i] for i in keys)
            if op == "d":
                given_up = content.pop(key)
                continue
            unsent_here = [code for code in unsent if unsent[code][index]]
            before = content.get(key) or given_up
            for code in unsent_here:
                assert before is not None
                values[codes.index(code)] = before[codes.index(code)]
            assert op == "u" or key not in content, "a row is created once"
            content[key] = tuple(values)

    def equals_source(self) -> bool:
        return all(self.read(table) == self.content[table.table] for table in self.log.tables)


def current_lsn(server: LogServer) -> int:
    """How far the log goes: everything committed so far is below."""
    return int(str(server.value("select pg_current_wal_flush_lsn() - '0/0'::pg_lsn")))
