"""A MariaDB system's stream as micro-batches: its tables' snapshots first, then every change after.

Each table has a snapshot of its own, whose place in the log is its membership in the stream: a
table that comes later, or that the log can no longer tell about, is read anew by itself while the
others go on. Keep out: the protocol (``binlog.py``), what a server must allow
(``binlog_checks.py``), and landing (``micro_batch.py``).
"""

import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from citybase.settings import Settings
from sources import ledger
from sources.attempt import land
from sources.closing import Closing
from sources.connectors.base import Session
from sources.contract import System, Table
from sources.drift import ADDED, ADDED_REMEDY, end_what_is_over
from sources.highway.binlog import BinlogStream
from sources.highway.binlog_batch import BinlogBatch, TableFact
from sources.highway.binlog_catalogue import BinlogCatalogue
from sources.highway.binlog_checks import (
    BinlogRetention,
    check_rights,
    check_server,
    check_table,
    retention,
    server_id,
)
from sources.highway.binlog_position import Position, earliest
from sources.highway.binlog_snapshot import BinlogSnapshot
from sources.highway.change import Event, MicroBatch, TableChanges, TableEmptied, TableNoted
from sources.highway.errors import CaptureRefusedError, StreamInterruptedError
from sources.highway.micro_batch import Lander
from sources.highway.progress import SourceEvent, begin_stream, end_events, progress, tell
from sources.modes.extraction import extraction

REFUSED, REPLACED = "table_refused", "table_replaced"


@dataclass
class BinlogLog:
    """One registry system whose tables are followed by their log; ``location`` is a URL and may
    hold a password. ``place`` is the file and byte of the server's log that has been read.
    """

    system: System
    location: str
    installation: str
    place: tuple[str, int] | None = field(default=None, compare=False)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that are captured by their log."""
        return tuple(table for table in self.system.tables if table.mode == "log")

    @property
    def replica_id(self) -> int:
        """By which number the server knows us."""
        return server_id(self.system, self.installation)

    def behind(self) -> BinlogRetention | None:
        """How far the server's log goes on behind what has been read; None before the first."""
        if self.place is None:
            return None
        file, at = self.place
        return retention(BinlogCatalogue(self.system, self.location), file=file, at=at)


@dataclass(frozen=True)
class Followed:
    """Where a stream goes on, and the tables it is of, each with the place of its snapshot."""

    position: str
    snapshots: Mapping[str, str]


def binlog_log(settings: Settings, system: System, location: str) -> BinlogLog:
    """The system as this installation follows it."""
    return BinlogLog(system, location, f"{socket.gethostname()}:{settings.home.resolve()}")


def followed(settings: Settings, engine: sa.Engine, session: Session, log: BinlogLog) -> Followed:
    """See that every table has a snapshot to go on from; land those that have none.

    A table whose changes are not all in the log is told and left out; what has landed of it keeps
    serving.

    Raises:
        CaptureRefusedError: the server is not set up for capture, or no table is.
        SourceError: it cannot be reached, or a table cannot be read.
    """
    catalogue = BinlogCatalogue(log.system, log.location)
    check_server(catalogue, replica_id=log.replica_id)
    check_rights(catalogue)
    tables = _fit(engine, catalogue, log)
    known = progress(engine, log.system.system)
    snapshots = {
        table.table: known.memberships[table.table]
        for table in tables
        if known is not None
        and table.table in known.memberships
        and ledger.is_landed_by_log(engine, log.system.system, table.table)
    }
    for table in tables:
        if table.table not in snapshots:
            snapshots[table.table] = _landed(settings, engine, session, log, table)
    position = (
        known.position
        if known is not None
        else str(earliest([Position.parse(text) for text in snapshots.values()]))
    )
    if known is None or dict(known.memberships) != snapshots:
        begin_stream(engine, log.system.system, position=position, memberships=snapshots)
    end_what_is_over(engine, session, tables)
    return Followed(position, snapshots)


def _fit(engine: sa.Engine, catalogue: BinlogCatalogue, log: BinlogLog) -> Sequence[Table]:
    fit, refused = [], []
    for table in log.tables:
        try:
            check_table(catalogue, table)
            fit.append(table)
        except CaptureRefusedError as error:
            refused.append(error)
            _tell(engine, log, table.table, kind=REFUSED, error=error)
    if not refused:
        end_events(engine, log.system.system, REFUSED, REPLACED)
    elif not fit:
        raise refused[0]
    return fit


