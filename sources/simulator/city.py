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

from citybase.settings import Settings
from sources.connectors.transcribe import UnreadableFileError
from sources.contract import (
    CsvConnection,
    PostgresConnection,
    SqliteConnection,
    System,
    XlsxConnection,
)
from sources.registry import Registry, load_registry
from sources.simulator.deploy_files import (
    count_csv,
    count_sqlite,
    deploy_csv,
    deploy_sqlite,
)
from sources.simulator.deploy_postgresql import count_postgresql, deploy_postgresql
from sources.simulator.deploy_xlsx import count_xlsx, deploy_xlsx
from sources.simulator.generate import TableContent, contents, generate
from sources.simulator.plan import CityError, CityPlan, generator_digest
from sources.simulator.record import CityRecord, plan_file, read_record, write_record
from sources.simulator.served import served, system_digests
from sources.simulator.servers import (
    PostgresServer,
    refuse_blank,
    running_postgresql,
    start_postgresql,
    stop_postgresql,
    write_secret,
)
from sources.simulator.truth import write_truth

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
    """What there is of a city: its plan when it was completed, and its server when it runs.

    ``evolving_to`` is the day, counted from the base day, of an evolve that was interrupted.
    """

    plan: CityPlan | None
    tables: tuple[TableContent, ...]
    content_hash: str | None
    server_pid: int | None
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
    refuse_blank(_data(settings))
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
        on_step("Starting PostgreSQL")
        server = start_server(settings)
        environment = {}
        for system in registry.systems:
            rows = sum(table.rows for table in tables if table.system == system.system)
            on_step(f"Filling {system.system} ({system.connection.technology}), {rows:,} rows")
            environment[system.connection.location_env] = _deploy(
                settings, plan, system, connection, server, scratch
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


def start_city(settings: Settings) -> int:
    """Start the city's servers; return the pid of PostgreSQL.

    Raises:
        CityError: there is no city.
    """
    if not plan_file(settings).exists():
        raise CityError(
            f"There is no city in {settings.city}.", remedy="Run `citybase city create`."
        )
    return start_server(settings).pid


def stop_city(settings: Settings) -> bool:
    """Stop exactly the city's own servers; False when none ran."""
    return stop_postgresql(_data(settings))


def city_status(settings: Settings) -> CityStatus:
    """What there is, without starting anything."""
    record = read_record(settings)
    server = running_postgresql(_data(settings), _password_file(settings))
    return CityStatus(
        plan=record.plan if record else None,
        tables=record.tables if record else (),
        content_hash=city_hash(record.tables) if record else None,
        server_pid=server.pid if server else None,
        evolving_to=record.evolving_to if record else None,
    )


def drop_city(settings: Settings) -> None:
    """Stop the servers and remove everything the city put on disk."""
    server = running_postgresql(_data(settings), _password_file(settings))
    stop_city(settings)
    if server is not None and Path(server.socket_folder) != _data(settings).resolve():
        shutil.rmtree(server.socket_folder, ignore_errors=True)
    shutil.rmtree(settings.city, ignore_errors=True)


def _data(settings: Settings) -> Path:
    return settings.city / "postgresql"


def _password_file(settings: Settings) -> Path:
    return settings.city / "postgresql.password"


def start_server(settings: Settings) -> PostgresServer:
    """The city's PostgreSQL, started when it does not run."""
    return start_postgresql(_data(settings), _password_file(settings))


def file_location(settings: Settings, system: System) -> Path:
    """The file or folder of a system that is no database server."""
    suffix = ".sqlite" if isinstance(system.connection, SqliteConnection) else ""
    return settings.city / f"{system.system}{suffix}"


def _deploy(
    settings: Settings,
    plan: CityPlan,
    system: System,
    connection: duckdb.DuckDBPyConnection,
    server: PostgresServer,
    scratch: Path,
) -> str:
    if isinstance(system.connection, PostgresConnection):
        return deploy_postgresql(connection, system, server, scratch=scratch)
    path = file_location(settings, system)
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
    on_step("The city stands as planned; starting PostgreSQL and counting its rows")
    begun = time.monotonic()
    server = start_server(settings)
    expected = record.expected_rows()
    for system in registry.systems:
        counted = _count(settings, system, server)
        if counted is None or any(
            expected.get((system.system, table)) != rows for table, rows in counted.items()
        ):
            on_step(f"{system.system} is not what it was")
            return None
    return CityReport(
        plan=record.plan,
        tables=record.tables,
        content_hash=city_hash(record.tables),
        is_reused=True,
        generate_seconds=0.0,
        deploy_seconds=time.monotonic() - begun,
    )


def _count(settings: Settings, system: System, server: PostgresServer) -> dict[str, int] | None:
    """Rows per table, null when the system cannot be read."""
    try:
        if isinstance(system.connection, PostgresConnection):
            return count_postgresql(system, server)
        if isinstance(system.connection, CsvConnection):
            return count_csv(system, file_location(settings, system))
        if isinstance(system.connection, XlsxConnection):
            return count_xlsx(system, file_location(settings, system))
        return count_sqlite(system, file_location(settings, system))
    except (psycopg.Error, sqlite3.Error, OSError, ValueError, UnreadableFileError):
        return None


def city_hash(tables: tuple[TableContent, ...]) -> str:
    """One digest over the digests of all tables, by name."""
    lines = sorted(f"{t.system}.{t.table}={t.content_hash}" for t in tables)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
