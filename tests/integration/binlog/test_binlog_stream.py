"""The stream ends equal to its source and says what it cannot follow: no row is lost in silence."""

import contextlib
import time
from typing import Any

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from sources.contract import System
from sources.highway.binlog_batch import TableFact
from sources.highway.binlog_snapshot import BinlogSnapshot
from sources.highway.errors import PositionLostError, StreamInterruptedError
from tests.integration.binlog.binlog_house import Source, changes, folded, texts
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.integration

CREATE = """
    create table x (
        id int, place varchar(5), amount decimal(9,2), born date, note text,
        primary key (id, place)
    ) default charset utf8mb4
"""
COLUMNS = [
    "id integer key", "place varchar key", "amount decimal(9,2)", "born date", "note varchar",
]  # fmt: skip
SYSTEM = make_system({"technology": "mysql"}, {"x": COLUMNS})


@pytest.fixture
def x(source: Source) -> Source:
    source.execute(CREATE)
    return source


def ids(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["_op"], row["id"]) for row in found]


def facts(source: Source, *statements: str, system: System = SYSTEM) -> list[TableFact]:
    """What the stream says of whole tables when the statements have run."""
    position = source.position()
    source.execute(*statements)
    batches = source.drained(source.follow(system, position=position))
    return [fact for batch in batches for fact in batch.facts]


def end_dumps(cursor: "pymysql.cursors.Cursor") -> None:
    """End every connection that reads the log, and wait until they are gone."""
    listed = "select id from information_schema.processlist where command = 'Binlog Dump'"
    while cursor.execute(listed):
        for (number,) in cursor.fetchall():
            with contextlib.suppress(pymysql.Error):
                cursor.execute(f"kill {number}")
        time.sleep(0.02)


# One statement: what it does, to which rows, with which values.
KEYS = st.integers(0, 5)
VALUES = st.tuples(
    st.one_of(st.none(), st.decimals(-999, 999, places=2).map(str)),
    st.one_of(st.none(), st.sampled_from(["0000-00-00", "2024-00-10", "2024-02-29"])),
    st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
)
STATEMENTS = st.one_of(
    st.tuples(st.just("replace"), KEYS, KEYS, VALUES),
    st.tuples(st.just("insert"), KEYS, KEYS, VALUES),
    st.tuples(st.just("update"), KEYS, KEYS, VALUES),
    st.tuples(st.just("all"), KEYS, KEYS, VALUES),
    st.tuples(st.just("rekey"), KEYS, KEYS, VALUES),
    st.tuples(st.just("shift"), KEYS, KEYS, VALUES),
    st.tuples(st.just("delete"), KEYS, KEYS, VALUES),
    st.tuples(st.just("truncate"), KEYS, KEYS, VALUES),
)
TRANSACTIONS = st.lists(
    st.tuples(st.lists(STATEMENTS, min_size=1, max_size=6), st.booleans()), max_size=8
)
SQL = {
    "replace": ("replace into x values (%s, %s, %s, %s, %s)", "kpv"),
    "insert": ("insert ignore into x values (%s, %s, %s, %s, %s)", "kpv"),
    "update": ("update x set amount = %s, born = %s, note = %s where id = %s", "vk"),
    "all": ("update x set amount = %s, born = %s, note = %s", "v"),
    "rekey": ("update ignore x set place = %s where id = %s", "pk"),
    "shift": ("update ignore x set id = id + 1 where id >= %s order by id desc", "k"),
    "delete": ("delete from x where id = %s or place = %s", "kp"),
    "truncate": ("truncate table x", ""),
}


def run(cursor: "pymysql.cursors.Cursor", statement: tuple[str, int, int, Any]) -> None:
    kind, key, place, values = statement
    sql, order = SQL[kind]
    arguments = {"k": [key], "p": [f"p{place}"], "v": list(values)}
    cursor.execute(sql, [value for part in order for value in arguments[part]])


def test_any_transactions_folded_over_the_snapshot_are_the_source(x: Source) -> None:
    table = SYSTEM.table("x")
    codes = [column.column for column in table.columns]

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        database=None,
    )
    @given(before=TRANSACTIONS, after=TRANSACTIONS, max_rows=st.sampled_from([1, 3, 50_000]))
    def holds(before: Any, after: Any, max_rows: int) -> None:
        with x.connect() as connection, connection.cursor() as cursor:
            for place, (statements, commits) in enumerate([*before, *after]):
                if place == len(before):
                    position, base = snapshot()
                cursor.execute("begin")
                for statement in statements:
                    run(cursor, statement)
                cursor.execute("commit" if commits else "rollback")
            if not after:
                position, base = snapshot()
        found = x.drained(x.follow(SYSTEM, position=position), max_rows=max_rows)
        expected = {tuple(row[code] for code in codes) for row in x.loaded(SYSTEM, table)}
        assert folded(base, found, table) == expected

    def snapshot() -> tuple[str, list[dict[str, str | None]]]:
        with BinlogSnapshot(SYSTEM, x.mariadb.reader) as taken, connect() as duck:
            reading = taken.read(table, duck=duck)
            return reading.position["gtid"], texts(duck, reading.sql)

    holds()


