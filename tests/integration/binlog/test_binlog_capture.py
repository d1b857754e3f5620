"""MariaDB on the highway: what has landed is the source, through restarts, bad values and DDL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources.content import table_content
from sources.contract import System
from sources.highway.binlog_capture import BinlogCapture
from sources.highway.captures import begin
from sources.highway.errors import StreamInterruptedError
from sources.highway.micro_batch import Lander
from sources.highway.progress import open_events
from sources.ledger import last_batch
from sources.relation import all_changes, current_rows
from sources.tables import landed_table
from tests.integration.binlog.binlog_house import Source
from tests.integration.extraction.extraction_house import limited, make_system

pytestmark = pytest.mark.integration

COLUMNS = ["id integer key", "name varchar", "born date", "amount decimal(9,2)"]
CREATE = "(id int primary key, name varchar(20), born date, amount decimal(9,2))"


@dataclass
class Highway:
    """One installation that captures one MariaDB system."""

    source: Source
    settings: Settings
    system: System

    @contextmanager
    def running(self) -> Iterator["Running"]:
        engine = open_store(self.settings)
        begun = begin(self.settings, engine, self.system)
        capture = begun.open()
        assert isinstance(capture, BinlogCapture)
        with Lander(self.settings, engine, self.system) as lander, capture:
            yield Running(lander, capture)
        engine.dispose()

    def rows(self, table: str, *, history: bool = False) -> list[dict[str, Any]]:
        engine = open_store(self.settings)
        content = table_content(engine, self.system.system, table)
        engine.dispose()
        relation = all_changes if history else current_rows
        landed = landed_table(self.system, self.system.table(table))
        with connect() as duck:
            found = duck.execute(
                f"from ({relation(self.settings, landed, content)}) order by _batch_id, _position"
            )
            names = [str(column[0]) for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def events(self) -> list[tuple[str | None, str]]:
        engine = open_store(self.settings)
        found = [(event.table_code, event.kind) for event in open_events(engine)]
        engine.dispose()
        return found

    def equal(self, table: str) -> None:
        """The rows landed are the source's rows, both ways."""
        found = self.system.table(table)
        with self.source.connect() as connection, connection.cursor() as cursor:
            listed = ", ".join(column.source_name for column in found.columns)
            cursor.execute(f"select {listed} from {found.source_name}")
            there = cursor.fetchall()
        codes = [column.column for column in found.columns]
        here = [tuple(row[code] for code in codes) for row in self.rows(table)]
        assert sorted(map(repr, here)) == sorted(map(repr, there))
        engine = open_store(self.settings)
        last = last_batch(engine, self.system.system, table)
        engine.dispose()
        assert last is not None
        assert last.rows_held == len(here), "the ledger says how many"


@dataclass
class Running:
    lander: Lander
    capture: BinlogCapture

    def drain(self) -> int:
        """Land until nothing has come for a while."""
        rows = 0
        while (batch := self.capture.next(self.lander, wait_seconds=0.3)) is not None:
            rows += self.lander.land(batch).rows_landed
            self.capture.landed(batch)
        return rows


