"""A private MariaDB server: one data folder, one unix socket, started and stopped by its pid.

It is the system's ``mariadbd`` (Debian package mariadb-server), run on a data folder of our own; no
service of the machine is touched and no TCP is listened on. Keep out: what is in its databases.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pymysql

from sources.simulator.plan import CityError
from sources.simulator.servers import write_secret

FOLDER_VARIABLE = "CITYBASE_MARIADB"
_SUPERUSER = "root"
# mariadbd refuses to run as root: one of these accounts owns its files then.
_ACCOUNTS = ("mysql", "nobody")
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/libexec")
_PATIENCE_SECONDS = 60.0
_LOG, _PID, _ID = "mariadb.log", "mariadb.pid", "server_id"
# Those of the highway begin at 2^31.
_FIRST_ID, _IDS = 1, 1 << 30


@dataclass(frozen=True)
class MariadbServer:
    """A running server: where its socket is and who may do everything."""

    pid: int
    socket: str
    password: str

    def location(self, *, database: str, user: str, password: str) -> str:
        """A URL, as `MysqlConnection` and `citybase source discover` take it."""
        query = urlencode({"unix_socket": self.socket})
        return f"mysql://{quote(user, safe='')}:{quote(password, safe='')}@/{database}?{query}"

    def connect(self, database: str | None = None) -> "pymysql.Connection[Any]":
        """A connection as superuser that commits each statement."""
        return pymysql.connect(
            unix_socket=self.socket,
            user=_SUPERUSER,
            password=self.password,
            database=database,
            autocommit=True,
            charset="utf8mb4",
            local_infile=True,
        )


def mariadb_is_installed() -> bool:
    """Whether this machine has the two programs of the package mariadb-server.

    CITYBASE_MARIADB names the one folder where to look for them.
    """
    return all(_program(name) for name in ("mariadbd", "mariadb-install-db"))


def start_mariadb(data: Path, password_file: Path) -> MariadbServer:
    """Start the server of a data folder, or find it running; create the folder when there is none.

    ``password_file`` holds the superuser's password (mode 0600) and is written on first start.
    Every folder above ``data`` has to let the server's account pass.

    Raises:
        CityError: MariaDB is not installed or does not start; the message names its log.
    """
    running = running_mariadb(data, password_file)
    if running is not None:
        return running
    if not mariadb_is_installed():
        raise CityError(
            "MariaDB is not installed: there is no mariadbd.",
            remedy="Install the package mariadb-server (`deploy/setup.sh dev` does it as root), or "
            "make a city without it: `citybase city create`.",
        )
    if not (data / "mysql").is_dir():
        _install(data)
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [_needed("mariadbd"), *_options(data), f"--log-error={data / _LOG}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    password = _opened(data, password_file, process)
    return MariadbServer(process.pid, str(_socket(data)), password)


def running_mariadb(data: Path, password_file: Path) -> MariadbServer | None:
    """The server of a data folder if it runs, without starting it."""
    pid = _running(data)
    if pid is None or not password_file.exists():
        return None
    password = password_file.read_text(encoding="utf-8").strip()
    return MariadbServer(pid, str(_socket(data)), password)


def stop_mariadb(data: Path) -> bool:
    """End the server of this data folder by its pid; False when none ran.

    Raises:
        CityError: it does not end in time.
    """
    pid = _running(data)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        _reap(pid)
        if _running(data) is None:
            shutil.rmtree(_socket(data).parent, ignore_errors=True)
            return True
        time.sleep(0.05)
    raise CityError(
        f"The city's MariaDB (pid {pid}) does not end within {_PATIENCE_SECONDS:.0f} s.",
        remedy="Close what is connected to it, then run `citybase city stop` again.",
    )


def _install(data: Path) -> None:
    """The system tables. Whatever an interrupted installation left is removed first."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            _needed("mariadb-install-db"),
            *_options(data)[:-1],
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CityError(
            f"MariaDB cannot make its data folder {data}: {' '.join(said)}",
            remedy="See that the account mysql may pass through every folder above it.",
        )
    (data / _ID).write_text(f"{_FIRST_ID + secrets.randbelow(_IDS)}\n", encoding="ascii")


