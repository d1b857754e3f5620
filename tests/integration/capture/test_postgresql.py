"""A PostgreSQL captured by its log: the rows landed are the source's, and history has every change
once, whatever happened and however often the highway was stopped.
"""

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.highway.errors import CaptureRefusedError, StreamInterruptedError
from tests.integration.capture.capture_house import Connection, Highway, LogServer
from tests.integration.extraction.extraction_house import limited

pytestmark = pytest.mark.integration

BIG = "大" * 3000


@pytest.fixture
def source(log_server: LogServer, highway: Highway) -> Iterator[Connection]:
    with log_server.connect() as connection:
        connection.execute("set search_path = huji")
        yield connection


def operations(highway: Highway) -> list[tuple[str, int]]:
    return [(row["_op"], row["id"]) for row in highway.rows("t", history=True)]


def test_a_snapshot_and_every_change_after_it(highway: Highway, source: Connection) -> None:
    source.execute("insert into t select n, 'name' || n, n / 3.0 from generate_series(1, 100) n")
    assert highway.drain() == 0
    highway.equal("t")
    source.execute("insert into t values (101, '新', 1.10)")
    source.execute("update t set name = '改' where id = 5")
    source.execute("delete from t where id = 7")
    source.execute("update t set id = 200 where id = 8")
    assert highway.drain() == 5
    highway.equal("t")
    assert operations(highway)[100:] == [("c", 101), ("u", 5), ("d", 7), ("d", 8), ("u", 200)]
    assert highway.drain() == 0


def test_a_log_is_taken_no_faster_than_its_department_asked(
    highway: Highway, source: Connection
) -> None:
    highway.system = limited(highway.system, rows_per_second=1_000)
    highway.drain()
    source.execute("insert into t select n, 'name' || n, 1 from generate_series(1, 2000) n")
    begun = time.monotonic()
    assert highway.drain() == 2000
    assert time.monotonic() - begun >= 2
    highway.equal("t")


def test_a_large_value_that_was_not_sent_is_what_it_was(
    highway: Highway, source: Connection
) -> None:
    source.execute("insert into t values (1, '甲', 1, %s), (2, '乙', 2, %s)", (BIG, BIG + "二"))
    highway.drain()
    source.execute("update t set amount = 3 where id = 1")
    source.execute("update t set id = 20 where id = 2")
    highway.drain()
    highway.equal("t")
    with source.transaction():
        source.execute("insert into t values (3, '丙', 3, %s)", (BIG + "三",))
        source.execute("update t set amount = 4 where id = 3")
        source.execute("update t set id = 30 where id = 3")
        source.execute("update t set id = 31 where id = 30")
        source.execute("update t set amount = 5 where id = 31")
        source.execute("update t set note = null where id = 1")
        source.execute("update t set amount = 6 where id = 1")
    highway.drain()
    highway.equal("t")


def test_a_table_that_was_emptied_is_empty_and_its_history_stays(
    highway: Highway, source: Connection
) -> None:
    source.execute("insert into t values (1, '甲', 1), (2, '乙', 2)")
    highway.drain()
    source.execute("insert into t values (3, '丙', 3)")
    with source.transaction():
        source.execute("insert into t values (4, '丁', 4)")
        source.execute("truncate t")
        source.execute("insert into t values (4, '戊', 5)")
    highway.drain()
    highway.equal("t")
    assert [row["name"] for row in highway.rows("t")] == ["戊"]
    assert ("c", 3) in operations(highway)


def test_a_value_that_does_not_fit_waits_in_quarantine_while_the_good_row_serves(
    highway: Highway, source: Connection
) -> None:
    source.execute("insert into t values (1, '甲', 1), (2, '乙', 2)")
    highway.drain()
    source.execute("update t set amount = 'NaN' where id = 1")
    source.execute("update t set amount = 3 where id = 2")
    assert highway.drain() == 1
    assert [(row["id"], row["amount"]) for row in highway.rows("t")] == [(1, 1), (2, 3)]
    assert highway.quarantined("t") == [('{"id":"1"}', "amount", "NaN", "not_decimal(12,2)")]
    source.execute("update t set amount = 9 where id = 1")
    highway.drain()
    highway.equal("t")


