"""The city as a whole: create, start, stop, look at, drop.

Add here what concerns all systems at once. Keep out: how a table is generated or a technology is
filled.
"""

import hashlib
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import psycopg
import pymysql

from citybase.settings import Settings
from sources.connectors.transcribe import UnreadableFileError
from sources.contract import System
from sources.contract_connection import (
    CsvConnection,
    MysqlConnection,
    PostgresConnection,
    SqliteConnection,
    XlsxConnection,
)
from sources.registry import Registry, load_registry
from sources.simulator.city_servers import (
    CityServers,
    has_mariadb,
    postgresql_data,
    remove_mariadb,
    running_servers,
    start_servers,
    stop_servers,
)
from sources.simulator.deploy_files import (
    count_csv,
    count_sqlite,
    deploy_csv,
    deploy_sqlite,
)
from sources.simulator.deploy_mariadb import count_mariadb, deploy_mariadb
from sources.simulator.deploy_postgresql import (
    allow_capture,
    count_postgresql,
    deploy_postgresql,
)
from sources.simulator.deploy_xlsx import count_xlsx, deploy_xlsx
from sources.simulator.generate import TableContent, contents, generate
from sources.simulator.plan import CityError, CityPlan, generator_digest
from sources.simulator.record import CityRecord, plan_file, read_record, write_record
from sources.simulator.served import served, system_digests
from sources.simulator.servers import refuse_blank, write_secret
from sources.simulator.servers_mariadb import mariadb_is_installed
from sources.simulator.truth import write_truth
from sources.stand_in import stand_in_location

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class CityReport:
    """A city that stands: what it was planned as and what its systems hold.

    ``is_reused`` says that the systems already held exactly this plan; seconds are wall time.
    """

    plan: CityPlan
    tables: tuple[TableContent, ...]
    content_hash: str
    is_reused: bool
    generate_seconds: float
    deploy_seconds: float

    @property
    def residents(self) -> int:
        """People in the city."""
        return self.plan.residents

    @property
    def source_rows(self) -> int:
        """Rows over all source tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True)
class CityStatus:
    """What there is of a city: its plan when it was completed, and its servers when they run.

    ``evolving_to`` is the day, counted from the base day, of an evolve that was interrupted.
    """

    plan: CityPlan | None
    tables: tuple[TableContent, ...]
    content_hash: str | None
    server_pid: int | None
    mariadb_pid: int | None = None
    evolving_to: int | None = None


def truth_path(settings: Settings) -> Path:
    """The truth about the city. Only the score reads it."""
    return settings.city / "truth.duckdb"


def create_city(
    settings: Settings,
    plan: CityPlan,
    *,
    registry: Registry | None = None,
    on_step: OnStep = lambda _: None,
) -> CityReport:
    """Make the systems hold exactly what the plan says; do nothing when they do already.

    A city of this plan that has lived on since is left as it is: `citybase city drop` first takes
    it back to its base day.

    ``on_step`` hears what is being done. The environment file is written last but one and the
    completed plan last, so a city that was interrupted is made again.

    Raises:
        CityError: the plan cannot be met, the home's path holds a blank, or the server does not
            start.
    """
    registry = served(registry or load_registry())
    refuse_blank(postgresql_data(settings))
    settings.city.mkdir(parents=True, exist_ok=True)
    standing = _standing(settings, plan, registry, on_step)
    if standing is not None:
        return standing
    plan_file(settings).unlink(missing_ok=True)
    scratch = settings.scratch / "city"
    scratch.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    on_step(f"Generating {plan.residents:,} residents and what was written about them")
    connection = generate(plan, registry, scratch=scratch)
    try:
        tables = contents(connection, registry)
        write_truth(connection, truth_path(settings), plan, tables)
        generated = time.monotonic()
        servers = _start_anew(settings, on_step)
        environment = {}
        for system in registry.systems:
            rows = sum(table.rows for table in tables if table.system == system.system)
            on_step(f"Filling {system.system} ({system.connection.technology}), {rows:,} rows")
            environment[system.connection.location_env] = _deploy(
                settings, plan, system, connection, servers, scratch
            )
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    write_secret(
        settings.city_environment,
        "# Where the synthetic city's source systems are. Written by `citybase city create`.\n"
        + "".join(f"{name}={value}\n" for name, value in sorted(environment.items())),
    )
    write_record(
        settings,
        CityRecord(
            plan=plan,
            tables=tables,
            made_by=generator_digest(),
            made_from=system_digests(registry),
        ),
    )
    return CityReport(
        plan=plan,
        tables=tables,
        content_hash=city_hash(tables),
        is_reused=False,
        generate_seconds=generated - begun,
        deploy_seconds=time.monotonic() - generated,
    )


def start_city(settings: Settings) -> CityServers:
    """Start the city's servers.

    Raises:
        CityError: there is no city, or a server does not start.
    """
    if not plan_file(settings).exists():
        raise CityError(
            f"There is no city in {settings.city}.", remedy="Run `citybase city create`."
        )
    return start_servers(settings, with_mariadb=has_mariadb(settings))


def stop_city(settings: Settings) -> bool:
    """Stop exactly the city's own servers; False when none ran."""
    return stop_servers(settings)


