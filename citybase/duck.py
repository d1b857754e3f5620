"""DuckDB connections: extensions loaded offline from their wheels, literals and identifiers quoted
in one way.

Everything that opens DuckDB goes through here, so that no connection ever tries to download an
extension or runs without a spill folder. Keep out: what is asked of the connection.
"""

import importlib.metadata
import re
from functools import cache
from pathlib import Path

import duckdb

from citybase.errors import CitybaseError, LockedError

_WHEELS = {
    "httpfs": "duckdb-extension-httpfs",
    "mysql_scanner": "duckdb-extension-mysql-scanner",
    "postgres_scanner": "duckdb-extension-postgres-scanner",
    "sqlite_scanner": "duckdb-extension-sqlite-scanner",
}


# Extension files whose signature DuckDB has checked in this process.
_VERIFIED: set[Path] = set()
_LOCKED = re.compile(r"Conflicting lock is held in (?P<program>.*) \(PID (?P<pid>\d+)\)")


@cache
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

    Raises:
        LockedError: another process has the file open for writing, or has it open at all.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    paths = [extension_path(name) for name in extensions]
    # DuckDB checks a signature by hashing the whole file: 0.12 CPU-seconds, twice what it takes to
    # extract a table of a hundred rows. Each process pays it once for each file.
    config["allow_unsigned_extensions"] = bool(paths) and _VERIFIED.issuperset(paths)
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        config["temp_directory"] = str(scratch)
    if threads is not None:
        config["threads"] = threads
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    try:
        connection = duckdb.connect(str(database), read_only=read_only, config=config)
    except duckdb.IOException as error:
        refused = _refused(database, error)
        if refused is None:
            raise
        raise refused from error
    # Drawn into whatever the output is, a log too.
    connection.execute("set enable_progress_bar = false")
    for path in paths:
        connection.execute(f"load {literal(str(path))}")
        _VERIFIED.add(path)
    return connection


def _refused(database: Path | str, error: duckdb.IOException) -> LockedError | None:
    """DuckDB's own lock: whoever opened the file without citybase did not take ours."""
    found = _LOCKED.search(str(error))
    if found is None:
        return None
    return LockedError(
        f"{database} is open in process {found['pid']} ({Path(found['program']).name}).",
        remedy="Close it there, then repeat; published files can be read at any time.",
    )


def literal(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A SQL identifier, always quoted."""
    return '"' + name.replace('"', '""') + '"'
