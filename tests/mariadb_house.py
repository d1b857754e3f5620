"""A private MariaDB for tests, in a folder that its own account may pass through."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from sources.simulator.servers_mariadb import (
    MariadbServer,
    mariadb_is_installed,
    start_mariadb,
    stop_mariadb,
)

MARIADB_PASSWORD = "p'w\"ö @:/;=%"  # every character that some URL or connection string trips over


@dataclass(frozen=True)
class Mariadb:
    """A running server: ``connect`` may do all, ``reader`` is a URL that may only select."""

    server: MariadbServer
    database: str

    def connect(self) -> "pymysql.Connection[Any]":
        return self.server.connect(self.database)

    def execute(self, *statements: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            # As lenient as the servers of real departments are.
            cursor.execute("set session sql_mode = ''")
            for statement in statements:
                cursor.execute(statement)

    @property
    def reader(self) -> str:
        return self.server.location(
            database=self.database, user="reader", password=MARIADB_PASSWORD
        )


def require_mariadb() -> None:
    """Skip where MariaDB is not installed, but never in CI: there it is a failure."""
    if not mariadb_is_installed():
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs mariadbd: deploy/setup.sh installs mariadb-server")
        pytest.skip("mariadbd is not installed: apt-get install mariadb-server")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """See ``require_mariadb``."""
    require_mariadb()
    with tempfile.TemporaryDirectory(prefix="citybase-mariadb-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = start_mariadb(home / "data", home / "password")
        try:
            yield server
        finally:
            stop_mariadb(home / "data")


@pytest.fixture
def mariadb(mariadb_server: MariadbServer) -> Iterator[Mariadb]:
    """A fresh database that the reader may read."""
    database = f"test_{secrets.token_hex(4)}"
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {database}")
        cursor.execute(
            "create user if not exists reader@localhost identified by %s", (MARIADB_PASSWORD,)
        )
        cursor.execute(f"grant select on {database}.* to reader@localhost")
        yield Mariadb(mariadb_server, database)
        cursor.execute(f"drop database {database}")
