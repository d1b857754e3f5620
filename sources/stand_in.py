"""A MySQL system whose server this machine does not have: a SQLite file stands in for it.

The synthetic city says so by the location: ``sqlite:`` and the path of the file. Such a file has no
log, so its tables in mode ``log`` are compared by hashes instead, which finds every change too. The
registry stays as it is. Keep out: how the file is filled (``simulator/``) and read
(``connectors/``).
"""

from collections.abc import Mapping
from pathlib import Path

from sources.contract import System
from sources.contract_connection import MysqlConnection
from sources.registry import Registry

_PREFIX = "sqlite:"


def stand_in_location(path: Path) -> str:
    """The location of a system that a file stands in for."""
    return f"{_PREFIX}{path}"


def stand_in_path(system: System, location: str) -> Path | None:
    """The file that stands in for the system at that location; None when it is itself."""
    if isinstance(system.connection, MysqlConnection) and location.startswith(_PREFIX):
        return Path(location.removeprefix(_PREFIX))
    return None


def as_located(system: System, environment: Mapping[str, str]) -> System:
    """The system with the modes that are possible where it stands."""
    if stand_in_path(system, environment.get(system.connection.location_env, "")) is None:
        return system
    tables = [
        table.model_copy(update={"mode": "hash_diff"}) if table.mode == "log" else table
        for table in system.tables
    ]
    return system.model_copy(update={"tables": tables})


def stand_ins(registry: Registry, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The codes of the systems that a file stands in for, in their order."""
    return tuple(
        system.system
        for system in registry.systems
        if stand_in_path(system, environment.get(system.connection.location_env, "")) is not None
    )
