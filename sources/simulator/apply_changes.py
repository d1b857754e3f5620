"""What changed between two days of the city, put into its live systems.

The difference is worked out per table by its keys, for every table of the registry alike. Database
tables get INSERT, UPDATE and DELETE in one transaction per system, by their owner; systems that are
files get a new delivery, which may come late or twice. Every step may be repeated. Add a technology
here when it can be changed in place. Keep out: what happens in the city (``life_events.py``) and
the order of the whole (``evolve.py``).
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
from psycopg import sql

from citybase.duck import literal, quoted
from sources.contract import System, Table
from sources.contract_connection import CsvConnection
from sources.registry import Registry
from sources.simulator.deploy_files import delivery_name, ordered_text, write_csv
from sources.simulator.deploy_mariadb import change_mariadb
from sources.simulator.deploy_postgresql import copy_rows, table_identifier
from sources.simulator.deploy_xlsx import write_xlsx
from sources.simulator.generate import source_table
from sources.simulator.plan import CityPlan
from sources.simulator.servers import PostgresServer
from sources.simulator.servers_mariadb import MariadbServer

_BATCH = 20_000


@dataclass(frozen=True)
class TableChange:
    """Rows of one table that came, changed and went between two days."""

    system: str
    table: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True)
class Delivery:
    """What a folder received on a day: ``state`` is on_time, late (nothing yet) or re_sent.

    ``held_rows`` are the rows of the newest file that has come.
    """

    system: str
    table: str
    elapsed_days: int
    state: str
    held_rows: int


def remember(connection: duckdb.DuckDBPyConnection, registry: Registry, path: Path) -> None:
    """Keep key and digest of every row in a file, to compare another day's city with."""
    path.unlink(missing_ok=True)
    connection.execute(f"attach {literal(str(path))} as remembered")
    for system, table in registry.tables():
        keys = ", ".join(quoted(key) for key in table.keys)
        connection.execute(
            f"create table remembered.{_name(system, table)} as select {keys}, "
            f"{_digest(table)} as row_digest from {source_table(system, table)}"
        )
    connection.execute("detach remembered")


def compare(
    connection: duckdb.DuckDBPyConnection, registry: Registry, path: Path
) -> tuple[TableChange, ...]:
    """Create ``changed.<table>`` (rows that came or changed, ``_is_new`` saying which) and
    ``gone.<table>`` (keys) against the remembered city.
    """
    connection.execute(f"attach {literal(str(path))} as remembered (read_only)")
    connection.execute("create schema changed; create schema gone")
    found = []
    for system, table in registry.tables():
        name = _name(system, table)
        keys = ", ".join(quoted(key) for key in table.keys)
        first = quoted(table.keys[0])
        connection.execute(
            f"""
            create table changed.{name} as
            select current.*, before.row_digest is null as _is_new
            from (
                select *, {_digest(table)} as _digest from {source_table(system, table)}
            ) as current
            left join remembered.{name} as before using ({keys})
            where before.row_digest is null or before.row_digest <> _digest
            """
        )
        connection.execute(
            f"create table gone.{name} as select {keys} from remembered.{name}"
            f" anti join {source_table(system, table)} using ({keys})"
        )
        row = connection.execute(
            f"select count(*) filter (where _is_new), count(*) filter (where not _is_new),"
            f" (select count({first}) from gone.{name}) from changed.{name}"
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        found.append(TableChange(system.system, table.table, *(int(value) for value in row)))
    connection.execute("detach remembered")
    return tuple(found)


def apply_to_postgresql(
    connection: duckdb.DuckDBPyConnection, system: System, server: PostgresServer, *, scratch: Path
) -> None:
    """Change the system's database in one transaction, as its owner."""
    with server.connect(system.system) as postgres, postgres.transaction():
        postgres.execute(
            sql.SQL("set local role {}").format(sql.Identifier(f"{system.system}_owner"))
        )
        for place, table in enumerate(system.tables):
            name = _name(system, table)
            target = table_identifier(system, table)
            fresh = sql.Identifier(f"fresh_{place}")
            postgres.execute(
                sql.SQL("create temporary table {} (like {}) on commit drop").format(fresh, target)
            )
            copy_rows(
                connection,
                postgres,
                system,
                table,
                source=f"changed.{name}",
                target=fresh,
                scratch=scratch,
            )
            keys = [table.column(key).source_name for key in table.keys]
            columns = [column.source_name for column in table.columns]
            postgres.execute(
                sql.SQL("insert into {} ({}) select {} from {} on conflict ({}) {}").format(
                    target,
                    _names(columns),
                    _names(columns),
                    fresh,
                    _names(keys),
                    sql.SQL("do update set {}").format(
                        sql.SQL(", ").join(
                            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column))
                            for column in columns
                            if column not in keys
                        )
                    )
                    if len(columns) > len(keys)
                    else sql.SQL("do nothing"),
                )
            )
            statement = sql.SQL("delete from {} where {}").format(
                target,
                sql.SQL(" and ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(key), sql.Placeholder())
                    for key in keys
                ),
            )
            with postgres.cursor() as cursor:
                cursor.executemany(statement, _gone(connection, name, table))


