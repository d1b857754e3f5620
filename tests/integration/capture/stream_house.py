"""A stream without a source: what it lands is known, change by change.

Keep out: real servers and their capture (``capture_house.py``).
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources.content import table_content
from sources.highway.change import MicroBatch, TableChanges, TableEmptied
from sources.highway.micro_batch import Lander
from sources.highway.progress import begin_stream
from sources.ledger import last_batch
from sources.relation import all_changes, current_rows
from sources.tables import landed_table
from tests.integration.capture.capture_house import log_system

SYSTEM = log_system({"t": ["id bigint key", "name varchar"]})
TABLE = landed_table(SYSTEM, SYSTEM.table("t"))
NOW = datetime(2026, 11, 22)
Change = tuple[str, int, str | None]
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("c"), st.integers(1, 9), st.sampled_from(["甲", "乙"])),
        st.tuples(st.just("d"), st.integers(1, 9), st.none()),
    ),
    min_size=1,
    max_size=4,
)


class Stream:
    """A stream without a source: what it lands is known."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "var")
        self.engine = open_store(self.settings)
        self.rows: dict[int, str | None] = {}
        self.history: list[Change] = []
        self.number = 0
        self.lander = Lander(self.settings, self.engine, SYSTEM)
        begin_stream(self.engine, SYSTEM.system, position="0/0", memberships={})
        self.land([TableEmptied("t", NOW)])

    def close(self) -> None:
        self.lander.close()
        self.engine.dispose()

    def land(self, events: list[TableChanges | TableEmptied]) -> None:
        self.number += 1
        self.lander.land(MicroBatch(tuple(events), position=f"0/{self.number:X}", committed_at=NOW))

    def change(self, changes: list[Change]) -> None:
        """One micro-batch."""
        self.land([self.changes(changes)])

    def changes(self, wanted: list[Change]) -> TableChanges:
        changes: list[Change] = []
        for op, key, name in wanted:
            if op == "d" and key not in self.rows:
                continue
            if op == "d":
                self.rows.pop(key)
            else:
                op = "u" if key in self.rows else "c"  # noqa: PLW2901 - as a source would say
                self.rows[key] = name
            changes.append((op, key, name))
        self.history += changes
        return TableChanges(
            "t",
            rows=pa.table(
                {
                    "id": pa.array([str(key) for _, key, _ in changes], pa.string()),
                    "name": pa.array([name for _, _, name in changes], pa.string()),
                    "_op": pa.array([op for op, _, _ in changes], pa.string()),
                    "_position": pa.array([f"{n:08d}" for n in range(len(changes))], pa.string()),
                    "_committed_at": pa.array([NOW] * len(changes), pa.timestamp("us")),
                }
            ),
            unchanged=pa.table({}),
        )

    def empty(self) -> None:
        self.rows.clear()
        self.land([TableEmptied("t", NOW)])

    def read(self, relation: Any) -> list[tuple[Any, ...]]:
        content = table_content(self.engine, SYSTEM.system, "t")
        query = relation(self.settings, TABLE, content)
        with connect() as duck:
            return duck.execute(
                f"select _op, id, name from ({query}) order by _batch_id, _position"
            ).fetchall()

    def check(self) -> None:
        assert {key: name for _, key, name in self.read(current_rows)} == self.rows
        assert self.read(all_changes) == self.history
        last = last_batch(self.engine, SYSTEM.system, "t")
        assert last is not None
        assert last.rows_held == len(self.rows), "the ledger says how many"

    @property
    def live(self) -> int:
        content = table_content(self.engine, SYSTEM.system, "t")
        return sum(len(one.files) for one in content.batches)
