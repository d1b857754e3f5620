"""Fills the systems that are files: a SQLite database and a folder of CSV drops.

Add a file technology here. Keep out: what is in the tables, and the two damaged lines' choice
(``records_person.py`` marks them, here they are written).
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from sources.contract import System, Table
from sources.contract_connection import CsvConnection
from sources.simulator.generate import source_table
from sources.simulator.plan import CityPlan

_BATCH = 20_000
# No GB 18030 text holds these two bytes.
_NO_CHARACTERS = b"\xff\xff"


def deploy_sqlite(connection: duckdb.DuckDBPyConnection, system: System, path: Path) -> None:
    """(Re)create the SQLite file: dates and amounts have text affinity, as such systems do it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as database:
        database.execute("pragma journal_mode = off")
        database.execute("pragma synchronous = off")
        for table in system.tables:
            columns = ", ".join(
                f"{quoted(c.source_name)} text{'' if c.nullable else ' not null'}"
                for c in table.columns
            )
            keys = ", ".join(quoted(table.column(key).source_name) for key in table.keys)
            name = quoted(table.source_name)
            database.execute(f"create table {name} ({columns}, primary key ({keys}))")
            marks = ", ".join("?" for _ in table.columns)
            rows = connection.execute(ordered_text(table, source_table(system, table)))
            while batch := rows.fetchmany(_BATCH):
                database.executemany(f"insert into {name} values ({marks})", batch)
        database.commit()
    fresh.replace(path)


def count_sqlite(system: System, path: Path) -> dict[str, int]:
    """Rows per table code. Raises sqlite3.Error when a table or the file is missing."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return {
            table.table: int(
                database.execute(f"select count(*) from {quoted(table.source_name)}").fetchone()[0]
            )
            for table in system.tables
        }


def deploy_csv(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    folder: Path,
    plan: CityPlan,
    *,
    scratch: Path,
) -> None:
    """(Re)create the drop folder: one file per table, dated by the city's day, in its encoding."""
    assert isinstance(system.connection, CsvConnection)  # noqa: S101 - the caller chose by it
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for table in system.tables:
        write_csv(connection, system, table, folder / delivery_name(table, plan), scratch=scratch)


def delivery_name(table: Table, plan: CityPlan) -> str:
    """The name of a file delivered on the city's day."""
    return table.source_name.replace("*", f"{plan.now:%Y%m%d}")


def write_csv(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    table: Table,
    target: Path,
    *,
    scratch: Path,
) -> None:
    """Write one drop; the file appears whole or not at all."""
    assert isinstance(system.connection, CsvConnection)  # noqa: S101 - the caller chose by it
    plain = scratch / f"{system.system}__{table.table}.csv"
    fresh = scratch / f"{system.system}__{table.table}.drop"
    has_damage = _has_line_damage(connection, system, table)
    whole = "_line_damage is null" if has_damage else "true"
    connection.execute(
        f"copy ({ordered_text(table, source_table(system, table), where=whole)}) to "
        f"{literal(str(plain))} (format csv, header, nullstr '', "
        f"delimiter {literal(system.connection.delimiter)})"
    )
    try:
        with (
            plain.open(encoding="utf-8", newline="") as source,
            fresh.open("w", encoding=system.connection.encoding, newline="") as drop,
        ):
            shutil.copyfileobj(source, drop, 1 << 20)
    finally:
        plain.unlink()
    if has_damage:
        with fresh.open("ab") as drop:
            for line in _damaged_lines(connection, system, table):
                drop.write(line)
    shutil.move(fresh, target)


def count_csv(system: System, folder: Path) -> dict[str, int]:
    """Lines of data per table code, in the newest delivery of each; no value holds a line break."""
    counts = {}
    for table in system.tables:
        path = max(folder.glob(table.source_name))
        with path.open("rb") as file:
            counts[table.table] = sum(1 for _ in file) - 1
    return counts


def ordered_text(table: Table, source: str, *, where: str = "true") -> str:
    """A query for the rows of a generated relation as text, in the order of their keys."""
    columns = ", ".join(
        f"{quoted(c.column)}::varchar as {quoted(c.source_name)}" for c in table.columns
    )
    keys = ", ".join(quoted(key) for key in table.keys)
    return f"select {columns} from {source} where {where} order by {keys}"


def _has_line_damage(connection: duckdb.DuckDBPyConnection, system: System, table: Table) -> bool:
    return bool(
        connection.execute(
            "select count(*) from duckdb_columns() where schema_name = 'source'"
            " and table_name = ? and column_name = '_line_damage'",
            [f"{system.system}__{table.table}"],
        ).fetchall()[0][0]
    )


def _damaged_lines(
    connection: duckdb.DuckDBPyConnection, system: System, table: Table
) -> list[bytes]:
    """The lines a transfer broke: one ends after three fields, one holds bytes of no character."""
    assert isinstance(system.connection, CsvConnection)  # noqa: S101 - the caller chose by it
    names = ", ".join(quoted(column.column) for column in table.columns)
    rows = connection.execute(
        f"select _line_damage, {names} from {source_table(system, table)}"
        " where _line_damage is not null order by _line_damage desc"
    ).fetchall()
    lines = []
    for damage, *values in rows:
        fields = ["" if value is None else str(value) for value in values]
        encoded = [field.encode(system.connection.encoding) for field in fields]
        if damage == "short":
            encoded = encoded[:3]
        else:
            encoded[1] += _NO_CHARACTERS
        lines.append(system.connection.delimiter.encode().join(encoded) + b"\n")
    return lines