def test_a_stream_that_begins_again_anywhere_brings_every_change_once(x: Source) -> None:
    position = x.position()
    for number in range(12):
        x.execute(f"insert into x (id, place) values ({number}, 'a'), ({number}, 'b')")
    seen: list[tuple[str, str]] = []
    end = x.position()
    while position != end:
        batch = x.follow(SYSTEM, position=position).batch(wait_seconds=5, max_rows=3)
        assert batch is not None
        seen += ids(changes([batch], "x"))
        position = batch.position
    assert seen == [("c", str(number)) for number in range(12) for _ in "ab"]


def test_a_change_of_key_is_a_deletion_and_an_update(x: Source) -> None:
    x.execute("insert into x (id, place, note) values (1, 'a', 'n')")
    position = x.position()
    x.execute("update x set place = 'A' where id = 1", "update x set note = 'm' where id = 1")
    found = changes(x.drained(x.follow(SYSTEM, position=position)), "x")
    assert [(row["_op"], row["place"], row["note"]) for row in found] == [
        ("d", "a", None),
        ("u", "A", "n"),
        ("u", "A", "m"),
    ]
    assert [row["_position"] for row in found] == sorted(row["_position"] for row in found)


def test_transactions_on_other_tables_move_the_position_and_nothing_else(x: Source) -> None:
    position = x.position()
    x.execute("create table y (id int primary key)", "insert into y values (1)")
    [batch] = x.drained(x.follow(SYSTEM, position=position))
    assert (dict(batch.changes), batch.facts, batch.rows) == ({}, (), 0)
    assert batch.position == x.position()


def test_a_compressed_log_is_read_as_any_other(x: Source) -> None:
    x.execute("set global log_bin_compress = 1", "set global log_bin_compress_min_len = 10")
    try:
        position = x.position()
        with x.connect() as connection, connection.cursor() as cursor:
            cursor.execute("insert into x (id, place, note) values (1, 'a', repeat('长', 999))")
            cursor.execute("update x set note = repeat('b', 999)")
            cursor.execute("delete from x")
            cursor.execute("truncate table x /* " + "x" * 300 + " */")
    finally:
        x.execute("set global log_bin_compress = 0")
    batches = x.drained(x.follow(SYSTEM, position=position))
    found = changes(batches, "x")
    assert [(row["_op"], row["note"]) for row in found] == [
        ("c", "长" * 999), ("u", "b" * 999), ("d", None),
    ]  # fmt: skip
    assert [fact.effect for batch in batches for fact in batch.facts] == ["truncated"]


def test_a_value_larger_than_a_packet_arrives_whole(x: Source) -> None:
    x.execute("alter table x modify note longtext", "set global max_allowed_packet = 1073741824")
    position = x.position()
    x.execute("insert into x (id, place, note) values (1, 'a', repeat('a', 40000000))")
    [row] = changes(x.drained(x.follow(SYSTEM, position=position)), "x")
    assert len(row["note"]) == 40_000_000


def test_truncation_comes_between_the_changes_before_and_after_it(x: Source) -> None:
    position = x.position()
    x.execute(
        "insert into x (id, place) values (1, 'a')",
        "truncate table x",
        "insert into x (id, place) values (2, 'a')",
        "truncate x",
        "insert into x (id, place) values (3, 'a')",
    )
    batches = x.drained(x.follow(SYSTEM, position=position))
    assert [([f.effect for f in b.facts], ids(changes([b], "x"))) for b in batches] == [
        ([], [("c", "1")]),
        (["truncated"], [("c", "2")]),
        (["truncated"], [("c", "3")]),
    ]


@pytest.mark.parametrize("image", ["minimal", "noblob"])
def test_rows_that_a_session_logs_in_part_are_refused_and_others_go_on(
    x: Source, image: str
) -> None:
    x.execute(
        "create table y (id int primary key)",
        "insert into x (id, place, note) values (1, 'a', 'n')",
    )
    system = make_system({"technology": "mysql"}, {"x": COLUMNS, "y": ["id integer key"]})
    position = x.position()
    x.execute(
        f"set session binlog_row_image = {image}",
        "update x set amount = 1",
        "insert into y values (1)",
    )
    batches = x.drained(x.follow(system, position=position))
    [fact] = [fact for batch in batches for fact in batch.facts]
    assert (fact.table, fact.effect) == ("x", "unreadable")
    assert "binlog_row_image = FULL" in fact.remedy
    assert changes(batches, "x") == []
    assert ids(changes(batches, "y")) == [("c", "1")]


