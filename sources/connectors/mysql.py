"""Reads MySQL and MariaDB: one query per table, through DuckDB's mysql scanner.

The scanner reads tinyint(1) as a truth value and breaks off at 0000-00-00, and the server itself
replaces what it cannot convert by question marks in silence. So the select list is generated from
information_schema: whole numbers are read natively, everything else as the server's own text, and
text that would not survive is passed on as its bytes. Keep out: change capture.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pymysql

from citybase.duck import literal, quoted
from citybase.errors import SourceError
from sources.connectors.base import BYTES_PREFIX, LINE_COLUMN, Reading, Session, Window
from sources.connectors.mysql_location import FORM, LocationError, parse_location
from sources.contract import Column, System, Table
from sources.contract_connection import MysqlConnection
from sources.pace import PATIENT_SECONDS, Pace, paced

_ALIAS = "source"
_STATEMENT_SECONDS = 3600
_LOCK_SECONDS = 10
_ACCESS_DENIED = {1044, 1045, 1698}

_WHOLE = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_WORDS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})
BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
SHAPES = frozenset(
    {
        "geometry", "point", "linestring", "polygon",
        "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection",
    }
)  # fmt: skip
_COUNTS = _WHOLE | {"year", "bit"}

# Which source types can hold values of a registry type; text can hold any, varchar takes any.
_FITS = {
    "boolean": _WORDS | _COUNTS,
    "smallint": _WORDS | _COUNTS | {"decimal"},
    "integer": _WORDS | _COUNTS | {"decimal"},
    "bigint": _WORDS | _COUNTS | {"decimal"},
    "decimal": _WORDS | _COUNTS | {"decimal"},
    "double": _WORDS | _COUNTS | {"decimal", "float", "double"},
    "date": _WORDS | {"date"},
    "timestamp": _WORDS | {"date", "datetime", "timestamp"},
}
# What the server passes on as it is stored: there is nothing to convert.
_UNICODE = frozenset({"utf8mb4", "utf8mb3", "utf8", "ascii"})
_LATIN = "latin1"

_COLUMNS = """
    select
        column_name as column_name,
        data_type as data_type,
        character_set_name as character_set_name,
        column_type as column_type
    from information_schema.columns
    where table_schema = %s and table_name = %s
    order by ordinal_position
"""
_ENGINE = """
    select engine from information_schema.tables where table_schema = %s and table_name = %s
