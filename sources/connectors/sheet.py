"""The cells of one worksheet, row by row: text as the file stores it, and what kind it is.

Add here what a cell may be. Keep out: packages and formats (``workbook.py``) and headers, types and
records (``xlsx.py``): nothing here knows a registry.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sources.connectors.excel_format import Shown
from sources.connectors.transcribe import UnreadableFileError
from sources.connectors.workbook import Sheet, Workbook, local, new_parser, unescaped

MAX_COLUMNS = 16_384
MAX_ROWS = 1_048_576
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_MERGE = re.compile(rb"""<(?:\w+:)?mergeCell\s[^<>]{0,99}?ref=["']([A-Z0-9:]{2,30})["']""")
_MERGE_BYTES = 200

# A cell of more is not what people type; Excel itself ends at 32,767.
MAX_CELL = 1 << 22
_SHOWN = 200

Kind = Literal[
    "text", "number", "day", "time", "percent", "boolean", "error", "formula", "iso", "overlong"
]
_KINDS: dict[Shown, Kind] = {
    Shown.NUMBER: "number",
    Shown.DAY: "day",
    Shown.TIME: "time",
    Shown.PERCENT: "percent",
}


class Cell(NamedTuple):
    """One cell that holds something.

    ``text`` of a number is what the file says, whatever its format shows: ``kind`` says whether
    that is a day, a time or a percentage. ``formula`` has no result that anybody calculated;
    ``iso`` is a day of a strict workbook; of an ``overlong`` one only the beginning is kept.
    """

    kind: Kind
    text: str


class Row(NamedTuple):
    """One row, numbered as Excel does, with its cells by column (A is 0)."""

    number: int
    is_hidden: bool
    cells: dict[int, Cell]


@dataclass(frozen=True, slots=True)
class Merge:
    """A range of cells that is shown as one; what it shows stands in its first cell."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


def read_merges(book: Workbook, sheet: Sheet) -> list[Merge]:
    """The merged ranges of a sheet, in the order of the file.

    They stand behind its rows, so they are searched for, not parsed for: a twentieth of the time.
    """
    merges, rest = [], b""
    for block in book.blocks(sheet.part):
        rest += block
        end = max(0, len(rest) - _MERGE_BYTES)
        for found in _MERGE.finditer(rest):
            first, _, last = found[1].decode().partition(":")
            first_row, first_column = _place(first)
            last_row, last_column = _place(last or first)
            merges.append(Merge(first_row, last_row, first_column, last_column))
            end = max(end, found.end())
        rest = rest[end:]
    return merges


def read_rows(book: Workbook, sheet: Sheet) -> Iterator[Row]:
    """Every row that has a cell with something in it.

    The parser works through blocks, so a few hundred rows are in memory at a time.
    """
    reader = _Reader(book)
    yield from reader.rows(sheet)


class _Reader:
    """Collects rows from the events of the parser."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._done: list[Row] = []
        self._row = Row(0, is_hidden=False, cells={})
        self._column = -1
        self._type = ""
        self._shown: Kind = "number"
        self._is_formula = False
        self._pieces: list[str] = []
        self._size = 0
        self._is_open = False
        self._names: dict[str, str] = {}
        self._columns: dict[str, int] = {}
        self._kinds = [_KINDS[shown] for shown in book.formats]

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        parser = new_parser(self._start, self._end, self._characters)
        for _ in self._book.feed(sheet.part, parser):
            yield from self._done
            self._done.clear()
        yield from self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = local(name)
        if known == "c":
            self._start_cell(attributes)
        elif known in {"v", "t"}:
            self._is_open = True
        elif known == "f":
            self._is_formula = True
        elif known == "row":
            number = int(attributes.get("r") or self._row.number + 1)
            if not self._row.number < number <= MAX_ROWS:
                raise UnreadableFileError(f"has row {number} after row {self._row.number}")
            hidden = attributes.get("hidden", "0") in {"1", "true"}
            self._row, self._column = Row(number, hidden, {}), -1
        elif known == "rPh":
            # A reading aid inside an inline text: none of its text is the cell's.
            self._type = "aid"

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        column = self._column_of(reference) if reference else self._column + 1
        if not self._column < column < MAX_COLUMNS:
            raise UnreadableFileError(f"has cell {reference} out of order")
        self._column = column
        self._type = attributes.get("t", "n")
        style = int(attributes.get("s", "0"))
        self._shown = self._kinds[style] if 0 <= style < len(self._kinds) else "number"
        self._is_formula = False
        self._pieces.clear()
        self._size = 0

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _place(reference)[1]
        return column

    def _characters(self, text: str) -> None:
        if self._is_open and self._type != "aid" and self._size <= MAX_CELL:
            self._pieces.append(text)
            self._size += len(text)

    def _end(self, name: str) -> None:
        known = self._names[name]
        if known in {"v", "t"}:
            self._is_open = False
        elif known == "rPh":
            self._type = "inlineStr"
        elif known == "c":
            pieces = self._pieces
            cell = self._cell(pieces[0] if len(pieces) == 1 else "".join(pieces))
            if cell is not None:
                self._row.cells[self._column] = cell
        elif known == "row" and self._row.cells:
            self._done.append(self._row)

    def _cell(self, text: str) -> Cell | None:
        if len(text) > MAX_CELL:
            return Cell("overlong", text[:_SHOWN])
        match self._type:
            case "s":
                found = self._shared(text)
                if len(found) > MAX_CELL:
                    return Cell("overlong", found[:_SHOWN])
                return Cell("text", found) if found.strip() else None
            case "str" | "inlineStr":
                return Cell("text", unescaped(text)) if text.strip() else None
            case "b":
                return Cell("boolean", text.strip())
            case "e":
                return Cell("error", text.strip())
            case "d":
                return Cell("iso", text.strip())
        if text.strip():
            return Cell(self._shown, text.strip())
        return Cell("formula", "") if self._is_formula else None

    def _shared(self, number: str) -> str:
        place = int(number) if number.strip().isascii() and number.strip().isdigit() else -1
        if not 0 <= place < len(self._book.texts):
            raise UnreadableFileError(
                f"refers to text {number[:20]!r}, which it does not hold (row {self._row.number})"
            )
        return self._book.texts[place]


def _place(reference: str) -> tuple[int, int]:
    """``AB12`` is row 12, column 27."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise UnreadableFileError(f"has a cell called {reference[:20]!r}")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column - 1


def column_letters(column: int) -> str:
    """0 is A, 27 is AB."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
