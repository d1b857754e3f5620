"""Landing what a stream brought: one log batch for each table touched, and all of them at once.

The rows and the stream's new position become true in one ledger transaction, so that a kill at any
moment loses nothing and repeats nothing. A transaction larger than a micro-batch is written in
parts that count only when its end has come. Keep out: where changes come from, and when to ask.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from citybase.duck import connect
from citybase.settings import Settings
from sources import landing, ledger
from sources.attempt import Attempt, Written, made_batch
from sources.closing import Closing
from sources.content import Content, table_content
from sources.contract import System, Table
from sources.highway.change import (
    Event,
    MicroBatch,
    TableChanges,
    TableEmptied,
    TableNoted,
    TableRewritten,
    TableSuspended,
    pending_code,
)
from sources.highway.change_segment import write_changes
from sources.highway.held import count_gained
from sources.highway.progress import SourceEvent, moved, tell, unsettle
from sources.highway.unchanged import filled
from sources.lease import leased
from sources.ledger import Batch
from sources.pace import pace_of
from sources.relation import current_rows
from sources.segment import Measure
from sources.tables import LandedColumn, LandedTable, landed_table

_MEMORY = "1GB"
# The schema version of what is written and not yet in the ledger, which numbers them.
_UNNUMBERED = 0


@dataclass(frozen=True)
class Landed:
    """What one micro-batch came to: per table touched, rows landed and rows quarantined.

    ``committed_at`` is ours (UTC), ``source_at`` the source's.
    """

    by_table: tuple[tuple[str, int, int], ...]
    source_at: datetime | None
    committed_at: datetime

    @property
    def rows_landed(self) -> int:
        """Changes that landed, of all tables."""
        return sum(landed for _, landed, _ in self.by_table)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that were touched."""
        return tuple(code for code, _, _ in self.by_table)


@dataclass(frozen=True)
class _Held:
    """What a table has behind all that is written: ``rows``, None where nobody counted, and whether
    some of the source's are rejected.
    """

    rows: int | None
    has_rejected: bool


