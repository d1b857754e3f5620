"""A replication slot made together with a snapshot: what the source holds at the very point of its
log where the stream begins.

The server keeps the snapshot for as long as the connection that made the slot stays quiet; any
number of readers may take it up meanwhile. Keep out: which tables are read, and how
(``connectors/postgresql.py``).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

from citybase.duck import literal, quoted
from sources.highway.errors import CaptureRefusedError
from sources.highway.pg_checks import check_slot_is_bounded
from sources.highway.pg_source import PostgresLog, lsn_number


@dataclass(frozen=True)
class Snapshot:
    """The content of every table at ``lsn``: a stream from there has exactly what came after."""

    name: str
    lsn: int


@contextmanager
def new_slot(log: PostgresLog, *, patience_seconds: float = 60) -> Iterator[Snapshot]:
    """Make the slot; while the block runs, the source can be read as it is at the slot's beginning.

    The slot stays. The server finds a beginning only when every transaction has ended that was
    writing as we came; nobody waits for us meanwhile.

    Raises:
        CaptureRefusedError: the slot is not bounded, exists already, or ``patience_seconds`` were
            not enough.
    """
    with _created(log, quoted(log.name), patience_seconds) as snapshot:
        yield snapshot


@contextmanager
def later_snapshot(log: PostgresLog, *, patience_seconds: float = 60) -> Iterator[Snapshot]:
    """A snapshot for single tables while the slot is being read: one newly published, emptied or
    retyped. Of the stream, changes with a commit LSN below ``Snapshot.lsn`` are in it already.

    Raises:
        CaptureRefusedError: as ``new_slot`` does; it needs a second slot as long as the block runs.
    """
    with _created(log, f"{quoted(log.name + '_s')} TEMPORARY", patience_seconds) as snapshot:
        yield snapshot


@contextmanager
def _created(log: PostgresLog, slot: str, patience_seconds: float) -> Iterator[Snapshot]:
    with log.connect() as connection:
        check_slot_is_bounded(log, connection)
    replication = log.connect_for_replication()
    try:
        # Until PostgreSQL 15 options were words.
        modern = replication.server_version >= 150000
        option = "(SNAPSHOT 'export')" if modern else "EXPORT_SNAPSHOT"
        command = f"CREATE_REPLICATION_SLOT {slot} LOGICAL pgoutput {option}"
        result = _patiently(log, replication, command, patience_seconds)
        point, snapshot = result.get_value(0, 1), result.get_value(0, 2)
        if point is None or snapshot is None:
            raise AssertionError("the server names point and snapshot of a new slot")
        # Any further command on this connection would end the snapshot.
        yield Snapshot(name=snapshot.decode(), lsn=lsn_number(point.decode()))
    finally:
        replication.finish()


def read_as_of(duck: duckdb.DuckDBPyConnection, snapshot: Snapshot, *, alias: str) -> None:
    """From here to the next commit, read the attached database ``alias`` as of the snapshot.

    Begins a transaction on ``duck``, whose ``postgres_query(alias, …)`` all run in one transaction
    of the source. ``alias`` must not have been read in it yet.
    """
    duck.execute("begin transaction")
    statement = f"set transaction snapshot {literal(snapshot.name)}"
    duck.execute(f"call postgres_execute({literal(alias)}, {literal(statement)})")


def _patiently(
    log: PostgresLog, connection: PGconn, command: str, patience_seconds: float
) -> PGresult:
    """Run a command that may have to wait for others; give up without leaving anything behind."""
    connection.send_query(command.encode())
    deadline = time.monotonic() + patience_seconds
    while True:
        connection.consume_input()
        if not connection.is_busy():
            break
        if time.monotonic() > deadline:
            # The unfinished slot goes with the connection.
            connection.cancel_conn().blocking()
            raise log.refused(
                f"has had a transaction open for {patience_seconds:.0f} s that began before us, so "
                "that a slot finds no beginning",
                remedy="Try again when it has ended: select pid, xact_start, state from "
                f"pg_stat_activity order by xact_start; {log.owner}",
            )
        time.sleep(0.02)
    result = connection.get_result()
    if result is None:
        raise AssertionError("a command has a result")
    if result.status == pq.ExecStatus.TUPLES_OK:
        return result
    raise _not_made(log, result)


def _not_made(log: PostgresLog, result: PGresult) -> CaptureRefusedError:
    problem = log.without_secret(result.get_error_message().removeprefix("ERROR:"))
    state = result.error_field(pq.DiagnosticField.SQLSTATE)
    if state == b"42710":
        return log.refused(
            f"already has a replication slot {log.name}",
            remedy="It is ours or another citybase's: if no highway reads it, drop it and repeat.",
        )
    return log.refused(f"makes no replication slot: {problem}", remedy=log.owner)
