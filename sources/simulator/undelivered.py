"""What is true, and in no file that has come: rows of tables whose newest delivery is late.

The score expects nothing of them. Add here what the truth has to know of deliveries row by row.
Keep out: whether a delivery is late (``apply_changes.py``).
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from sources.registry import Registry
from sources.simulator.apply_changes import Delivery

_COLUMNS = "(system_code varchar, table_code varchar, source_key varchar)"


def prepare_undelivered(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty temporary table ``undelivered``, unless there is one."""
    connection.execute(f"create temp table if not exists undelivered {_COLUMNS}")


def keep_undelivered(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    deliveries: Iterable[Delivery],
    *,
    before: Path,
) -> None:
    """Fill ``undelivered``: keys of rows that came, changed or went since their newest file.

    ``deliveries`` are those of this day, ``before`` is the truth of the day before: what was
    undelivered then still is where the file is late again. Needs the schemas ``changed`` and
    ``gone``. The truth's ``source_key`` of a table of files is its key, values joined by a bar.
    """
    prepare_undelivered(connection)
    connection.execute("delete from undelivered")
    late = {(one.system, one.table) for one in deliveries if one.state == "late"}
    for system, table in registry.tables():
        if (system.system, table.table) not in late:
            continue
        name = quoted(f"{system.system}__{table.table}")
        keys = ", ".join(f"{quoted(key)}::varchar" for key in table.keys)
        for schema in ("changed", "gone"):
            connection.execute(
                f"insert into undelivered select ?, ?, concat_ws('|', {keys}) from {schema}.{name}",
                [system.system, table.table],
            )
    connection.execute(f"attach {literal(str(before))} as truth_before (read_only)")
    try:
        for system_code, table_code in sorted(late):
            connection.execute(
                "insert into undelivered from truth_before.undelivered"
                " where system_code = ? and table_code = ?",
                [system_code, table_code],
            )
    finally:
        connection.execute("detach truth_before")
