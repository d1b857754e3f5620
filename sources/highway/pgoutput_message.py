"""The messages of PostgreSQL's logical replication, one at a time: what a table is, what a
transaction was, and the facts a decoder hands on.

From the manual's "Logical Replication Message Formats", protocol version 1. Add a message here when
a newer protocol is asked for. Keep out: rows, which come by the hundred thousand and are decoded by
column (``pgoutput_tuple.py``), and the state between messages (``pgoutput.py``).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from citybase.errors import SourceError

# What column-wise reading may touch behind the last message.
PADDING = 16
UNCHANGED_PREFIX = "_unchanged_"
# PostgreSQL counts microseconds from 2000, the rest of the world from 1970.
EPOCH_MICROSECONDS = 946_684_800_000_000

BEGIN, COMMIT, RELATION = ord("B"), ord("C"), ord("R")
INSERT, UPDATE, DELETE, TRUNCATE = ord("I"), ord("U"), ord("D"), ord("T")
# Origin, type and logical message say nothing about rows.
SILENT = (ord("O"), ord("Y"), ord("M"))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CASCADE, _RESTART_IDENTITY = 1, 2
_IN_IDENTITY = 1
_LARGEST_BLOCK = 2**31 - 1


class DamagedStreamError(SourceError):
    """Bytes that are no messages of this protocol: a newer server, or a fault on the way."""


@dataclass(frozen=True)
class MessageBlock:
    """Whole messages in one buffer: message ``i`` is ``content[starts[i]:ends[i]]``.

    Between messages may stand anything. ``content`` ends with PADDING bytes that belong to none,
    and must not change any more: Arrow columns point into it. It holds less than 2 GiB, because
    their offsets have 32 bits.
    """

    content: bytearray
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse what the decoder would read beyond."""
        if len(self.content) > _LARGEST_BLOCK:
            raise DamagedStreamError(
                f"A block of {len(self.content)} bytes of the change stream is too large.",
                remedy="A single row of 2 GB cannot be captured by its log: take it out of the "
                "publication.",
            )
        if len(self.ends) and int(self.ends.max()) + PADDING > len(self.content):
            raise AssertionError("a message block ends with its padding")

    @classmethod
    def of(cls, messages: Iterable[bytes]) -> "MessageBlock":
        """A block of messages that stand apart."""
        content = bytearray()
        ends = []
        for message in messages:
            content += message
            ends.append(len(content))
        content += bytes(PADDING)
        bounds = np.array([0, *ends], dtype=np.int64)
        return cls(content=content, starts=bounds[:-1], ends=bounds[1:])

    def __len__(self) -> int:
        """The number of messages."""
        return len(self.starts)

    def message(self, index: int) -> bytes:
        """One message."""
        return bytes(self.content[int(self.starts[index]) : int(self.ends[index])])


@dataclass(frozen=True)
class RelationColumn:
    """A column as the source has it now; ``type_oid`` and ``type_modifier`` as in pg_attribute."""

    name: str
    type_oid: int
    type_modifier: int
    in_identity: bool