"""


class MysqlSession(Session):
    """One MySQL or MariaDB database, asked for nothing but selects."""

    extensions = ("mysql_scanner",)

    def __init__(self, system: System, location: str, *, connection: MysqlConnection) -> None:
        """Connect. Raises SourceError when the server, the database or the user is refused."""
        super().__init__(system, location)
        self._latin1_holds = connection.latin1_holds
        try:
            self._where = parse_location(location)
        except LocationError as error:
            raise self.system_error(
                f"cannot be located: {connection.location_env} {error}",
                remedy=f"Write it like `{FORM}`, with %40 for @ and the like in the password.",
            ) from None
        self._schema = connection.db_schema or self._where.database
        if self._schema is None:
            raise self.system_error(
                f"names no database: neither {connection.location_env} nor `schema:` does",
                remedy="Write `schema:` in the registry.",
            )
        try:
            self._catalog = self._where.connect()
            self._is_mariadb = "mariadb" in str(self._ask("select version()")[0][0]).lower()
        except (pymysql.Error, OSError) as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """Close the catalogue connection."""
        self._catalog.close()

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        self._generated(table, None)

    def columns(self, table: Table) -> Mapping[str, str]:
        """See ``Session.columns``."""
        return {name: str(shown) for name, (_, _, shown) in self._described(table).items()}

    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,
        work: Path,  # noqa: ARG002
        window: Window | None = None,
    ) -> Reading:
        """See ``Session.read``. One select is one snapshot of an InnoDB table."""
        select, texts = self._generated(table, window)
        try:
            duck.execute("set mysql_tinyint1_as_boolean = false")
            duck.execute(
                f"create temporary secret if not exists source_secret ({self._where.secret()})"
            )
            duck.execute(
                f"attach if not exists '' as {_ALIAS} (type mysql, secret source_secret, read_only)"
            )
        except duckdb.Error as error:
            raise self.explained(table, error) from None
        columns = ", ".join(
            _checked(column) if column.column in texts else quoted(column.column)
            for column in table.columns
        )
        asked = f"mysql_query({literal(_ALIAS)}, {literal(select)}, stream_results = true)"
        return Reading(
            sql=f"select {columns}, null::varchar as {LINE_COLUMN} "
            f"from {paced(duck, asked, self._pace_of(table))}",
        )

    def selection(self, table: Table) -> tuple[str, frozenset[str]]:
        """The select that reads the table, for a reader that brings its own connection.

        It yields the registry's columns in their order; each of the codes that are returned beside
        it (texts) is followed by the hexadecimal bytes of a value that is no text, or null.
        """
        return self._generated(table, None)

    def without_secret(self, text: str) -> str:
        """The server's own words, without the query before them, the location or the password."""
        found = re.search(r'MySQL query ".*": (.*)', text, re.DOTALL)
        if found:
            text = found[1].strip() or "the server ended the query (statement timeout, or stopped)"
        if self._where.password:
            text = text.replace(self._where.password, "…")
        return super().without_secret(text)

    def _refused(self, error: Exception) -> SourceError:
        text = str(error.args[-1] if error.args else error)
        text = text.replace(self._where.password or self.location, "…")
        env = self.system.connection.location_env
        if error.args and error.args[0] in _ACCESS_DENIED:
            return self.system_error(
                f"refuses the user or the password: {text}",
                remedy=f"Correct user and password in {env}. {self.owner}",
            )
        return self.system_error(
            f"cannot be reached: {text}",
            remedy=f"Start its database, or correct host, port and database in {env}. {self.owner}",
        )

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._catalog.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def _described(self, table: Table) -> dict[str, list[Any]]:
        """By its name each column's type, its character set and its type in full."""
        try:
            rows = self._ask(_COLUMNS, self._schema, table.source_name)
        except (pymysql.Error, OSError) as error:
            raise self._refused(error) from None
        if not rows:
            raise self.table_error(
                table,
                f"does not exist in database {self._schema}, or may not be read by this user",
                remedy="If it was renamed, write the new name as `source:` of the table; otherwise "
                f"ask for: grant select on {self._schema}.{table.source_name}. {self.owner}",
            )
        return {str(name): facts for name, *facts in rows}

    def _generated(self, table: Table, window: Window | None) -> tuple[str, frozenset[str]]:
        """The query that the server itself runs, and which columns come with their bytes.

        The query bounds its own time: the scanner opens connections as it needs them, so that a
        setting of a session would not reach them all.
        """
        found = self._described(table)
        missing = [column for column in table.columns if column.source_name not in found]
        if missing:
            raise self.missing_columns(table, missing, list(found))
        expressions, texts = [], set()
        for column in table.columns:
            kind, charset, shown = found[column.source_name]
            fits = _FITS.get(column.type.split("(")[0])
            if fits is not None and kind not in fits:
                raise self.retyped_column(table, column, shown)
            source, name = ticked(column.source_name), ticked(column.column)
            if charset is None:
                expressions.append(f"{_value(source, kind, column.type)} as {name}")
            else:
                text, lost = self._text(source, charset)
                bytes_name = ticked(BYTES_PREFIX + column.column)
                expressions.append(f"{text} as {name}, {lost} as {bytes_name}")
                texts.add(column.column)
        columns = ", ".join(expressions)
        relation = f"{ticked(str(self._schema))}.{ticked(table.source_name)}"
        seconds = _STATEMENT_SECONDS if self.pace is None else PATIENT_SECONDS
        if self._is_mariadb:
            bounds = (
                f"set statement max_statement_time = {seconds}, "
                f"net_write_timeout = {_STATEMENT_SECONDS}, "
                f"lock_wait_timeout = {_LOCK_SECONDS} for select"
            )
        else:
            bounds = f"select /*+ max_execution_time({seconds * 1000}) */"
        inside = _inside(window, found[window.column.source_name][0]) if window else ""
        return f"{bounds} /* citybase */ {columns} from {relation}{inside}", frozenset(texts)

    def _pace_of(self, table: Table) -> Pace | None:
        """None of a table whose writers wait until it has been read: they shall not wait long."""
        return self.pace if self.pace is not None and self._is_transactional(table) else None

    def _is_transactional(self, table: Table) -> bool:
        """Whether writers go on while it is read."""
        found = self._ask(_ENGINE, self._schema, table.source_name)
        return [str(engine).lower() for (engine,) in found] == ["innodb"]

    def _text(self, source: str, charset: str) -> tuple[str, str]:
        """The text, and the hexadecimal bytes of one that would come out otherwise than it is."""
        stored = f"cast({source} as binary)"
        if charset in _UNICODE or (charset == _LATIN and self._latin1_holds == _LATIN):
            return f"convert({source} using utf8mb4)", "null"
        if charset == _LATIN and self._latin1_holds is None:
            # Every byte is a character of latin1, so that Chinese text which an application put
            # there unconverted comes out as other letters: only ASCII is beyond doubt.
            text = f"convert({source} using utf8mb4)"
            return text, f"case when length({text}) <> length({source}) then hex({stored}) end"
        if charset == _LATIN:
            charset = str(self._latin1_holds)
            source = f"convert({stored} using {charset})"
        text = f"convert({source} using utf8mb4)"
        back = f"cast(convert({text} using {charset}) as binary)"
        return text, f"case when {back} <> {stored} then hex({stored}) end"