def apply_to_mariadb(
    connection: duckdb.DuckDBPyConnection, system: System, server: MariadbServer, *, scratch: Path
) -> None:
    """Change the system's database in one transaction."""
    gone = [_gone(connection, _name(system, table), table) for table in system.tables]
    change_mariadb(connection, system, server, gone=gone, scratch=scratch)


def apply_to_sqlite(connection: duckdb.DuckDBPyConnection, system: System, path: Path) -> None:
    """Change the system's file in one transaction."""
    with closing(sqlite3.connect(path)) as database, database:
        for table in system.tables:
            name = quoted(table.source_name)
            keys = [table.column(key).source_name for key in table.keys]
            columns = [column.source_name for column in table.columns]
            changes = ", ".join(
                f"{quoted(column)} = excluded.{quoted(column)}"
                for column in columns
                if column not in keys
            )
            statement = (
                f"insert into {name} ({', '.join(map(quoted, columns))})"
                f" values ({', '.join('?' for _ in columns)})"
                f" on conflict ({', '.join(map(quoted, keys))})"
                f" do {f'update set {changes}' if changes else 'nothing'}"
            )
            rows = connection.execute(ordered_text(table, f"changed.{_name(system, table)}"))
            while batch := rows.fetchmany(_BATCH):
                database.executemany(statement, batch)
            database.executemany(
                f"delete from {name} where " + " and ".join(f"{quoted(key)} = ?" for key in keys),
                _gone(connection, _name(system, table), table),
            )


def deliver(
    connection: duckdb.DuckDBPyConnection,
    system: System,
    folder: Path,
    plan: CityPlan,
    *,
    held_rows: Mapping[tuple[str, str], int],
    scratch: Path,
) -> tuple[Delivery, ...]:
    """A new dated file per table, but for those that come late; some are sent twice.

    A late file is not there at all: what it would have said comes with the next delivery.
    ``held_rows`` says how many rows the newest files of before hold.
    """
    deliveries = []
    for table in system.tables:
        state = delivery_state(plan, system, table)
        rows = held_rows[(system.system, table.table)]
        if state != "late":
            row = connection.execute(
                f"select count(*) from {source_table(system, table)}"
            ).fetchone()
            assert row is not None  # noqa: S101 - an aggregate has one row
            rows = int(row[0])
        deliveries.append(Delivery(system.system, table.table, plan.elapsed_days, state, rows))
        if state == "late":
            continue
        target = folder / delivery_name(table, plan)
        if isinstance(system.connection, CsvConnection):
            write_csv(connection, system, table, target, scratch=scratch)
        else:
            write_xlsx(connection, system, table, target, plan, scratch=scratch)
        if state == "re_sent":
            shutil.copyfile(target, target.with_name(f"{target.stem}_2{target.suffix}"))
    return tuple(deliveries)


def delivery_state(plan: CityPlan, system: System, table: Table) -> str:
    """One delivery in six comes late, one in eight is sent again under another name."""
    text = f"{plan.seed}/{system.system}/{table.table}/{plan.elapsed_days}"
    draw = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % 24
    if draw < 4:
        return "late"
    return "re_sent" if draw < 7 else "on_time"


def _name(system: System, table: Table) -> str:
    return quoted(f"{system.system}__{table.table}")


def _digest(table: Table) -> str:
    return f"hash({', '.join(quoted(column.column) for column in table.columns)})"


def _names(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _gone(
    connection: duckdb.DuckDBPyConnection, name: str, table: Table
) -> list[tuple[object, ...]]:
    keys = ", ".join(f"{quoted(key)}::varchar" for key in table.keys)
    return connection.execute(f"select {keys} from gone.{name} order by all").fetchall()
