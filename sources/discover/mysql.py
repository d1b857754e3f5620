"""What a MySQL or MariaDB database holds, read from information_schema.

Keep out: which registry type fits (``types.py``) and reading rows for landing
(``sources/connectors/mysql.py``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pymysql

from citybase.errors import SourceError
from citybase.masking import mask_numbers
from sources.connectors.mysql import BYTES, SHAPES, ticked
from sources.connectors.mysql_location import FORM, LocationError, parse_location
from sources.discover.found import (
    COUNT_LIMIT,
    Catalogue,
    FoundColumn,
    FoundSource,
    FoundTable,
    PassedOver,
    best_key,
)
from sources.discover.types import mysql_type

_STATEMENT_SECONDS = 30
_LOCK_SECONDS = 2
_MAX_VALUE = 200
_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
_VIEW = "VIEW"
_KINDS = {
    "SEQUENCE": "a sequence",
    "SYSTEM VIEW": "a view of the server",
    "SYSTEM VERSIONED": None,
    "BASE TABLE": None,
    _VIEW: None,
}

_SCHEMAS = """
    select table_schema, count(*)
    from information_schema.tables
    where
        table_type in ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')
        and table_schema not in %s
    group by table_schema
    order by table_schema
"""
# Columns are named twice: MySQL 8 gives the names of its catalogue in capitals.
_TABLES = """
    select
        t.table_name as table_name,
        t.table_type as table_type,
        t.table_comment as table_comment,
        t.table_rows as table_rows,
        (
            select count(*)
            from information_schema.partitions as p
            where
                p.table_schema = t.table_schema
                and p.table_name = t.table_name
                and p.partition_name is not null
        ) as partitions
    from information_schema.tables as t
    where t.table_schema = %s
    order by t.table_name
"""
_COLUMNS = """
    select
        table_name as table_name,
        column_name as column_name,
        data_type as data_type,
        column_type as column_type,
        numeric_precision as numeric_precision,
        numeric_scale as numeric_scale,
        is_nullable as is_nullable,
        column_comment as column_comment,
        extra as extra,
        character_set_name as character_set_name
    from information_schema.columns
    where table_schema = %s
    order by table_name, ordinal_position
"""
# An index over the beginnings of texts, or over an expression, vouches for nothing.
_KEYS = """
    select
        table_name as table_name,
        index_name as index_name,
        group_concat(column_name order by seq_in_index separator '\\0') as column_names,
        sum(nullable = 'YES' or sub_part is not null or column_name is null) as open_parts
    from information_schema.statistics
    where table_schema = %s and non_unique = 0
    group by table_name, index_name
    order by table_name, index_name
