"""Row changes of a MariaDB system as micro-batches: every committed change once, in order.

``BinlogStream`` follows the binary log from a global transaction id. It holds no state of its own
that a restart would need: the position it hands out with a batch is all there is to keep. Keep out:
whether a system may be followed (``binlog_checks.py``), its first content (``binlog_snapshot.py``)
and landing.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence

from citybase.masking import mask_numbers
from sources.closing import Closing
from sources.contract import System, Table
from sources.highway import binlog_event as events
from sources.highway.binlog_batch import BinlogBatch, OpenBatch, Pending
from sources.highway.binlog_catalogue import BinlogCatalogue
from sources.highway.binlog_ddl import REMEDIES, TOLD, Effect, concerns
from sources.highway.binlog_event import DamagedEventError, Event, Query
from sources.highway.binlog_layout import read_layout, table_of
from sources.highway.binlog_position import Position
from sources.highway.binlog_row import RowReader, UnfitLayoutError
from sources.highway.binlog_wire import BinlogConnection
from sources.highway.errors import CaptureRefusedError, StreamInterruptedError

_MAX_ROWS = 50_000
_MAX_LAYOUTS = 1_000
_SHOWN = 200
# Nothing of these concerns rows. An event of no known kind may, and ends the stream.
_PASSED_OVER = frozenset({1, 3, 5, 13, 14, 15, 27, 28, 29, 41, 160, 161, 163, 164})


class BinlogStream(Closing):
    """An open stream of one system's tables.

    ``position`` is what the last batch said, ``snapshots`` the position at which a table's own
    snapshot was taken: what the table's snapshot holds already is left out of the stream, so that
    a table can be read anew while the others go on.
    """

    def __init__(
        self,
        system: System,
        location: str,
        *,
        tables: Sequence[Table],
        position: str,
        server_id: int,
        snapshots: Mapping[str, str] | None = None,
    ) -> None:
        """Begin to follow. Raises SourceError, and PositionLostError when the log is purged."""
        self._system = system
        self._catalogue = BinlogCatalogue(system, location)
        self._schema = self._catalogue.schema
        self._tables = {table.table: table for table in tables}
        self._wanted = {(self._schema, table.source_name): table.table for table in tables}
        self._columns = {
            (self._schema, table.source_name): [column.source_name for column in table.columns]
            for table in tables
        }
        self._snapshots = {table: Position.parse(text) for table, text in (snapshots or {}).items()}
        self._open = OpenBatch(Position.parse(position))
        self._pending = Pending()
        self._group: events.Begin | None = None
        self._events: deque[bytes] = deque()
        self._file, self._file_at = "", 0
        self._readers: dict[int, tuple[str, RowReader | UnfitLayoutError] | None] = {}
        self._layouts: dict[bytes, tuple[str, RowReader | UnfitLayoutError]] = {}
        self._charsets = self._catalogue.charsets()
        self._connection = BinlogConnection(
            self._catalogue.where,
            name=self._name,
            server_id=server_id,
            position=self._open.position,
        )

    def batch(
        self, *, wait_seconds: float, linger_seconds: float = 0.0, max_rows: int = _MAX_ROWS
    ) -> BinlogBatch | None:
        """The next whole transactions, or None when none are committed within ``wait_seconds``.

        Changes are handed on as soon as no more have arrived, at the latest with the transaction
        that reaches ``max_rows``; ``linger_seconds`` waits for more to come. A batch without
        changes and facts moves the position past transactions on other tables.

        Raises:
            PositionLostError: the server has purged what comes next.
            StreamInterruptedError: it broke; nothing has been skipped.
            CaptureRefusedError: it holds what this reader does not know.
        """
        started = time.monotonic()
        while True:
            if self._drained(max_rows=max_rows):
                return self._handed_on()
            waited = time.monotonic() - started
            has_content = self._open.has_content
            patience = (linger_seconds if has_content else wait_seconds) - waited
            packets = self._connection.packets(wait_seconds=max(patience, 0.0))
            self._events.extend(packets)
            # Traffic on other tables may never pause; of a transaction that is still arriving the
            # end is waited for.
            is_over = waited >= max(wait_seconds, linger_seconds)
            if self._open.transactions and (is_over or (has_content and not packets)):
                return self._handed_on()
            if is_over and not packets:
                return None

    @property
    def position(self) -> Position:
        """Behind the last transaction that has arrived whole."""
        return self._open.position

    def close(self) -> None:
        """Leave the server."""
        self._connection.close()

    @property
    def _name(self) -> str:
        return f"{self._system.system} ({self._system.name})"

    def _drained(self, *, max_rows: int) -> bool:
        """Read what has arrived; True when the batch is to be handed on before all is read."""
        while self._events:
            packet = self._events[0]
            try:
                event = events.read_event(packet, checksum=self._connection.checksum)
                if self._ends_before(event):
                    return True
                self._events.popleft()
                self._open.bytes_read += len(packet)
                self._take(event)
            except DamagedEventError as error:
                raise StreamInterruptedError(
                    f"{self._name} sent a binary log that cannot be read behind position "
                    f"{self._open.position}: {error}.",
                    remedy="Nothing was skipped. Start the stream again; if it ends at the same "
                    "place, take a new snapshot of the system's tables.",
                ) from None
            if self._open.rows >= max_rows and self._group is None:
                return True
        return False

    def _ends_before(self, event: Event) -> bool:
        """Whether the event says something of a whole table while the batch has changes already."""
        if event.kind not in {events.QUERY, events.QUERY_COMPRESSED} or not self._open.has_content:
            return False
        return bool(self._concerns(events.read_query(event)))

    def _handed_on(self) -> BinlogBatch:
        done, self._open = self._open, OpenBatch(self._open.position)
        return done.closed(self._tables, file=self._file, file_at=self._file_at)

    def _take(self, event: Event) -> None:
        kind = event.kind
        if events.is_rows(kind):
            self._take_rows(event)
        elif kind == events.TABLE_MAP:
            self._take_map(event)
        elif kind == events.MARIADB_GTID:
            self._group, self._pending = events.read_begin(event), Pending()
        elif kind == events.XID:
            self._commit(event)
        elif kind in {events.QUERY, events.QUERY_COMPRESSED}:
            self._take_query(event)
        elif kind == events.ROTATE:
            self._file, self._file_at = events.read_rotation(event)
        elif kind not in _PASSED_OVER:
            self._take_rare(event)

    def _take_rare(self, event: Event) -> None:
        """What cannot be followed, and is said of every table that it may have changed."""
        if event.kind == events.XA_PREPARE:
            # Whether it will ever be committed stands much later in the log.
            for code in list(self._pending.rows):
                self._lose(code, "was changed by a distributed (XA) transaction")
            self._commit(event)
        elif event.kind in events.LOAD_DATA:
            for code in self._tables:
                self._lose(code, "may have been changed by LOAD DATA as a statement")
        elif event.kind == events.INCIDENT:
            for code in self._tables:
                self._lose(code, "may have been changed by what the server failed to log")
        else:
            shown = events.FOREIGN.get(event.kind, f"an event of kind {event.kind}")
            raise CaptureRefusedError(
                f"{self._name} has {shown} in its binary log, which this reader does not know.",
                remedy="Write `mode: hash_diff` for its tables, and tell us the server's version.",
            )

    def _take_query(self, event: Event) -> None:
        query = events.read_query(event)
        word = query.text.strip().rstrip(";").upper()
        if word == "ROLLBACK":
            # Kept in the log for tables without transactions, which are never followed.
            self._pending = Pending()
            self._commit(event)
            return
        if word == "COMMIT":
            self._commit(event)
            return
        if word.startswith("ROLLBACK TO"):
            for code in list(self._pending.rows):
                self._lose(code, "was changed in a transaction that was taken back in part")
        for code, effect in self._concerns(query):
            said = mask_numbers(" ".join(query.text.split())[:_SHOWN])
            if effect == "unreadable":
                self._lose(
                    code, f"may have been changed by a statement that is logged as such: {said}"
                )
            else:
                self._tell(code, effect, f"{TOLD[effect]}: {said}", REMEDIES[effect])
        if self._group is not None and self._group.standalone:
            self._commit(event)

    def _concerns(self, query: Query) -> list[tuple[str, Effect]]:
        found = concerns(query, wanted=self._columns)
        return [
            (self._wanted[concern.table], concern.effect)
            for concern in found
            if not self._is_in_snapshot(self._wanted[concern.table])
        ]

    def _commit(self, event: Event) -> None:
        """The end of a group: the only place at which the position moves."""
        if self._group is None:
            raise DamagedEventError("a transaction ends that never began")
        self._open.commit(self._pending, gtid=self._group.gtid, at=event.at)
        self._group, self._pending = None, Pending()
        self._file_at = event.end or self._file_at

    def _take_map(self, event: Event) -> None:
        table_id, schema, table, _ = table_of(event.body)
        code = self._wanted.get((schema, table))
        if code is None:
            self._readers[table_id] = None
            return
        # The same map comes with every transaction; the number before it changes.
        known = self._layouts.get(event.body[6:])
        if known is None:
            if len(self._layouts) >= _MAX_LAYOUTS:
                self._layouts.clear()
            known = self._layouts[event.body[6:]] = (code, self._reader(code, event.body))
        self._readers[table_id] = known

    def _reader(self, code: str, body: bytes) -> RowReader | UnfitLayoutError:
        table = self._tables[code]
        try:
            return RowReader(
                table,
                read_layout(body, charsets=self._charsets),
                sources=self._catalogue.columns(table),
                latin1_holds=self._catalogue.connection.latin1_holds,
            )
        except UnfitLayoutError as error:
            return error

    def _take_rows(self, event: Event) -> None:
        rows = events.read_rows(event)
        if rows.table_id not in self._readers:
            raise DamagedEventError("rows come without the map of their table")
        found = self._readers[rows.table_id]
        if found is None or self._is_in_snapshot(found[0]):
            return
        code, reader = found
        if isinstance(reader, UnfitLayoutError):
            self._lose(code, reader.problem, reader.remedy)
            return
        try:
            self._pending.expect(code, reader.pending)
            for op, row in reader.rows(rows):
                self._pending.add(code, op, row)
        except UnfitLayoutError as error:
            self._lose(code, error.problem, error.remedy)

    def _is_in_snapshot(self, code: str) -> bool:
        """Whether the table was read after the transaction that is being read now."""
        taken = self._snapshots.get(code)
        return taken is not None and self._group is not None and taken.covers(self._group.gtid)

    def _lose(self, code: str, problem: str, remedy: str = REMEDIES["unreadable"]) -> None:
        """Say that the table's rows can no longer be followed; those of others can."""
        self._pending.drop(code)
        self._tell(code, "unreadable", problem, remedy)

    def _tell(
        self, code: str, effect: Effect, problem: str, remedy: str = REMEDIES["unreadable"]
    ) -> None:
        if self._is_in_snapshot(code) or any(
            told[:2] == (code, effect) for told in self._pending.facts
        ):
            return
        table = self._tables[code]
        message = (
            f"{self._system.system}.{code} ({self._system.name}, {table.source_name}) {problem}."
        )
        self._pending.facts.append((code, effect, message, remedy))
