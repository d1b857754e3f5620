"""Reads a SQLite file through DuckDB's sqlite scanner, every value as text.

SQLite keeps any value in any column, so a type is a promise that each value may break; text is read
whole and judged afterwards. Keep out: Python's sqlite3 (two SQLite libraries in one process drop
each other's file locks).
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from citybase.duck import connect, literal, quoted
from sources.connectors.base import BYTES_PREFIX, LINE_COLUMN, Reading, Session, Window
from sources.contract import Column, System, Table

_ALIAS = "source"
_HEADER = b"SQLite format 3\x00"


class SqliteSession(Session):
    """One SQLite file, opened read-only."""

    extensions = ("sqlite_scanner",)

    def __init__(self, system: System, path: Path) -> None:
        """Check that the file is a SQLite database. Raises SourceError when it is not."""
        super().__init__(system, str(path))
        self._path = path
        try:
            with path.open("rb") as file:
                header = file.read(len(_HEADER))
        except OSError as error:
            raise self.system_error(f"cannot be opened: {path}: {error.strerror}") from None
        if header != _HEADER:
            raise self.system_error(f"is no SQLite database: {path}")

    def close(self) -> None:
        """Nothing is open between two reads."""

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        with connect(extensions=self.extensions) as duck:
            self._attach(duck, table)
            self._select(duck, table)

    def columns(self, table: Table) -> Mapping[str, str]:
        """See ``Session.columns``; a type declared here is a promise that nobody keeps."""
        with connect(extensions=self.extensions) as duck:
            self._attach(duck, table)
            return self._columns(duck, table)

    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,
        work: Path,  # noqa: ARG002
        window: Window | None = None,  # noqa: ARG002
    ) -> Reading:
        """See ``Session.read``."""
        self._attach(duck, table)
        columns = ", ".join(_checked(column) for column in table.columns)
        return Reading(
            sql=f"select {columns}, null::varchar as {LINE_COLUMN} "
            f"from sqlite_query({literal(_ALIAS)}, {literal(self._select(duck, table))})",
        )

    def without_secret(self, text: str) -> str:
        """The first line of a foreign message; the path of a file is no secret."""
        return text.strip().splitlines()[0][:300] if text.strip() else "no message"

    def _attach(self, duck: duckdb.DuckDBPyConnection, table: Table) -> None:
        try:
            duck.execute("set sqlite_all_varchar = true")
            duck.execute(
                f"attach if not exists {literal(self.location)} as {_ALIAS} "
                "(type sqlite, read_only)"
            )
        except duckdb.Error as error:
            raise self.explained(table, error) from None

    def _columns(self, duck: duckdb.DuckDBPyConnection, table: Table) -> Mapping[str, str]:
        # The x: generated columns are columns too; hidden = 1 are those of virtual tables.
        named = literal(table.source_name)
        pragma = f"select name, type from pragma_table_xinfo({named}) where hidden <> 1"
        try:
            rows = duck.execute(
                f"from sqlite_query({literal(_ALIAS)}, {literal(pragma)})"
            ).fetchall()
        except duckdb.Error as error:
            raise self.explained(table, error) from None
        if not rows:
            raise self.table_error(
                table,
                "does not exist",
                remedy=f"If it was renamed, write the new name as `source:` of the table. "
                f"{self.owner}",
            )
        return {str(name): str(kind) for name, kind in rows}

    def _select(self, duck: duckdb.DuckDBPyConnection, table: Table) -> str:
        found = self._columns(duck, table)
        missing = [column for column in table.columns if column.source_name not in found]
        if missing:
            raise self.missing_columns(table, missing, list(found))
        expressions = ", ".join(_expression(column) for column in table.columns)
        return f"select {expressions} from {quoted(table.source_name)}"


def _checked(column: Column) -> str:
    """The value, and beside it the bytes of one that is no UTF-8.

    SQLite passes on whatever bytes an application stored (GBK, often), and the scanner does not
    look; text functions of DuckDB that meet such bytes break the whole query.
    """
    source = quoted(column.column)
    decoded = f"try(decode(encode({source})))"
    return (
        f"{decoded} as {source}, "
        f"case when {source} is not null and {decoded} is null "
        f"then cast(encode({source}) as varchar) end as {quoted(BYTES_PREFIX + column.column)}"
    )


def _expression(column: Column) -> str:
    """The value as SQLite's own text: blobs as hexadecimal, reals for DOUBLE with all 17 digits."""
    source = quoted(column.source_name)
    real = f"printf('%!.17g', {source})" if column.type == "double" else f"cast({source} as text)"
    return (
        f"case typeof({source}) when 'blob' then hex({source}) when 'real' then {real} "
        f"else cast({source} as text) end as {quoted(column.column)}"
    )