"""


class MysqlCatalogue(Catalogue):
    """One MySQL or MariaDB database."""

    def __init__(self, location: str, *, schema: str | None) -> None:
        """Connect read-only. Raises SourceError; no message repeats the location."""
        try:
            self._where = parse_location(location)
        except LocationError as error:
            raise SourceError(
                f"The URL {error}.",
                remedy=f"Write it like {FORM}, with %40 for @ and the like in the password.",
            ) from None
        try:
            self._connection = self._where.connect()
            is_mariadb = "mariadb" in str(self._ask("select version()")[0][0]).lower()
            bound = (
                f"max_statement_time = {_STATEMENT_SECONDS}"
                if is_mariadb
                else f"max_execution_time = {_STATEMENT_SECONDS * 1000}"
            )
            # A list of very many key columns must not be cut.
            self._ask(
                f"set session {bound}, lock_wait_timeout = {_LOCK_SECONDS}, "
                "group_concat_max_len = 1000000"
            )
        except (pymysql.Error, OSError) as error:
            raise self._failed("The database cannot be opened", error) from None
        self._schema = self._chosen(schema or self._where.database)

    def close(self) -> None:
        """See ``Catalogue.close``."""
        self._connection.close()

    def found(self) -> FoundSource:
        """See ``Catalogue.found``."""
        columns: dict[str, list[FoundColumn]] = defaultdict(list)
        counted_up: dict[str, list[str]] = defaultdict(list)
        latin: dict[str, list[str]] = defaultdict(list)
        for table, *facts, extra, charset in self._ask(_COLUMNS, self._schema):
            column = _column(facts, extra)
            columns[table].append(column)
            counted_up[table] += [column.name] if "auto_increment" in extra else []
            latin[table] += [column.name] if charset == "latin1" else []
        primary: dict[str, list[str]] = {}
        unique: dict[str, list[list[str]]] = defaultdict(list)
        for table, index, names, open_parts in self._ask(_KEYS, self._schema):
            if index == "PRIMARY":
                primary[table] = names.split("\0")
            elif not open_parts:
                unique[table].append(names.split("\0"))
        tables, passed_over = [], []
        for name, kind, comment, rows, partitions in self._ask(_TABLES, self._schema):
            reason = _KINDS.get(kind, f"a {kind.lower()}")
            if reason is not None:
                passed_over.append(PassedOver(name, reason))
                continue
            note = None
            if latin[name]:
                note = (
                    f"declared latin1: {', '.join(latin[name])}; write `latin1_holds: gbk` (or "
                    "utf8mb4) under connection when Chinese text stands there"
                )
            tables.append(
                self._counted(
                    FoundTable(
                        name=name,
                        kind="a view" if kind == _VIEW else None,
                        # Of a view the server says VIEW here, or what is wrong with it.
                        comment=None if kind == _VIEW else comment or None,
                        columns=tuple(columns[name]),
                        key=best_key(primary.get(name, []), unique[name]),
                        has_primary_key=name in primary,
                        rows=None if rows is None else int(rows),
                        partitions=int(partitions),
                        obstacle=None if columns[name] else "this user may not read its columns",
                        counted_up=tuple(counted_up[name]),
                        note=note,
                    )
                )
            )
        return FoundSource(
            technology="mysql",
            database=self._schema,
            schema=self._schema,
            tables=tuple(tables),
            passed_over=tuple(passed_over),
        )

    def sample(self, table: FoundTable, *, rows: int) -> Mapping[str, Sequence[str]]:
        """See ``Catalogue.sample``."""
        shown = ", ".join(
            "null"
            if column.shown.partition("(")[0] in BYTES | SHAPES
            else f"left(cast({ticked(column.name)} as char), {_MAX_VALUE})"
            for column in table.columns
        )
        try:
            found = self._ask(f"select {shown} from {self._name(table)} limit {rows}")
        except (pymysql.Error, OSError) as error:
            raise self._failed(f"Table {table.name} cannot be sampled", error) from None
        return {
            column.name: [str(row[place]) for row in found if row[place] is not None]
            for place, column in enumerate(table.columns)
        }

    def _counted(self, table: FoundTable) -> FoundTable:
        """With an exact count where the table is small; InnoDB's own figure may be half or twice
        as large. A view may have to be worked out to its end for its first row.
        """
        if table.obstacle or table.kind or (table.rows is not None and table.rows >= COUNT_LIMIT):
            return table
        try:
            found = self._ask(
                f"select count(*) from (select 1 from {self._name(table)} limit {COUNT_LIMIT}) as t"
            )
        except (pymysql.Error, OSError):
            return table  # the estimate, if there is one, has to do
        return table.counted(int(found[0][0]))

    def _name(self, table: FoundTable) -> str:
        return f"{ticked(self._schema)}.{ticked(table.name)}"

    def _chosen(self, schema: str | None) -> str:
        try:
            found = {str(name): tables for name, tables in self._ask(_SCHEMAS, _SYSTEM)}
        except (pymysql.Error, OSError) as error:
            raise self._failed("The catalogue cannot be read", error) from None
        if schema is None and len(found) == 1:
            return next(iter(found))
        if schema is not None and schema in found:
            return schema
        self.close()
        listed = ", ".join(f"{name} ({tables} tables and views)" for name, tables in found.items())
        problem = (
            "names no database"
            if schema is None
            else f"names {schema}, which has neither table nor view"
        )
        raise SourceError(
            f"The URL {problem} that this user can see.",
            remedy=f"Write --schema with one of: {listed}."
            if found
            else "Ask for: grant select on the database.",
        )

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def _failed(self, what: str, error: Exception) -> SourceError:
        said = mask_numbers(str(error.args[-1] if error.args else error))
        if self._where.password:
            said = said.replace(self._where.password, "…")
        return SourceError(f"{what}: {said}.", remedy="Correct the URL, or ask who runs it.")


def _column(facts: list[Any], extra: str) -> FoundColumn:
    name, base, shown, precision, scale, nullable, comment = facts
    kind, note = mysql_type(
        base,
        shown=shown,
        precision=None if precision is None else int(precision),
        scale=None if scale is None else int(scale),
    )
    notes = [note] if note else []
    notes += ["generated by the source"] if "GENERATED" in extra.upper() else []
    return FoundColumn(
        name, kind, shown, nullable == "YES", comment or None, "; ".join(notes) or None
    )
