"""A private PostgreSQL or MariaDB whose log is captured, an installation, and the highway beside
them.

The leading underscore keeps it out of what `citybase bench` offers. Keep out: any one measurement.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from citybase.private import PASSABLE, make_private
from citybase.settings import Settings
from citybase.store import open_store, reading
from citybase.store.schema import batch
from sources.contract import System
from sources.highway.health import ask_health
from sources.simulator.servers import start_postgresql, stop_postgresql
from sources.simulator.servers_mariadb import start_mariadb, stop_mariadb

_LOCATION = "SOURCE_HOUSEHOLD_REGISTER"
# Per column the type of the registry and those of the servers.
_COLUMNS = {
    "id": ("bigint", "bigint primary key", "bigint primary key"),
    "id_card": ("varchar", "varchar(18)", "varchar(18)"),
    "name": ("varchar", "text", "text"),
    "county": ("varchar", "char(6)", "char(6)"),
    "born": ("date", "date", "date"),
    "amount": ("decimal(12,2)", "numeric(12,2)", "decimal(12,2)"),
    "updated_at": ("timestamp", "timestamptz", "datetime(6)"),
}
_SERVICE = """
import signal, sys
from pathlib import Path
from citybase.settings import Settings
from sources.contract import System
from sources.highway.service import Highway
from sources.registry import Registry

system = System.model_validate_json(sys.argv[2])
highway = Highway(Settings(home=Path(sys.argv[1])), Registry(systems=(system,)))
signal.signal(signal.SIGTERM, lambda *_: highway.stop())
with highway.started():
    while not highway.wait(1):
        pass
"""


@dataclass(frozen=True)
class LogSource:
    """``admin`` is a libpq string or a URL that may do everything; ``system`` is read through it
    too. ``connect`` makes a connection that commits each statement (DB-API).
    """

    settings: Settings
    system: System
    admin: str
    connect: Callable[[], Any]

    def execute(self, *statements: str) -> None:
        """Run statements, each committed by itself."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def committed(self) -> list[tuple[int, datetime]]:
        """Every log batch and when it came into the ledger (UTC)."""
        engine = open_store(self.settings)
        with reading(engine) as connection:
            rows = connection.execute(
                sa.select(batch.c.batch_id, batch.c.committed_at).where(batch.c.kind == "log")
            ).all()
        engine.dispose()
        return [(int(number), at) for number, at in rows]

    def landed(self) -> int:
        """How many changes are in the ledger."""
        engine = open_store(self.settings)
        with reading(engine) as connection:
            found = connection.scalar(
                sa.select(sa.func.sum(batch.c.rows_landed)).where(batch.c.kind == "log")
            )
        engine.dispose()
        return int(found or 0)


@dataclass(frozen=True)
class Service:
    """A highway in a process of its own."""

    process: "subprocess.Popen[bytes]"

    def cpu_s(self) -> float:
        """CPU seconds of the process up to now, starting Python included."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def log_source(folder: Path, technology: str = "postgresql") -> Iterator[LogSource]:
    """A server with the table ``huji.resident``, empty, while the block runs; ``technology`` is
    postgresql or mysql, which is a MariaDB.
    """
    # A server's own account passes through it.
    folder.chmod(PASSABLE)
    started = _postgresql(folder) if technology == "postgresql" else _mariadb(folder)
    with started as (admin, connect):
        settings = Settings(home=folder / "home")
        make_private(settings)
        yield LogSource(settings, _system(technology), admin, connect)


@contextmanager
def _postgresql(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    data, password = folder / "postgresql", folder / "password"
    server = start_postgresql(data, password)
    try:
        with server.connect() as connection:
            for setting in ("wal_level = 'logical'", "max_slot_wal_keep_size = '8GB'"):
                connection.execute(f"alter system set {setting}".encode())
        stop_postgresql(data)
        server = start_postgresql(data, password)
        with server.connect() as connection:
            connection.execute("create schema huji")
            connection.execute(f"create table huji.resident ({_declared(1)})".encode())
        admin = server.location(database="postgres", user="postgres", password=server.password)
        yield admin, lambda: psycopg.connect(admin, autocommit=True)
    finally:
        stop_postgresql(data)


@contextmanager
def _mariadb(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    data = folder / "mariadb"
    server = start_mariadb(data, folder / "mariadb.password")
    try:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("create database huji")
            cursor.execute(f"create table huji.resident ({_declared(2)})")
        admin = server.location(database="huji", user="root", password=server.password)
        yield admin, lambda: server.connect("huji")
    finally:
        stop_mariadb(data)


def _declared(place: int) -> str:
    return ", ".join(f"{code} {kinds[place]}" for code, kinds in _COLUMNS.items())


@contextmanager
def serve(source: LogSource) -> Iterator[Service]:
    """The highway, streaming, while the block runs."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [
            sys.executable,
            "-c",
            _SERVICE,
            str(source.settings.home),
            source.system.model_dump_json(by_alias=True),
        ],
        env={**os.environ, _LOCATION: source.admin},
    )
    try:
        while True:
            found = ask_health(source.settings)
            if found is not None and found.systems[0].phase == "streams":
                break
            if process.poll() is not None:
                raise SystemExit("the highway ended before it began")
        yield Service(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _system(technology: str) -> System:
    return System.model_validate(
        {
            "system": "household_register",
            "name": "户籍管理系统",
            "department": {
                "code": "public_security",
                "name": "临沂市公安局",
                "uscc": "11371300004321004C",
            },
            "level": "city",
            "network_domain": "administrative",
            "owner": {"name": "户政科", "phone": "0539-8170110"},
            "connection": {
                "technology": technology,
                "location_env": _LOCATION,
                "schema": "huji",
            },
            "tables": [
                {
                    "table": "resident",
                    "name": "户籍人口",
                    "keys": ["id"],
                    "mode": "log",
                    "update_cycle": "real_time",
                    "sharing": {"type": "unconditional"},
                    "openness": "closed",
                    "columns": [
                        {
                            "column": code,
                            "name": "列",
                            "type": kind,
                            "nullable": code != "id",
                            "class": "internal",
                        }
                        for code, (kind, *_) in _COLUMNS.items()
                    ],
                }
            ],
        }
    )
