"""Reads a folder that receives Excel workbooks: one sheet of the newest is a table's whole content.

Rows under the header are records, hidden ones too; a merged cell of several rows speaks for each of
them. Totals and headings between the records are set aside with a reason, like broken lines of a
CSV file. Keep out: which file counts (``drop.py``), packages (``workbook.py``), cells
(``sheet.py``), where the header is (``excel_header.py``) and what a value says
(``excel_value.py``).
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TextIO

from citybase.duck import literal, quoted
from citybase.errors import SourceError
from sources.connectors.base import (
    DAMAGE_PREFIX,
    LINE_COLUMN,
    ColumnsChangedError,
    Reading,
)
from sources.connectors.drop import DropSession
from sources.connectors.excel_header import MAX_HEADER_ROW, Header, find_header
from sources.connectors.excel_value import written
from sources.connectors.sheet import Cell, Merge, Row, read_merges, read_rows
from sources.connectors.transcribe import UnreadableFileError, read_csv
from sources.connectors.workbook import Sheet, Workbook
from sources.contract import Column, System, Table
from sources.contract_connection import XlsxConnection

TOTALS_ROW = "totals_row"
HEADING_ROW = "heading_row"

_TOTALS = re.compile(r"[合总小共累]\s*计\s*[::]?")


@dataclass(frozen=True)
class _Plan:
    """Where in the workbook a table is: the sheet, its merged ranges, its header, and the position
    of each registry column.
    """

    sheet: Sheet
    merges: list[Merge]
    header: Header
    positions: Sequence[tuple[int, Column]]


class XlsxSession(DropSession):
    """One drop folder of Excel workbooks."""

    unreadable_remedy = "Open it in Excel or WPS and save it as .xlsx, without a password."

    def __init__(self, system: System, folder: Path, connection: XlsxConnection) -> None:
        """Check that the folder is there. Raises SourceError when it is not."""
        super().__init__(system, folder)
        self._connection = connection

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        file = self.newest(table)
        with self.readable(table, file), Workbook.open(file) as book:
            self._plan(table, file, book)

    def columns(self, table: Table) -> Mapping[str, str]:
        """See ``Session.columns``; of a sheet without all of the table's columns, nothing."""
        file = self.newest(table)
        with self.readable(table, file), Workbook.open(file) as book:
            try:
                plan = self._plan(table, file, book)
            except ColumnsChangedError:
                return {}
        declared = {position: column.source_name for position, column in plan.positions}
        shown = zip(plan.header.names, plan.header.shown(), strict=True)
        return {declared.get(position, name): "text" for position, name in shown if name}

    def read_file(self, table: Table, file: Path, *, work: Path) -> Reading:
        """See ``DropSession.read_file``."""
        clean, broken = work / "clean.csv", work / "broken.csv"
        with (
            self.unchanged(table, file) as position,
            self.readable(table, file),
            Workbook.open(file) as book,
            clean.open("w", encoding="utf-8", newline="") as clean_file,
            broken.open("w", encoding="utf-8", newline="") as broken_file,
        ):
            plan = self._plan(table, file, book)
            writer = _Writer(plan, clean_file, broken_file, is_1904=book.is_1904)
            for row in _filled(read_rows(book, plan.sheet), plan):
                writer.take(row)
        return Reading(
            sql=_select(table, clean),
            position={
                **position,
                "sheet": plan.sheet.name,
                "header_row": str(plan.header.row),
                "rows_hidden": str(writer.hidden),
            },
            broken=broken,
            rows_broken=writer.broken,
            rows_good=writer.good,
        )

    def _plan(self, table: Table, file: Path, book: Workbook) -> _Plan:
        """Find the table in the workbook.

        Raises:
            SourceError: no sheet has every column, or several have.
        """
        sheets = self._sheets(table, file, book)
        plans = [(sheet, self._header(table, book, sheet)) for sheet in sheets]
        wanted = [column.source_name for column in table.columns]
        fitting = [
            (sheet, merges, header)
            for sheet, (merges, header) in plans
            if header is not None and not header.missing(wanted)
        ]
        if len(fitting) > 1:
            raise self.table_error(
                table,
                f"stands in several sheets of {file.name}: "
                + ", ".join(sheet.name for sheet, _, _ in fitting),
                remedy="Write the one that counts as `sheet:` of the connection.",
            )
        if not fitting:
            raise self._misfit(table, file, [header for _, (_, header) in plans if header])
        sheet, merges, header = fitting[0]
        positions = []
        for column in table.columns:
            found = header.columns(column.source_name)
            if len(found) > 1:
                raise self.twice(table, file, column.source_name)
            positions.append((found[0], column))
        return _Plan(sheet, merges, header, positions)

    def _sheets(self, table: Table, file: Path, book: Workbook) -> list[Sheet]:
        wanted = self._connection.sheet
        if wanted is None:
            visible = [sheet for sheet in book.sheets if sheet.is_visible]
            if not visible:
                raise UnreadableFileError("has no visible sheet")
            return visible
        named = [sheet for sheet in book.sheets if sheet.name.strip() == wanted.strip()]
        if not named:
            raise self.table_error(
                table,
                f"has no sheet {wanted} in {file.name}, which holds "
                + ", ".join(sheet.name for sheet in book.sheets),
                remedy=f"Correct `sheet:` of the connection. {self.owner}",
            )
        return named

    def _header(
        self, table: Table, book: Workbook, sheet: Sheet
    ) -> tuple[list[Merge], Header | None]:
        merges = read_merges(book, sheet)
        row = self._connection.header_row
        last = (row or MAX_HEADER_ROW) + 1
        top = list(takewhile(lambda found: found.number <= last, read_rows(book, sheet)))
        wanted = [column.source_name for column in table.columns]
        return merges, find_header(top, merges, wanted, row=row)

    def _misfit(self, table: Table, file: Path, headers: Sequence[Header]) -> SourceError:
        if not headers:
            where = self._connection.header_row
            return self.table_error(
                table,
                f"cannot be read: {file.name} is empty: it has no header"
                + (f" in row {where}" if where else ""),
                remedy=f"Have the file delivered again. {self.owner}",
            )
        wanted = [column.source_name for column in table.columns]
        nearest = min(headers, key=lambda header: len(header.missing(wanted)))
        missing = set(nearest.missing(wanted))
        columns = [column for column in table.columns if column.source_name in missing]
        return self.missing_columns(table, columns, nearest.shown())