@pytest.fixture
def highway(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Highway:
    source.execute(f"create table x {CREATE}", f"create table y {CREATE}")
    system = make_system({"technology": "mysql"}, {"x": COLUMNS, "y": COLUMNS})
    tables = [table.model_copy(update={"mode": "log"}) for table in system.tables]
    monkeypatch.setenv(system.connection.location_env, source.mariadb.reader)
    return Highway(
        source, Settings(home=tmp_path / "var"), system.model_copy(update={"tables": tables})
    )


def test_snapshot_changes_and_restarts_end_equal_and_history_has_each_change_once(
    highway: Highway,
) -> None:
    highway.source.execute("insert into x values (1, '张', '2000-01-01', 1), (2, 'b', null, null)")
    with highway.running() as running:
        highway.source.execute(
            "insert into x values (3, 'c', null, -0.5)",
            "update x set amount = 7 where id = 1",
            "insert into y values (1, 'a', null, 1)",
        )
        assert running.drain() == 3
    highway.source.execute(
        "update x set id = 9 where id = 2", "delete from x where id = 3", "truncate table y",
        "insert into y values (5, 'e', null, 1)",
    )  # fmt: skip
    for _ in range(2):
        with highway.running() as running:
            running.drain()
        highway.equal("x")
        highway.equal("y")
    assert [(row["_op"], row["id"]) for row in highway.rows("x", history=True)] == [
        ("r", 1), ("r", 2), ("c", 3), ("u", 1), ("d", 2), ("u", 9), ("d", 3),
    ]  # fmt: skip
    assert highway.events() == []


def test_snapshot_and_log_are_taken_no_faster_than_the_department_asked(highway: Highway) -> None:
    highway.system = limited(highway.system, rows_per_second=1_000)
    highway.source.execute("insert into x select seq, 'a', null, 1 from seq_1_to_1000")
    begun = time.monotonic()
    with highway.running() as running:
        assert time.monotonic() - begun >= 1
        highway.source.execute("insert into x select seq, 'a', null, 1 from seq_2001_to_4000")
        begun = time.monotonic()
        assert running.drain() == 2000
        assert time.monotonic() - begun >= 2
    highway.equal("x")


def test_a_value_that_does_not_fit_leaves_the_last_good_row_serving(highway: Highway) -> None:
    highway.source.execute("insert into x values (1, 'a', '2000-01-01', 1)")
    with highway.running() as running:
        highway.source.execute(
            "update x set born = '2024-00-10' where id = 1",
            "insert into x values (2, 'b', null, 1)",
        )
        running.drain()
    assert [(row["id"], str(row["born"])) for row in highway.rows("x")] == [
        (1, "2000-01-01"),
        (2, "None"),
    ]


def test_a_column_that_is_added_lands_pending_and_is_told(highway: Highway) -> None:
    with highway.running() as running:
        highway.source.execute(
            "insert into x values (1, 'a', null, 1)",
            "alter table x add column phone varchar(20)",
            "insert into x values (2, 'b', null, 1, '0539-8170110')",
            "delete from x where id = 1",
        )
        assert running.drain() == 3
    highway.equal("x")
    assert highway.events() == [("x", "column_added")]
    engine = open_store(highway.settings)
    content = table_content(engine, highway.system.system, "x")
    engine.dispose()
    files = [str(highway.settings.landing / file) for log in content.logs for file in log.files]
    with connect() as duck:
        found = duck.execute(
            "select id, _pending_phone from read_parquet($1, union_by_name = true) "
            "where _op <> 'd' order by id",
            [files],
        ).fetchall()
    assert found == [(1, None), (2, "0539-8170110")]


def test_a_table_that_is_altered_is_read_anew_while_others_go_on(highway: Highway) -> None:
    highway.source.execute("insert into x values (1, 'abc', null, 1.25)")
    with highway.running() as running:
        highway.source.execute(
            "insert into x values (2, 'b', null, 1)",
            "insert into y values (1, 'a', null, 1)",
            "alter table x modify amount decimal(9,1)",
            "insert into x values (3, 'c', null, 1)",
            "insert into y values (2, 'a', null, 1)",
        )
        with pytest.raises(StreamInterruptedError, match="was changed as a whole"):
            running.drain()
    with highway.running() as running:
        running.drain()
    assert [(row["id"], str(row["amount"])) for row in highway.rows("x")] == [
        (1, "1.30"), (2, "1.00"), (3, "1.00"),
    ]  # fmt: skip
    highway.equal("y")
    assert [row["id"] for row in highway.rows("y", history=True)] == [1, 2]


def test_a_table_that_lost_a_column_keeps_serving_and_others_go_on(highway: Highway) -> None:
    highway.source.execute("insert into x values (1, 'abc', null, 1.25)")
    with highway.running() as running:
        running.drain()
        highway.source.execute(
            "alter table x drop column name", "insert into x values (2, null, 1)"
        )
        with pytest.raises(StreamInterruptedError):
            running.drain()
    for _ in range(2):
        highway.source.execute("insert into y select count(*), 'a', null, 1 from y")
        with highway.running() as running:
            running.drain()
    assert [row["name"] for row in highway.rows("x")] == ["abc"]
    highway.equal("y")
    assert ("x", "table_refused") in highway.events()

    highway.source.execute("alter table x add column name varchar(20)")
    with highway.running() as running:
        running.drain()
    assert [row["id"] for row in highway.rows("x")] == [1, 2]
    assert highway.events() == []