def city_status(settings: Settings) -> CityStatus:
    """What there is, without starting anything."""
    record = read_record(settings)
    postgresql, mariadb = running_servers(settings)
    return CityStatus(
        plan=record.plan if record else None,
        tables=record.tables if record else (),
        content_hash=city_hash(record.tables) if record else None,
        server_pid=postgresql.pid if postgresql else None,
        mariadb_pid=mariadb.pid if mariadb else None,
        evolving_to=record.evolving_to if record else None,
    )


def drop_city(settings: Settings) -> None:
    """Stop the servers and remove everything the city put on disk."""
    server, _ = running_servers(settings)
    stop_city(settings)
    if server is not None and Path(server.socket_folder) != postgresql_data(settings).resolve():
        shutil.rmtree(server.socket_folder, ignore_errors=True)
    shutil.rmtree(settings.city, ignore_errors=True)


def _start_anew(settings: Settings, on_step: OnStep) -> CityServers:
    with_mariadb = mariadb_is_installed()
    if with_mariadb:
        on_step("Starting PostgreSQL and MariaDB")
    else:
        on_step("Starting PostgreSQL; MariaDB is not installed, SQLite files stand in for it")
        remove_mariadb(settings)
    return start_servers(settings, with_mariadb=with_mariadb)


def file_location(settings: Settings, system: System) -> Path:
    """The file or folder of a system that is no database server, or has none here."""
    is_file = isinstance(system.connection, SqliteConnection | MysqlConnection)
    suffix = ".sqlite" if is_file else ""
    return settings.city / f"{system.system}{suffix}"


def _deploy(
    settings: Settings,
    plan: CityPlan,
    system: System,
    connection: duckdb.DuckDBPyConnection,
    servers: CityServers,
    scratch: Path,
) -> str:
    if isinstance(system.connection, PostgresConnection):
        return deploy_postgresql(connection, system, servers.postgresql, scratch=scratch)
    path = file_location(settings, system)
    if isinstance(system.connection, MysqlConnection):
        if servers.mariadb:
            return deploy_mariadb(connection, system, servers.mariadb, scratch=scratch)
        deploy_sqlite(connection, system, path)
        return stand_in_location(path)
    if isinstance(system.connection, SqliteConnection):
        deploy_sqlite(connection, system, path)
    elif isinstance(system.connection, CsvConnection):
        deploy_csv(connection, system, path, plan, scratch=scratch)
    elif isinstance(system.connection, XlsxConnection):
        deploy_xlsx(connection, system, path, plan, scratch=scratch)
    else:
        raise CityError(
            f"The city cannot fill {system.system}: {system.connection.technology}.",
            remedy="Write a `deploy_*` module for it, or give the system another technology.",
        )
    return str(path)


def _standing(
    settings: Settings, plan: CityPlan, registry: Registry, on_step: OnStep
) -> CityReport | None:
    """The report of a city that already is what the plan says, its servers started."""
    record = read_record(settings)
    if record is None or record.evolving_to is not None:
        return None
    if (record.made_by, record.made_from) != (generator_digest(), system_digests(registry)):
        return None
    if plan not in (record.plan, replace(record.plan, elapsed_days=0)):
        return None
    if not (settings.city_environment.exists() and truth_path(settings).exists()):
        return None
    if has_mariadb(settings) != mariadb_is_installed():
        on_step("The city was made when MariaDB was otherwise than it is now")
        return None
    on_step("The city stands as planned; starting its servers and counting its rows")
    begun = time.monotonic()
    servers = start_servers(settings, with_mariadb=has_mariadb(settings))
    expected = record.expected_rows()
    for system in registry.systems:
        counted = _count(settings, system, servers)
        if counted is None or any(
            expected.get((system.system, table)) != rows for table, rows in counted.items()
        ):
            on_step(f"{system.system} is not what it was")
            return None
        if isinstance(system.connection, PostgresConnection):
            allow_capture(system, servers.postgresql)
    return CityReport(
        plan=record.plan,
        tables=record.tables,
        content_hash=city_hash(record.tables),
        is_reused=True,
        generate_seconds=0.0,
        deploy_seconds=time.monotonic() - begun,
    )


def _count(settings: Settings, system: System, servers: CityServers) -> dict[str, int] | None:
    """Rows per table, null when the system cannot be read."""
    try:
        if isinstance(system.connection, PostgresConnection):
            return count_postgresql(system, servers.postgresql)
        if isinstance(system.connection, MysqlConnection) and servers.mariadb:
            return count_mariadb(system, servers.mariadb)
        if isinstance(system.connection, CsvConnection):
            return count_csv(system, file_location(settings, system))
        if isinstance(system.connection, XlsxConnection):
            return count_xlsx(system, file_location(settings, system))
        return count_sqlite(system, file_location(settings, system))
    except (psycopg.Error, pymysql.Error, sqlite3.Error, OSError, ValueError, UnreadableFileError):
        return None


def city_hash(tables: tuple[TableContent, ...]) -> str:
    """One digest over the digests of all tables, by name."""
    lines = sorted(f"{t.system}.{t.table}={t.content_hash}" for t in tables)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
