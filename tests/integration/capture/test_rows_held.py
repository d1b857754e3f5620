"""The ledger says how many rows a captured table has: whatever its application does, whatever of it
is rejected, however it is cut into batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources import compaction
from sources.compaction import compact
from sources.content import table_content
from sources.highway.change import MicroBatch, TableChanges, TableEmptied
from sources.highway.micro_batch import Lander
from sources.highway.progress import begin_stream
from sources.ledger import Batch, last_batch
from sources.relation import current_rows
from sources.tables import landed_table
from tests.integration.capture.capture_house import log_system

pytestmark = pytest.mark.integration

SYSTEM = log_system({"t": ["id bigint key", "amount integer"]})
TABLE = landed_table(SYSTEM, SYSTEM.table("t"))
NOW = datetime(2026, 11, 22)
REFUSED = "column_retyped"
Row = tuple[str, int, str | None]
Act = tuple[str, int, str]


@dataclass
class Application:
    """A table that somebody writes, and what its log then holds."""

    keys: set[int] = field(default_factory=set)

    def does(self, act: str, key: int, value: str) -> list[Row]:
        is_there = key in self.keys
        if act == "delete" and is_there:
            self.keys.discard(key)
            return [("d", key, None)]
        if act == "rekey" and is_there and key + 10 not in self.keys:
            self.keys ^= {key, key + 10}
            return [("d", key, None), ("u", key + 10, value)]
        if act == "put":
            self.keys.add(key)
            return [("u" if is_there else "c", key, value)]
        return []


def as_changes(rows: Sequence[Row], *, refused: str | None = None) -> TableChanges:
    facts = {
        "id": [str(key) for _, key, _ in rows],
        "amount": [value for _, _, value in rows],
        "_op": [op for op, _, _ in rows],
        "_position": [f"{number:08d}" for number in range(len(rows))],
    }
    return TableChanges(
        "t",
        rows=pa.table(
            {name: pa.array(values, pa.string()) for name, values in facts.items()}
            | {"_committed_at": pa.array([NOW] * len(rows), pa.timestamp("us"))}
        ),
        unchanged=pa.table({}),
        refused=refused,
    )


ACTS = st.tuples(
    st.sampled_from(["put", "put", "put", "delete", "rekey"]),
    st.integers(1, 5),
    st.sampled_from(["1", "2", "3", "no number"]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.lists(ACTS, min_size=1, max_size=6),
            st.sampled_from(["whole", "whole", "in parts", "refused"]),
        ),
        st.sampled_from(["empty", "restart", "compact", "forget"]),
    ),
    min_size=3,
    max_size=16,
)


class Follower:
    """An installation that lands what the application does, cut as a test likes."""

    def __init__(self, home: Settings) -> None:
        self.home, self.engine, self.application = home, open_store(home), Application()
        begin_stream(self.engine, SYSTEM.system, position="0/0", memberships={})
        self.lander = Lander(home, self.engine, SYSTEM)
        self.forgotten = 0
        self.empty()

    def close(self) -> None:
        self.lander.close()
        self.engine.dispose()

    def land(self, *events: TableChanges | TableEmptied) -> None:
        self.lander.land(MicroBatch(events, position="0/1", committed_at=NOW))

    def empty(self) -> None:
        self.application.keys.clear()
        self.land(TableEmptied("t", NOW))

    def restart(self, *, forget: bool) -> None:
        """Another process goes on; with ``forget``, behind batches that nobody counted."""
        self.lander.close()
        if forget:
            with self.engine.begin() as connection:
                connection.execute(sa.text("update batch set rows_held = null"))
            self.forgotten = self.last.batch_id
        self.lander = Lander(self.home, self.engine, SYSTEM)

    def follow(self, acts: Sequence[Act], *, cut: str) -> None:
        # A change of key is one message of its source, and never in two parts.
        half = len(acts) // 2 if cut == "in parts" else 0
        refused = REFUSED if cut == "refused" else None
        first, second = (
            (as_changes(rows, refused=refused),) if rows else ()
            for part in (acts[:half], acts[half:])
            for rows in ([row for act in part for row in self.application.does(*act)],)
        )
        self.lander.write(first)
        self.land(*second)

    @property
    def last(self) -> Batch:
        found = last_batch(self.engine, SYSTEM.system, "t")
        assert found is not None
        return found

    def check(self) -> None:
        content = table_content(self.engine, SYSTEM.system, "t")
        with connect() as duck:
            query = current_rows(self.home, TABLE, content)
            found = duck.execute(f"select count(*) from ({query})").fetchone()
        if self.last.batch_id != self.forgotten:
            assert (self.last.rows_held,) == found


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_ledger_says_how_many_rows_a_stream_leaves(
    steps: list[tuple[list[Act], str] | str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compaction, "_SMALL_LOG", 0)
    follower = Follower(Settings(home=tmp_path_factory.mktemp("held")))
    for step in steps:
        match step:
            case "empty":
                follower.empty()
            case "restart" | "forget":
                follower.restart(forget=step == "forget")
            case "compact":
                compact(follower.home, follower.engine, TABLE, at_once=True)
            case (acts, cut):
                follower.follow(acts, cut=cut)
        follower.check()
    follower.close()
