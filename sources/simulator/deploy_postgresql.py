"""Fills one PostgreSQL database per system: schema from the registry, an owner, a reader.

The reader role may only select, and proves itself by a generated password. Native types are what a
department would have chosen, not text everywhere. Add type rules to ``_native_type``. Keep out: the
server itself (``servers.py``).
"""

import secrets
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from citybase.duck import literal, quoted
from sources.contract import Column, System, Table
from sources.contract_connection import PostgresConnection
from sources.highway.pg_slot import publish
from sources.highway.pg_source import PostgresLog
from sources.simulator.generate import source_table
from sources.simulator.servers import PostgresServer

_CHUNK = 1 << 20
_LENGTHS = {"holder": 2000, "address": 300, "name": 200, "business_scope": 2000, "identifier": 200}


def deploy_postgresql(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    server: PostgresServer,
    *,
    scratch: Path,
) -> str:
    """(Re)create the system's database with its content; return the reader's connection string."""
    assert isinstance(system.connection, PostgresConnection)  # noqa: S101 - the caller chose by it
    owner, reader = f"{system.system}_owner", f"{system.system}_reader"
    password = secrets.token_urlsafe(24)
    with server.connect() as postgres:
        database = sql.Identifier(system.system)
        # Its slot goes with the database, once nobody reads it any more.
        postgres.execute(
            "select pg_terminate_backend(active_pid) from pg_replication_slots"
            " where database = %s and active_pid is not null",
            (system.system,),
        )
        postgres.execute(sql.SQL("drop database if exists {} with (force)").format(database))
        for role in (owner, reader):
            postgres.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))
        postgres.execute(sql.SQL("create role {} nologin").format(sql.Identifier(owner)))
        postgres.execute(
            sql.SQL("create role {} login password {}").format(
                sql.Identifier(reader), sql.Literal(password)
            )
        )
        postgres.execute(
            sql.SQL("create database {} owner {} encoding 'UTF8' template template0").format(
                database, sql.Identifier(owner)
            )
        )
        postgres.execute(
            sql.SQL("revoke connect, temporary on database {} from public").format(database)
        )
        postgres.execute(
            sql.SQL("grant connect on database {} to {}").format(database, sql.Identifier(reader))
        )
    with server.connect(system.system) as postgres:
        schema = sql.Identifier(system.connection.db_schema)
        postgres.execute(sql.SQL("set role {}").format(sql.Identifier(owner)))
        postgres.execute(sql.SQL("create schema {}").format(schema))
        postgres.execute(
            sql.SQL("comment on schema {} is {}").format(schema, sql.Literal(system.name))
        )
        for table in system.tables:
            _create(postgres, system, table)
            copy_rows(
                connection,
                postgres,
                system,
                table,
                source=source_table(system, table),
                target=table_identifier(system, table),
                scratch=scratch,
            )
        postgres.execute(
            sql.SQL("grant usage on schema {} to {}").format(schema, sql.Identifier(reader))
        )
        postgres.execute(
            sql.SQL("grant select on all tables in schema {} to {}").format(
                schema, sql.Identifier(reader)
            )
        )
        postgres.execute(
            sql.SQL("alter default privileges in schema {} grant select on tables to {}").format(
                schema, sql.Identifier(reader)
            )
        )
        postgres.execute("reset role")
        postgres.execute("analyze")
    allow_capture(system, server)
    return server.location(database=system.system, user=reader, password=password)


def allow_capture(system: System, server: PostgresServer) -> None:
    """Do what the highway asks a department's administrator for: the reader may replicate, and the
    tables in mode log are published. Nothing, where no table is.
    """
    log = PostgresLog(system, server.administration(system.system))
    if not log.tables:
        return
    with server.connect() as postgres:
        postgres.execute(
            sql.SQL("alter role {} replication").format(sql.Identifier(f"{system.system}_reader"))
        )
    publish(log)


def count_postgresql(system: System, server: PostgresServer) -> dict[str, int]:
    """Rows per table code, as the server counts them. Raises psycopg.Error when one is missing."""
    counts = {}
    with server.connect(system.system) as postgres:
        for table in system.tables:
            row = postgres.execute(
                sql.SQL("select count(*) from {}").format(table_identifier(system, table))
            ).fetchone()
            counts[table.table] = int(row[0]) if row else 0
    return counts


def table_identifier(system: System, table: Table) -> sql.Identifier:
    """Schema and table as the department named them."""
    assert isinstance(system.connection, PostgresConnection)  # noqa: S101 - the caller chose by it
    return sql.Identifier(system.connection.db_schema, table.source_name)


def _create(postgres: psycopg.Connection[tuple[Any, ...]], system: System, table: Table) -> None:
    name = table_identifier(system, table)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}{}").format(
            sql.Identifier(column.source_name),
            sql.SQL(_native_type(column)),
            sql.SQL("" if column.nullable else " not null"),
        )
        for column in table.columns
    )
    keys = sql.SQL(", ").join(sql.Identifier(table.column(key).source_name) for key in table.keys)
    postgres.execute(sql.SQL("create table {} ({}, primary key ({}))").format(name, columns, keys))
    postgres.execute(sql.SQL("comment on table {} is {}").format(name, sql.Literal(table.name)))
    for column in table.columns:
        postgres.execute(
            sql.SQL("comment on column {}.{} is {}").format(
                name, sql.Identifier(column.source_name), sql.Literal(column.name)
            )
        )


def copy_rows(
    connection: duckdb.DuckDBPyConnection,
    postgres: psycopg.Connection[tuple[Any, ...]],
    system: System,
    table: Table,
    *,
    source: str,
    target: sql.Identifier,
    scratch: Path,
) -> None:
    """COPY rows of a generated relation into a table of the server.

    By way of a CSV file: text keeps unbounded numerics exact and can say NaN.
    """
    file = scratch / f"{system.system}__{table.table}.csv"
    columns = ", ".join(
        f"{_expression(system, column)} as {quoted(column.source_name)}" for column in table.columns
    )
    keys = ", ".join(quoted(key) for key in table.keys)
    connection.execute(
        f"copy (select {columns} from {source} order by {keys}) "
        f"to {literal(str(file))} (format csv, header false, nullstr '')"
    )
    try:
        names = sql.SQL(", ").join(sql.Identifier(c.source_name) for c in table.columns)
        statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(target, names)
        with (
            file.open("rb") as stream,
            postgres.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            while chunk := stream.read(_CHUNK):
                copy.write(chunk)
    finally:
        file.unlink()


def _expression(system: System, column: Column) -> str:
    if system.system == "enterprise_register" and column.column == "registered_capital_wan_cny":
        return (
            "case when _capital_is_nan then 'NaN' else "
            "trim(trailing '.' from trim(trailing '0' from registered_capital_wan_cny::varchar))"
            " end"
        )
    return quoted(column.column)


def _native_type(column: Column) -> str:
    """What the department's own table says: bounded text, dates, numerics without bounds."""
    if column.type.startswith("decimal"):
        return "numeric"
    if column.type == "timestamp":
        return "timestamp(0) without time zone"
    if column.type != "varchar":
        return column.type
    return f"varchar({text_length(column.column)})"


def text_length(code: str) -> int:
    """How many characters a department allows for a text, by the column's code."""
    return next((length for part, length in _LENGTHS.items() if part in code), 64)