def _landed(
    settings: Settings, engine: sa.Engine, session: Session, log: BinlogLog, table: Table
) -> str:
    """Land a table whole; returns the place in the log at which it was read."""
    with (
        BinlogSnapshot(log.system, log.location) as snapshot,
        extraction(settings, engine, session, table) as held,
    ):
        reading = snapshot.read(table, duck=held.duck)
        rows = held.into(held.scratch, reading)
        land(held.attempt, held.duck, reading=reading, rows=rows)
    return reading.position["gtid"]


def _tell(
    engine: sa.Engine, log: BinlogLog, table_code: str, *, kind: str, error: CaptureRefusedError
) -> None:
    tell(
        engine,
        SourceEvent(
            system_code=log.system.system,
            table_code=table_code,
            kind=kind,
            message=error.message,
            remedy=error.remedy,
            happened_at=ledger.now(),
        ),
    )


class BinlogCapture(Closing):
    """An open stream of one system. Not for two threads."""

    def __init__(self, engine: sa.Engine, log: BinlogLog, *, at: Followed) -> None:
        """Start behind ``at.position``. Raises as ``BinlogStream`` does."""
        self._engine, self._log = engine, log
        self._tables = {table.table: table for table in log.tables}
        self._end = BinlogCatalogue(log.system, log.location).position()
        self._stream = BinlogStream(
            log.system,
            log.location,
            tables=[table for table in log.tables if table.table in at.snapshots],
            position=at.position,
            server_id=log.replica_id,
            snapshots=at.snapshots,
        )

    def close(self) -> None:
        """Leave the server."""
        self._stream.close()

    def next(self, lander: Lander, *, wait_seconds: float) -> MicroBatch | None:  # noqa: ARG002
        """The next whole transactions, or None when none came within ``wait_seconds``.

        Raises StreamInterruptedError when a table has to be read anew: nothing of the batch that
        says so has landed, and ``followed`` knows which table.
        """
        batch = self._stream.batch(wait_seconds=wait_seconds)
        if batch is None:
            return None
        lost = [fact for fact in batch.facts if fact.effect in {"schema_changed", "unreadable"}]
        if lost:
            self._forget(lost)
        self._log.place = (batch.file, batch.file_at)
        return MicroBatch(
            tuple(_events(batch, self._tables)),
            position=batch.position,
            committed_at=batch.committed_at,
        )

    @property
    def is_caught_up(self) -> bool:
        """See ``captures.Capture``."""
        return self._stream.position.covers_all(self._end)

    def landed(self, batch: MicroBatch) -> None:
        """The batch is safe: MariaDB keeps its log by age and is told nothing."""

    def _forget(self, lost: Sequence[TableFact]) -> None:
        """Let the tables be read anew. Their place goes first: a kill in between loses nothing."""
        system = self._log.system.system
        known = progress(self._engine, system)
        if known is None:
            raise AssertionError(f"{system} is streamed without a beginning")
        gone = {fact.table for fact in lost}
        kept = {code: place for code, place in known.memberships.items() if code not in gone}
        begin_stream(self._engine, system, position=known.position, memberships=kept)
        for fact in lost:
            error = CaptureRefusedError(fact.message, remedy=fact.remedy)
            _tell(self._engine, self._log, fact.table, kind=REPLACED, error=error)
        raise StreamInterruptedError(lost[0].message, remedy="It is read anew at once.")


def _events(batch: BinlogBatch, tables: Mapping[str, Table]) -> Iterator[Event]:
    for fact in batch.facts:
        if fact.effect == "truncated":
            yield TableEmptied(fact.table, fact.committed_at)
    for code, rows in batch.changes.items():
        pending = batch.pending.get(code, ())
        if pending:
            named = f"{'a column' if len(pending) == 1 else 'columns'}"
            yield TableNoted(
                code,
                ADDED,
                f"{code} ({tables[code].source_name}) has {named} that the registry does not "
                f"know: {', '.join(pending)}.",
                ADDED_REMEDY,
            )
        yield TableChanges(code, rows=rows, unchanged=pa.table({}), pending=pending)
