"""Edits of rows in a department's own system, named as the registry names them.

Add here what a clerk can do to a row in one of the four technologies. Keep out: which rows.
"""

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from psycopg import sql

from citybase.duck import quoted
from sources.contract import System, Table
from sources.contract_connection import CsvConnection, MysqlConnection, PostgresConnection
from sources.registry import load_registry
from sources.stand_in import stand_in_path
from tests.pipeline.pipeline_house import House

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def update_row(house: House, system: str, table: str, key: str, **values: Any) -> None:
    """Set columns of the one row with that key; None empties a column."""
    found, declared = _declared(system, table)
    names = {declared.column(code).source_name: value for code, value in values.items()}
    key_name = declared.column(declared.keys[0]).source_name
    if isinstance(found.connection, PostgresConnection):
        changes = sql.SQL(", ").join(
            sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names
        )
        statement = sql.SQL("update {} set {} where {} = %s").format(
            _relation(found, declared), changes, sql.Identifier(key_name)
        )
        with house.connect_source(system) as postgres:
            assert postgres.execute(statement, [*names.values(), key]).rowcount == 1
    elif isinstance(found.connection, MysqlConnection) and house.mariadb is not None:
        changed = ", ".join(f"`{name}` = %s" for name in names)
        with house.connect_mariadb(system) as mariadb, mariadb.cursor() as cursor:
            edited_rows = cursor.execute(
                f"update `{declared.source_name}` set {changed} where `{key_name}` = %s",
                [*names.values(), key],
            )
            assert edited_rows == 1
    elif isinstance(found.connection, CsvConnection):
        _edit_line(house, found, declared, key, names)
    else:
        changed = ", ".join(f"{quoted(name)} = ?" for name in names)
        location = house.location(system)
        file = stand_in_path(found, location) or location
        with closing(sqlite3.connect(file)) as database:
            edited = database.execute(
                f"update {quoted(declared.source_name)} set {changed} where {quoted(key_name)} = ?",
                [*names.values(), key],
            )
            assert edited.rowcount == 1
            database.commit()


def delete_row(house: House, system: str, table: str, key: str) -> None:
    """Delete the one row with that key from a PostgreSQL system."""
    found, declared = _declared(system, table)
    statement = sql.SQL("delete from {} where {} = %s").format(
        _relation(found, declared), sql.Identifier(declared.column(declared.keys[0]).source_name)
    )
    with house.connect_source(system) as postgres:
        assert postgres.execute(statement, [key]).rowcount == 1


def insert_row(house: House, system: str, table: str, **values: Any) -> None:
    """Insert a row into a PostgreSQL system; columns not named stay empty."""
    found, declared = _declared(system, table)
    names = [declared.column(code).source_name for code in values]
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        _relation(found, declared),
        sql.SQL(", ").join(sql.Identifier(name) for name in names),
        sql.SQL(", ").join(sql.Placeholder() for _ in names),
    )
    with house.connect_source(system) as postgres:
        postgres.execute(statement, list(values.values()))


def source_relation(system: str, table: str) -> sql.Identifier:
    """The table's qualified name in its PostgreSQL database."""
    return _relation(*_declared(system, table))


def resident_number(area: str, birth: str, sequence: int) -> str:
    """An 18-character number with its check character (GB 11643-1999); ``birth`` is YYYYMMDD."""
    body = f"{area}{birth}{sequence:03d}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]


def _declared(system: str, table: str) -> tuple[System, Table]:
    found = load_registry().system(system)
    return found, found.table(table)


def _relation(system: System, table: Table) -> sql.Identifier:
    assert isinstance(system.connection, PostgresConnection)
    return sql.Identifier(system.connection.db_schema, table.source_name)


def _edit_line(house: House, system: System, table: Table, key: str, names: dict[str, Any]) -> None:
    assert isinstance(system.connection, CsvConnection)
    encoding = system.connection.encoding
    # A city that has lived on delivers dated files; the newest one counts.
    path = max(Path(house.location(system.system)).glob(table.source_name))
    lines = path.read_bytes().split(b"\n")
    header = next(csv.reader([lines[0].decode(encoding).rstrip("\r")]))
    (place,) = (n for n, line in enumerate(lines) if line.startswith(f"{key},".encode(encoding)))
    row = dict(zip(header, next(csv.reader([lines[place].decode(encoding)])), strict=True))
    row |= {name: "" if value is None else str(value) for name, value in names.items()}
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(row.values())
    lines[place] = written.getvalue().encode(encoding)
    path.write_bytes(b"\n".join(lines))