@dataclass(frozen=True)
class Relation:
    """One version of a source table. ``identity`` is ``d`` (primary key), ``i`` (a unique index),
    ``f`` (the whole row) or ``n`` (none: its updates and deletes fail at the source).
    """

    oid: int
    schema: str
    name: str
    identity: str
    columns: tuple[RelationColumn, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns in the order of their rows."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class RelationChange:
    """From here on the rows of a table look like ``after``; ``before`` is None at first sight.

    The protocol does not tell a renamed column from one dropped and one added.
    """

    before: Relation | None
    after: Relation

    @property
    def added(self) -> tuple[str, ...]:
        """Columns that were not there before; none at first sight."""
        known = self.before.column_names if self.before else self.after.column_names
        return tuple(name for name in self.after.column_names if name not in known)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns that are no longer there."""
        known = self.before.column_names if self.before else ()
        return tuple(name for name in known if name not in self.after.column_names)

    @property
    def retyped(self) -> tuple[str, ...]:
        """Columns whose type or its bounds changed."""
        types = {
            column.name: (column.type_oid, column.type_modifier)
            for column in (self.before.columns if self.before else ())
        }
        return tuple(
            column.name
            for column in self.after.columns
            if column.name in types
            and types[column.name] != (column.type_oid, column.type_modifier)
        )


@dataclass(frozen=True)
class Truncation:
    """Tables emptied by one TRUNCATE, all at one place of the stream."""

    relations: tuple[Relation, ...]
    position: str
    committed_at: datetime
    is_cascade: bool
    restarts_identity: bool


@dataclass(frozen=True)
class ChangeRun:
    """Rows of one version of one table, in the order of the stream.

    ``values``: the table's columns under its own names, each the source's text, null also where
    nothing was sent. ``unchanged``: boolean columns under the same names, one for each column that
    some row of the run did not send, because its large value (TOAST) had not changed.
    ``changes`` has a row for each of ``values``:

    * ``_op``: ``c`` created, ``u`` updated, ``d`` deleted. A ``d`` has the identity's columns and
      null elsewhere, or the whole old row where that is the identity. A change of key is a ``d`` of
      the old key and right behind it the ``u``: what the ``u`` did not send stands under the old.
    * ``_position``: commit LSN as 16 hex digits, a point, and as 8 hex digits a number that grows
      within the transaction. The same change has the same position whenever it is sent.
    * ``_committed_at``: the source's commit, in UTC without saying so, as segments have it.
    """

    relation: Relation
    values: pa.Table
    changes: pa.Table
    unchanged: pa.Table

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.changes.num_rows)

    def table(self, names: Mapping[str, str]) -> pa.Table:
        """Everything in one table: ``names`` gives each wanted source column its code.

        ``_unchanged_<code>`` stands where ``unchanged`` has the column. Codes begin with a letter,
        so that nothing collides. Raises KeyError when the relation lacks a column.
        """
        columns = {code: self.values[name] for name, code in names.items()}
        unsent = set(self.unchanged.column_names)
        flags = {
            UNCHANGED_PREFIX + code: self.unchanged[name]
            for name, code in names.items()
            if name in unsent
        }
        facts = {name: self.changes[name] for name in self.changes.column_names}
        return pa.table({**columns, **flags, **facts})


@dataclass(frozen=True)
class Commit:
    """The end of a transaction. ``end_lsn`` is what a consumer acknowledges and starts from."""

    lsn: int
    end_lsn: int
    at: datetime


@dataclass(frozen=True)
class Decoded:
    """What a block of messages says.

    ``events`` keep the order of the stream for each table; runs of different tables, which cover
    the same stretch, are ordered by their first rows. ``committed`` is the last commit in the
    block; ``is_open`` says that the rows behind it belong to a transaction which goes on.
    """

    events: tuple["ChangeRun | Truncation | RelationChange", ...]
    committed: Commit | None
    is_open: bool

    @property
    def rows(self) -> int:
        """The number of changed rows."""
        return sum(len(event) for event in self.events if isinstance(event, ChangeRun))


def instant(microseconds: int) -> datetime:
    """The moment so many microseconds after 1970 (UTC)."""
    return _EPOCH + timedelta(microseconds=microseconds)


def position_text(lsn: int, number: int) -> str:
    """A position as ``ChangeRun`` describes it."""
    return f"{lsn:016X}.{number:08X}"


def parse_commit(message: bytes) -> Commit:
    """A commit message."""
    lsn, end_lsn, at = struct.unpack_from(">QQq", message, 2)
    return Commit(lsn=lsn, end_lsn=end_lsn, at=instant(at + EPOCH_MICROSECONDS))


def parse_relation(message: bytes) -> Relation:
    """A relation message. Raises DamagedStreamError when it is none."""
    try:
        (oid,) = struct.unpack_from(">I", message, 1)
        schema, at = _text(message, 5)
        name, at = _text(message, at)
        identity, count = struct.unpack_from(">cH", message, at)
        at += 3
        columns = []
        for _ in range(count):
            flags = message[at]
            column, at = _text(message, at + 1)
            type_oid, modifier = struct.unpack_from(">Ii", message, at)
            at += 8
            columns.append(RelationColumn(column, type_oid, modifier, bool(flags & _IN_IDENTITY)))
    except (struct.error, ValueError, IndexError) as error:
        raise DamagedStreamError(
            f"A relation message of the change stream cannot be read: {error}.",
            remedy="Restart the highway; if it says so again, report the server's version.",
        ) from None
    # pg_catalog is sent as nothing.
    return Relation(oid, schema or "pg_catalog", name, identity.decode(), tuple(columns))


def parse_truncate(message: bytes) -> tuple[Sequence[int], int]:
    """The oids of the emptied tables, and the options. Raises DamagedStreamError."""
    try:
        count, options = struct.unpack_from(">IB", message, 1)
        return struct.unpack_from(f">{count}I", message, 6), options
    except struct.error as error:
        raise DamagedStreamError(
            f"A truncate message of the change stream cannot be read: {error}.",
            remedy="Restart the highway; if it says so again, report the server's version.",
        ) from None


def truncation(
    relations: Sequence[Relation], options: int, *, position: str, committed_at: datetime
) -> Truncation:
    """The fact that a truncate message states."""
    return Truncation(
        relations=tuple(relations),
        position=position,
        committed_at=committed_at,
        is_cascade=bool(options & _CASCADE),
        restarts_identity=bool(options & _RESTART_IDENTITY),
    )


def _text(message: bytes, at: int) -> tuple[str, int]:
    end = message.index(0, at)
    return message[at:end].decode(), end + 1
