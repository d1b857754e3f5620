"""From the bytes of PostgreSQL's logical replication (pgoutput, protocol 1) to columns of changes.

A pure decoder: no connection, no file, no registry. It keeps between calls what the protocol keeps:
the tables announced so far, and the transaction that is still open. Measured in changes per
CPU-second, so rows are only ever touched by column. Keep out: the formats of single messages
(``pgoutput_message.py``) and of rows (``pgoutput_tuple.py``), and what becomes of the changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.highway import pgoutput_message as message
from sources.highway.pgoutput_facts import change_facts
from sources.highway.pgoutput_message import (
    ChangeRun,
    Commit,
    DamagedStreamError,
    Decoded,
    MessageBlock,
    Relation,
    RelationChange,
    Truncation,
)
from sources.highway.pgoutput_tuple import (
    Field,
    Flags,
    Positions,
    Wire,
    any_differs,
    read_tuples,
    text_column,
)

_Event = ChangeRun | Truncation | RelationChange
_NEW, _OLD_KEY, _OLD_ROW = ord("N"), ord("K"), ord("O")
_HEADER = 6  # of a row message: its letter, the table's oid, the letter of its first tuple
_CHANGES = (message.INSERT, message.UPDATE, message.DELETE)
_KNOWN = {
    message.BEGIN,
    message.COMMIT,
    message.RELATION,
    message.TRUNCATE,
    *_CHANGES,
    *message.SILENT,
}
# Two numbers for each change: the first is for the old key that it may give up.
_NUMBERS = 2
_LAST_NUMBER = 2**32 - 1

# By the letter of a message, the letter of what it does to a row.
_OPERATION = np.zeros(256, dtype=np.uint8)
_OPERATION[list(_CHANGES)] = list(b"cud")


@dataclass(frozen=True)
class _Open:
    """The transaction that goes on in the next block: so many changes of it have been seen."""

    lsn: int
    microseconds: int
    changes: int


@dataclass(frozen=True)
class _Frame:
    """A block, and of each message its letter and its transaction; ``numbers`` for changes only."""

    block: MessageBlock
    wire: Wire
    kinds: NDArray[np.uint8]
    lsns: Positions
    microseconds: Positions
    numbers: Positions


class Decoder:
    """Decodes one replication stream, block by block."""

    def __init__(self, *, keys: Mapping[tuple[str, str], Sequence[str]] | None = None) -> None:
        """``keys``: by (schema, table) the source columns whose change is a change of key. Left
        out, they are the columns of the table's replica identity.
        """
        self._keys = dict(keys or {})
        self._relations: dict[int, Relation] = {}
        self._open: _Open | None = None

    @property
    def relations(self) -> Mapping[int, Relation]:
        """The tables announced so far, by oid."""
        return dict(self._relations)

    def reconnected(self) -> None:
        """The stream begins anew: what was open will be sent again from its beginning."""
        self._open = None

    def decode(self, block: MessageBlock) -> Decoded:
        """Decode whole messages; a transaction may go on in the next block.

        Raises:
            DamagedStreamError: the bytes are no messages of this protocol, or out of order.
        """
        if not len(block):
            return Decoded(events=(), committed=None, is_open=self._open is not None)
        wire = Wire(block.content)
        kinds = wire.bytes[block.starts]
        for kind in np.unique(kinds).tolist():
            if kind not in _KNOWN:
                raise _out_of_order(f"a message {chr(kind)!r}, which protocol 1 does not have")
        frame, still_open = self._in_transactions(block, wire, kinds)
        events = self._events(frame)
        self._open = still_open
        return Decoded(
            events=tuple(events), committed=_last_commit(frame), is_open=still_open is not None
        )

    def _in_transactions(
        self, block: MessageBlock, wire: Wire, kinds: NDArray[np.uint8]
    ) -> tuple[_Frame, _Open | None]:
        """Give each message the transaction it stands in; the first may have begun earlier."""
        carried = self._open or _Open(lsn=0, microseconds=0, changes=0)
        is_begin, is_commit = kinds == message.BEGIN, kinds == message.COMMIT
        is_change = np.isin(kinds, (*_CHANGES, message.TRUNCATE))
        transaction = np.cumsum(is_begin)
        depth = int(self._open is not None) + transaction - np.cumsum(is_commit)
        if ((depth < 0) | (depth > 1)).any() or (depth[is_change] != 1).any():
            raise _out_of_order("changes outside a transaction")
        begins = block.starts[is_begin]
        lsns = np.append(carried.lsn, wire.int64[begins + 1])
        microseconds = np.append(
            carried.microseconds, wire.int64[begins + 9] + message.EPOCH_MICROSECONDS
        )
        commits = block.starts[is_commit]
        if (wire.int64[commits + 2] != lsns[transaction[is_commit]]).any():
            raise _out_of_order("a commit of another transaction than the one that began")
        changes = np.cumsum(is_change)
        before = np.append(-carried.changes, changes[is_begin])
        numbers = (changes - before[transaction]) * _NUMBERS - 1
        if int(numbers.max()) > _LAST_NUMBER:
            raise DamagedStreamError(
                f"A transaction has more than {_LAST_NUMBER // _NUMBERS} changes.",
                remedy="Take a new snapshot of its tables.",
            )
        still_open = _Open(
            lsn=int(lsns[-1]),
            microseconds=int(microseconds[-1]),
            changes=int(changes[-1] - before[-1]),
        )
        frame = _Frame(block, wire, kinds, lsns[transaction], microseconds[transaction], numbers)
        return frame, still_open if depth[-1] else None

    def _events(self, frame: _Frame) -> list[_Event]:
        """Runs of changes, cut where a known table changes its columns or is emptied."""
        events: list[_Event] = []
        begin = 0
        is_cut = (frame.kinds == message.RELATION) | (frame.kinds == message.TRUNCATE)
        for index in np.flatnonzero(is_cut).tolist():
            raw = frame.block.message(index)
            if frame.kinds[index] == message.TRUNCATE:
                events += self._runs(frame, begin, index)
                events.append(self._truncation(frame, index, raw))
                begin = index
                continue
            after = message.parse_relation(raw)
            before = self._relations.get(after.oid)
            if before == after:
                continue
            if before is not None:
                events += self._runs(frame, begin, index)
                begin = index
            # At first sight there are no earlier rows of it, and nothing has to be cut.
            events.append(RelationChange(before=before, after=after))
            self._relations[after.oid] = after
        return [*events, *self._runs(frame, begin, len(frame.block))]

    def _truncation(self, frame: _Frame, index: int, raw: bytes) -> Truncation:
        oids, options = message.parse_truncate(raw)
        return message.truncation(
            [self._relation(oid) for oid in oids],
            options,
            position=message.position_text(int(frame.lsns[index]), int(frame.numbers[index])),
            committed_at=message.instant(int(frame.microseconds[index])),
        )

    def _runs(self, frame: _Frame, begin: int, end: int) -> list[ChangeRun]:
        """The changes among messages ``begin`` to ``end``: one run for each table."""
        changes = begin + np.flatnonzero(np.isin(frame.kinds[begin:end], _CHANGES))
        oids = frame.wire.uint32[frame.block.starts[changes] + 1]
        found, first = np.unique(oids, return_index=True)
        return [
            self._run(frame, self._relation(int(oid)), changes[oids == oid])
            for oid in found[np.argsort(first)]
        ]

    def _run(self, frame: _Frame, relation: Relation, rows: Positions) -> ChangeRun:
        """The changes of one table, which are the messages ``rows``."""
        wire, ends = frame.wire, frame.block.ends[rows]
        table, width = f"{relation.schema}.{relation.name}", len(relation.columns)
        kinds = frame.kinds[rows]
        starts = frame.block.starts[rows] + _HEADER
        first = wire.bytes[starts - 1]
        has_old = (first == _OLD_KEY) | (first == _OLD_ROW)
        if (has_old | (first == _NEW)).all() and not (has_old & (kinds == message.INSERT)).any():
            updated = np.flatnonzero(has_old & (kinds == message.UPDATE))
        else:
            raise _out_of_order(f"for {table} a row that is neither old nor new")
        old: list[Field] = []
        if len(updated):
            old, behind = read_tuples(
                wire, starts[updated], ends=ends[updated], columns=width, table=table
            )
            if (wire.bytes[behind] != _NEW).any():
                raise _out_of_order(f"for {table} an old row without its new one")
            starts[updated] = behind + 1
        fields, behind = read_tuples(wire, starts, ends=ends, columns=width, table=table)
        if (behind != ends).any():
            raise _out_of_order(f"for {table} a row that ends before its message")
        operations, numbers = _OPERATION[kinds], frame.numbers[rows]
        if len(updated):
            fields = [new.filled_from(was, updated) for new, was in zip(fields, old, strict=True)]
            moved = self._moved(wire, relation, [new.at(updated) for new in fields], old)
            places = updated[moved]
            fields = [
                new.with_inserted(places, was.at(moved))
                for new, was in zip(fields, old, strict=True)
            ]
            operations = np.insert(operations, places, ord("d"))
            numbers = np.insert(numbers, places, numbers[places] - 1)
            rows = np.insert(rows, places, rows[places])
        return ChangeRun(
            relation=relation,
            values=_columns(relation, [text_column(wire, field) for field in fields]),
            changes=change_facts(
                operations, frame.lsns[rows], numbers, microseconds=frame.microseconds[rows]
            ),
            unchanged=_unchanged(relation, fields),
        )

    def _moved(
        self, wire: Wire, relation: Relation, new: Sequence[Field], old: Sequence[Field]
    ) -> Flags:
        """Which updates, of those that say what was before, changed the key."""
        wanted = self._keys.get((relation.schema, relation.name), ())
        keys = [i for i, column in enumerate(relation.columns) if column.name in wanted] or [
            i for i, column in enumerate(relation.columns) if column.in_identity
        ]
        if not keys:
            raise _out_of_order(f"for {relation.schema}.{relation.name} the old key of no key")
        return any_differs(wire, [new[i] for i in keys], [old[i] for i in keys])

    def _relation(self, oid: int) -> Relation:
        found = self._relations.get(oid)
        if found is None:
            raise _out_of_order(f"changes of a table ({oid}) that was never announced")
        return found


def _last_commit(frame: _Frame) -> Commit | None:
    commits = np.flatnonzero(frame.kinds == message.COMMIT)
    if not len(commits):
        return None
    return message.parse_commit(frame.block.message(int(commits[-1])))


def _columns(relation: Relation, arrays: Sequence[pa.Array]) -> pa.Table:
    return pa.Table.from_arrays(list(arrays), names=list(relation.column_names))


def _unchanged(relation: Relation, fields: Sequence[Field]) -> pa.Table:
    flags = {
        column.name: field.is_unchanged
        for column, field in zip(relation.columns, fields, strict=True)
        if field.is_unchanged.any()
    }
    return pa.table({name: pa.array(flag) for name, flag in flags.items()})


def _out_of_order(problem: str) -> DamagedStreamError:
    return DamagedStreamError(
        f"The change stream holds {problem}.",
        remedy="Restart the highway; if it says so again, take a new snapshot and report the "
        "server's version.",
    )
