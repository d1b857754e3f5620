"""Opens the operational store: SQLite in WAL mode under CITYBASE_HOME, or the PostgreSQL that
CITYBASE_OPS_URL names; migrated to the newest schema before anyone gets it.

Add here what every connection to the store needs. Keep out: tables (``schema.py``) and queries.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from citybase.errors import SettingsError
from citybase.lock import held
from citybase.settings import Settings

URL_VARIABLE = "CITYBASE_OPS_URL"
_MIGRATION_LOCK = 7_266_373_126  # any constant: the advisory lock's name inside PostgreSQL
_WAIT_SECONDS = 60


def open_store(settings: Settings) -> sa.Engine:
    """The operational store at its newest schema. Safe when several processes begin at once.

    Raises:
        SettingsError: CITYBASE_OPS_URL is not usable, or the store cannot be opened.
    """
    url = os.environ.get(URL_VARIABLE)
    try:
        engine = _postgresql(url) if url else _sqlite(settings)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(str(settings.ops), str(error)) from None
    try:
        _migrate(engine)
    except CommandError:
        engine.dispose()
        raise SettingsError(
            "The operational store was written by a newer citybase.",
            remedy="Install that version, or point CITYBASE_HOME elsewhere.",
        ) from None
    except sa.exc.OperationalError as error:
        engine.dispose()
        raise _unusable(URL_VARIABLE if url else str(settings.ops), _first_line(error)) from None
    return engine


def _unusable(where: str, reason: str) -> SettingsError:
    return SettingsError(
        f"The operational store ({where}) cannot be opened: {reason}.",
        remedy="Start its server or correct the address; for SQLite check that the folder "
        "(CITYBASE_HOME) is writable and on a local disk.",
    )


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that sees one state of the store and takes no write lock."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else None
    options: dict[str, Any] = {"citybase_read": True}
    if level:
        options["isolation_level"] = level
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes; it commits when the block ends without an error."""
    with engine.begin() as connection:
        yield connection


def _postgresql(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername != "postgresql+psycopg":
            raise SettingsError(
                f"{URL_VARIABLE} names driver {parsed.drivername}.",
                remedy="Write postgresql+psycopg://user:password@host/database.",
            )
        return sa.create_engine(parsed, pool_pre_ping=True)
    except sa.exc.ArgumentError:
        raise SettingsError(
            f"{URL_VARIABLE} is not a database URL.",
            remedy="Write postgresql+psycopg://user:password@host/database.",
        ) from None


def _sqlite(settings: Settings) -> sa.Engine:
    settings.ops.parent.mkdir(parents=True, exist_ok=True)
    _make_wal(settings)
    engine = sa.create_engine(f"sqlite:///{settings.ops}", poolclass=sa.pool.NullPool)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions leave DDL and reads outside; citybase begins them itself.
        connection.isolation_level = None
        connection.execute(f"pragma busy_timeout = {_WAIT_SECONDS * 1000}")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A deferred transaction that begins with a read and then writes fails at once when another
        # writer came between; taking the write lock first makes it wait instead.
        read = connection.get_execution_options().get("citybase_read", False)
        connection.exec_driver_sql("begin" if read else "begin immediate")

    return engine


def _make_wal(settings: Settings) -> None:
    """Put the file into WAL mode, one process at a time: SQLite does not wait for that change."""
    lock = settings.ops.with_suffix(".lock")
    with (
        held(lock, "open", what="the operational store", wait_seconds=_WAIT_SECONDS),
        contextlib.closing(sqlite3.connect(settings.ops)) as connection,
    ):
        connection.execute(f"pragma busy_timeout = {_WAIT_SECONDS * 1000}")
        connection.execute("pragma journal_mode = wal")


def _migrate(engine: sa.Engine) -> None:
    if _version(engine) == _head():
        return
    # One at a time: SQLite's write lock is taken by `begin`, PostgreSQL's here. Whoever is
    # second finds the newest version in its transaction and changes nothing.
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("select version_num from alembic_version"))
        return found


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    folder = resources.files("citybase.store") / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _first_line(error: sa.exc.OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".")
