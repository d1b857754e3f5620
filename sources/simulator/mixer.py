"""The one source of chance: a number that depends on (row, purpose, seed) and on nothing else.

Add a macro here when many modules draw in the same way, and ways to bring lists and small tables
into the connection. Keep out: what is drawn.

Why a hash per attribute and no random generator: a generator's state depends on how many rows a
thread has drawn before, so its values change with threads and order. ``hash`` of an integer is a
full avalanche (two multiplications, three shifts) and costs a tenth of an equally good mixer
written in SQL arithmetic on 128-bit integers. Its values may change between DuckDB versions; the
version is pinned, and ``test_mixer`` pins values, so an upgrade that changes them is noticed.

The purpose is mixed in before a second full round. ``hash(i, purpose)`` would not do: DuckDB
combines columns by multiply and xor, and the low bits of two purposes then move together.
"""

from collections.abc import Sequence

import duckdb

from citybase.duck import literal

_SEPARATOR = "\x1f"


def install_mixer(connection: duckdb.DuckDBPyConnection, *, seed: int) -> None:
    """Define the macros of chance on the connection.

    ``mix`` gives 64 bits, ``below`` an integer in [0, n), ``unit`` a number in [0, 1), ``chance``
    true for so many of a million rows. Lists are drawn from by ``pick_<list>``: see ``set_list``.
    """
    suffix = literal(f"/{seed}")
    for macro in (
        f"mix(i, purpose) as hash(xor(hash(i::bigint), hash(purpose || {suffix})))",
        "below(i, purpose, n) as (mix(i, purpose) % n::ubigint)::bigint",
        "unit(i, purpose) as (mix(i, purpose) >> 11)::double / 9007199254740992",
        "chance(i, purpose, per_million) as mix(i, purpose) % 1000000 < per_million",
    ):
        connection.execute(f"create or replace temp macro {macro}")


def set_list(
    connection: duckdb.DuckDBPyConnection, name: str, values: Sequence[str] | Sequence[int]
) -> None:
    """Hold a list in a session variable and define ``pick_<name>(i, purpose)`` to draw from it.

    Indexing a variable is many times faster than a join while the list is short: DuckDB copies the
    list once per 2,048 rows, so keep it below some thousand elements. The list travels as one
    string because binding thousands of Python values takes seconds.
    """
    target = "integer[]" if isinstance(values[0], int) else "varchar[]"
    text = _SEPARATOR.join(map(str, values))
    connection.execute(f"set variable {name} = string_split($1, '{_SEPARATOR}')::{target}", [text])
    connection.execute(
        f"create or replace temp macro pick_{name}(i, purpose) as "
        f"getvariable('{name}')[1 + below(i, purpose, {len(values)})]"
    )


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert a few hundred rows in one statement: row by row costs a millisecond each."""
    values = ", ".join("(" + ", ".join(_written(value) for value in row) + ")" for row in rows)
    connection.execute(f"insert into {table} values {values}")


def _written(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_written(part) for part in value) + "]"
    return literal(str(value))
