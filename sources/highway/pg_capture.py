"""A PostgreSQL system's stream as micro-batches: its snapshot first, then every change after it.

Keep out: the protocol (``pg_stream.py``, ``pgoutput.py``), what a server must allow
(``pg_checks.py``), and landing (``micro_batch.py``).
"""

from collections.abc import Iterator, Mapping

import psycopg
import pyarrow as pa
import sqlalchemy as sa

from citybase.duck import quoted
from citybase.settings import Settings
from sources.attempt import land
from sources.closing import Closing
from sources.connectors.base import Session
from sources.connectors.postgresql import ALIAS
from sources.connectors.postgresql_type import fits
from sources.contract import Table
from sources.drift import ADDED, ADDED_REMEDY, DROPPED, RETYPED, end_what_is_over
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
from sources.highway.errors import StreamInterruptedError
from sources.highway.micro_batch import Lander
from sources.highway.pg_slot import current_lsn, drop_slot, publish, slot_state
from sources.highway.pg_snapshot import new_slot, read_as_of
from sources.highway.pg_source import PostgresLog, lsn_number, lsn_text
from sources.highway.pg_stream import ReplicationStream
from sources.highway.pg_text import snapshot_text
from sources.highway.pgoutput import Decoder
from sources.highway.pgoutput_message import (
    ChangeRun,
    Relation,
    RelationChange,
    RelationColumn,
    Truncation,
)
from sources.highway.progress import begin_stream, forget_stream, progress
from sources.ledger import is_landed_by_log
from sources.modes.extraction import extraction