def _options(data: Path) -> list[str]:
    socket = _socket(data)
    return [
        # First, or the machine's own configuration would be read.
        "--no-defaults",
        f"--datadir={data.resolve()}",
        f"--socket={socket}",
        # TMPDIR may be closed to the server's account.
        f"--tmpdir={socket.parent}",
        f"--pid-file={data.resolve() / _PID}",
        *([f"--user={_account()}"] if os.geteuid() == 0 else []),
        "--skip-networking",
        # Its tables are followed by their changes: what the binary log needs for that.
        "--log-bin=binlog",
        f"--server-id={_server_id(data)}",
        "--binlog-format=ROW",
        "--binlog-row-metadata=FULL",
        "--max-binlog-size=64M",
        "--binlog-expire-logs-seconds=604800",
        "--character-set-server=utf8mb4",
        "--innodb-buffer-pool-size=64M",
        # A power failure may cost this database: it can be made again.
        "--innodb-flush-log-at-trx-commit=0",
        "--performance-schema=off",
    ]


def _server_id(data: Path) -> int:
    """By which its transactions are numbered: another one for each data folder, so that a place in
    the log of an earlier server is not taken for one in this server's.
    """
    file = data / _ID
    if not file.exists():
        return _FIRST_ID
    return int(file.read_text(encoding="ascii"))


def _account() -> str:
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise CityError(
        "mariadbd refuses to run as root, and this machine has no account mysql or nobody.",
        remedy="Create one: useradd --system --no-create-home mysql.",
    )


def _opened(data: Path, password_file: Path, process: "subprocess.Popen[bytes]") -> str:
    """Wait until the server answers. On its first start its superuser gets a password."""
    fresh = not password_file.exists()
    password = "" if fresh else password_file.read_text(encoding="utf-8").strip()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection = MariadbServer(process.pid, str(_socket(data)), password).connect()
            break
        except pymysql.Error as error:
            if process.poll() is not None or time.monotonic() > deadline:
                process.terminate()
                raise CityError(
                    f"The city's MariaDB in {data} does not start ({error.args[-1]}).",
                    remedy=f"Read {data / _LOG}; `citybase city drop` removes a broken city.",
                ) from error
            time.sleep(0.1)
    with connection, connection.cursor() as cursor:
        if fresh:
            password = secrets.token_urlsafe(24)
            write_secret(password_file, password + "\n")
            cursor.execute("delete from mysql.global_priv where user = ''")
            cursor.execute("flush privileges")
            cursor.execute(f"alter user {_SUPERUSER}@localhost identified by %s", (password,))
    return password


def _running(data: Path) -> int | None:
    """The pid of this folder's server if it lives.

    A pid may have been given to another process since: its command line has to name the folder.
    """
    try:
        pid = int((data / _PID).read_text(encoding="ascii"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (OSError, ValueError):
        return None
    return pid if f"--datadir={data.resolve()}" in words else None


def _reap(pid: int) -> None:
    """Take leave of a child of our own, which would be a zombie otherwise."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _socket(data: Path) -> Path:
    """A short path, since a socket's may have 107 bytes only; the same for one data folder."""
    folder = Path(tempfile.gettempdir()) / f"citybase-mariadb-{os.getuid()}-{_digest(data)}"
    if not folder.exists():
        folder.mkdir(mode=0o711)
        if os.geteuid() == 0:
            shutil.chown(folder, _account())
        folder.chmod(0o711)
    if folder.is_symlink():
        raise CityError(
            f"{folder} is no folder of this user.", remedy="Set TMPDIR to a folder of your own."
        )
    return folder / "s"


def _digest(data: Path) -> str:
    return hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]


def _program(name: str) -> str | None:
    only = os.environ.get(FOLDER_VARIABLE)
    if only:
        return shutil.which(name, path=only)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(_SYSTEM_FOLDERS))


def _needed(name: str) -> str:
    found = _program(name)
    if found is None:
        raise AssertionError(f"{name} was there a moment ago")
    return found
