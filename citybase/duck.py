"""DuckDB connections: extensions loaded offline from their wheels, literals and identifiers quoted
in one way.

Everything that opens DuckDB goes through here, so that no connection ever tries to download an
extension or runs without a spill folder. Keep out: what is asked of the connection.
"""

import importlib.metadata
from pathlib import Path

import duckdb

from citybase.errors import CitybaseError

_WHEELS = {
    "httpfs": "duckdb-extension-httpfs",
    "postgres_scanner": "duckdb-extension-postgres-scanner",
    "sqlite_scanner": "duckdb-extension-sqlite-scanner",
}


def extension_path(name: str) -> Path:
    """The file of a DuckDB extension, inside its installed wheel.

    Raises:
        CitybaseError: the wheel is missing.
    """
    wheel = _WHEELS[name]
    wanted = f"{name}.duckdb_extension"
    try:
        files = importlib.metadata.files(wheel) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == wanted:
            return Path(str(file.locate()))
    raise CitybaseError(
        f"The DuckDB extension {name} is not installed.",
        remedy="Run `make setup`: it installs the wheels of requirements/base.lock.",
    )


def connect(
    database: Path | str = ":memory:",
    *,
    read_only: bool = False,
    scratch: Path | None = None,
    extensions: tuple[str, ...] = (),
    threads: int | None = None,
    memory_limit: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open DuckDB offline.

    ``scratch`` is the spill folder; ``memory_limit`` as DuckDB writes it (``"2GB"``).
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        config["temp_directory"] = str(scratch)
    if threads is not None:
        config["threads"] = threads
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    connection = duckdb.connect(str(database), read_only=read_only, config=config)
    for name in extensions:
        connection.execute(f"load {literal(str(extension_path(name)))}")
    return connection


def literal(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A SQL identifier, always quoted."""
    return '"' + name.replace('"', '""') + '"'
