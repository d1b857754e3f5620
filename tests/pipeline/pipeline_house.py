"""One installation under test: its folder, its source databases, and the ways to work on it.

Add here what several pipeline tests do to an installation. Keep out: edits of source rows
(``source_rows.py``) and what a test expects.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import psycopg
import pymysql
from psycopg import sql

from citybase.duck import connect, literal, quoted
from citybase.settings import Settings, project_root
from citybase.store import open_store
from orchestration.instance import open_instance
from orchestration.project import dbt_environment, dbt_executable
from orchestration.run import RunOutcome, run_job
from sources.connectors.mysql_location import parse_location
from sources.contract_connection import MysqlConnection, PostgresConnection
from sources.extract import SystemResult, extract_system
from sources.ledger import Batch, last_batch
from sources.raw import Cut, bind
from sources.registry import load_registry
from sources.simulator import CityReport, stop_city
from sources.simulator.city_servers import running_servers
from sources.simulator.servers import PostgresServer
from sources.simulator.servers_mariadb import MariadbServer
from sources.stand_in import stand_in_location, stand_in_path

COMPARED = ("code", "staging", "intermediate", "library", "quality", "mart")
# When a batch was committed is the one thing that two equal builds may tell apart.
_NOT_COMPARED = {
    ("library", "lib_shared__entity_source_table"): {"committed_at"},
    ("quality", "dq_shared__quarantined_value"): {"batch_id", "committed_at"},
    ("mart", "mart_overview__item_by_layer"): {"last_landed_at"},
    ("mart", "mart_overview__coverage_by_county_and_department"): {"last_landed_at"},
}
_PROJECT_PARTS = ("macros", "models", "seeds", "tests")


@dataclass(frozen=True)
class House:
    """One CITYBASE_HOME. ``databases`` maps each PostgreSQL system to this house's database.

    Without ``mariadb`` files stand in for its systems.
    """

    settings: Settings
    server: PostgresServer
    databases: Mapping[str, str] = field(default_factory=dict)
    mariadb: MariadbServer | None = None

    def run(self, job: str = "full_build", *, is_full_refresh: bool = False) -> RunOutcome:
        """A job of the code location, in this process."""
        with kept_environment():
            return run_job(self.settings, job, is_full_refresh=is_full_refresh)

    def extract(self, *systems: str) -> list[SystemResult]:
        """Extract the systems named, or all; every table must land."""
        codes = systems or tuple(system.system for system in load_registry().systems)
        results = [extract_system(self.settings, code) for code in codes]
        failures = [failure for result in results for failure in result.failures]
        assert not failures, failures
        return results

    def bind(self) -> Cut:
        return bind(self.settings)

    def dbt_command(
        self, *arguments: str, project: Path | None = None
    ) -> tuple[list[str], dict[str, str]]:
        """The command and environment of a dbt run by hand; ``project`` is an edited copy."""
        environment = {**os.environ, **dbt_environment(self.settings)}
        if project is not None:
            environment |= {
                "DBT_PROJECT_DIR": str(project),
                "DBT_PROFILES_DIR": str(project),
                "DBT_TARGET_PATH": str(project / "target"),
                "DBT_LOG_PATH": str(project / "logs"),
            }
        return [str(dbt_executable()), *arguments], environment

    def dbt(self, *arguments: str, project: Path | None = None, succeeds: bool = True) -> str:
        """What dbt printed; it must end as ``succeeds`` says."""
        command, environment = self.dbt_command(*arguments, project=project)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is succeeds, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def citybase(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command as a person types it."""
        return citybase(self.settings, *arguments)

    @contextmanager
    def warehouse(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        with connect(self.settings.warehouse, read_only=read_only) as connection:
            yield connection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the warehouse."""
        with self.warehouse() as connection:
            return connection.execute(query).fetchall()

    def column(self, query: str) -> list[Any]:
        """The first column of a query on the warehouse."""
        return [row[0] for row in self.rows(query)]

    def one(self, query: str) -> Any:
        """The one value of a query on the warehouse."""
        ((value,),) = self.rows(query)
        return value

    def last(self, system: str, table: str) -> Batch | None:
        """The newest batch of a source table."""
        engine = open_store(self.settings)
        try:
            return last_batch(engine, system, table)
        finally:
            engine.dispose()

    def connect_source(self, system: str) -> psycopg.Connection[tuple[Any, ...]]:
        """The superuser in this house's database of a PostgreSQL system."""
        return self.server.connect(self.databases[system])

    def connect_mariadb(self, system: str) -> "pymysql.Connection[Any]":
        """The superuser in this house's database of a MySQL system."""
        assert self.mariadb is not None
        return self.mariadb.connect(parse_location(self.location(system)).database)

    def locate(self, system: str, location: str) -> None:
        """Point this house at another location of a source system."""
        name = load_registry().system(system).connection.location_env
        path = self.settings.city_environment
        lines = [
            f"{name}={location}" if line.startswith(f"{name}=") else line
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def location(self, system: str) -> str:
        """Where this house reads a source system."""
        name = load_registry().system(system).connection.location_env
        for line in self.settings.city_environment.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{name}="):
                return line.partition("=")[2]
        raise KeyError(system)


@dataclass(frozen=True)
class Built:
    """A full build that nobody changes: the installation, its city and what the run said."""

    house: House
    city: CityReport
    outcome: RunOutcome


def house_of(settings: Settings) -> House:
    """The house of a city that runs."""
    server, mariadb = running_servers(settings)
    assert server is not None
    databases = {
        system.system: system.system
        for system in load_registry().systems
        if isinstance(system.connection, PostgresConnection)
    }
    return House(settings, server, databases, mariadb)


def citybase(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command as a person types it, on that installation."""
    return subprocess.run(
        [Path(sys.executable).parent / "citybase", *arguments],
        env={**os.environ, "CITYBASE_HOME": str(settings.home)},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def city_home() -> Iterator[Settings]:
    """A home for a city with servers, which are stopped at the end.

    Not below pytest's own folder: every pytest that root starts closes that one to other users, and
    with it to the PostgreSQL of a pytest that is already running.
    """
    with tempfile.TemporaryDirectory(prefix="citybase-test-") as folder:
        settings = Settings(home=Path(folder) / "var")
        try:
            yield settings
        finally:
            stop_city(settings)


@contextmanager
def kept_environment() -> Iterator[None]:
    """A run exports its installation; the next test must not see it."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def evaluations(house: House, outcome: RunOutcome) -> list[dg.AssetCheckEvaluation]:
    """What a run said about every check, with the metadata the UI shows."""
    found = []
    with kept_environment(), open_instance(house.settings) as instance:
        for record in instance.get_records_for_run(
            outcome.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records:
            event = record.event_log_entry.dagster_event
            assert event is not None
            found.append(event.asset_check_evaluation_data)
    return found


@contextmanager
def copied(house: House, home: Path, *, has_own_sources: bool = False) -> Iterator[House]:
    """A copy of an installation to change at will: its views must be bound again.

    Without ``has_own_sources`` it reads the original's sources; with it, it has its own databases
    on the same server and its own files. The copy has no Dagster history.
    """
    original = house.settings
    home.mkdir(parents=True)
    for part in ("landing", "serving", "keys", "dbt"):
        shutil.copytree(original.home / part, home / part, symlinks=True)
    for path in [original.warehouse, *original.home.glob("ops.db*")]:
        shutil.copy2(path, home / path.name)
    settings = Settings(home=home)
    settings.city.mkdir()
    shutil.copy2(original.city_environment, settings.city_environment)
    copy = replace(house, settings=settings, databases=dict(house.databases))
    if has_own_sources:
        copy = _with_own_sources(house, copy)
    try:
        yield copy
    finally:
        if has_own_sources:
            with house.server.connect() as postgres:
                for database in copy.databases.values():
                    postgres.execute(
                        sql.SQL("drop database if exists {} with (force)").format(
                            sql.Identifier(database)
                        )
                    )
            for system in _of_mariadb(copy):
                with copy.connect_mariadb(system) as mariadb, mariadb.cursor() as cursor:
                    cursor.execute(
                        f"drop database {parse_location(copy.location(system)).database}"
                    )
        shutil.rmtree(home)


def _with_own_sources(house: House, copy: House) -> House:
    databases = {}
    for system in load_registry().systems:
        location = house.location(system.system)
        if isinstance(system.connection, PostgresConnection):
            original = house.databases[system.system]
            # A name is unique on the server: the folder of the copy is in it.
            own = f"{system.system}_{copy.settings.home.name}"
            databases[system.system] = own
            _copy_database(house.server, original, own, reader=f"{system.system}_reader")
            copy.locate(system.system, location.replace(f"dbname={original} ", f"dbname={own} "))
        elif system.system in _of_mariadb(house):
            own = f"{system.system}_{copy.settings.home.name}"
            _copy_mariadb(house, system.system, own)
            copy.locate(system.system, location.replace(f"/{system.system}?", f"/{own}?"))
        elif (file := stand_in_path(system, location)) is not None:
            path = copy.settings.city / file.name
            shutil.copy2(file, path)
            copy.locate(system.system, stand_in_location(path))
        else:
            path = copy.settings.city / Path(location).name
            if Path(location).is_dir():
                shutil.copytree(location, path)
            else:
                shutil.copy2(location, path)
            copy.locate(system.system, str(path))
    return replace(copy, databases=databases)


def _of_mariadb(house: House) -> list[str]:
    """The systems that this house reads from its MariaDB."""
    return [
        system.system
        for system in load_registry().systems
        if house.mariadb is not None and isinstance(system.connection, MysqlConnection)
    ]


def _copy_mariadb(house: House, system: str, own: str) -> None:
    with house.connect_mariadb(system) as mariadb, mariadb.cursor() as cursor:
        cursor.execute(f"create database {own} character set utf8mb4 collate utf8mb4_bin")
        cursor.execute("show tables")
        for (table,) in cursor.fetchall():
            cursor.execute(f"create table {own}.`{table}` like `{table}`")
            cursor.execute(f"insert into {own}.`{table}` select * from `{table}`")
        cursor.execute(f"grant select on {own}.* to {system}_reader@localhost")


def _copy_database(server: PostgresServer, original: str, own: str, *, reader: str) -> None:
    with server.connect() as postgres:
        postgres.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(own), sql.Identifier(original)
            )
        )
        postgres.execute(
            sql.SQL("grant connect on database {} to {}").format(
                sql.Identifier(own), sql.Identifier(reader)
            )
        )


def copied_project(folder: Path) -> Path:
    """A copy of the dbt project to edit."""
    original = project_root() / "dbt_project"
    for part in _PROJECT_PARTS:
        shutil.copytree(original / part, folder / part)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy2(original / name, folder / name)
    return folder


def differences(
    one: Path, other: Path, *, schemas: Iterable[str] = COMPARED, with_bookkeeping: bool = True
) -> dict[str, tuple[int, int]]:
    """The tables of two warehouses that differ: rows only in the first, only in the second.

    Rows are counted as often as they stand there. A table of one warehouse only counts as -1.
    ``with_bookkeeping`` compares the columns that begin with an underscore too.
    """
    found = {}
    with connect() as connection:
        connection.execute(f"attach {literal(str(one))} as one (read_only)")
        connection.execute(f"attach {literal(str(other))} as other (read_only)")
        tables = {name: _tables(connection, name, schemas) for name in ("one", "other")}
        for key in sorted(tables["one"].keys() | tables["other"].keys()):
            left, right = tables["one"].get(key), tables["other"].get(key)
            if left != right or left is None:
                found[".".join(key)] = (-1, -1)
                continue
            columns = ", ".join(
                quoted(column)
                for column in left
                if column not in _NOT_COMPARED.get(key, ())
                and (with_bookkeeping or not column.startswith("_"))
            )
            name = ".".join(quoted(part) for part in key)
            missing, added = (
                _count(
                    connection,
                    f"select {columns} from {a}.{name} except all select {columns} from {b}.{name}",
                )
                for a, b in (("one", "other"), ("other", "one"))
            )
            if missing or added:
                found[".".join(key)] = (missing, added)
    return found


def _tables(
    connection: duckdb.DuckDBPyConnection, database: str, schemas: Iterable[str]
) -> dict[tuple[str, str], list[str]]:
    tables: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where database_name = $1 and list_contains($2, schema_name)"
        " order by schema_name, table_name, column_index",
        [database, list(schemas)],
    ).fetchall():
        tables.setdefault((schema, table), []).append(column)
    return tables


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(f"select count(*) from ({query})").fetchone()
    assert row is not None
    return int(row[0])
