"""What a SQLite file holds, read through DuckDB's sqlite scanner.

Python's sqlite3 stays out for the reason that ``sources/connectors/sqlite.py`` gives. SQLite has no
comments and no statistics: tables are counted up to a limit, and names are all there is. Keep out:
which registry type fits (``types.py``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from citybase.duck import connect, literal, quoted
from citybase.errors import SourceError
from citybase.masking import mask_numbers
from sources.connectors.sqlite import SqliteSession
from sources.discover.found import (
    COUNT_LIMIT,
    Catalogue,
    FoundColumn,
    FoundSource,
    FoundTable,
    PassedOver,
    best_key,
)
from sources.discover.types import sqlite_type

_MAX_VALUE = 200
_ANY_VALUE = "SQLite keeps any value in any column: look at the quarantine"
_HEADER = b"SQLite format 3\x00"
_TABLES = """
    select name, type from pragma_table_list
    where schema = 'main' and name not like 'sqlite\\_%' escape '\\'
    order by name
"""


class SqliteCatalogue(Catalogue):
    """One SQLite file, opened read-only."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises SourceError when it is no SQLite database."""
        try:
            with path.open("rb") as file:
                header = file.read(len(_HEADER))
        except OSError as error:
            raise SourceError(
                f"{path} cannot be opened: {error.strerror}.", remedy="Correct the path."
            ) from None
        if header != _HEADER:
            raise SourceError(
                f"{path} is no SQLite database.", remedy="Correct the path, or copy the file anew."
            )
        self._path = path
        self._duck = connect(extensions=SqliteSession.extensions)
        try:
            self._duck.execute("set sqlite_all_varchar = true")
            self._duck.execute(f"attach {literal(str(path))} as source (type sqlite, read_only)")
        except duckdb.Error as error:
            raise self._failed("cannot be opened", error) from None

    def close(self) -> None:
        """See ``Catalogue.close``."""
        self._duck.close()

    def found(self) -> FoundSource:
        """See ``Catalogue.found``."""
        tables, passed_over = [], []
        for name, kind in self._ask(_TABLES):
            if kind == "table":
                tables.append(self._table(name))
            elif kind == "view":
                tables.append(self._view(name))
            elif kind == "shadow":
                passed_over.append(PassedOver(name, "part of a virtual table"))
            else:
                passed_over.append(PassedOver(name, f"a {kind} table"))
        return FoundSource(
            technology="sqlite",
            database=self._path.stem,
            schema=None,
            tables=tuple(tables),
            passed_over=tuple(passed_over),
        )

    def sample(self, table: FoundTable, *, rows: int) -> Mapping[str, Sequence[str]]:
        """See ``Catalogue.sample``."""
        shown = ", ".join(
            f"substr(cast({quoted(column.name)} as text), 1, {_MAX_VALUE}) as c{place}"
            for place, column in enumerate(table.columns)
        )
        # Bytes that are no UTF-8 would break the whole query where they are fetched.
        decoded = ", ".join(f"try(decode(encode(c{place})))" for place in range(len(table.columns)))
        query = f"select {shown} from {quoted(table.name)} limit {rows}"
        try:
            found = self._duck.execute(
                f"select {decoded} from sqlite_query('source', {literal(query)})"
            ).fetchall()
        except duckdb.Error as error:
            raise self._failed(f"has a table {table.name} that cannot be sampled", error) from None
        return {
            column.name: [str(row[place]) for row in found if row[place] is not None]
            for place, column in enumerate(table.columns)
        }

    def _view(self, name: str) -> FoundTable:
        """Nothing vouches for its types, and it may have to be worked out to be counted."""
        try:
            columns, _ = self._columns(name)
            obstacle = None
        except SourceError as error:
            columns, obstacle = [], f"it is a view that does not work: {error.message.rstrip('.')}"
        return FoundTable(
            name=name,
            kind="a view",
            comment=None,
            columns=tuple(columns),
            key=(),
            has_primary_key=False,
            obstacle=obstacle,
            note=_ANY_VALUE,
        )

    def _columns(self, name: str) -> tuple[list[FoundColumn], list[str]]:
        """The columns, and the names of those that are its primary key, in the key's order."""
        columns, primary = [], {}
        # The x: generated columns are columns too.
        for column, declared, filled, place, hidden in self._ask(
            'select name, type, "notnull", pk, hidden from '
            f"pragma_table_xinfo({literal(name)}) where hidden <> 1 order by cid"
        ):
            kind, note = sqlite_type(declared)
            notes = [note] if note else []
            notes += ["generated by the source"] if hidden in {"2", "3"} else []
            if int(place):
                primary[int(place)] = column
            shown = declared or "no type"
            columns.append(
                FoundColumn(column, kind, shown, filled == "0", None, "; ".join(notes) or None)
            )
        return columns, [primary[place] for place in sorted(primary)]

    def _table(self, name: str) -> FoundTable:
        columns, keys = self._columns(name)
        rows = self._ask(
            f"select count(*) as rows from (select 1 from {quoted(name)} limit {COUNT_LIMIT})"
        )
        is_rowid = len(keys) == 1 and any(
            column.name == keys[0] and column.shown.upper() == "INTEGER" for column in columns
        )
        return FoundTable(
            name=name,
            comment=None,
            columns=tuple(columns),
            key=best_key(keys, self._unique(name, columns)),
            has_primary_key=bool(keys),
            counted_up=tuple(keys) if is_rowid else (),
            note=_ANY_VALUE,
        ).counted(int(rows[0][0]))

    def _unique(self, table: str, columns: list[FoundColumn]) -> list[list[str]]:
        """The unique indexes over columns that are never null; those over a part are passed by."""
        filled = {column.name for column in columns if not column.nullable}
        found = []
        for (index,) in self._ask(
            f'select name from pragma_index_list({literal(table)}) where "unique" = 1 '
            "and partial = 0 order by name"
        ):
            names = [
                name
                for (name,) in self._ask(
                    f"select name from pragma_index_info({literal(index)}) order by seqno"
                )
            ]
            if filled.issuperset(names):
                found.append(names)
        return found

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._duck.execute(f"from sqlite_query('source', {literal(query)})").fetchall()
        except duckdb.Error as error:
            raise self._failed("cannot be read", error) from None

    def _failed(self, what: str, error: duckdb.Error) -> SourceError:
        text = str(error).strip().splitlines()
        said = mask_numbers(text[0] if text else type(error).__name__)
        return SourceError(f"{self._path} {what}: {said}.", remedy="Copy the file anew.")
