"""Where a MySQL or MariaDB database is: one URL, read in one way by every reader.

Keep out: what is asked of the database (``mysql.py``, ``sources/discover/mysql.py``).
"""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import pymysql

from citybase.duck import literal

FORM = "mysql://reader:password@db.example:3306/database"
_SCHEMES = {"mysql", "mariadb"}
_OPTIONS = {"unix_socket", "ssl_ca"}
_CONNECT_SECONDS = 10
_CATALOG_SECONDS = 60
_PORT = 3306


class LocationError(ValueError):
    """The URL is none; the text says why, as the end of a sentence, without any part of it."""


@dataclass(frozen=True)
class MysqlLocation:
    """The parts of a URL. ``password`` never stands in a repr."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str | None = None
    unix_socket: str | None = None
    ssl_ca: str | None = None

    def connect(self) -> "pymysql.Connection[Any]":
        """A connection for the catalogue, read-only and named. Raises pymysql.Error."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            unix_socket=self.unix_socket,
            user=self.user,
            # As bytes: PyMySQL would write a text as latin1.
            password=self.password.encode(),
            database=self.database,
            charset="utf8mb4",
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_CATALOG_SECONDS,
            autocommit=True,
            init_command="set session transaction read only",
            program_name="citybase",
            ssl=ssl.create_default_context(cafile=self.ssl_ca) if self.ssl_ca else None,
        )

    def secret(self) -> str:
        """The parameters of DuckDB's `create secret`: there no character of a password is special,
        as some are in a connection string.
        """
        said = {"host": self.host, "user": self.user, "password": self.password}
        if self.unix_socket:
            said["socket"] = self.unix_socket
        if self.database:
            said["database"] = self.database
        if self.ssl_ca:
            said |= {"ssl_ca": self.ssl_ca, "ssl_mode": "verify_identity"}
        parameters = ", ".join(f"{name} {literal(value)}" for name, value in said.items())
        return f"type mysql, port {self.port}, {parameters}"


def parse_location(url: str) -> MysqlLocation:
    """Read ``mysql://user:password@host:port/database``, special characters percent-encoded.

    ``?unix_socket=`` names a socket in place of host and port, ``?ssl_ca=`` the certificates that
    the server has to prove itself by. Raises LocationError.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORT
    except ValueError:
        raise LocationError(f"is no URL like {FORM}") from None
    if parts.scheme not in _SCHEMES or not parts.username:
        raise LocationError(f"is no URL like {FORM}")
    options = parse_qs(parts.query, keep_blank_values=True)
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise LocationError(f"has options other than {', '.join(sorted(_OPTIONS))}")
    socket = options.get("unix_socket", [None])[-1]
    return MysqlLocation(
        host=_host(parts, socket),
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or None,
        unix_socket=socket,
        ssl_ca=options.get("ssl_ca", [None])[-1],
    )


def _host(parts: SplitResult, socket: str | None) -> str:
    if socket:
        return "localhost"
    if not parts.hostname:
        raise LocationError("names no host")
    # The two client libraries disagree on whether localhost means TCP.
    return "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
