"""Rows of the change stream, column by column: one numpy operation touches a field of every row.

A row is a count of columns, then for each a letter, and for a text its length and bytes. Where a
column begins depends on the row's earlier columns, so all rows walk together from column to column.
The texts are never copied: Arrow's string views point into the buffer that came from the server.
Keep out: whose rows these are, and what they mean (``pgoutput.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.highway.pgoutput_message import DamagedStreamError

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_TEXT, _NULL, _UNCHANGED = ord("t"), ord("n"), ord("u")

# Arrow's string view: a length, then either up to 12 bytes of text, or its first 4 bytes, the
# number of the buffer (there is one: 0) and the offset in it.
_VIEW = np.dtype([("length", "<i4"), ("head", "<u4"), ("tail", "<u8")])
_INLINE, _HEAD = 12, 4
# Of a text with n bytes, which bytes of the head, of the tail, and of any 8 belong to it.
_HEAD_MASK = np.array([2 ** (8 * min(n, 4)) - 1 for n in range(13)], dtype=np.uint32)
_TAIL_MASK = np.array([2 ** (8 * max(n - 4, 0)) - 1 for n in range(13)], dtype=np.uint64)
_WORD_MASK = np.array([2 ** (8 * n) - 1 for n in range(9)], dtype=np.uint64)


class Wire:
    """The buffer as numbers at any byte: a whole number is one strided read, aligned or not."""

    def __init__(self, content: bytearray) -> None:
        """Look at a buffer that no longer changes."""
        self.buffer = pa.py_buffer(content)
        self.size = len(content)
        self.bytes: NDArray[np.uint8] = np.frombuffer(content, dtype=np.uint8)
        self.int16: NDArray[np.int16] = self._at_any_byte(content, ">i2")
        self.int32: NDArray[np.int32] = self._at_any_byte(content, ">i4")
        self.uint32: NDArray[np.uint32] = self._at_any_byte(content, ">u4")
        self.int64: NDArray[np.int64] = self._at_any_byte(content, ">i8")
        self.word4: NDArray[np.uint32] = self._at_any_byte(content, "<u4")
        self.word8: NDArray[np.uint64] = self._at_any_byte(content, "<u8")

    @staticmethod
    def _at_any_byte(content: bytearray, kind: str) -> NDArray[Any]:
        dtype = np.dtype(kind)
        places = max(len(content) - dtype.itemsize + 1, 0)
        return np.ndarray((places,), dtype=dtype, buffer=content, strides=(1,))


@dataclass(frozen=True)
class Field:
    """One column of many rows: the letter of each, where its text begins and how long it is.

    ``lengths`` is 0 where there is no text; ``starts`` means nothing there.
    """

    kinds: NDArray[np.uint8]
    starts: Positions
    lengths: Positions

    @property
    def is_text(self) -> Flags:
        """Where a value was sent; else it is null, or did not change."""
        return np.equal(self.kinds, _TEXT)

    @property
    def is_unchanged(self) -> Flags:
        """Where the value was not sent because it had not changed."""
        return np.equal(self.kinds, _UNCHANGED)

    def filled_from(self, old: "Field", rows: Positions) -> "Field":
        """What ``rows`` did not send, taken from their old rows where those have it."""
        unsent = (self.kinds[rows] == _UNCHANGED) & old.is_text
        if not unsent.any():
            return self
        filled = Field(self.kinds.copy(), self.starts.copy(), self.lengths.copy())
        filled.kinds[rows[unsent]] = old.kinds[unsent]
        filled.starts[rows[unsent]] = old.starts[unsent]
        filled.lengths[rows[unsent]] = old.lengths[unsent]
        return filled

    def at(self, rows: Positions | Flags) -> "Field":
        """The same column of some of the rows."""
        return Field(self.kinds[rows], self.starts[rows], self.lengths[rows])

    def with_inserted(self, places: Positions, other: "Field") -> "Field":
        """Rows of ``other`` put before the rows at ``places``, as ``numpy.insert`` has it."""
        return Field(
            np.insert(self.kinds, places, other.kinds),
            np.insert(self.starts, places, other.starts),
            np.insert(self.lengths, places, other.lengths),
        )


def read_tuples(
    wire: Wire, at: Positions, *, ends: Positions, columns: int, table: str
) -> tuple[list[Field], Positions]:
    """Read the rows that begin at ``at`` (at their count of columns); also says where they end.

    Raises:
        DamagedStreamError: a row has another number of columns, or leaves its message.
    """
    if (at + 2 > ends).any() or (wire.int16[at] != columns).any():
        raise _damaged(table, f"a row that has not the {columns} columns announced for it")
    at = at + 2
    fields = []
    for _ in range(columns):
        _refuse_beyond(at + 1, ends, table)
        kinds = wire.bytes[at]
        is_text = kinds == _TEXT
        lengths = wire.int32[at + 1].astype(np.int64)
        if is_text.all():
            starts = at + 5
            at = starts + lengths
        else:
            if not (is_text | (kinds == _NULL) | (kinds == _UNCHANGED)).all():
                raise _damaged(table, "a value that is neither text nor null nor unchanged")
            lengths *= is_text
            starts = at + 5
            at = at + 1 + 4 * is_text + lengths
        if (lengths < 0).any():
            raise _damaged(table, "a text of negative length")
        fields.append(Field(kinds, starts, lengths))
    _refuse_beyond(at, ends, table)
    return fields, at


def text_column(wire: Wire, field: Field) -> pa.Array:
    """The texts of a column as Arrow string views into the buffer; null where there is none."""
    count = len(field.starts)
    lengths = field.lengths
    longest = int(lengths.max()) if count else 0
    # A field without text may stand at the very end of the buffer.
    starts = np.minimum(field.starts, wire.size - _INLINE)
    views = np.empty(count, dtype=_VIEW)
    views["length"] = lengths
    head = wire.word4[starts]
    if longest <= _INLINE:
        views["head"] = head & _HEAD_MASK[lengths]
        views["tail"] = wire.word8[starts + _HEAD] & _TAIL_MASK[lengths] if longest > _HEAD else 0
    else:
        views["head"] = head
        views["tail"] = starts.astype(np.uint64) << np.uint64(32)
        short = np.flatnonzero(lengths <= _INLINE)
        if len(short):
            fits = lengths[short]
            views["head"][short] &= _HEAD_MASK[fits]
            views["tail"][short] = wire.word8[starts[short] + _HEAD] & _TAIL_MASK[fits]
    is_text = field.is_text
    bitmap = None if is_text.all() else pa.py_buffer(np.packbits(is_text, bitorder="little"))
    return pa.Array.from_buffers(
        pa.string_view(), count, [bitmap, pa.py_buffer(views), wire.buffer]
    )


def differs(wire: Wire, left: Field, right: Field) -> Flags:
    """Where two columns of equally many rows hold different texts."""
    found: Flags = (left.kinds != right.kinds) | (left.lengths != right.lengths)
    longest = int(left.lengths.max(where=~found, initial=0))
    for offset in range(0, longest, 8):
        mask = _WORD_MASK[np.clip(left.lengths - offset, 0, 8)]
        # Behind a text that has ended the mask is empty, and the place only has to exist.
        one = wire.word8[np.minimum(left.starts + offset, wire.size - 8)]
        other = wire.word8[np.minimum(right.starts + offset, wire.size - 8)]
        found |= ((one ^ other) & mask) != 0
    return found


def any_differs(wire: Wire, left: Sequence[Field], right: Sequence[Field]) -> Flags:
    """Where at least one of some pairs of columns holds different texts."""
    found = differs(wire, left[0], right[0])
    for one, other in zip(left[1:], right[1:], strict=True):
        found |= differs(wire, one, other)
    return found


def _refuse_beyond(at: Positions, ends: Positions, table: str) -> None:
    if (at > ends).any():
        raise _damaged(table, "a row that goes on beyond its message")


def _damaged(table: str, problem: str) -> DamagedStreamError:
    return DamagedStreamError(
        f"The change stream holds for {table} {problem}.",
        remedy="Restart the highway; if it says so again, take a new snapshot of the table and "
        "report the server's version.",
    )