def ticked(name: str) -> str:
    """An identifier as MySQL quotes it."""
    return "`" + name.replace("`", "``") + "`"


def _value(source: str, kind: str, column_type: str) -> str:
    """A value that is no text."""
    if kind in _WHOLE and column_type not in {"boolean", "varchar"}:
        return source
    if kind in {"float", "double"}:
        # As text a float has six digits; as a double it is what is stored.
        wide = f"cast({source} as double)"
        return wide if column_type == "double" else f"cast({wide} as char)"
    if kind == "bit":
        return f"cast({source} + 0 as char)"
    if kind in BYTES:
        return f"hex({source})"
    if kind in SHAPES:
        return f"st_astext({source})"
    if kind == "timestamp":
        # The registry's timestamps are the city's own time; the zero timestamp has no zone.
        local = f"convert_tz({source}, @@session.time_zone, '+08:00')"
        return f"coalesce(cast({local} as char), cast({source} as char))"
    return f"cast({source} as char)"


def _inside(window: Window, kind: str) -> str:
    """The rows of a window, in a form that lets an index on the column serve.

    What a text column says is known only after it has been converted: then all rows are read.
    """
    source, since = ticked(window.column.source_name), f"'{window.since}'"
    if kind not in _WHOLE | {"decimal", "date", "datetime", "timestamp"}:
        return ""
    if kind == "timestamp":
        # Compared in the session's zone, which may be half a day behind the city's own.
        since = f"date_sub({since}, interval 1 day)"
    return f" where ({source} >= {since} or {source} is null)"


def _checked(column: Column) -> str:
    """A text, and beside it the bytes of one that the server or DuckDB cannot read."""
    source, hexadecimal = quoted(column.column), quoted(BYTES_PREFIX + column.column)
    lost = f"cast(unhex(cast({hexadecimal} as varchar)) as varchar)"
    decoded = f"try(decode(encode({source})))"
    return (
        f"case when {hexadecimal} is null then {decoded} end as {source}, "
        f"coalesce({lost}, case when {source} is not null and {decoded} is null "
        f"then cast(encode({source}) as varchar) end) as {hexadecimal}"
    )
