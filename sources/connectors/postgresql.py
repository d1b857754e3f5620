"""Reads PostgreSQL: one read-only query per table, through DuckDB's postgres scanner.

The select list is generated from pg_catalog. Keep out: what becomes of a type
(``postgresql_type.py``), decoding (``postgresql_encoding.py``), change capture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from citybase.duck import literal, quoted
from citybase.errors import SourceError
from sources.connectors.base import LINE_COLUMN, Reading, Session, Window
from sources.connectors.postgresql_encoding import (
    WORTHLESS,
    decoded,
    decoded_query,
    server_encoding,
    tolerate,
)
from sources.connectors.postgresql_type import WORDS, Asked, Attribute, asked, fits
from sources.contract import System, Table
from sources.contract_connection import PostgresConnection
from sources.pace import PATIENT_SECONDS, paced

_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 3600
_OPTIONS = (
    "-c default_transaction_read_only=on "
    "-c lock_timeout=10000 "
    "-c idle_in_transaction_session_timeout=600000 "
    "-c datestyle=ISO,YMD -c intervalstyle=iso_8601 -c extra_float_digits=1"
)
# What the database is called where DuckDB reads it.
ALIAS = "source"
_POLICIES = "check_enable_rls"

_COLUMNS = """
    select
        a.attname, coalesce(b.typname, t.typname), t.typtype, format_type(a.atttypid, a.atttypmod)
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_type as t on t.oid = a.atttypid
    left join pg_catalog.pg_type as b on b.oid = nullif(t.typbasetype, 0)
    where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""
_RELATION = """
    select c.oid, has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f')
"""


# The cluster, the database in it and the table in that.
_IDENTITY = """
    select concat_ws(
        '.',
        (select c.system_identifier from pg_control_system() as c),
        (select d.oid from pg_database as d where d.datname = current_database()),
        to_regclass(%s)::oid
    )
"""


@dataclass(frozen=True)
class _Query:
    """What PostgreSQL itself runs, the columns it yields, and which of them are to be decoded."""

    select: str
    columns: list[Asked]
    texts: list[str]


