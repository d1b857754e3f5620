"""The replication connection: changes arrive in blocks of whole messages, and the server learns
what is safe with us.

libpq's own calls, because nothing may be paid per message but the call that fetches it. A thread
answers the server while the consumer is busy: without, it closes the connection after
``wal_sender_timeout``. Keep out: what the messages say (``pgoutput.py``).
"""

import select
import struct
import threading
import time
from dataclasses import dataclass

import numpy as np
import psycopg
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

from citybase.duck import quoted
from citybase.errors import SourceError
from sources.closing import Closing
from sources.highway.errors import CaptureRefusedError, PositionLostError, StreamInterruptedError
from sources.highway.pg_source import PostgresLog, lsn_text
from sources.highway.pgoutput_message import COMMIT, PADDING, MessageBlock, parse_commit

_DATA, _KEEP_ALIVE = ord("w"), ord("k")
_HEADER = 25  # of a data message: a letter, two LSNs, a time
_ASKS_FOR_REPLY = 17
_STATUS = struct.Struct(">cQQQqB")
_EPOCH_SECONDS = 946_684_800
# The server sends each change by itself: to wait this long for more costs less than to wake twice.
_GATHER_SECONDS = 0.001
_RECEIVE_BYTES = 1 << 20
_IN_USE, _NO_OBJECT, _NOT_NOW = "55006", "42704", "55000"


@dataclass(frozen=True)
class StreamBatch:
    """What arrived. ``end_lsn`` is what to acknowledge once it is safe, None for a part of a
    transaction that is larger than a batch: it goes on in the next. ``seconds`` is how long its
    first message has waited here.
    """

    block: MessageBlock
    end_lsn: int | None
    seconds: float