def _filled(rows: Iterator[Row], plan: _Plan) -> Iterator[Row]:
    """The rows under the header; a cell that is part of one merged downwards has its content."""
    tall = sorted(
        (merge for merge in plan.merges if merge.last_row > merge.first_row),
        key=lambda merge: merge.first_row,
        reverse=True,
    )
    current: list[tuple[Merge, Cell]] = []
    for row in rows:
        if row.number <= plan.header.last_row:
            continue
        while tall and tall[-1].first_row <= row.number:
            merge = tall.pop()
            cell = row.cells.get(merge.first_column)
            if merge.first_row == row.number and cell is not None:
                current.append((merge, cell))
        current = [(merge, cell) for merge, cell in current if row.number <= merge.last_row]
        cells = {merge.first_column: cell for merge, cell in current} | row.cells
        yield row._replace(cells=cells)


class _Writer:
    """Sorts rows into records and others, and writes both as DuckDB reads them."""

    def __init__(
        self, plan: _Plan, clean_file: TextIO, broken_file: TextIO, *, is_1904: bool
    ) -> None:
        self.good = 0
        self.broken = 0
        self.hidden = 0
        self._positions = plan.positions
        self._is_1904 = is_1904
        self._wide: Mapping[int, set[int]] = _wide_merges(plan.merges)
        self._clean = csv.writer(clean_file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._broken = csv.writer(broken_file, quoting=csv.QUOTE_ALL, lineterminator="\n")

    def take(self, row: Row) -> None:
        """One row. One without a cell of the table's columns is no record of the table."""
        reason = self._other(row)
        if reason is not None:
            texts = "\t".join(row.cells[column].text for column in sorted(row.cells))
            self._broken.writerow([row.number, texts, reason])
            self.broken += 1
            return
        fields: list[str] = []
        damages: list[str] = []
        is_record = False
        for position, column in self._positions:
            cell = row.cells.get(position)
            if cell is None:
                fields.append("")
                continue
            value = written(
                cell,
                column_type=column.type,
                pattern=column.format,
                is_1904=self._is_1904,
            )
            is_record = True
            fields.append(value.text)
            if value.damage:
                damages.append(f"|{column.column}:{value.damage}|")
        if is_record:
            self._clean.writerow([row.number, "".join(damages), *fields])
            self.good += 1
            self.hidden += row.is_hidden

    def _other(self, row: Row) -> str | None:
        first = min(row.cells)
        cell = row.cells[first]
        if cell.kind == "text" and _TOTALS.fullmatch(cell.text.strip()):
            return TOTALS_ROW
        if len(row.cells) == 1 and first in self._wide.get(row.number, ()):
            return HEADING_ROW
        return None


def _wide_merges(merges: Sequence[Merge]) -> Mapping[int, set[int]]:
    """Where cells merged to the right begin: columns by row."""
    found: dict[int, set[int]] = {}
    for merge in merges:
        if merge.last_column > merge.first_column:
            found.setdefault(merge.first_row, set()).add(merge.first_column)
    return found


def _select(table: Table, clean: Path) -> str:
    names = [LINE_COLUMN, "damage", *(f"f{number}" for number in range(len(table.columns)))]
    fields = ", ".join(
        f"f{number} as {quoted(column.column)}, "
        f"case when damage is not null then nullif(regexp_extract(damage, "
        f"{literal('[|]' + re.escape(column.column) + ':([a-z_]+)[|]')}, 1), '') end "
        f"as {quoted(DAMAGE_PREFIX + column.column)}"
        for number, column in enumerate(table.columns)
    )
    return f"select {fields}, {LINE_COLUMN} from {read_csv(clean, names)}"
