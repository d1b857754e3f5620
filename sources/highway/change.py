"""What every change stream hands on to landing, whatever the source's database.

Keep out: decoding (``pgoutput.py``, ``binlog.py``) and landing (``micro_batch.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from sources.tables import PENDING_PREFIX


@dataclass(frozen=True)
class TableChanges:
    """Changed rows of one table, in the order of the source.

    ``rows`` has each registry column under its code as the source's own text, ``_bytes_<code>``
    where a value is no text, ``_op`` (c, u, d), ``_position`` (a text that sorts) and
    ``_committed_at`` (timestamp[us], UTC without zone). ``unchanged`` has boolean columns of the
    same height, under the codes of values that some rows did not send as they had not changed; a
    ``u`` then has the number right behind that of a ``d`` only where this gave up its old key.

    ``select`` is SQL by code, over the columns of ``rows``, of values that a full load would write
    otherwise. ``pending`` are source columns that the registry does not know yet: they stand in
    ``rows`` under ``pending_code``. With ``refused``, a reason, no row may land.
    """

    table_code: str
    rows: pa.Table
    unchanged: pa.Table
    select: Mapping[str, str] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    refused: str | None = None

    def fits(self, other: "TableChanges") -> bool:
        """Whether the two may be landed as one."""
        mine, its = (
            (one.table_code, one.select, one.pending, one.refused) for one in (self, other)
        )
        return mine == its


def pending_code(source_name: str) -> str:
    """What a column that the registry does not know is called in landing."""
    return f"{PENDING_PREFIX}{source_name}"


@dataclass(frozen=True)
class TableEmptied:
    """From here on the table has no rows (TRUNCATE)."""

    table_code: str
    committed_at: datetime


@dataclass(frozen=True)
class TableSuspended:
    """From here on the table's changes cannot be understood: its registry entry or a new snapshot
    has to put that right. Its last good rows keep serving.
    """

    table_code: str
    kind: str
    message: str
    remedy: str


@dataclass(frozen=True)
class TableRewritten:
    """From here on rows may be otherwise than they were without a change in the log: the stream
    ends, and goes on from a new snapshot.
    """

    table_code: str


@dataclass(frozen=True)
class TableNoted:
    """Something about the table that does not stop it: a column came that the registry lacks."""

    table_code: str
    kind: str
    message: str
    remedy: str


Event = TableChanges | TableEmptied | TableSuspended | TableRewritten | TableNoted


@dataclass(frozen=True)
class MicroBatch:
    """Whole transactions; ``position`` is where the stream stands behind them, and
    ``committed_at`` (UTC) when the source committed the last of them.
    """

    events: tuple[Event, ...]
    position: str
    committed_at: datetime | None

    @property
    def rows(self) -> int:
        """The number of changed rows."""
        return sum(e.rows.num_rows for e in self.events if isinstance(e, TableChanges))