class Lander(Closing):
    """Lands the micro-batches of one system. Holds its log tables as long as it is open."""

    def __init__(
        self,
        settings: Settings,
        engine: sa.Engine,
        system: System,
        *,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """``wait`` spends the time by which the system's log comes faster than its ``rate_limit``
        allows. Raises LockedError when a table is being landed by another process.
        """
        self._settings, self._engine, self._system = settings, engine, system
        self._pace = pace_of(system, wait=wait)
        self._tables: dict[str, tuple[Table, LandedTable]] = {
            table.table: (table, landed_table(system, table))
            for table in system.tables
            if table.mode == "log"
        }
        self._written: list[tuple[LandedTable, Batch]] = []
        self._suspended: set[str] = set()
        with ExitStack() as held:
            for _, landed in self._tables.values():
                held.enter_context(
                    landing.table_lock(settings, landed.system_code, landed.table_code)
                )
                landing.sweep_table(settings, engine, landed.system_code, landed.table_code)
            self._held_rows = {
                code: _held(table_content(engine, landed.system_code, landed.table_code))
                for code, (_, landed) in self._tables.items()
            }
            self._duck = held.enter_context(
                connect(scratch=settings.scratch / "highway", threads=1, memory_limit=_MEMORY)
            )
            self._duck.execute("set preserve_insertion_order = true")
            self._held = held.pop_all()

    def close(self) -> None:
        """Let the tables go."""
        self._held.close()

    def land(self, batch: MicroBatch) -> Landed:
        """Land whole transactions and move the stream behind them."""
        self._write(batch.events)
        written, self._written = self._written, []
        committed = ledger.commit_all(
            self._engine, written, beside=moved(self._system.system, batch.position)
        )
        self._take_time(batch.events)
        return Landed(
            by_table=_by_table(committed),
            source_at=batch.committed_at,
            committed_at=committed[-1].committed_at if committed else ledger.now(),
        )

    def write(self, events: Sequence[Event]) -> None:
        """Write a part of a transaction that goes on; it counts when ``land`` is called."""
        self._write(events)
        self._take_time(events)

    def _take_time(self, events: Sequence[Event]) -> None:
        """While nobody reads, the source is not asked for more."""
        rows = sum(event.rows.num_rows for event in events if isinstance(event, TableChanges))
        if self._pace is not None and rows:
            self._pace.take(rows)

    def _write(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, TableSuspended | TableNoted):
                self._tell(event)
            if isinstance(event, TableSuspended | TableRewritten):
                unsettle(self._engine, self._system.system, event.table_code)
        pieces = list(_pieces(events))
        numbers = ledger.begin_attempts(
            self._engine, [self._tables[piece.table_code][1] for piece in pieces]
        )
        for number, piece in zip(numbers, pieces, strict=True):
            table, landed = self._tables[piece.table_code]
            if isinstance(piece, TableChanges) and piece.pending:
                landed = _with_pending(landed, piece.pending)
            attempt = Attempt(self._settings, self._engine, landed, number, ledger.now())
            made = (
                self._emptied(attempt)
                if isinstance(piece, TableEmptied)
                else self._changed(attempt, table, piece)
            )
            self._written.append((landed, made))

    def _tell(self, event: TableSuspended | TableNoted) -> None:
        if isinstance(event, TableSuspended):
            self._suspended.add(event.table_code)
        tell(
            self._engine,
            SourceEvent(
                system_code=self._system.system,
                table_code=event.table_code,
                kind=event.kind,
                message=event.message,
                remedy=event.remedy,
                happened_at=ledger.now(),
            ),
        )

    def _emptied(self, attempt: Attempt) -> Batch:
        self._held_rows[attempt.table.table_code] = _Held(0, has_rejected=False)
        return made_batch(
            attempt,
            self._duck,
            kind="base",
            position={},
            written=Written([], [], Measure(0, 0, 0, 0, None, None), 0),
        )

    def _changed(self, attempt: Attempt, table: Table, changes: TableChanges) -> Batch:
        if changes.unchanged.num_columns and changes.refused is None:
            with leased(self._engine, f"stream of {self._system.system}"):
                content = self._content(attempt.table)
                rows = filled(
                    changes.rows,
                    changes.unchanged,
                    keys=table.keys,
                    current=current_rows(self._settings, attempt.table, content),
                    duck=self._duck,
                )
            changes = replace(changes, rows=rows)
        patterns = {column.column: column.format for column in table.columns}
        written = write_changes(attempt, self._duck, changes, patterns=patterns)
        return made_batch(
            attempt,
            self._duck,
            kind="log",
            position={},
            written=written,
            rows_held=self._count(attempt.table, written),
        )

    def _count(self, table: LandedTable, written: Written) -> int:
        """The rows that the table has behind changes which are written and not yet counted."""
        known = self._held_rows[table.table_code]
        rows, has_rejected = known.rows, known.has_rejected or bool(written.quarantined)
        if rows is None:
            rows = self._count_landed(table)
        if written.segments:
            rows += count_gained(
                self._duck,
                table,
                has_rejected=has_rejected,
                count_landed=lambda keys: self._count_landed(table, among=keys),
            )
        self._held_rows[table.table_code] = _Held(rows, has_rejected)
        return rows

    def _count_landed(self, table: LandedTable, *, among: str | None = None) -> int:
        with leased(self._engine, f"stream of {self._system.system}"):
            query = current_rows(self._settings, table, self._content(table), among=among)
            found = self._duck.execute(f"select count(*) from ({query})").fetchone()
        return int(found[0]) if found else 0

    def _content(self, table: LandedTable) -> Content:
        """What the table consists of, with the parts of the open transaction behind it."""
        content = table_content(self._engine, table.system_code, table.table_code)
        base, logs = content.base, list(content.logs)
        for landed, part in self._written:
            if landed == table and part.kind == "base":
                base, logs = part, []
            elif landed == table:
                logs.append(part)
        columns = {**content.columns, _UNNUMBERED: table.columns}
        return replace(content, base=base, logs=tuple(logs), columns=columns)


def _held(content: Content) -> _Held:
    rows = content.batches[-1].rows_held if content.batches else 0
    return _Held(rows, has_rejected=bool(content.quarantine_files))


def _by_table(batches: Sequence[Batch]) -> tuple[tuple[str, int, int], ...]:
    counts: dict[str, tuple[int, int]] = {}
    for batch in batches:
        landed, quarantined = counts.get(batch.table_code, (0, 0))
        counts[batch.table_code] = (
            landed + batch.rows_landed,
            quarantined + batch.rows_quarantined,
        )
    return tuple((code, *found) for code, found in counts.items())


def _pieces(events: Sequence[Event]) -> Iterator[TableChanges | TableEmptied]:
    """One piece for each table, more only around its being emptied, in the order of the stream."""
    pieces: dict[str, list[TableChanges | TableEmptied]] = {}
    for event in events:
        match event:
            case TableChanges():
                last = pieces.setdefault(event.table_code, [])
                before = last[-1] if last else None
                if isinstance(before, TableChanges) and before.fits(event):
                    last[-1] = _joined(before, event)
                else:
                    last.append(event)
            case TableEmptied():
                pieces.setdefault(event.table_code, []).append(event)
    for found in pieces.values():
        yield from found


def _joined(first: TableChanges, second: TableChanges) -> TableChanges:
    """Two runs of one table as one; a column that only one of them has is null in the other."""
    rows = pa.concat_tables([first.rows, second.rows], promote_options="permissive")
    unchanged = {}
    for code in dict.fromkeys([*first.unchanged.column_names, *second.unchanged.column_names]):
        parts = [_flags(one, code) for one in (first, second)]
        unchanged[code] = pa.chunked_array(parts)
    return replace(first, rows=rows, unchanged=pa.table(unchanged))


def _with_pending(table: LandedTable, pending: Sequence[str]) -> LandedTable:
    """The table with the columns that its registry entry does not know yet."""
    more = (LandedColumn(pending_code(name), "varchar", nullable=True) for name in pending)
    return replace(table, columns=(*table.columns, *more))


def _flags(changes: TableChanges, code: str) -> pa.Array:
    if code in changes.unchanged.column_names:
        return changes.unchanged.column(code).combine_chunks()
    return pa.array([False] * changes.rows.num_rows, pa.bool_())
