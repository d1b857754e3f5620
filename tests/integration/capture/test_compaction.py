"""Compaction changes nothing that anybody can read: rows, history, and files that readers have."""

import random
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources import compaction
from sources.compaction import compact, sweep_replaced
from sources.content import table_content
from sources.highway.change import MicroBatch, TableChanges, TableEmptied
from sources.highway.micro_batch import Lander
from sources.highway.progress import begin_stream
from sources.lease import leased
from sources.ledger import last_batch
from sources.raw import bind
from sources.registry import Registry
from sources.relation import all_changes, current_rows
from sources.tables import landed_table
from tests.integration.capture.capture_house import log_system

pytestmark = pytest.mark.integration

SYSTEM = log_system({"t": ["id bigint key", "name varchar"]})
TABLE = landed_table(SYSTEM, SYSTEM.table("t"))
NOW = datetime(2026, 11, 22)
Change = tuple[str, int, str | None]


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


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    found = Stream(tmp_path)
    yield found
    found.close()


ACTS = st.lists(
    st.one_of(
        st.lists(
            st.one_of(
                st.tuples(st.just("c"), st.integers(1, 9), st.sampled_from(["甲", "乙"])),
                st.tuples(st.just("d"), st.integers(1, 9), st.none()),
            ),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from(["empty", "compact", "at_once", "bind", "sweep"]),
    ),
    min_size=3,
    max_size=25,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_nothing_changes_whatever_is_compacted_and_swept(
    acts: list[list[Change] | str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compaction, "FRESH_SEGMENTS", 2)
    monkeypatch.setattr(compaction, "MERGED_SEGMENTS", 2)
    monkeypatch.setattr(compaction, "_SMALL_LOG", 8)
    stream = Stream(tmp_path_factory.mktemp("compaction"))
    registry = Registry(systems=(SYSTEM,))
    for act in acts:
        match act:
            case "empty":
                stream.empty()
            case "compact" | "at_once":
                compact(stream.settings, stream.engine, TABLE, at_once=act == "at_once")
            case "bind":
                bind(stream.settings, registry=registry)
            case "sweep":
                sweep_replaced(stream.settings, stream.engine)
            case list():
                stream.change(act)
        stream.check()
        check_bound(stream)
    stream.close()


def check_bound(stream: Stream) -> None:
    """What was bound can be read, whatever has been compacted since."""
    if stream.settings.warehouse.exists():
        with connect(stream.settings.warehouse, read_only=True) as duck:
            for schema in ("raw", "raw_log"):
                duck.execute(f"select sum(hash(t)) from {schema}.{TABLE.name} as t").fetchall()


def test_a_thousand_micro_batches_stay_few_segments_and_lose_no_change(stream: Stream) -> None:
    dice = random.Random(7)  # noqa: S311 - a workload, not a secret
    stream.change([("c", key, "甲") for key in range(1, 2001)])
    most = 0
    for number in range(200):
        stream.change(
            [("u", dice.randint(1, 2000), f"名{number}") for _ in range(dice.randint(1, 30))]
        )
        if number % 10 == 9:
            compact(stream.settings, stream.engine, TABLE)
            sweep_replaced(stream.settings, stream.engine)
            most = max(most, stream.live)
    assert most <= 50
    stream.check()
    folder = stream.settings.landing / SYSTEM.system / "t"
    assert len(list(folder.rglob("*.parquet"))) <= 100


def test_a_file_stays_as_long_as_somebody_may_read_it(stream: Stream) -> None:
    for key in (1, 2, 3):
        stream.change([("c", key, "甲")])
    registry = Registry(systems=(SYSTEM,))
    bind(stream.settings, registry=registry)
    compact(stream.settings, stream.engine, TABLE, at_once=True)
    assert sweep_replaced(stream.settings, stream.engine) == [], "the bound cut lists them"
    check_bound(stream)
    with leased(stream.engine, "a reader"):
        bind(stream.settings, registry=registry)
        assert sweep_replaced(stream.settings, stream.engine) == []
        compact(stream.settings, stream.engine, TABLE, at_once=True)
    swept = bind(stream.settings, registry=registry)
    assert swept.rows == 3
    stream.check()
    check_bound(stream)
    folder = stream.settings.landing / SYSTEM.system / "t"
    assert [path.parent.name for path in folder.rglob("*.parquet")] == ["compact", "compact"]


def test_the_lease_of_a_process_that_is_gone_keeps_nothing(stream: Stream) -> None:
    for key in (1, 2):
        stream.change([("c", key, "甲")])
    with stream.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into lease (holder, host, pid, compaction_id, opened_at)"
                " values ('dead', :host, 4194305, 0, '2026-11-22 00:00:00')"
            ),
            {"host": socket.gethostname()},
        )
    compact(stream.settings, stream.engine, TABLE, at_once=True)
    assert len(sweep_replaced(stream.settings, stream.engine)) == 2


def test_a_killed_compaction_left_nothing_that_counts(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (1, 2):
        stream.change([("c", key, "甲")])

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compaction, "_commit", dies)
    with pytest.raises(KeyboardInterrupt):
        compact(stream.settings, stream.engine, TABLE, at_once=True)
    stream.check()
    monkeypatch.undo()
    compact(stream.settings, stream.engine, TABLE, at_once=True)
    stream.check()
    folder = stream.settings.landing / SYSTEM.system / "t" / "compact"
    assert len(list(folder.glob("*.parquet"))) == 2


def test_what_stands_in_quarantine_stays_listed(stream: Stream) -> None:
    stream.change([("c", 1, "甲")])
    bad = stream.changes([("c", 2, "乙")])
    stream.history.pop()
    stream.rows.pop(2)
    ids = pa.array(["no number"], pa.string())
    stream.land([TableChanges("t", bad.rows.set_column(0, "id", ids), bad.unchanged)])
    stream.change([("c", 3, "丙")])
    compact(stream.settings, stream.engine, TABLE, at_once=True)
    bind(stream.settings, registry=Registry(systems=(SYSTEM,)))
    with connect(stream.settings.warehouse, read_only=True) as duck:
        found = duck.execute("select raw_value, reason from meta.quarantine").fetchall()
    assert found == [("no number", "not_bigint")]
    stream.check()