@pytest.mark.parametrize(
    ("statements", "effects"),
    [
        (["set session binlog_format = 'STATEMENT'", "update x set id = 7"], ["unreadable"]),
        (["set session binlog_format = 'STATEMENT'", "delete from z"], ["unreadable"]),
        (["drop table x"], ["schema_changed"]),
        (["rename table x to x_old"], ["schema_changed"]),
        (["rename table x to x_old, z to x"], ["schema_changed"]),
        (["create or replace table x (id int)"], ["schema_changed"]),
        (["alter table x modify amount int"], ["schema_changed"]),
        (["alter table x add more int, add index (born), comment 'modify amount, drop note'"],
         ["altered"]),
        (["alter table `x` drop column note"], ["schema_changed"]),
        (["ALTER TABLE z RENAME TO y, ADD COLUMN more int"], []),
        (["create table y like x", "create view w as select * from x", "analyze table x"], []),
        (["xa start 'a'", "insert into x (id, place) values (8, 'a')", "xa end 'a'",
          "xa prepare 'a'", "xa commit 'a'"], ["unreadable"]),
    ],
)  # fmt: skip
def test_what_happens_to_a_whole_table_is_said(
    x: Source, statements: list[str], effects: list[str]
) -> None:
    x.execute("create table z (id int primary key)", "insert into z values (1)")
    found = facts(x, *statements)
    assert [fact.effect for fact in found] == effects
    assert all(fact.message.startswith("household_register.x (") for fact in found)


def test_a_transaction_taken_back_in_part_keeps_the_rest(x: Source) -> None:
    position = x.position()
    with x.connect() as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("insert into x (id, place) values (1, 'a')")
        cursor.execute("savepoint s")
        cursor.execute("insert into x (id, place) values (2, 'a')")
        cursor.execute("rollback to savepoint s")
        cursor.execute("insert into x (id, place) values (3, 'a')")
        cursor.execute("commit")
    batches = x.drained(x.follow(SYSTEM, position=position))
    assert [fact for batch in batches for fact in batch.facts] == []
    assert ids(changes(batches, "x")) == [("c", "1"), ("c", "3")]


def test_columns_move_while_rows_go_on_and_are_found_by_name(x: Source) -> None:
    position = x.position()
    x.execute(
        "insert into x values (1, 'a', 1, null, 'n')",
        "alter table x add column more int first, algorithm = instant",
        "insert into x values (5, 2, 'a', 2, null, 'n')",
        "alter table x add index by_born (born)",
        "insert into x values (5, 3, 'a', 2, null, 'n')",
    )
    batches = x.drained(x.follow(SYSTEM, position=position))
    found = changes(batches, "x")
    more = [row.get("_pending_more") for row in found]
    assert [(row["id"], row["amount"], row["note"]) for row in found] == [
        ("1", "1.00", "n"), ("2", "2.00", "n"), ("3", "2.00", "n"),
    ]  # fmt: skip
    assert more == [None, "5", "5"]
    assert [dict(batch.pending) for batch in batches][-1] == {"x": ("more",)}


def test_a_log_that_was_purged_needs_a_new_snapshot(x: Source) -> None:
    position = x.position()
    x.execute("insert into x (id, place) values (1, 'a')", "flush binary logs")
    with x.connect() as connection, connection.cursor() as cursor:
        end_dumps(cursor)  # a file that another test's connection still reads is kept
        # A file is kept until the engine has no more need of it.
        while cursor.execute("show binary logs") > 1:
            cursor.execute(f"purge binary logs to '{cursor.fetchall()[-1][0]}'")
            time.sleep(0.02)
    with pytest.raises(PositionLostError) as caught:
        x.follow(SYSTEM, position=position).batch(wait_seconds=5)
    assert "no longer has the binary log" in caught.value.message
    assert "new snapshot" in caught.value.remedy


def test_a_connection_that_is_killed_interrupts_and_loses_nothing(x: Source) -> None:
    position = x.position()
    stream = x.follow(SYSTEM, position=position)
    assert stream.batch(wait_seconds=0.5) is None
    with x.connect() as connection, connection.cursor() as cursor:
        end_dumps(cursor)
        cursor.execute("insert into x (id, place) values (1, 'a')")
    with pytest.raises(StreamInterruptedError):
        stream.batch(wait_seconds=9)
    again = x.drained(x.follow(SYSTEM, position=position))
    assert ids(changes(again, "x")) == [("c", "1")]
