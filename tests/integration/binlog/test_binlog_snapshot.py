"""Snapshot and stream fit together: what one has not the other brings, and nothing comes twice."""

import threading
import time

import pytest

from citybase.duck import connect
from sources.contract import System, Table
from sources.highway.binlog_snapshot import BinlogSnapshot
from tests.integration.binlog.binlog_house import Source, changes, folded, texts
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.integration

COLUMNS = ["id integer key", "place varchar key", "amount decimal(12,2)", "note varchar"]
CREATE = """
    create table x (
        id int, place varchar(20), amount decimal(12,2),
        note varchar(50) character set latin1, primary key (id, place)
    ) default charset utf8mb4
"""


@pytest.fixture
def system(source: Source) -> System:
    source.execute(CREATE)
    return make_system({"technology": "mysql", "latin1_holds": "gbk"}, {"x": COLUMNS})


def read(snapshot: BinlogSnapshot, table: Table) -> tuple[str, list[dict[str, str | None]]]:
    """The position and the rows."""
    with connect() as duck:
        reading = snapshot.read(table, duck=duck)
        rows = texts(duck, f"select * exclude (_line) from ({reading.sql})")
        return reading.position["gtid"], rows


def written(writer: "Writer", statements: int) -> None:
    """Wait until so many statements have run."""
    while writer.statements < statements:
        assert writer.is_alive()
        time.sleep(0.001)


class Writer(threading.Thread):
    """Inserts, updates, changes keys and deletes until it is told to end."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source, self.ended, self.statements = source, threading.Event(), 0

    def run(self) -> None:
        with self.source.connect() as connection, connection.cursor() as cursor:
            number = 0
            while not self.ended.is_set():
                number += 1
                cursor.execute("begin")
                cursor.execute("insert into x values (%s, '中', 1.5, null)", (number + 10_000,))
                cursor.execute("update x set amount = amount + 1 where id = %s", (number % 900,))
                cursor.execute("update x set id = id + 99000 where id = %s", (number % 700,))
                cursor.execute("delete from x where id = %s", (number % 500 - 1_000,))
                cursor.execute("rollback" if number % 7 == 0 else "commit")
                self.statements += 4


def test_a_snapshot_taken_while_others_write_and_the_stream_behind_it_are_the_source(
    source: Source, system: System
) -> None:
    [table] = system.tables
    source.execute(
        "insert into x select cast(seq as signed) - 1000, 'a', seq / 4, "
        "convert(x'D6D0' using latin1) from seq_1_to_30000"
    )
    writer = Writer(source)
    writer.start()
    try:
        written(writer, 200)
        with BinlogSnapshot(system, source.mariadb.reader) as snapshot:
            begun = writer.statements
            position, base = read(snapshot, table)
            assert writer.statements > begun, "nothing was written while the table was read"
        written(writer, begun + 1_200)
    finally:
        writer.ended.set()
        writer.join()
    batches = source.drained(source.follow(system, position=position), max_rows=100)

    expected = source.loaded(system, table)
    codes = [column.column for column in table.columns]
    assert len(batches) > 2
    assert folded(base, batches, table) == {tuple(row[code] for code in codes) for row in expected}
    # And each change once: what is created was not there before, what goes was.
    present = {(row["id"], row["place"]) for row in base}
    for change in changes(batches, "x"):
        key = (change["id"], change["place"])
        assert change["_op"] == "u" or (key in present) == (change["_op"] == "d")
        present = present - {key} if change["_op"] == "d" else present | {key}
    assert present == {(row["id"], row["place"]) for row in expected}


def test_the_snapshot_reads_what_the_full_load_reads(source: Source, system: System) -> None:
    [table] = system.tables
    source.execute(
        "insert into x values (1, '', 0, convert(x'D6D0CEC4FF' using latin1))",
        "insert into x values (2, 'a\\0b', null, convert(x'D6D0CEC4' using latin1))",
        "insert into x values (3, '䶮', -0.5, repeat('a', 50))",
    )
    with BinlogSnapshot(system, source.mariadb.reader) as snapshot:
        _, found = read(snapshot, table)
    expected = source.loaded(system, table)
    assert sorted(found, key=lambda row: str(row["id"])) == expected
    assert expected[0]["_bytes_note"] == "\\xD6\\xD0\\xCE\\xC4\\xFF"


def test_a_table_that_has_been_read_may_be_altered_while_the_snapshot_is_open(
    source: Source, system: System
) -> None:
    [table] = system.tables
    source.execute("insert into x values (1, 'a', 1, 'a')", "set global lock_wait_timeout = 2")
    try:
        with BinlogSnapshot(system, source.mariadb.reader) as snapshot:
            read(snapshot, table)
            source.execute("alter table x add column more int")
    finally:
        source.execute("set global lock_wait_timeout = 86400")


def test_one_table_is_read_anew_while_the_stream_goes_on(source: Source) -> None:
    source.execute(
        "create table a (id int primary key)",
        "create table b (id int primary key)",
        "insert into a values (1)",
    )
    system = make_system(
        {"technology": "mysql"}, {"a": ["id integer key"], "b": ["id integer key"]}
    )
    start = source.position()
    source.execute("insert into a values (2)", "insert into b values (2)")
    with BinlogSnapshot(system, source.mariadb.reader) as snapshot:
        position, again = read(snapshot, system.table("a"))
    source.execute("insert into a values (3)", "insert into b values (3)")

    stream = source.follow(system, position=start, snapshots={"a": position})
    batches = source.drained(stream)

    assert [row["id"] for row in again] == ["1", "2"]
    assert [row["id"] for row in changes(batches, "a")] == ["3"]
    assert [row["id"] for row in changes(batches, "b")] == ["2", "3"]
