"""The rows of one table: images of a row event become rows of registry texts.

Add here what is decided per table layout: which columns are read, which are passed over, what a
change of key becomes. Keep out: single values (``binlog_value.py``) and transactions
(``binlog.py``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sources.contract import Table
from sources.highway.binlog_event import DamagedEventError, Rows
from sources.highway.binlog_layout import Field, Layout, SourceColumn
from sources.highway.binlog_text import decoder
from sources.highway.binlog_value import Reader, Skip, Value, skipper, value_reader

Row = list[Value]


class UnfitLayoutError(ValueError):
    """Rows that cannot be read whole. The text ends a sentence about the table."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        """Keep the two sentences apart."""
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class _Step:
    """One column of an image: its bit among the nulls, how it is read or passed over."""

    bit: int
    skip: Skip
    read: Reader | None
    slot: int


class RowReader:
    """Reads the rows of one table in one layout.

    A row is a list of the values of the table's registry columns, in their order, and behind them
    of ``pending``, the source's columns that the registry does not know: texts, None for null,
    bytes for what is no text.
    """

    def __init__(
        self,
        table: Table,
        layout: Layout,
        *,
        sources: Mapping[str, SourceColumn],
        latin1_holds: str | None,
    ) -> None:
        """Raise UnfitLayoutError when a column of the registry is missing or cannot be read."""
        if not layout.fields:
            raise UnfitLayoutError(
                "was changed, and the binary log does not say which columns the rows have",
                remedy="Ask for: set global binlog_row_metadata = FULL; then take a new snapshot.",
            )
        self._layout = layout
        self._sources = sources
        self._latin1_holds = latin1_holds
        declared = {column.source_name for column in table.columns}
        self._types = {
            column.source_name: (slot, column.type) for slot, column in enumerate(table.columns)
        }
        self.pending = tuple(
            field.name
            for field in layout.fields
            if field.name not in declared and self._made(field, "varchar") is not None
        )
        for slot, name in enumerate(self.pending, len(table.columns)):
            self._types[name] = (slot, "varchar")
        self._width = len(self._types)
        codes = [column.column for column in table.columns]
        self._keys = [codes.index(key) for key in table.keys]
        self._steps: dict[tuple[bytes, bool], list[_Step]] = {}
        every = bytes([0xFF]) * ((layout.columns + 7) // 8)
        self._plan(every, keys_only=False)

    def rows(self, event: Rows) -> Iterator[tuple[str, Row]]:
        """Every change of the event: ``c``, ``u`` or ``d``, and the row.

        A ``d`` row has its keys alone. An update that changes a key is a ``d`` of the old one and
        a ``u``. Raises UnfitLayoutError and DamagedEventError.
        """
        if event.columns != self._layout.columns:
            raise DamagedEventError("rows have another number of columns than their table")
        data, at, end = event.data, event.start, len(event.data)
        first = self._plan(event.present, keys_only=event.op != "c")
        second = self._plan(event.present_after, keys_only=False) if event.op == "u" else first
        nulls_first, nulls_second = _null_bytes(event.present), _null_bytes(event.present_after)
        keys = self._keys
        while at < end:
            row, at = self._image(data, at, first, nulls_first)
            if event.op != "u":
                yield event.op, row
                continue
            after, at = self._image(data, at, second, nulls_second)
            if any(row[key] != after[key] for key in keys):
                yield "d", row
            yield "u", after
        if at != end:
            raise DamagedEventError("rows end behind their event")

    def _image(self, data: bytes, at: int, steps: list[_Step], null_bytes: int) -> tuple[Row, int]:
        nulls = int.from_bytes(data[at : at + null_bytes], "little")
        at += null_bytes
        row: Row = [None] * self._width
        for step in steps:
            if nulls & step.bit:
                continue
            if step.read is None:
                at = step.skip(data, at)
            else:
                row[step.slot], at = step.read(data, at)
        return row, at

    def _plan(self, present: bytes, *, keys_only: bool) -> list[_Step]:
        known = self._steps.get((present, keys_only))
        if known is None:
            known = self._steps[present, keys_only] = list(self._planned(present, keys_only))
        return known

    def _planned(self, present: bytes, keys_only: bool) -> Iterator[_Step]:  # noqa: FBT001
        wanted = {
            name: slot
            for name, (slot, _) in self._types.items()
            if not keys_only or slot in self._keys
        }
        bit, missing = 1, set(wanted)
        for place, field in enumerate(self._layout.fields):
            if not present[place // 8] >> place % 8 & 1:
                continue
            slot = wanted.get(field.name, -1)
            missing.discard(field.name)
            skip = skipper(field)
            if skip is None:
                raise self._unreadable(field)
            yield _Step(bit, skip, self._reader(field) if slot >= 0 else None, slot)
            bit <<= 1
        named = {field.name for field in self._layout.fields}
        gone = sorted(missing - named)
        if gone:
            raise UnfitLayoutError(
                f"no longer has column {', '.join(gone)}",
                remedy="If it was renamed, write the new name as `source:` in the registry.",
            )
        if missing:
            raise UnfitLayoutError(
                f"was changed by rows that lack column {', '.join(sorted(missing))}: the session "
                "that wrote them has not set binlog_row_image = FULL",
                remedy="Ask for binlog_row_image = FULL, globally and in that application; then "
                "take a new snapshot of the table.",
            )

    def _reader(self, field: Field) -> Reader:
        read = self._made(field, self._types[field.name][1])
        if read is None:
            raise self._unreadable(field)
        return read

    def _made(self, field: Field, registry_type: str) -> Reader | None:
        known = self._sources.get(field.name)
        decode = None
        if field.charset is not None:
            decode = decoder(
                field.charset,
                latin1_holds=self._latin1_holds,
                data_type=known.data_type if known else None,
            )
        return value_reader(field, source=known, registry_type=registry_type, decoder=decode)

    def _unreadable(self, field: Field) -> UnfitLayoutError:
        kind = self._sources.get(field.name)
        shown = kind.column_type if kind else f"type {field.type}"
        charset = f", character set {field.charset}" if field.charset else ""
        return UnfitLayoutError(
            f"has column {field.name} ({shown}{charset}), which the binary log does not hold in a "
            "form that can be read for certain",
            remedy="Write `mode: hash_diff` for the table.",
        )


def _null_bytes(present: bytes) -> int:
    """How many bytes the nulls of an image take: a bit for each column that is present."""
    return (int.from_bytes(present, "little").bit_count() + 7) // 8
