"""Fills the systems that are folders of Excel workbooks, made as a clerk makes them.

A title merged over the table, a group heading over telephone and address, days as counted days,
codes as numbers that have lost their zeros. The one damage that destroys something, a number of 18
digits kept as a number, strikes the rows that ``_excel_damage`` of the source table marks, and no
others. Keep out: what is in the tables (``records_*``) and how often it is damaged
(``defects.py``).
"""

import re
import shutil
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from citybase.duck import quoted
from sources.connectors.sheet import read_rows
from sources.connectors.workbook import Workbook
from sources.contract import Column, System, Table
from sources.simulator.deploy_files import delivery_name
from sources.simulator.generate import source_table
from sources.simulator.plan import CityPlan

DAMAGE = "_excel_damage"
ID_AS_NUMBER = "id_as_number"
GROUP = "联系方式"
_GROUPED = {"phone", "address"}
_HEADER_ROWS = 3
_BATCH = 5_000

# Excel keeps 15 digits; a code of up to three is what a clerk types without thinking of text.
_KEPT_DIGITS = 15
_LONG_NUMBER = re.compile(r"\d{16,}")
_SHORT_CODE = re.compile(r"\d{1,3}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def deploy_xlsx(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    folder: Path,
    plan: CityPlan,
    *,
    scratch: Path,
) -> None:
    """(Re)create the drop folder: one workbook per table, dated by the city's day.

    Raises:
        ValueError: ``_excel_damage`` marks a row without a number that Excel would damage.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for table in system.tables:
        write_xlsx(
            connection, system, table, folder / delivery_name(table, plan), plan, scratch=scratch
        )


def write_xlsx(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    table: Table,
    target: Path,
    plan: CityPlan,
    *,
    scratch: Path,
) -> None:
    """Write one workbook; the file appears whole or not at all.

    Raises:
        ValueError: as ``deploy_xlsx``.
    """
    fresh = scratch / f"{system.system}__{table.table}.xlsx"
    _write(connection, system, table, fresh, plan)
    shutil.move(fresh, target)


def count_xlsx(system: System, folder: Path) -> dict[str, int]:
    """Rows of data per table code, in the newest delivery of each."""
    counts = {}
    for table in system.tables:
        newest = max(folder.glob(table.source_name))
        with Workbook.open(newest) as book:
            counts[table.table] = sum(
                row.number > _HEADER_ROWS for row in read_rows(book, book.sheets[0])
            )
    return counts


def _write(
    connection: duckdb.DuckDBPyConnection, system: System, table: Table, path: Path, plan: CityPlan
) -> None:
    columns = _arranged(table.columns)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    # The same city has the same files, byte for byte.
    book.set_properties({"created": datetime.combine(plan.now, time(9))})
    sheet = book.add_worksheet(table.name[:31])
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    _write_header(sheet, book.add_format({"bold": True}), columns, f"{system.name}{table.name}")
    rows = _rows(connection, system, table, columns)
    number = _HEADER_ROWS
    while batch := rows.fetchmany(_BATCH):
        for damage, *values in batch:
            _refuse_idle_damage(damage, values, table)
            for place, (column, value) in enumerate(zip(columns, values, strict=True)):
                cell = _cell(column, value, is_damaged=damage == ID_AS_NUMBER)
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell, moment)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                elif isinstance(cell, int | float | Decimal):
                    sheet.write_number(number, place, cell)
                elif cell is not None:
                    sheet.write_string(number, place, cell)
            number += 1
    book.close()


def _arranged(columns: Sequence[Column]) -> list[Column]:
    """Telephone and address side by side, at the place of the first, when there are two of them."""
    grouped = [column for column in columns if column.column in _GROUPED]
    if len(grouped) < 2:
        return list(columns)
    first = columns.index(grouped[0])
    others = [column for column in columns if column not in grouped]
    return [*others[:first], *grouped, *others[first:]]


def _write_header(sheet: Any, bold: Any, columns: Sequence[Column], title: str) -> None:
    """A title over everything, then names over two rows; a group has its heading in the first.

    Rows are written in order, as a file that is not kept in memory has to be; the last loop merges
    what is written.
    """
    sheet.merge_range(0, 0, 0, len(columns) - 1, title, bold)
    grouped = [place for place, column in enumerate(columns) if column.column in _GROUPED]
    grouped = grouped if len(grouped) > 1 else []
    single = [place for place in range(len(columns)) if place not in grouped]
    for place in single:
        sheet.write_string(1, place, columns[place].source_name, bold)
    if grouped:
        sheet.merge_range(1, grouped[0], 1, grouped[-1], GROUP, bold)
    for place in grouped:
        sheet.write_string(2, place, columns[place].source_name, bold)
    for place in single:
        sheet.merge_range(1, place, 2, place, columns[place].source_name, bold)


def _rows(
    connection: duckdb.DuckDBPyConnection, system: System, table: Table, columns: Sequence[Column]
) -> duckdb.DuckDBPyConnection:
    source = source_table(system, table)
    found = {name for name, *_ in connection.execute(f"describe {source}").fetchall()}
    damage = quoted(DAMAGE) if DAMAGE in found else "null"
    names = ", ".join(quoted(column.column) for column in columns)
    keys = ", ".join(quoted(key) for key in table.keys)
    return connection.execute(f"select {damage}, {names} from {source} order by {keys}")


def _refuse_idle_damage(damage: object, values: Sequence[object], table: Table) -> None:
    """The truth must not speak of a damage that did not happen."""
    if damage is None:
        return
    if damage != ID_AS_NUMBER:
        raise ValueError(f"{table.table}: {DAMAGE} says {damage!r}, which is not known here")
    if not any(isinstance(value, str) and _LONG_NUMBER.fullmatch(value) for value in values):
        raise ValueError(f"{table.table}: {DAMAGE} marks a row without a number of 16 digits")


def _cell(
    column: Column, value: object, *, is_damaged: bool
) -> str | int | float | Decimal | date | None:
    """What Excel makes of a value that is typed or pasted into it."""
    if value is None or isinstance(value, int | float | Decimal | date):
        return value
    text = str(value)
    if column.type in {"date", "timestamp"}:
        return _day(text)
    if is_damaged and _LONG_NUMBER.fullmatch(text):
        return int(text[:_KEPT_DIGITS].ljust(len(text), "0"))
    if column.column.endswith("_code") and _SHORT_CODE.fullmatch(text):
        return int(text)
    return text


def _day(text: str) -> str | date:
    """A day that Excel recognises becomes a counted one; anything else stays text."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        return text
    return text
