"""The city's database servers together: started, found, stopped and removed.

Add a kind of server here when the city gets one. Keep out: how one is run (``servers.py``,
``servers_mariadb.py``) and what is in it (``deploy_*``).

MariaDB is used where it is installed. A city that was made without it has SQLite files in its place
(``sources/stand_in.py``) until it is made again: its data folder says which.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from citybase.settings import Settings
from sources.simulator.servers import (
    PostgresServer,
    running_postgresql,
    start_postgresql,
    stop_postgresql,
)
from sources.simulator.servers_mariadb import (
    MariadbServer,
    running_mariadb,
    start_mariadb,
    stop_mariadb,
)

# A slot that nobody reads may keep so much of the disk.
_LOG_SETTINGS = {"wal_level": "logical", "max_slot_wal_keep_size": "2GB"}


@dataclass(frozen=True)
class CityServers:
    """The running servers; without ``mariadb`` files stand in for its systems."""

    postgresql: PostgresServer
    mariadb: MariadbServer | None


def start_servers(settings: Settings, *, with_mariadb: bool) -> CityServers:
    """The city's servers, each started when it does not run.

    Raises:
        CityError: one does not start.
    """
    postgresql = _logging(settings, _postgresql(settings))
    mariadb = None
    if with_mariadb:
        mariadb = start_mariadb(_mariadb_data(settings), _password(settings, "mariadb"))
    return CityServers(postgresql, mariadb)


def _postgresql(settings: Settings) -> PostgresServer:
    return start_postgresql(postgresql_data(settings), _password(settings, "postgresql"))


def _logging(settings: Settings, server: PostgresServer) -> PostgresServer:
    """The server with a log that changes can be captured from; set once per data folder."""
    with server.connect() as connection:
        if connection.execute("show wal_level").fetchone() == ("logical",):
            return server
        for name, value in _LOG_SETTINGS.items():
            connection.execute(f"alter system set {name} = '{value}'".encode())
    stop_postgresql(postgresql_data(settings))
    return _postgresql(settings)


def stop_servers(settings: Settings) -> bool:
    """Stop exactly the city's own servers; False when none ran."""
    ended = [stop_postgresql(postgresql_data(settings)), stop_mariadb(_mariadb_data(settings))]
    return any(ended)


def running_servers(settings: Settings) -> tuple[PostgresServer | None, MariadbServer | None]:
    """Those that run, without starting any."""
    return (
        running_postgresql(postgresql_data(settings), _password(settings, "postgresql")),
        running_mariadb(_mariadb_data(settings), _password(settings, "mariadb")),
    )


def has_mariadb(settings: Settings) -> bool:
    """Whether the city that was made here has a MariaDB."""
    return _mariadb_data(settings).is_dir()


def remove_mariadb(settings: Settings) -> None:
    """Stop and forget the MariaDB of an earlier city."""
    stop_mariadb(_mariadb_data(settings))
    shutil.rmtree(_mariadb_data(settings), ignore_errors=True)
    _password(settings, "mariadb").unlink(missing_ok=True)


def postgresql_data(settings: Settings) -> Path:
    """The data folder of the city's PostgreSQL."""
    return settings.city / "postgresql"


def _mariadb_data(settings: Settings) -> Path:
    return settings.city / "mariadb"


def _password(settings: Settings, server: str) -> Path:
    return settings.city / f"{server}.password"
