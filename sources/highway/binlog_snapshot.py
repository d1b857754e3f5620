"""The first content of a MariaDB table, exactly as of one position of the binary log.

A read-only transaction with a consistent snapshot sees the table at one moment, and MariaDB says
which position of its log that moment is: what the stream brings from there is everything the
snapshot has not, each change once. Nobody waits for it: no row or table is locked. Each table has a
transaction of its own, since MariaDB gives the metadata lock of a select, for which an ALTER TABLE
waits, only back when its transaction ends. Keep out: landing.
"""

import socket
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pymysql

from citybase.duck import quoted
from citybase.errors import SourceError
from citybase.masking import mask_numbers
from sources.closing import Closing
from sources.connectors.base import BYTES_PREFIX, LINE_COLUMN, Reading
from sources.connectors.mysql import MysqlSession
from sources.contract import System, Table
from sources.highway.binlog_batch import text_columns
from sources.highway.binlog_catalogue import BinlogCatalogue
from sources.highway.binlog_event import read_length
from sources.highway.binlog_row import Row
from sources.highway.binlog_wire import Packets
from sources.highway.errors import CaptureRefusedError, StreamInterruptedError

_QUERY = 0x03
_NULL, _ERROR, _END = 0xFB, 0xFF, 0xFE
_END_BYTES = 9
_CHUNK = 1 << 18
_BATCH_ROWS = 20_000
_PATIENCE_SECONDS = 3600.0
_POSITION = """
    select variable_name, variable_value
    from information_schema.session_status
    where variable_name in ('BINLOG_SNAPSHOT_FILE', 'BINLOG_SNAPSHOT_POSITION')
    order by variable_name
"""


