"""Makes a source of each technology hold a bad value: rows 1 and 9 are good, 5 and 6 bad.

Rows 1 and 5 are there at first; what is captured by its log is then captured once, so that the log
brings 6 and 9. Keep out: what values those are (``matrix.py``).
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from sources.contract import System
from tests.integration.bad_input.deliveries import ENCODINGS, answer, table
from tests.integration.bad_input.matrix import Value
from tests.integration.capture.capture_house import LogServer
from tests.integration.extraction.extraction_house import make_system
from tests.integration.extraction.http_house import Reply, serving
from tests.mariadb_house import Mariadb

# More than any test asks for.
_REQUESTS = 20
FIRST, LATER = (("1", False), ("5", True)), (("6", True), ("9", False))


@dataclass
class Held:
    """A source that holds the first rows, and how it comes to hold the ``later`` ones."""

    system: System
    location: str
    later: Sequence[str | bytes] = ()
    run: Callable[[Sequence[str | bytes]], None] | None = None

    def change(self) -> None:
        if self.run is not None:
            self.run(self.later)


def insert(value: Value, key: str, *, is_bad: bool) -> str | bytes:
    content = value.bad if is_bad else value.good
    if isinstance(content, bytes):
        return b"insert into t values (" + key.encode() + b", " + content + b")"
    return f"insert into t values ({key}, {content})"


def registered(value: Value, technology: str, connection: dict[str, str]) -> System:
    more = {key: word for key, word in value.connection.items() if key != "server_encoding"}
    system = make_system({**connection, **more}, {"t": ["id bigint key", f"v {value.type}"]})
    if not technology.endswith("_log"):
        return system
    tables = [table.model_copy(update={"mode": "log"}) for table in system.tables]
    return system.model_copy(update={"tables": tables})


@contextmanager
def holding(
    value: Value, technology: str, request: pytest.FixtureRequest, folder: Path
) -> Iterator[Held]:
    """A source of the technology, for as long as the block runs."""
    make = {
        "postgresql": postgresql,
        "mysql": mysql,
        "sqlite": sqlite,
        "csv": drop,
        "xlsx": drop,
        "http": interface,
    }[technology.split("_", maxsplit=1)[0]]
    with contextmanager(make)(value, technology, request, folder) as held:
        if not technology.endswith("_log"):
            held.change()
        yield held


def postgresql(
    value: Value, technology: str, request: pytest.FixtureRequest, _folder: Path
) -> Iterator[Held]:
    server: LogServer = request.getfixturevalue("log_server")
    encoding = value.connection.get("server_encoding")
    database = "other" if encoding else "postgres"
    # Of a database that takes any bytes the client writes as its applications do.
    written = value.connection.get("encoding", "utf-8")
    with server.connect() as admin:
        clear(admin)
        if encoding:
            admin.execute(
                f"create database other template template0 encoding '{encoding}' "
                "lc_collate 'C' lc_ctype 'C'".encode()
            )

    where = make_conninfo(server.admin, dbname=database)

    def run(statements: Sequence[str | bytes]) -> None:
        with psycopg.connect(where, autocommit=True) as connection:
            if encoding:
                connection.execute(f"set client_encoding to '{encoding}'".encode())
            connection.execute("set role reader")
            connection.execute("set search_path = huji")
            for statement in statements:
                raw = statement.encode(written) if isinstance(statement, str) else statement
                connection.execute(raw)

    try:
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("create schema huji authorization reader")
        run(
            [
                "create type feeling as enum ('froh', '中')",
                f"create table t (id bigint primary key, v {value.holds})",
                *(insert(value, key, is_bad=is_bad) for key, is_bad in FIRST),
            ]
        )
        system = registered(value, technology, {"technology": "postgresql", "schema": "huji"})
        later = [insert(value, key, is_bad=is_bad) for key, is_bad in LATER]
        yield Held(system, make_conninfo(server.reader, dbname=database), later, run)
    finally:
        with server.connect() as admin:
            clear(admin)


def clear(admin: "psycopg.Connection[tuple[object, ...]]") -> None:
    admin.execute("drop schema if exists huji cascade")
    for (name,) in admin.execute("select slot_name from pg_replication_slots").fetchall():
        admin.execute("select pg_drop_replication_slot(%s)", (name,))
    for (name,) in admin.execute("select pubname from pg_publication").fetchall():
        admin.execute(f'drop publication "{name}"'.encode())
    admin.execute("drop database if exists other with (force)")


def mysql(
    value: Value, technology: str, request: pytest.FixtureRequest, _folder: Path
) -> Iterator[Held]:
    mariadb: Mariadb = request.getfixturevalue("mariadb")
    with mariadb.server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("grant replication slave, binlog monitor on *.* to reader@localhost")
        # As a server has it whose tables hold such values.
        cursor.execute("set global max_allowed_packet = 1073741824")
    mariadb.execute(
        f"create table t (id bigint primary key, v {value.holds}) default charset utf8mb4",
        *(str(insert(value, key, is_bad=is_bad)) for key, is_bad in FIRST),
    )
    system = registered(value, technology, {"technology": "mysql"})
    later = [str(insert(value, key, is_bad=is_bad)) for key, is_bad in LATER]
    yield Held(
        system, mariadb.reader, later, lambda statements: mariadb.execute(*map(str, statements))
    )


def sqlite(
    value: Value, technology: str, _request: pytest.FixtureRequest, folder: Path
) -> Iterator[Held]:
    path = folder / "source.db"
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute(f"create table t (id integer primary key, v {value.holds})")
        for key, is_bad in (*FIRST, *LATER):
            connection.execute(str(insert(value, key, is_bad=is_bad)))
    connection.close()
    yield Held(registered(value, technology, {"technology": "sqlite"}), str(path))


def drop(
    value: Value, technology: str, _request: pytest.FixtureRequest, folder: Path
) -> Iterator[Held]:
    mark, bad = "@bad@", value.bad
    rows = [
        ("id", "v"),
        *((key, mark if is_bad else value.good) for key, is_bad in (*FIRST, *LATER)),
    ]
    if technology == "xlsx":
        content = table(technology, [[mark_is(cell, mark, bad) for cell in row] for row in rows])
    else:
        encoding = ENCODINGS[technology]
        quoted = '"' + str(bad).replace('"', '""') + '"' if '"' in str(bad) else bad
        raw = quoted if isinstance(quoted, bytes) else quoted.encode(encoding)
        content = table(technology, rows).replace(mark.encode(), raw)
    system, location = delivered(content, technology, folder, type_=value.type)
    yield Held(system, location)


def interface(
    value: Value, technology: str, _request: pytest.FixtureRequest, _folder: Path
) -> Iterator[Held]:
    mark = "@bad@"
    body = answer(
        f'"id": {key}, "v": {mark if is_bad else value.good}' for key, is_bad in (*FIRST, *LATER)
    )
    bad = value.bad if isinstance(value.bad, bytes) else value.bad.encode()
    with answering(body.replace(mark.encode(), bad)) as location:
        yield Held(registered(value, technology, {"technology": "http"}), location)


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Where an interface is that answers everything with this, told as gzip where it is that."""
    headers = {"Content-Type": "application/json"}
    if body.startswith(b"\x1f\x8b"):
        headers["Content-Encoding"] = "gzip"
    with serving() as found:
        found.replies += [Reply(body=body, headers=headers)] * _REQUESTS
        yield found.url


def mark_is(cell: str, mark: str, bad: str | bytes) -> str:
    return str(bad) if cell == mark else cell


@contextmanager
def delivery_of(content: bytes, technology: str, folder: Path) -> Iterator[tuple[System, str]]:
    """A system that delivers this, and where it is, for as long as the block runs."""
    if technology == "http":
        with answering(content) as location:
            connection = {"technology": technology}
            yield (
                make_system(connection, {"t=t_20260101": ["id bigint key", "v varchar"]}),
                location,
            )
    else:
        yield delivered(content, technology, folder)


def delivered(
    content: bytes, technology: str, folder: Path, *, type_: str = "varchar"
) -> tuple[System, str]:
    """A folder that has received one file, and its registry system."""
    ending = technology.split("_", maxsplit=1)[0]
    drop_folder = folder / "drop"
    drop_folder.mkdir()
    (drop_folder / f"t_20260101.{ending}").write_bytes(content)
    connection = {"technology": ending}
    if technology in ENCODINGS:
        connection["encoding"] = ENCODINGS[technology]
    system = make_system(connection, {f"t=t_*.{ending}": ["id bigint key", f"v {type_}"]})
    return system, str(drop_folder)
