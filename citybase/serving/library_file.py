"""One published DuckDB file: written, closed, made read-only, opened again and checked.

Add here what every published file carries. Keep out: which columns it holds (``plan.py``) and where
it is put (``versions.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from citybase.duck import connect, literal, quoted
from citybase.errors import WarehouseError
from citybase.serving.plan import TablePlan, comments_sql
from citybase.serving.versions import sync_file
from citybase.serving.warehouse import TableContent, read_content

BUILD_TABLE = "build"
_TARGET = "published"

_BUILD_SQL = f"""
create table {_TARGET}.{BUILD_TABLE} (
    batch bigint,
    library varchar,
    published_at timestamp,
    as_of_date date,
    cut_id bigint,
    model_count integer,
    row_count bigint
)
"""

_BUILD_COMMENTS = {
    "batch": "写入本文件的发布批次;内容未变时,以后的批次沿用本文件",
    "library": "库代码",
    "published_at": "写入本文件的时刻(世界协调时)",
    "as_of_date": "计算所依据的日期,以本版本为准",
    "cut_id": "写入本文件时的数据切面编号",
    "model_count": "本文件的表数,不含本表",
    "row_count": "本文件各表的总行数,不含本表",
}


@dataclass(frozen=True)
class Build:
    """The publication a file is written in. ``published_at`` is UTC."""

    batch: int
    published_at: datetime
    as_of_date: date
    cut_id: int


def attach_options(key: str | None, *, read_only: bool) -> str:
    """The options of ATTACH, the key among them: never show the statement."""
    options = ["read_only"] if read_only else []
    if key is not None:
        options.append(f"encryption_key {literal(key)}")
    return f" ({', '.join(options)})" if options else ""


def write_library(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    library: str,
    plans: tuple[TablePlan, ...],
    contents: Mapping[str, TableContent],
    build: Build,
    key: str | None,
) -> None:
    """Write a file from the attached warehouse and check it.

    Args:
        connection: has the warehouse attached, and httpfs loaded where ``key`` is given.
        path: a file that does not exist yet.
        library: its name.
        plans: the tables.
        contents: what each table must hold, by its name.
        build: the publication.
        key: encrypts the file (AES-256, GCM); None leaves it plain.

    Raises:
        WarehouseError: the written file is not what the warehouse holds.
    """
    connection.execute(
        f"attach {literal(str(path))} as {_TARGET}{attach_options(key, read_only=False)}"
    )
    try:
        for plan in plans:
            target = f"{_TARGET}.{quoted(plan.table)}"
            connection.execute(f"create table {target} as {plan.sorted_sql}")
            for statement in comments_sql(plan, target=_TARGET):
                connection.execute(statement)
        _write_build(connection, library=library, contents=contents, build=build)
        connection.execute(f"checkpoint {_TARGET}")
    finally:
        connection.execute(f"detach {_TARGET}")
    path.chmod(0o444)
    sync_file(path)
    check_library(path, contents=contents, key=key)


def check_library(path: Path, *, contents: Mapping[str, TableContent], key: str | None) -> None:
    """Open a file again, read every row and compare its tables with ``contents``.

    Raises:
        WarehouseError: the file cannot be opened, has a write-ahead log beside it, or differs.
    """
    if path.with_name(f"{path.name}.wal").exists():
        raise WarehouseError(
            f"{path} was not closed: a write-ahead log lies beside it.",
            remedy="Publish again; when it happens twice, report it.",
        )
    with connect() as connection:
        attach(connection, path, name=_TARGET, key=key)
        tables = _tables(connection)
        differing = sorted(tables ^ {*contents, BUILD_TABLE}) or [
            name
            for name, content in contents.items()
            if _read(connection, name, content) != content
        ]
    if differing:
        raise WarehouseError(
            f"{path} differs from the warehouse in: {', '.join(differing)}.",
            remedy="Publish again; when it happens twice, report it.",
        )


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = $1", [_TARGET]
        ).fetchall()
    }


def _read(
    connection: duckdb.DuckDBPyConnection, name: str, expected: TableContent
) -> TableContent | None:
    try:
        return read_content(connection, expected.columns, rows_sql=f"from {_TARGET}.{quoted(name)}")
    except duckdb.Error:  # a column is missing, or a block does not match its checksum
        return None


def attach(
    connection: duckdb.DuckDBPyConnection, path: Path, *, name: str, key: str | None
) -> None:
    """Attach a published file read-only.

    Raises:
        WarehouseError: it cannot be opened, as with a wrong key.
    """
    try:
        connection.execute(
            f"attach {literal(str(path))} as {quoted(name)}{attach_options(key, read_only=True)}"
        )
    except duckdb.Error as error:
        # The text of the error is left out: it may quote the statement, and with it the key.
        reason = "its key is another one" if "encryption key" in str(error) else "it is damaged"
        raise WarehouseError(
            f"{path} cannot be opened: {reason}.",
            remedy="Put the right key back into the folder of keys, or publish again.",
        ) from None


def _write_build(
    connection: duckdb.DuckDBPyConnection,
    *,
    library: str,
    contents: Mapping[str, TableContent],
    build: Build,
) -> None:
    connection.execute(_BUILD_SQL)
    connection.execute(
        f"insert into {_TARGET}.{BUILD_TABLE} values ($1, $2, $3, $4, $5, $6, $7)",
        [
            build.batch,
            library,
            build.published_at.replace(tzinfo=None),
            build.as_of_date,
            build.cut_id,
            len(contents),
            sum(content.rows for content in contents.values()),
        ],
    )
    connection.execute(f"comment on table {_TARGET}.{BUILD_TABLE} is '本文件的来历:一行'")
    for column, comment in _BUILD_COMMENTS.items():
        connection.execute(
            f"comment on column {_TARGET}.{BUILD_TABLE}.{column} is {literal(comment)}"
        )
