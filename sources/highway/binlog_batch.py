"""A micro-batch: what whole transactions changed, per table as Arrow, and where the stream stands.

Keep out: reading the stream (``binlog.py``) and landing what is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from sources.connectors.base import BYTES_PREFIX
from sources.contract import Table
from sources.highway.binlog_ddl import Effect
from sources.highway.binlog_position import Gtid, Position
from sources.highway.binlog_row import Row
from sources.highway.binlog_text import escaped
from sources.highway.change import pending_code


@dataclass(frozen=True)
class TableFact:
    """What happened to a whole table, and not to single rows.

    ``truncated``: it has no rows now. ``altered``: its columns changed, no value of ours did.
    ``schema_changed``: a statement changed its columns, or
    replaced or removed it; rows may have changed without being logged. ``unreadable``: changes
    that no log reader can follow. After the last two the table needs a new
    snapshot.
    """

    table: str
    effect: Effect
    gtid: str
    committed_at: datetime
    message: str
    remedy: str


@dataclass(frozen=True)
class BinlogBatch:
    """Whole transactions. What ``facts`` say happened before the ``changes`` of the same batch.

    ``changes`` has, per code of a touched table, an Arrow table with one row per change in the
    order of the source: each registry column under its code, and each column that the registry
    does not know (``pending``, by source name) under ``change.pending_code``, as the server's own
    text (string), ``_bytes_<code>`` (string, escaped, only where a value is no text; the column is
    null then), ``_op`` (``c``, ``u``, ``d``; a ``d`` has its keys alone), ``_position`` (string
    that sorts within the batch: number, then transaction), ``_committed_at`` (timestamp[us], UTC
    without zone, as exact as the source: a second). ``position`` has to be committed with the rows;
    ``rows`` counts the changes, ``bytes_read`` what came over the wire; ``file`` and ``file_at``
    say where in the server's log files that was, for ``binlog_checks.retention``.
    """

    changes: Mapping[str, pa.Table]
    pending: Mapping[str, tuple[str, ...]]
    facts: tuple[TableFact, ...]
    position: str
    transactions: int
    rows: int
    bytes_read: int
    committed_at: datetime | None
    file: str
    file_at: int


@dataclass
class Pending:
    """The changes of the transaction that is being read, by table code."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    ops: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    facts: list[tuple[str, Effect, str, str]] = field(default_factory=list)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    count: int = 0

    def expect(self, table: str, pending: tuple[str, ...]) -> None:
        """Changes of a table follow, with these columns that the registry does not know."""
        if table not in self.rows:
            self.rows[table], self.ops[table], self.numbers[table] = [], [], []
        self.columns[table] = pending

    def add(self, table: str, op: str, row: Row) -> None:
        """One change."""
        self.rows[table].append(row)
        self.ops[table].append(op)
        self.numbers[table].append(self.count)
        self.count += 1

    def drop(self, table: str) -> None:
        """Forget the changes of a table that cannot be followed."""
        for kept in (self.rows, self.ops, self.numbers):
            kept.pop(table, None)


@dataclass
class OpenBatch:
    """A batch that still grows by whole transactions."""

    position: Position
    rows: int = 0
    transactions: int = 0
    bytes_read: int = 0
    committed_at: datetime | None = None
    facts: list[TableFact] = field(default_factory=list)
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _ops: dict[str, list[str]] = field(default_factory=dict)
    _positions: dict[str, list[str]] = field(default_factory=dict)
    _times: dict[str, list[datetime]] = field(default_factory=dict)
    _pending: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _numbered: int = 0

    @property
    def has_content(self) -> bool:
        """Whether anything of the tables wanted is in it."""
        return bool(self.rows or self.facts)

    def commit(self, pending: Pending, *, gtid: Gtid, at: int) -> None:
        """Take in a transaction that was committed at ``at``, in seconds of the epoch."""
        instant = datetime.fromtimestamp(at, tz=UTC).replace(tzinfo=None)
        for table, effect, message, remedy in pending.facts:
            fact = TableFact(table, effect, str(gtid), instant, message, remedy)
            # A table that cannot be followed says so once in a batch, not with every transaction.
            if not any((told.table, told.message) == (table, message) for told in self.facts):
                self.facts.append(fact)
        for table, rows in pending.rows.items():
            # An alteration begins a batch, so that all its rows have the same columns.
            self._pending[table] = pending.columns[table]
            self._rows.setdefault(table, []).extend(rows)
            self._ops.setdefault(table, []).extend(pending.ops[table])
            first = self._numbered
            self._positions.setdefault(table, []).extend(
                f"{first + number:08x}.{gtid}" for number in pending.numbers[table]
            )
            self._times.setdefault(table, []).extend([instant] * len(rows))
            self.rows += len(rows)
        self._numbered += pending.count
        self.transactions += 1
        self.position = self.position.advanced(gtid)
        self.committed_at = instant

    def closed(self, tables: Mapping[str, Table], *, file: str, file_at: int) -> BinlogBatch:
        """The batch as it is handed on."""
        return BinlogBatch(
            changes={
                code: self._arrow(tables[code], code) for code, rows in self._rows.items() if rows
            },
            pending={code: names for code, names in self._pending.items() if names},
            facts=tuple(self.facts),
            position=str(self.position),
            transactions=self.transactions,
            rows=self.rows,
            bytes_read=self.bytes_read,
            committed_at=self.committed_at,
            file=file,
            file_at=file_at,
        )

    def _arrow(self, table: Table, code: str) -> pa.Table:
        codes = [column.column for column in table.columns]
        codes += [pending_code(name) for name in self._pending[code]]
        columns = text_columns(codes, self._rows[code])
        columns["_op"] = pa.array(self._ops[code], pa.string())
        columns["_position"] = pa.array(self._positions[code], pa.string())
        columns["_committed_at"] = pa.array(self._times[code], pa.timestamp("us"))
        return pa.table(columns)


def text_columns(codes: Sequence[str], rows: Sequence[Row]) -> dict[str, pa.Array]:
    """Rows as columns of text, under their codes, with the bytes of what is no text beside them."""
    columns = {}
    for code, values in zip(codes, zip(*rows, strict=True), strict=True):
        damaged = bytes in set(map(type, values))
        texts = [None if isinstance(v, bytes) else v for v in values] if damaged else values
        columns[code] = pa.array(texts, pa.string())
        if damaged:
            columns[BYTES_PREFIX + code] = pa.array(
                [escaped(v) if isinstance(v, bytes) else None for v in values], pa.string()
            )
    return columns