def test_a_column_that_came_lands_and_is_told(highway: Highway, source: Connection) -> None:
    source.execute("insert into t values (1, '甲', 1)")
    highway.drain()
    with source.transaction():
        source.execute("insert into t values (2, '乙', 2)")
        source.execute("alter table t add phone text")
        source.execute("insert into t values (3, '丙', 3, null, '0539')")
    highway.drain()
    assert [row["id"] for row in highway.rows("t")] == [1, 2, 3]
    assert [(event.kind, event.table_code) for event in highway.events()] == [("column_added", "t")]
    assert "phone" in highway.events()[0].message
    assert highway.landed_values("t", "_pending_phone") == ["0539"]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("alter table t drop amount", "column_dropped"),
        ("alter table t rename amount to money", "column_dropped"),
        ("alter table t alter amount type date using '2026-01-01'::date", "column_retyped"),
    ],
)
def test_a_column_that_went_leaves_the_last_good_rows_serving(
    highway: Highway, source: Connection, statement: str, kind: str
) -> None:
    source.execute("insert into t values (1, '甲', 1)")
    with highway.running() as running:
        source.execute("insert into t values (2, '乙', 2)")
        source.execute(statement)
        source.execute("insert into t (id, name) values (3, '丙')")
        source.execute("update t set name = '改' where id = 1")
        running.drain()
    assert [(row["id"], row["name"]) for row in highway.rows("t")] == [(1, "甲"), (2, "乙")]
    assert [event.kind for event in highway.events()] == [kind, "column_added"][
        : 2 if "rename" in statement else 1
    ]
    assert {(row[0], row[3]) for row in highway.quarantined("t")} == {
        ('{"id":"3"}', kind),
        ('{"id":"1"}', kind),
    }


def test_a_corrected_registry_entry_is_followed_by_a_new_snapshot(
    highway: Highway, source: Connection
) -> None:
    source.execute("insert into t values (1, '甲', 1)")
    with highway.running() as running:
        source.execute("alter table t rename amount to money")
        source.execute("update t set name = '改', money = 7 where id = 1")
        running.drain()
    with pytest.raises(CaptureRefusedError, match="lacks column amount"):
        highway.drain()
    table = highway.system.table("t")
    columns = [
        column.model_copy(update={"source": "money"}) if column.column == "amount" else column
        for column in table.columns
    ]
    corrected = table.model_copy(update={"columns": columns})
    highway.system = highway.system.model_copy(update={"tables": [corrected]})
    highway.drain()
    highway.equal("t")
    assert [row["name"] for row in highway.rows("t")] == ["改"]


def test_a_table_that_was_rewritten_is_read_anew(highway: Highway, source: Connection) -> None:
    source.execute("insert into t values (1, '甲', 1.25), (2, '乙', 2.75)")
    with highway.running() as running:
        source.execute("alter table t alter amount type numeric(12,1)")
        source.execute("update t set name = '改' where id = 1")
        with pytest.raises(StreamInterruptedError, match="rewritten"):
            running.drain(quiet_seconds=5)
    highway.drain()
    assert sorted(str(row["amount"]) for row in highway.rows("t")) == ["1.30", "2.80"]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "amount", "note", "rekey", "delete", "truncate", "stop"]),
        st.integers(1, 5),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(transactions=st.lists(ACTS, min_size=1, max_size=4), seed=st.integers(0, 999))
def test_any_transactions(
    highway: Highway,
    source: Connection,
    transactions: list[list[tuple[str, int, int]]],
    seed: int,
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a workload, not a secret
    highway.drain()
    for acts in transactions:
        with source.transaction():
            for act, key, value in acts:
                perform(source, act, key, value)
        if dice.random() < 0.5:
            highway.drain()
            highway.equal("t")
    highway.drain()
    highway.equal("t")


def perform(source: Connection, act: str, key: int, value: int) -> None:
    match act:
        case "put":
            source.execute("delete from t where id = %s", (key,))
            source.execute(
                "insert into t values (%s, %s, %s, %s)",
                (key, f"名{value}", value, BIG * (value % 2)),
            )
        case "amount":
            source.execute("update t set amount = amount + 1 where id = %s", (key,))
        case "note":
            source.execute("update t set note = %s where id = %s", (BIG + str(value), key))
        case "rekey":
            source.execute("delete from t where id = %s", (key + 10,))
            source.execute("update t set id = id + 10 where id = %s", (key,))
        case "delete":
            source.execute("delete from t where id = %s", (key,))
        case "truncate" if value == 0:
            source.execute("truncate t")
        case _:
            pass
