"""How fast rows are taken from a source: no faster than its department asked for.

The reader waits, and the server with it: one statement stays one snapshot, however long it takes.
What was not taken in time is not made up for. Keep out: what the registry may ask for
(``contract.py``) and how a technology is read (``connectors/``).
"""

import time
from collections.abc import Callable

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType

from sources.contract import System

# A read that is held back takes as long as it takes; a statement that hangs still ends.
PATIENT_SECONDS = 86_400
_FUNCTION = "citybase_pace"


class Pace:
    """So many rows a second. Not for two threads."""

    def __init__(
        self, rows_per_second: int, *, wait: Callable[[float], object] = time.sleep
    ) -> None:
        """``wait`` is told the seconds; one that returns early lets the reader go on."""
        self._seconds = 1 / rows_per_second
        self._wait = wait
        self._free_at = time.monotonic()

    def take(self, rows: int) -> None:
        """Return when so many rows more may have been read."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + rows * self._seconds
        self._wait(self._free_at - now)


def pace_of(system: System, *, wait: Callable[[float], object] = time.sleep) -> Pace | None:
    """The pace that the registry asks for; None when it asks for none."""
    limit = system.rate_limit
    if limit is None or limit.rows_per_second is None:
        return None
    return Pace(limit.rows_per_second, wait=wait)


def paced(duck: duckdb.DuckDBPyConnection, relation: str, pace: Pace | None) -> str:
    """SQL of the same rows, of which DuckDB takes the next few only when they are due."""
    if pace is None:
        return relation
    known = duck.execute(
        "select count(*) from duckdb_functions() where function_name = ?", [_FUNCTION]
    ).fetchone()
    if known == (0,):
        duck.create_function(
            _FUNCTION,
            lambda block: _waited(block, pace),
            ["bigint"],
            "boolean",
            type=PythonUDFType.ARROW,
            side_effects=True,
        )
    return f"(select * from {relation} where {_FUNCTION}(1))"


def _waited(block: pa.ChunkedArray, pace: Pace) -> pa.Array:
    pace.take(len(block))
    return pa.array([True] * len(block), pa.bool_())