# By the source's name of a column, its type and that type's bounds (atttypid, atttypmod).
Layout = Mapping[str, tuple[int, int]]
_ATTRIBUTES = """
    select attname, atttypid::bigint, atttypmod
    from pg_catalog.pg_attribute
    where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""


def snapshot(settings: Settings, engine: sa.Engine, session: Session, log: PostgresLog) -> str:
    """See that the stream has a place to go on from; land the tables anew when it has not.

    Returns that place. A new snapshot is needed at first, when the server has thrown the slot's log
    away, when a table was published anew: changes in between are in no log of ours; and when one
    has landed in another mode since.

    Raises:
        CaptureRefusedError: the server is not set up for capture.
        SourceError: it cannot be reached, or a table does not fit the registry.
    """
    # Under what each table's snapshot was taken: its place in the publication, and its types.
    memberships = {
        code: f"{membership} {_as_text(layouts(log)[code])}"
        for code, membership in publish(log).items()
    }
    known, state = progress(engine, log.system.system), slot_state(log)
    if (
        known is not None
        and state is not None
        and not state.is_lost
        and dict(known.memberships) == dict(memberships)
        and all(is_landed_by_log(engine, log.system.system, t.table) for t in log.tables)
    ):
        end_what_is_over(engine, session, log.tables)
        return known.position
    forget_stream(engine, log.system.system)
    if state is not None:
        drop_slot(log)
    with new_slot(log) as taken:
        position = lsn_text(taken.lsn)
        for table in log.tables:
            with extraction(settings, engine, session, table) as held:
                reading = held.read()
                read_as_of(held.duck, taken, alias=ALIAS)
                rows = held.into(held.scratch, reading)
                held.duck.execute("commit")
                land(
                    held.attempt,
                    held.duck,
                    reading=reading,
                    rows=rows,
                    position=lambda _: {"lsn": position},
                )
    begin_stream(engine, log.system.system, position=position, memberships=memberships)
    end_what_is_over(engine, session, log.tables)
    return position


def layouts(log: PostgresLog) -> Mapping[str, Layout]:
    """By table code, the types that its registered columns have now (pg_attribute)."""
    found: dict[str, Layout] = {}
    with log.connect() as connection:
        for table in log.tables:
            rows = connection.execute(_ATTRIBUTES, (log.qualified(table),)).fetchall()
            declared = {column.source_name for column in table.columns}
            found[table.table] = {
                str(name): (int(kind), int(modifier))
                for name, kind, modifier in rows
                if name in declared
            }
    return found


def _as_text(layout: Layout) -> str:
    return " ".join(f"{name}:{kind}:{mod}" for name, (kind, mod) in sorted(layout.items()))


class PostgresCapture(Closing):
    """An open stream of one system. Not for two threads."""

    def __init__(self, log: PostgresLog, *, position: str) -> None:
        """Start behind ``position``, which ``snapshot`` has just named. Raises as
        ``ReplicationStream`` does.
        """
        self._log = log
        self._tables = {(log.schema, table.source_name): table for table in log.tables}
        self._decoder = Decoder(keys=log.keys)
        self._layouts = layouts(log)
        self._rewritten: str | None = None
        self._end = current_lsn(log)
        self._stream = ReplicationStream(log, start_lsn=lsn_number(position))

    @property
    def is_caught_up(self) -> bool:
        """See ``captures.Capture``."""
        return self._stream.caught_up_lsn >= self._end

    def close(self) -> None:
        """Leave the server."""
        self._stream.close()

    def next(self, lander: Lander, *, wait_seconds: float) -> MicroBatch | None:
        """The next whole transactions; parts of a larger one are written by ``lander`` meanwhile.

        None when nothing came within ``wait_seconds``.

        Raises:
            StreamInterruptedError: the connection ended, or a table was altered. Then ``snapshot``
                has to be asked again.
        """
        if self._rewritten is not None:
            raise StreamInterruptedError(
                self._log.sentence(f"has had {self._rewritten} rewritten by an ALTER TABLE"),
                remedy="Nothing is to be done: a new snapshot is taken by itself.",
            )
        while True:
            found = self._stream.read(timeout_seconds=wait_seconds)
            if found is None:
                return None
            decoded = self._decoder.decode(found.block)
            events = tuple(self._events(decoded.events))
            if found.end_lsn is None:
                lander.write(events)
                continue
            at = decoded.committed.at.replace(tzinfo=None) if decoded.committed else None
            return MicroBatch(events, position=lsn_text(found.end_lsn), committed_at=at)

    def landed(self, batch: MicroBatch) -> None:
        """The batch is safe: the server may forget it."""
        self._stream.acknowledge(lsn_number(batch.position))

    def _events(
        self, found: tuple[ChangeRun | Truncation | RelationChange, ...]
    ) -> Iterator[Event]:
        for event in found:
            match event:
                case RelationChange():
                    table = self._table(event.after)
                    if table is not None:
                        yield from _drift(table, event)
                        if self._is_rewritten(table, event.after):
                            self._rewritten = table.table
                            yield TableRewritten(table.table)
                case Truncation():
                    for relation in event.relations:
                        table = self._table(relation)
                        if table is not None:
                            yield TableEmptied(table.table, event.committed_at)
                case ChangeRun():
                    table = self._table(event.relation)
                    if table is not None and len(event):
                        yield _changes(table, event)

    def _is_rewritten(self, table: Table, after: Relation) -> bool:
        """Whether an altered type may have changed values that the log says nothing about."""
        known = self._layouts[table.table]
        altered = any(
            known.get(column.name, now) != now
            for column in after.columns
            for now in [(column.type_oid, column.type_modifier)]
        )
        return altered and _refusal(table, after) is None

    def _table(self, relation: Relation) -> Table | None:
        return self._tables.get((relation.schema, relation.name))


def _drift(table: Table, change: RelationChange) -> Iterator[Event]:
    """What a new version of a table means for its registry entry."""
    refused = _refusal(table, change.after)
    if refused is not None:
        yield TableSuspended(
            table.table,
            refused[0],
            refused[1],
            "Its last good rows keep serving, and its changes wait in quarantine. Correct "
            f"`{table.table}` in the registry; the highway then takes a new snapshot of it.",
        )
    pending = _pending(table, change.after)
    if pending:
        yield TableNoted(
            table.table,
            ADDED,
            f"has {'a column' if len(pending) == 1 else 'columns'} that the registry does not "
            f"know: {', '.join(pending)}",
            ADDED_REMEDY,
        )


def _refusal(table: Table, relation: Relation) -> tuple[str, str] | None:
    """Why no row of this version may land: reason and sentence."""
    present = {column.name: column for column in relation.columns}
    for column in table.columns:
        found = present.get(column.source_name)
        if found is None:
            return DROPPED, f"lacks column {column.source_name} ({column.column}, {column.name})"
        kind = _type_name(found)
        if kind is not None and not fits(column.type, kind):
            return (
                RETYPED,
                f"has column {column.source_name} ({column.column}, {column.name}) as {kind}, "
                f"which does not fit the registry's {column.type}",
            )
    return None


def _type_name(column: RelationColumn) -> str | None:
    """The server's name of a type that every server has; None for its own."""
    found = psycopg.postgres.types.get(column.type_oid)
    return found.name if found is not None else None


def _pending(table: Table, relation: Relation) -> tuple[str, ...]:
    declared = {column.source_name for column in table.columns}
    return tuple(name for name in relation.column_names if name not in declared)


def _changes(table: Table, run: ChangeRun) -> TableChanges:
    """A run of the decoder under the registry's codes."""
    refused = _refusal(table, run.relation)
    pending = _pending(table, run.relation)
    codes = {column.source_name: column.column for column in table.columns}
    codes |= {name: pending_code(name) for name in pending}
    names = [column for column in run.relation.columns if column.name in codes]
    values = {codes[column.name]: run.values[column.name] for column in names}
    facts = {name: run.changes[name] for name in run.changes.column_names}
    unchanged = {codes[name]: run.unchanged[name] for name in run.unchanged.column_names}
    return TableChanges(
        table.table,
        rows=pa.table(values | facts),
        unchanged=pa.table(unchanged),
        select=_select(names, codes),
        pending=pending,
        refused=refused[0] if refused else None,
    )


def _select(columns: list[RelationColumn], codes: Mapping[str, str]) -> Mapping[str, str]:
    """The values that a snapshot would write otherwise."""
    written = {codes[c.name]: snapshot_text(c, code=codes[c.name]) for c in columns}
    return {code: sql for code, sql in written.items() if sql != quoted(code)}
