"""A PostgreSQL system whose tables are captured by their log: its names, connections and wording.

Texts in the stream are written by the session that streams, so both kinds of connection are given
the same settings as the one that reads snapshots (``connectors/postgresql.py``). Keep out: what is
asked of the server (``pg_checks.py``, ``pg_slot.py``) and the stream (``pg_stream.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq.abc import PGconn

from citybase.duck import quoted
from citybase.errors import SourceError
from sources.contract import System, Table
from sources.contract_connection import PostgresConnection
from sources.highway.errors import CaptureRefusedError, StreamInterruptedError

_CONNECT_SECONDS = 10
_OPTIONS = (
    "-c idle_in_transaction_session_timeout=0 -c timezone=Asia/Shanghai "
    "-c datestyle=ISO,YMD -c intervalstyle=iso_8601 -c extra_float_digits=1 -c bytea_output=hex"
)
# A lock that is not to be had at once is not waited for: others would queue behind us. A new slot
# waits for transactions to end, which PostgreSQL also calls a lock; nobody queues behind that.
_IMPATIENT = "-c statement_timeout=60000 -c lock_timeout=2000"
_PATIENT = "-c statement_timeout=0 -c lock_timeout=0"
_LONGEST_NAME = 61  # of the server's 63, which leaves two for a second slot
_MASKED = "…"


@dataclass(frozen=True)
class PostgresLog:
    """One registry system and where it is; ``location`` is a libpq string and may hold a password.

    Publication and slot are both called ``name``.
    """

    system: System
    location: str

    @property
    def name(self) -> str:
        """``citybase_<system>``. Raises CaptureRefusedError when that is too long a name."""
        name = f"citybase_{self.system.system}"
        if len(name) > _LONGEST_NAME:
            raise self.refused(
                f"has too long a code for a replication slot ({_LONGEST_NAME} letters)",
                remedy="Give it a shorter `system:` in the registry.",
            )
        return name

    @property
    def schema(self) -> str:
        """The schema of all its tables."""
        assert isinstance(self.system.connection, PostgresConnection)  # noqa: S101 - its technology
        return self.system.connection.db_schema

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that are captured by their log."""
        return tuple(table for table in self.system.tables if table.mode == "log")

    @property
    def keys(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """What ``pgoutput.Decoder`` wants to know: the source's names of the registry's keys."""
        return {
            (self.schema, table.source_name): [table.column(key).source_name for key in table.keys]
            for table in self.tables
        }

    def qualified(self, table: Table) -> str:
        """The table as SQL names it."""
        return f"{quoted(self.schema)}.{quoted(table.source_name)}"

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection for catalogue queries; each statement commits.

        Raises StreamInterruptedError when the server cannot be reached, CaptureRefusedError when it
        refuses the user.
        """
        try:
            return psycopg.connect(self._conninfo(_IMPATIENT), autocommit=True)
        except psycopg.Error as error:
            raise self.not_connected(str(error)) from None

    def connect_for_replication(self) -> PGconn:
        """A connection that speaks the replication protocol. Raises as ``connect`` does."""
        conninfo = self._conninfo(_PATIENT, replication="database")
        connection = pq.PGconn.connect(conninfo.encode())
        if connection.status != pq.ConnStatus.OK:
            problem = connection.get_error_message()
            connection.finish()
            raise self.not_connected(problem)
        # Settings that older servers do not know, and that would end a long snapshot.
        if connection.server_version >= 170000:
            connection.exec_(b"set transaction_timeout = 0")
        return connection

    def not_connected(self, problem: str) -> SourceError:
        """The error of a connection that was not made."""
        text = self.without_secret(problem.rsplit("FATAL:", maxsplit=1)[-1])
        env = self.system.connection.location_env
        if any(word in text for word in ("REPLICATION", "replication", "WAL sender")):
            return self.refused(
                f"does not let this user replicate: {text}",
                remedy=f"Ask for: alter role {quoted(self.user)} replication; and a line in "
                f"pg_hba.conf that lets it in. {self.owner}",
            )
        if any(word in text for word in ("password", "authentication", "pg_hba", "does not exist")):
            return self.refused(
                f"refuses the user or the database: {text}",
                remedy=f"Correct user, password and dbname in {env}. {self.owner}",
            )
        return StreamInterruptedError(
            self.sentence(f"cannot be reached: {text}"),
            remedy=f"Start its database, or correct host and port in {env}. {self.owner}",
        )

    def refused(self, problem: str, *, remedy: str) -> CaptureRefusedError:
        """The system is not set up for capture."""
        return CaptureRefusedError(self.sentence(problem), remedy=remedy)

    def table_refused(self, table: Table, problem: str, *, remedy: str) -> CaptureRefusedError:
        """One table cannot be captured by its log."""
        return CaptureRefusedError(
            f"{self.system.system}.{table.table} ({self.system.name}, {table.source_name}) "
            f"{problem.rstrip('.')}.",
            remedy=remedy,
        )

    def sentence(self, problem: str) -> str:
        """One sentence that names the system."""
        return f"{self.system.system} ({self.system.name}) {problem.rstrip('.')}."

    @property
    def owner(self) -> str:
        """Whom to ask."""
        return f"Ask {self.system.owner.name} ({self.system.owner.phone})."

    @property
    def user(self) -> str:
        """Who reads."""
        return str(conninfo_to_dict(self.location).get("user") or "citybase")

    def without_secret(self, text: str) -> str:
        """The first line of a foreign message, without connection string or password."""
        password = conninfo_to_dict(self.location).get("password")
        line = text.strip().splitlines()[0] if text.strip() else "no message"
        line = line.replace(self.location, _MASKED)
        return (line.replace(str(password), _MASKED) if password else line)[:300]

    def _conninfo(self, more_options: str, **more: str) -> str:
        try:
            own = str(conninfo_to_dict(self.location).get("options") or "")
            return make_conninfo(
                self.location,
                application_name="citybase",
                client_encoding="UTF8",
                connect_timeout=_CONNECT_SECONDS,
                keepalives_idle=30,
                keepalives_interval=10,
                keepalives_count=3,
                options=f"{own} {_OPTIONS} {more_options}".strip(),
                **more,
            )
        except psycopg.Error:
            # The parser quotes what it could not read, which may be the password.
            raise self.refused(
                f"has no libpq connection string in {self.system.connection.location_env}",
                remedy="Write it like `host=db.example port=5432 dbname=huji user=reader "
                "password=…`.",
            ) from None


def lsn_number(text: str) -> int:
    """``16/B374D848`` as a number."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn_text(lsn: int) -> str:
    """A number as PostgreSQL writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