class ReplicationStream(Closing):
    """An open stream from one slot. Not for two threads at a time."""

    def __init__(
        self,
        log: PostgresLog,
        *,
        start_lsn: int,
        batch_seconds: float = 0.05,
        batch_bytes: int = 4 << 20,
        patience_seconds: float = 10,
    ) -> None:
        """Start after the transaction that ended at ``start_lsn``: the ledger's word, not the
        slot's, so that nothing comes twice. ``patience_seconds``: how long another reader of the
        slot, such as our own killed predecessor, may take to go.

        Raises:
            StreamInterruptedError: the server cannot be reached.
            CaptureRefusedError: it refuses the user, or the slot is in use.
            PositionLostError: the slot is gone, or its log is.
        """
        self._log = log
        self._batch_seconds = batch_seconds
        self._batch_bytes = batch_bytes
        self._content = bytearray()
        self._ends: list[int] = []
        self._whole = 0  # how many of these messages make whole transactions
        self._first_at: float | None = None
        # The last commit handed out, what the consumer called safe, and the point of the server's
        # log before which nothing is left to hand out.
        self._delivered = self._flushed = self._caught_up = self._sent = start_lsn
        self._is_open = False
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connection = self._started(start_lsn, patience_seconds)
        self._keeper = threading.Thread(target=self._keep_alive, daemon=True, name=log.name)
        self._keeper.start()

    def read(self, *, timeout_seconds: float) -> StreamBatch | None:
        """The next batch: what came within ``batch_seconds`` or ``batch_bytes``, up to the end of a
        transaction. None when ``timeout_seconds`` went by without one.

        Raises:
            StreamInterruptedError: the connection ended.
            CaptureRefusedError, PositionLostError: the server will not go on.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            with self._lock:
                self._receive()
            now = time.monotonic()
            due = deadline
            if self._ends:
                if self._first_at is None:
                    self._first_at = now
                ripe_at = self._first_at + self._batch_seconds
                if now >= ripe_at or len(self._content) >= self._batch_bytes:
                    batch = self._cut(now)
                    if batch is not None:
                        return batch
                else:
                    due = min(ripe_at, deadline)
            if now >= deadline:
                return None
            self._wait(max(due - now, 0))

    @property
    def caught_up_lsn(self) -> int:
        """Every transaction that ended before has been handed out. It also grows while the source
        writes what is not published.
        """
        return self._caught_up

    def acknowledge(self, end_lsn: int) -> None:
        """Everything up to there is safe with us: the server may forget it."""
        with self._lock:
            self._flushed = max(self._flushed, end_lsn)
            self._send_status()

    def close(self) -> None:
        """End the stream; what was acknowledged is said once more."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._keeper.join()
        try:
            self._send_status()
        except StreamInterruptedError:
            pass  # the ledger knows the position as well
        finally:
            self._connection.finish()

    def _started(self, start_lsn: int, patience_seconds: float) -> PGconn:
        name = quoted(self._log.name)
        command = (
            f"START_REPLICATION SLOT {name} LOGICAL {lsn_text(start_lsn)} "
            f"(proto_version '1', publication_names '{name}')"
        )
        deadline = time.monotonic() + patience_seconds
        while True:
            connection = self._log.connect_for_replication()
            self._keep_alive_seconds = _reply_interval(connection)
            # libpq's buffer grows to the largest message and stays: fewer, larger receives.
            connection.exec_(f"select repeat('x', {_RECEIVE_BYTES})".encode())
            result = connection.exec_(command.encode())
            if result.status == pq.ExecStatus.COPY_BOTH:
                connection.nonblocking = 1
                return connection
            error = self._ended(result)
            connection.finish()
            if _state(result) != _IN_USE or time.monotonic() > deadline:
                raise error
            time.sleep(0.1)

    def _receive(self) -> None:
        """Take what the socket has, as far as a batch goes."""
        connection = self._connection
        fetch, content, ends = connection.get_copy_data, self._content, self._ends
        try:
            connection.consume_input()
            size = 0
            while len(content) < self._batch_bytes:
                size, data = fetch(1)
                if size <= 0:
                    break
                if data[0] == _DATA:
                    content += data
                    ends.append(len(content))
                    if data[_HEADER] == COMMIT:
                        self._whole = len(ends)
                elif data[0] == _KEEP_ALIVE:
                    self._heard_from_server(bytes(data))
        except psycopg.OperationalError as error:
            raise self._interrupted(str(error)) from None
        if size < 0:
            connection.nonblocking = 0
            result = connection.get_result()
            raise self._ended(result) if result else self._interrupted("it was closed")

    def _heard_from_server(self, keep_alive: bytes) -> None:
        (self._sent,) = struct.unpack_from(">Q", keep_alive, 1)
        if not self._ends and not self._is_open:
            self._caught_up = max(self._caught_up, self._sent)
        if keep_alive[_ASKS_FOR_REPLY]:
            self._send_status()

    def _cut(self, now: float) -> StreamBatch | None:
        """What has arrived up to its last commit. Without one: nothing, unless it is too much."""
        count = self._whole or len(self._ends)
        if not self._whole and len(self._content) < self._batch_bytes:
            return None
        ends = np.array(self._ends, dtype=np.int64)
        starts = np.append(0, ends[:-1]) + _HEADER
        size = int(ends[count - 1])
        rest, later = self._content[size:], (ends[count:] - size).tolist()
        content = self._content
        content[size:] = bytes(PADDING)
        block = MessageBlock(content=content, starts=starts[:count], ends=ends[:count])
        end_lsn = parse_commit(block.message(count - 1)).end_lsn if self._whole else None
        self._is_open = end_lsn is None
        if end_lsn is not None:
            self._delivered = end_lsn
            # What the server promised while this was in hand comes true with it.
            self._caught_up = max(end_lsn, self._caught_up if later else self._sent)
        waited = now - (self._first_at or now)
        self._content, self._ends, self._whole = rest, later, 0
        self._first_at = now if later else None
        return StreamBatch(block=block, end_lsn=end_lsn, seconds=waited)

    def _wait(self, seconds: float) -> None:
        readable, _, _ = select.select([self._connection.socket], [], [], seconds)
        if readable:
            time.sleep(_GATHER_SECONDS)

    def _keep_alive(self) -> None:
        while not self._closing.wait(self._keep_alive_seconds):
            with self._lock:
                try:
                    self._send_status()
                except StreamInterruptedError:
                    return  # the reader finds out by itself

    def _send_status(self) -> None:
        if self._flushed >= self._delivered:
            # All that was handed out is safe; what follows in the log up to there was not for us,
            # and must not be kept for us.
            self._flushed = max(self._flushed, self._caught_up)
        clock = int((time.time() - _EPOCH_SECONDS) * 1_000_000)
        safe, written = self._flushed, max(self._flushed, self._caught_up)
        try:
            self._connection.put_copy_data(_STATUS.pack(b"r", written, safe, safe, clock, 0))
            self._connection.flush()
        except psycopg.OperationalError as error:
            raise self._interrupted(str(error)) from None

    def _ended(self, result: PGresult) -> SourceError:
        """Why the server does not start, or does not go on."""
        problem = self._log.without_secret(result.get_error_message())
        state = _state(result)
        if state == _IN_USE:
            return CaptureRefusedError(
                self._log.sentence(f"has its slot read by another process: {problem}"),
                remedy="Only one highway may read a system: stop the other one.",
            )
        if state in (_NO_OBJECT, _NOT_NOW):
            return PositionLostError(
                self._log.sentence(f"no longer has our place in its log: {problem}"),
                remedy="Drop the slot and let the highway take a new snapshot of its tables.",
            )
        return self._interrupted(problem)

    def _interrupted(self, problem: str) -> StreamInterruptedError:
        return StreamInterruptedError(
            self._log.sentence(f"ended the change stream: {self._log.without_secret(problem)}"),
            remedy="The highway connects again by itself and goes on where it was. If it does not "
            f"get through: {self._log.owner}",
        )


def _state(result: PGresult) -> str:
    return (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()


def _reply_interval(connection: PGconn) -> float:
    """A third of the server's patience, at most ten seconds."""
    result = connection.exec_(
        b"select setting::float8 / 1000 from pg_settings where name = 'wal_sender_timeout'"
    )
    patience = float(result.get_value(0, 0) or b"0")
    return min(patience / 3, 10.0) if patience > 0 else 10.0
