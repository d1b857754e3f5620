"""Fills and changes one MariaDB database per system: tables from the registry, and a reader.

The reader may select and follow the binary log, and proves itself by a generated password. What the
generator writes as text is text there, since it holds what is no date or number; everything else
has its native type. Keep out: the server itself (``servers_mariadb.py``).
"""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pymysql

from citybase.duck import literal, quoted
from sources.connectors.mysql import ticked
from sources.contract import System, Table
from sources.simulator.deploy_postgresql import text_length
from sources.simulator.generate import source_table
from sources.simulator.plan import CityError
from sources.simulator.servers_mariadb import MariadbServer

_HOST = "localhost"
_TYPES = {"timestamp": "datetime(6)", "boolean": "tinyint(1)"}

_Cursor = pymysql.cursors.Cursor


def deploy_mariadb(
    connection: duckdb.DuckDBPyConnection, system: System, server: MariadbServer, *, scratch: Path
) -> str:
    """(Re)create the system's database with its content; return the reader's URL."""
    reader, password = f"{system.system}_reader", secrets.token_urlsafe(24)
    database = ticked(system.system)
    with server.connect() as mariadb, mariadb.cursor() as cursor:
        cursor.execute(f"drop database if exists {database}")
        cursor.execute(
            f"create database {database} character set utf8mb4 collate utf8mb4_bin"
            f" comment {mariadb.escape(system.name)}"
        )
        cursor.execute(f"create or replace user %s@{_HOST} identified by %s", (reader, password))
        cursor.execute(f"grant replication slave, binlog monitor on *.* to %s@{_HOST}", (reader,))
        cursor.execute(f"grant select on {database}.* to %s@{_HOST}", (reader,))
    with server.connect(system.system) as mariadb, mariadb.cursor() as cursor:
        for table in system.tables:
            source = source_table(system, table)
            cursor.execute(_create(connection, mariadb, table, source))
            _load(connection, cursor, table, source=source, into=table.source_name, scratch=scratch)
    return server.location(database=system.system, user=reader, password=password)


def count_mariadb(system: System, server: MariadbServer) -> dict[str, int]:
    """Rows per table code, as the server counts them. Raises pymysql.Error when one is missing."""
    counts = {}
    with server.connect(system.system) as mariadb, mariadb.cursor() as cursor:
        for table in system.tables:
            cursor.execute(f"select count(*) from {ticked(table.source_name)}")
            ((count,),) = cursor.fetchall()
            counts[table.table] = int(count)
    return counts


def change_mariadb(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    server: MariadbServer,
    *,
    gone: Sequence[Sequence[tuple[object, ...]]],
    scratch: Path,
) -> None:
    """Change the system's database in one transaction: rows of ``changed.<system>__<table>`` come
    or change, and the keys in ``gone``, one list for each table, go.
    """
    with server.connect(system.system) as mariadb, mariadb.cursor() as cursor:
        # A temporary table is in no log; made first, it ends no transaction.
        for place, table in enumerate(system.tables):
            cursor.execute(f"create temporary table fresh_{place} like {ticked(table.source_name)}")
            _load(
                connection,
                cursor,
                table,
                source=f"changed.{quoted(f'{system.system}__{table.table}')}",
                into=f"fresh_{place}",
                scratch=scratch,
            )
        cursor.execute("start transaction")
        for place, table in enumerate(system.tables):
            name = ticked(table.source_name)
            keys = [ticked(table.column(key).source_name) for key in table.keys]
            columns = [ticked(column.source_name) for column in table.columns]
            changes = ", ".join(f"{column} = value({column})" for column in columns)
            cursor.execute(
                f"insert into {name} ({', '.join(columns)})"
                f" select {', '.join(columns)} from fresh_{place}"
                f" on duplicate key update {changes}"
            )
            wanted = " and ".join(f"{key} = %s" for key in keys)
            cursor.executemany(f"delete from {name} where {wanted}", gone[place])
        cursor.execute("commit")


def _create(
    connection: duckdb.DuckDBPyConnection,
    mariadb: "pymysql.Connection[Any]",
    table: Table,
    source: str,
) -> str:
    written = {
        str(name): str(kind).lower()
        for name, kind, *_ in connection.execute(f"describe {source}").fetchall()
    }
    columns = ", ".join(
        f"{ticked(column.source_name)} {_native_type(column.column, written[column.column])}"
        f"{'' if column.nullable else ' not null'} comment {mariadb.escape(column.name)}"
        for column in table.columns
    )
    keys = ", ".join(ticked(table.column(key).source_name) for key in table.keys)
    return (
        f"create table {ticked(table.source_name)} ({columns}, primary key ({keys}))"
        f" engine = InnoDB comment {mariadb.escape(table.name)}"
    )


def _native_type(code: str, written: str) -> str:
    """What the department's own table says of a column that is generated as that type."""
    if written == "varchar":
        return f"varchar({text_length(code)})"
    return _TYPES.get(written, written)


def _load(
    connection: duckdb.DuckDBPyConnection,
    cursor: _Cursor,
    table: Table,
    *,
    source: str,
    into: str,
    scratch: Path,
) -> None:
    """Load the rows of a generated relation, by way of a CSV file.

    Raises:
        CityError: the server took a value otherwise than it was written.
    """
    file = scratch / f"{into}.csv"
    columns = ", ".join(quoted(column.column) for column in table.columns)
    keys = ", ".join(quoted(key) for key in table.keys)
    connection.execute(
        f"copy (select {columns} from {source} order by {keys}) to {literal(str(file))}"
        # A bare NULL is null, a quoted one is a text.
        " (format csv, header false, nullstr 'NULL', force_quote *)"
    )
    names = ", ".join(ticked(column.source_name) for column in table.columns)
    try:
        cursor.execute(
            f"load data local infile %s into table {ticked(into)} character set utf8mb4"
            " fields terminated by ',' optionally enclosed by '\"' escaped by ''"
            rf" lines terminated by '\n' ({names})",
            (str(file),),
        )
        # Loaded from a client, a value that does not fit is bent and only warned of.
        cursor.execute("show warnings")
        bent = cursor.fetchall()
    finally:
        file.unlink()
    if bent:
        raise CityError(
            f"MariaDB does not take {into} as it was generated: {bent[0][-1]}",
            remedy="Correct the generator, or the type of the column in its registry file.",
        )
