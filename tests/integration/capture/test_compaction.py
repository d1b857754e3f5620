"""Compaction changes nothing that anybody can read: rows, history, and files that readers have."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from sources import compaction
from sources.compaction import compact, is_crowded, sweep_replaced
from sources.content import table_content
from sources.highway.change import TableChanges
from sources.lease import leased
from sources.raw import bind
from sources.registry import Registry
from sources.tables import landed_table
from tests.integration.capture.stream_house import CHANGES, SYSTEM, Change, Stream

pytestmark = pytest.mark.integration

TABLE = landed_table(SYSTEM, SYSTEM.table("t"))


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    found = Stream(tmp_path)
    yield found
    found.close()


ACTS = st.lists(
    st.one_of(
        CHANGES,
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


def test_a_stream_of_years_costs_the_ledger_no_look_at_its_batches(stream: Stream) -> None:
    """What makes up a table is found by indexes: the batches of a day are hundreds of thousands."""
    for key in range(1, 6):
        stream.change([("c", key, "甲")])
        compact(stream.settings, stream.engine, TABLE, at_once=key % 2 == 0)
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    sa.event.listen(stream.engine, "before_cursor_execute", note)
    table_content(stream.engine, SYSTEM.system, "t")
    is_crowded(stream.engine, TABLE)
    sa.event.remove(stream.engine, "before_cursor_execute", note)
    plans = []
    with stream.engine.connect() as connection:
        for statement, parameters in asked:
            found = connection.exec_driver_sql(f"explain query plan {statement}", parameters)
            plans += [str(row[-1]) for row in found]
    searched = [plan for plan in plans if plan.startswith("SEARCH batch")]
    assert len(searched) >= 5
    assert not [plan for plan in plans if plan.startswith("SCAN batch")]
    assert all("system_code=? AND table_code=?" in plan or "rowid" in plan for plan in searched)


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