class PostgresSession(Session):
    """One PostgreSQL database, read by a connection that cannot write."""

    extensions = ("postgres_scanner",)

    def __init__(self, system: System, location: str, *, connection: PostgresConnection) -> None:
        """Connect. Raises SourceError when the server, the database or the user is refused."""
        super().__init__(system, location)
        self._schema = connection.db_schema
        # Off, PostgreSQL refuses a query whose rows a policy would thin out, as pg_dump has it.
        self._row_security = "on" if connection.row_security == "filter" else "off"
        self._conninfo = self._complete(location)
        try:
            self._catalog = psycopg.connect(self._conninfo, autocommit=True)
            tolerate(self._catalog)
        except psycopg.Error as error:
            raise self._refused(error) from None
        self._stored_as = server_encoding(self._catalog)
        self._encoding = connection.encoding
        self.reads_undeclared = self._encoding is not None or self._stored_as not in WORTHLESS
        if self._encoding is not None and self._stored_as == "UTF8":
            raise self.system_error(
                f"says `encoding: {self._encoding}`, but its database is in UTF8 and keeps it",
                remedy="Take `encoding:` out of its `connection:`.",
            )

    def close(self) -> None:
        """Close the catalogue connection."""
        self._catalog.close()

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        self._select(table)

    def columns(self, table: Table) -> Mapping[str, str]:
        """See ``Session.columns``."""
        try:
            return {name: found.shown for name, found in self._attributes(table).items()}
        except psycopg.OperationalError as error:
            raise self._refused(error) from None

    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,
        work: Path,
        window: Window | None = None,
    ) -> Reading:
        """See ``Session.read``."""
        query = self._select(table, window)
        try:
            duck.execute(
                f"attach if not exists {literal(self._conninfo)} as {ALIAS} "
                "(type postgres, read_only)"
            )
        except duckdb.Error as error:
            raise self.explained(table, error) from None
        columns = ", ".join(f"{one.read} as {quoted(one.name)}" for one in query.columns)
        asked = f"postgres_query({literal(ALIAS)}, {literal(query.select)})"
        source = f"from {paced(duck, asked, self.pace)}"
        if self._encoding is None or not query.texts:
            return Reading(sql=f"select {columns}, null::varchar as {LINE_COLUMN} {source}")
        stored, readable = work / "stored.parquet", work / "decoded.parquet"
        try:
            duck.execute(f"copy (select {columns} {source}) to {literal(str(stored))}")
        except duckdb.Error as error:
            raise self.explained(table, error) from None
        decoded(stored, readable, texts=query.texts, encoding=self._encoding)
        stored.unlink()
        return Reading(
            sql=decoded_query(
                readable, codes=[one.name for one in query.columns], texts=query.texts
            )
        )

    def identity(self, table: Table) -> str | None:
        """See ``Session.identity``. Where the server does not tell its own, there is none."""
        relation = f"{quoted(self._schema)}.{quoted(table.source_name)}"
        try:
            row = self._catalog.execute(_IDENTITY, (relation,)).fetchone()
        except psycopg.Error:
            return None
        return str(row[0]) if row and row[0] else None

    def explained(self, table: Table, error: duckdb.Error) -> SourceError:
        """See ``Session.explained``. In every language the server's message names the encoding."""
        if '"UTF8"' not in str(error):
            return super().explained(table, error)
        return self.table_error(
            table,
            f"holds text that its database, in {self._stored_as}, cannot convert: "
            f"{self.without_secret(str(error))}",
            remedy="Write `encoding: gb18030` (or utf-8) under `connection:`: what the "
            f"applications really write. {self.owner}",
        )

    def without_secret(self, text: str) -> str:
        """The first line of a foreign message, without connection string or password."""
        password = conninfo_to_dict(self.location).get("password")
        text = text.replace(self._conninfo, "…")
        if password:
            text = text.replace(str(password), "…")
        return super().without_secret(text)

    def _complete(self, location: str) -> str:
        seconds = _STATEMENT_SECONDS if self.pace is None else PATIENT_SECONDS
        try:
            own = str(conninfo_to_dict(location).get("options") or "")
            return make_conninfo(
                location,
                application_name="citybase",
                client_encoding="UTF8",
                connect_timeout=_CONNECT_SECONDS,
                options=f"{own} {_OPTIONS} -c statement_timeout={seconds * 1000} "
                f"-c row_security={self._row_security}".strip(),
            )
        except psycopg.Error:
            # The parser quotes what it could not read, which may be the password.
            raise self.system_error(
                f"has no libpq connection string in {self.system.connection.location_env}",
                remedy="Write it like `host=db.example port=5432 dbname=huji user=reader "
                "password=…`.",
            ) from None

    def _refused(self, error: psycopg.Error) -> SourceError:
        text = self.without_secret(str(error).rsplit("FATAL:", maxsplit=1)[-1])
        env = self.system.connection.location_env
        if "password" in text or "authentication" in text:
            return self.system_error(
                f"refuses the user or the password: {text}",
                remedy=f"Correct user and password in {env}. {self.owner}",
            )
        return self.system_error(
            f"cannot be reached: {text}",
            remedy=f"Start its database, or correct host, port and dbname in {env}. {self.owner}",
        )

    def _select(self, table: Table, window: Window | None = None) -> _Query:
        try:
            return self._generated(table, window)
        except psycopg.OperationalError as error:
            raise self._refused(error) from None

    def _attributes(self, table: Table) -> dict[str, Attribute]:
        name = table.source_name
        relation = self._catalog.execute(_RELATION, (self._schema, name)).fetchone()
        if relation is None:
            raise self.table_error(
                table,
                f"does not exist in schema {self._schema}",
                remedy=f"If it was renamed, write the new name as `source:` of the table. "
                f"{self.owner}",
            )
        oid, readable = relation
        if not readable:
            raise self.table_error(
                table,
                "may not be read by this user",
                remedy=f"Ask for: grant usage on schema {self._schema} and select on "
                f"{self._schema}.{name}. {self.owner}",
            )
        return {
            attribute: Attribute("domain" if kind == "d" else base, shown)
            for attribute, base, kind, shown in self._catalog.execute(_COLUMNS, (oid,))
        }

    def _generated(self, table: Table, window: Window | None) -> _Query:
        found = self._attributes(table)
        missing = [column for column in table.columns if column.source_name not in found]
        if missing:
            raise self.missing_columns(table, missing, list(found))
        texts = [c.column for c in table.columns if found[c.source_name].is_text]
        if texts and self._encoding is None and self._stored_as in WORTHLESS:
            raise self.table_error(
                table,
                f"holds text ({texts[0]}), and its database, in {self._stored_as}, takes any bytes",
                remedy="Write `encoding: gb18030` (or utf-8, or latin1) under `connection:`: what "
                f"the applications really write. {self.owner}",
            )
        columns: list[Asked] = []
        for column in table.columns:
            attribute = found[column.source_name]
            if attribute.kind != "domain" and not fits(column.type, attribute.kind):
                raise self.retyped_column(table, column, attribute.shown)
            bytes_of = self._stored_as if self._encoding is not None else None
            columns += asked(column, attribute, bytes_of=bytes_of)
        shown = ", ".join(f"{one.sql} as {quoted(one.name)}" for one in columns)
        relation = f"{quoted(self._schema)}.{quoted(table.source_name)}"
        select = f"select {shown} from {relation}"
        if window is not None:
            select += _inside(window, found[window.column.source_name].kind)
        self._refuse_unplannable(table, select)
        return _Query(select, columns, texts)

    def _refuse_unplannable(self, table: Table, select: str) -> None:
        """PostgreSQL plans the query without a row: only then do policies speak, and the rights
        that the owner of a view has lost.
        """
        try:
            self._catalog.execute(f"{select} limit 0".encode())
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            # Messages come in the server's language, the function's name does not.
            if error.diag.source_function != _POLICIES:
                raise self.table_error(
                    table,
                    f"cannot be read: {self.without_secret(str(error))}",
                    remedy=self.owner,
                ) from None
            raise self.table_error(
                table,
                "has row security, which hides rows from this user",
                remedy="Ask for: alter role … bypassrls, or for a view that belongs to the table's "
                "owner. If the department means to share no more than its policies let this user "
                f"see, write `row_security: filter` under `connection:`. {self.owner}",
            ) from None


def _inside(window: Window, kind: str) -> str:
    """The rows of a window, in a form that lets an index on the column serve.

    What a text column says is known only after it has been converted: then all rows are read.
    """
    if kind in WORDS or kind == "domain":
        return ""
    zone = " Asia/Shanghai" if kind == "timestamptz" else ""
    source = quoted(window.column.source_name)
    return f" where ({source} >= {literal(window.since + zone)} or {source} is null)"