class BinlogSnapshot(Closing):
    """Reads the tables of a system, each at a moment of its own.

    The stream behind them begins at the earliest of the positions (``binlog_position.earliest``)
    and is told each table's own.
    """

    def __init__(self, system: System, location: str) -> None:
        """Connect for the catalogue. Raises SourceError."""
        self._catalogue = BinlogCatalogue(system, location)
        self._session = MysqlSession(system, location, connection=self._catalogue.connection)
        # What a result looks like on the wire is not among PyMySQL's typed methods.
        self._opened: list[Any] = []

    def read(self, table: Table, *, duck: duckdb.DuckDBPyConnection) -> Reading:
        """Begin the table's transaction and prepare its one read, as ``Session.read`` does.

        The reading's ``position`` is ``{"gtid": ...}``. Its query may be run once; the transaction
        ends with its last row.

        Raises:
            CaptureRefusedError: the server does not say which position it reads at.
            SourceError: it cannot be asked, or the table does not fit the registry.
        """
        select, texts = self._session.selection(table)
        marked = [column.column in texts for column in table.columns]
        schema = pa.schema([(name, pa.string()) for name in _names(table, texts)])
        try:
            opened: Any = self._catalogue.where.connect()
            self._opened.append(opened)
            position = self._begun(opened)
        except (pymysql.Error, OSError) as error:
            raise self._catalogue.failed(error) from None
        name = f"snapshot_{table.table}"
        batches = self._batches(opened, table, select, marked, schema)
        duck.register(name, pa.RecordBatchReader.from_batches(schema, batches))
        return Reading(
            sql=f"select *, null::varchar as {LINE_COLUMN} from {quoted(name)}",
            position={"gtid": position},
        )

    def close(self) -> None:
        """Leave the server, whatever has been read."""
        self._session.close()
        while self._opened:
            _leave(self._opened.pop())

    def _begun(self, opened: Any) -> str:
        """Begin the transaction; returns the position of its moment."""
        with opened.cursor() as cursor:
            cursor.execute("set session transaction isolation level repeatable read")
            cursor.execute("start transaction with consistent snapshot, read only")
            cursor.execute(_POSITION)
            found = {str(name).upper(): value for name, value in cursor.fetchall()}
            file = found.get("BINLOG_SNAPSHOT_FILE")
            if not file:
                raise CaptureRefusedError(
                    f"{self._catalogue.name} does not say which position of its binary log a "
                    "snapshot is of.",
                    remedy="See that it is MariaDB with log_bin switched on.",
                )
            at = int(found["BINLOG_SNAPSHOT_POSITION"])
            cursor.execute("select binlog_gtid_pos(%s, %s)", (file, at))
            [[position]] = cursor.fetchall()
        if position is None:
            raise StreamInterruptedError(
                f"{self._catalogue.name} changed its binary log while the snapshot began.",
                remedy="The snapshot is taken again.",
            )
        return str(position)

    def _batches(
        self,
        opened: Any,
        table: Table,
        select: str,
        marked: list[bool],
        schema: pa.Schema,
    ) -> Iterator[pa.RecordBatch]:
        rows: list[Row] = []
        try:
            for packet in self._results(opened, table, select):
                rows.append(_row(packet, marked))
                if len(rows) >= _BATCH_ROWS:
                    yield self._batch(table, rows, schema)
                    rows = []
        finally:
            _leave(opened)
        if rows:
            yield self._batch(table, rows, schema)

    def _batch(self, table: Table, rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
        if self._session.pace is not None:
            self._session.pace.take(len(rows))
        return _batch(table, rows, schema)

    def _results(
        self,
        opened: Any,
        table: Table,
        select: str,
    ) -> Iterator[bytes]:
        """The packets of a result's rows (text protocol)."""
        opened._execute_command(_QUERY, select)
        arriving = self._packets(table, opened._sock)
        head = next(arriving)
        if head[0] == _ERROR:
            raise self._broken(table, head)
        columns, _ = read_length(head, 0)
        for _ in range(columns + 1):  # each column, and the end of the list
            next(arriving)
        for packet in arriving:
            if packet[0] == _END and len(packet) < _END_BYTES:
                return
            if packet[0] == _ERROR:
                raise self._broken(table, packet)
            yield packet

    def _packets(self, table: Table, line: socket.socket) -> Iterator[bytes]:
        packets = Packets()
        line.settimeout(_PATIENCE_SECONDS)
        while True:
            try:
                data = line.recv(_CHUNK)
            except OSError as error:
                data, said = b"", str(error)
            else:
                said = "the server closed the connection"
            if not data:
                raise self._session.table_error(
                    table,
                    f"could not be read to its end: {said}",
                    remedy="Look at the source's own log, then take the snapshot again.",
                )
            yield from packets.added(data)

    def _broken(self, table: Table, packet: bytes) -> SourceError:
        said = packet[9:].decode("utf-8", errors="replace")
        return self._session.table_error(
            table,
            f"could not be read to its end: {mask_numbers(said)}",
            remedy="Look at the source's own log, then take the snapshot again: its tables must "
            "not be altered meanwhile.",
        )


def _leave(opened: Any) -> None:
    """End the conversation. A result may not have been read to its end: then no word is left."""
    if opened.open:
        opened._force_close()


def _row(packet: bytes, marked: list[bool]) -> Row:
    """A row of the text protocol: each value behind its length, 0xFB for null."""
    at = 0
    row: Row = []
    for has_bytes in marked:
        value, at = _value(packet, at)
        if has_bytes:
            stored, at = _value(packet, at)
            if stored is not None:
                row.append(bytes.fromhex(stored.decode("ascii")))
                continue
        try:
            row.append(None if value is None else value.decode("utf-8"))
        except UnicodeDecodeError:
            row.append(value)
    return row


def _value(packet: bytes, at: int) -> tuple[bytes | None, int]:
    length = packet[at]
    if length < _NULL:
        start = at + 1
    elif length == _NULL:
        return None, at + 1
    else:
        length, start = read_length(packet, at)
    return packet[start : start + length], start + length


def _names(table: Table, texts: frozenset[str]) -> list[str]:
    """The columns of the reading: each text has beside it where what is none would stand."""
    codes = [column.column for column in table.columns]
    return [*codes, *(BYTES_PREFIX + code for code in codes if code in texts)]


def _batch(table: Table, rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = text_columns([column.column for column in table.columns], rows)
    missing = pa.nulls(len(rows), pa.string())
    return pa.record_batch([columns.get(name, missing) for name in schema.names], schema=schema)
