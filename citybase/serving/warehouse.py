"""The warehouse as publishing reads it: its relations, its rows, its division names.

Everything here only reads the attached warehouse, or a published file in its place. Add here what
publishing has to know of the warehouse. Keep out: what is made of it (``plan.py``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from citybase.duck import quoted
from citybase.errors import WarehouseError
from citybase.serving.masks import Region

WAREHOUSE = "warehouse"
"""The name under which the publishing connection attaches the warehouse."""

_DEFINITIONS = ("meta", "library_definition")
_DIVISIONS = ("code", "code_division_national")


@dataclass(frozen=True)
class WarehouseColumn:
    """A column as the warehouse has it."""

    name: str
    data_type: str
    comment: str | None


@dataclass(frozen=True)
class Relation:
    """A table or view of the warehouse."""

    comment: str | None
    columns: tuple[WarehouseColumn, ...]

    def has(self, column: str) -> bool:
        """Whether it has a column of that name."""
        return any(found.name == column for found in self.columns)


Relations = Mapping[tuple[str, str], Relation]


@dataclass(frozen=True)
class TableContent:
    """What the rows of a published table are: their number and a hash of them in any order.

    The hash is only ever compared with one made by the same DuckDB version.
    """

    columns: tuple[str, ...]
    rows: int
    row_hash: str | None


def read_relations(connection: duckdb.DuckDBPyConnection) -> Relations:
    """Every table and view of the attached warehouse with its columns and comments."""
    comments: dict[tuple[str, str], str | None] = {}
    columns: dict[tuple[str, str], list[WarehouseColumn]] = {}
    for schema, table, comment in connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = $1"
        " union all"
        " select schema_name, view_name, comment from duckdb_views() where database_name = $1",
        [WAREHOUSE],
    ).fetchall():
        comments[schema, table] = comment
    for schema, table, name, data_type, comment in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = $1 order by schema_name, table_name, column_index",
        [WAREHOUSE],
    ).fetchall():
        columns.setdefault((schema, table), []).append(WarehouseColumn(name, data_type, comment))
    return {
        key: Relation(comment=comment, columns=tuple(columns.get(key, ())))
        for key, comment in comments.items()
    }


def refuse_mixed_days(
    connection: duckdb.DuckDBPyConnection,
    relations: Relations,
    *,
    models: Iterable[str],
    as_of_date: date,
) -> None:
    """Refuse to publish libraries that were built for another day than the bound cut's.

    A model without a row in ``meta.library_definition``, or a warehouse from before it told the
    day, is passed over: nothing is known of it.

    Raises:
        WarehouseError: a model is of another day; it names the models and their days.
    """
    definition = relations.get(_DEFINITIONS)
    if definition is None or not definition.has("as_of_date"):
        return
    published = set(models)
    other: dict[date, list[str]] = {}
    for name, day in connection.execute(
        f"select model_name, as_of_date from {qualified(*_DEFINITIONS)}"
        " where as_of_date is distinct from $1 and as_of_date is not null order by all",
        [as_of_date],
    ).fetchall():
        if name in published:
            other.setdefault(day, []).append(name)
    if other:
        told = "; ".join(f"{', '.join(names)} of {day}" for day, names in sorted(other.items()))
        days = " or ".join(f"`citybase bind --as-of {day}`" for day in sorted(other))
        raise WarehouseError(
            f"The bound cut is of {as_of_date}, but libraries were built for another day: {told}.",
            remedy=f"Run `citybase build`; to publish what was built, bind its day again: {days}.",
        )


def read_regions(connection: duckdb.DuckDBPyConnection, relations: Relations) -> tuple[Region, ...]:
    """The names of all divisions, present and past, by the first digit of their code.

    Raises:
        WarehouseError: the code table is not there.
    """
    if _DIVISIONS not in relations:
        raise WarehouseError(
            f"The warehouse has no table {'.'.join(_DIVISIONS)}, which `mask: address` needs.",
            remedy="Run `citybase build`: it loads the code tables.",
        )
    names: dict[str, dict[str, tuple[str, ...]]] = {}
    for region, level, listed in connection.execute(
        "select left(division_code, 1), level, list(distinct division_name order by division_name)"
        f" from {qualified(*_DIVISIONS)} where length(division_name) > 1"
        " and level in ('province', 'prefecture', 'county') group by all order by all"
    ).fetchall():
        names.setdefault(region, {})[level] = tuple(listed)
    return tuple(
        Region(
            provinces=levels.get("province", ()),
            prefectures=levels.get("prefecture", ()),
            counties=levels["county"],
        )
        for levels in names.values()
        if "county" in levels
    )


def qualified(schema: str, name: str) -> str:
    """The name of a relation of the attached warehouse, quoted."""
    return ".".join(quoted(part) for part in (WAREHOUSE, schema, name))


def read_content(
    connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], *, rows_sql: str
) -> TableContent:
    """Count and hash rows, whatever their order."""
    listed = ", ".join(quoted(column) for column in columns)
    found = connection.execute(
        f"select count(*), cast(sum(hash({listed})) as varchar) from ({rows_sql})"
    ).fetchone()
    count, row_hash = found if found is not None else (0, None)
    return TableContent(columns=columns, rows=count, row_hash=row_hash)
