"""How each technology is read: one module per technology, one function that opens a system.

Add a technology as a module with a ``Session`` and a line in ``open_source``. Keep out: names of
systems and tables (those are registry data) and landing.
"""

from pathlib import Path
from typing import assert_never

from citybase.errors import SourceError
from sources.connectors.base import Reading, Session, Window
from sources.connectors.csv import CsvSession
from sources.connectors.http import HttpSession
from sources.connectors.mysql import MysqlSession
from sources.connectors.postgresql import PostgresSession
from sources.connectors.sqlite import SqliteSession
from sources.connectors.xlsx import XlsxSession
from sources.contract import System
from sources.contract_connection import (
    CsvConnection,
    MysqlConnection,
    PostgresConnection,
    SqliteConnection,
    XlsxConnection,
)
from sources.contract_http import HttpConnection
from sources.stand_in import stand_in_path

__all__ = ["Reading", "Session", "Window", "open_source"]

_LOCATIONS = {
    "postgresql": "its connection string",
    "mysql": "its URL",
    "sqlite": "the path of its file",
    "csv": "the path of the folder that receives its files",
    "xlsx": "the path of the folder that receives its files",
    "http": "its base URL",
}


def open_source(system: System, environment: dict[str, str], *, has_city: bool = False) -> Session:
    """Open a source system for reading; ``environment`` is ``settings.source_environment(...)``.

    ``has_city`` says that the synthetic city has already told where its own systems are: one that
    has no location all the same is a real one.

    Raises:
        SourceError: its location is not set, or it cannot be reached.
    """
    connection = system.connection
    location = environment.get(connection.location_env)
    if not location:
        raise SourceError(
            f"{system.system} ({system.name}) has no location: {connection.location_env} "
            "is not set.",
            remedy=f"Set {connection.location_env} to {_LOCATIONS[connection.technology]}: "
            "docs/adding-a-source.md, step 2."
            + ("" if has_city else " For the synthetic city run `citybase city create`."),
        )
    match connection:
        case PostgresConnection():
            return PostgresSession(system, location, connection=connection)
        case MysqlConnection():
            path = stand_in_path(system, location)
            if path is not None:
                return SqliteSession(system, path)
            return MysqlSession(system, location, connection=connection)
        case SqliteConnection():
            return SqliteSession(system, Path(location))
        case CsvConnection():
            return CsvSession(system, Path(location), connection)
        case XlsxConnection():
            return XlsxSession(system, Path(location), connection)
        case HttpConnection():
            token = environment.get(connection.token_env) if connection.token_env else None
            return HttpSession(system, location, connection, token=token)
        case _:
            assert_never(connection)
