"""Whatever happens in a source between two extractions, the rows landed are then its rows, and
history holds each change once.
"""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybase.settings import Settings
from sources.contract import System
from sources.modes import cursor
from sources.relation import all_changes, current_rows
from tests.integration.extraction.extraction_house import (
    POSTGRESQL,
    SQLITE,
    House,
    Server,
    make_system,
)
from tests.mariadb_house import Mariadb

pytestmark = pytest.mark.integration

COLUMNS = ["id bigint key", "name varchar", "amount decimal(12,2)", "updated_at timestamp"]
KEYS = ("id",)
VALUES = ("id", "name", "amount", "updated_at")
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Change:
    """One statement of an application; ``late`` seconds before now its clock says it happened."""

    act: str
    key: int
    value: int
    late: int


CHANGES = st.builds(
    Change,
    act=st.sampled_from(["put", "put", "put", "delete", "rekey", "touch"]),
    key=st.integers(1, 6),
    value=st.integers(0, 3),
    # Ahead of the clock, just now, within the overlap, and long before it.
    late=st.sampled_from([-7200, 0, 0, 1, 300, 600, 86_400]),
)


@dataclass
class Application:
    """Somebody else's program that writes the source table, whatever its database."""

    execute: object
    marker: str

    def run(self, changes: Sequence[Change], *, moment: datetime) -> None:
        for change in changes:
            at = (moment - timedelta(seconds=change.late)).strftime("%Y-%m-%d %H:%M:%S")
            row = (change.key, f"名{change.value}", f"{change.value}.50", at)
            if change.act == "put":
                self._do("delete from t where id = ?", (change.key,))
                self._do("insert into t values (?, ?, ?, ?)", row)
            elif change.act == "touch":
                self._do("update t set updated_at = ? where id = ?", (at, change.key))
            elif change.act == "delete":
                self._do("delete from t where id = ?", (change.key,))
            else:
                self._do("delete from t where id = ?", (change.key + 10,))
                self._do(
                    "update t set id = ?, updated_at = ? where id = ?",
                    (change.key + 10, at, change.key),
                )

    def rows(self) -> list[tuple[object, ...]]:
        found = self._do("select id, name, amount, updated_at from t order by id", ())
        return [
            (int(str(row[0])), str(row[1]), f"{float(str(row[2])):.2f}", str(row[3])[:19])
            for row in found
        ]

    def _do(self, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        return self.execute(statement.replace("?", self.marker), values)  # type: ignore[operator, no-any-return]


@contextmanager
def sqlite_application(path: Path) -> Iterator[Application]:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("create table t (id integer, name text, amount real, updated_at text)")
        yield Application(lambda sql, values: connection.execute(sql, values).fetchall(), "?")
    connection.close()


def shown(house: House, system: System) -> list[tuple[object, ...]]:
    rows = house.rows(system, "t", current_rows)
    assert {row["_op"] for row in rows} <= {"r", "c", "u"}
    return sorted(
        (row["id"], row["name"], f"{row['amount']:.2f}", str(row["updated_at"])) for row in rows
    )  # type: ignore[type-var]


def replayed(house: House, system: System) -> dict[object, tuple[object, ...]]:
    """History folded from its beginning; every row of it must change something."""
    state: dict[object, tuple[object, ...]] = {}
    for row in house.rows(system, "t", all_changes):
        key, values = row["id"], tuple(row[name] for name in VALUES)
        match row["_op"]:
            case "d":
                assert key in state
                del state[key]
            case "u":
                assert state.get(key, values) != values
                state[key] = values
            case _:
                assert key not in state
                state[key] = values
    return state


def check(house: House, system: System, application: Application) -> None:
    result = house.extract(system)
    assert result.failures == ()
    assert shown(house, system) == application.rows()
    assert house.last(system, "t").rows_held == len(application.rows()), "the ledger says how many"
    folded = replayed(house, system)
    assert sorted(str(key) for key in folded) == sorted(str(row[0]) for row in application.rows())


def moded(system: System, **fields: object) -> System:
    return system.model_copy(
        update={"tables": [table.model_copy(update=fields) for table in system.tables]}
    )


MODES = pytest.mark.parametrize(
    "fields",
    [
        {"mode": "hash_diff"},
        {"mode": "cursor", "cursor": "updated_at", "overlap": 600, "reconcile_hours": 0},
    ],
    ids=["hash_diff", "cursor"],
)


@MODES
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=st.lists(st.lists(CHANGES, max_size=8), min_size=2, max_size=4))
def test_any_changes_between_any_extractions(
    fields: dict[str, object],
    rounds: list[list[Change]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("modes")
    house = House(settings=Settings(home=folder / "var"), monkeypatch=monkeypatch)
    system = moded(make_system(SQLITE, {"t": COLUMNS}), **fields)
    house.locate(system, folder / "source.db")
    with sqlite_application(folder / "source.db") as application:
        for changes in rounds:
            application.run(changes, moment=datetime.now(ZONE).replace(tzinfo=None))
            check(house, system, application)


def workload(rounds: int) -> Iterator[list[Change]]:
    """The same changes each time, of every kind."""
    dice = random.Random(20261122)  # noqa: S311 - a workload, not a secret
    acts = ["put", "put", "put", "delete", "rekey", "touch"]
    for _ in range(rounds):
        yield [
            Change(
                act=dice.choice(acts),
                key=dice.randint(1, 9),
                value=dice.randint(0, 3),
                late=dice.choice([-7200, 0, 0, 1, 300, 600, 86_400]),
            )
            for _ in range(12)
        ]


@MODES
@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_postgresql(
    house: House, server: Server, schema: str, fields: dict[str, object], kind: str
) -> None:
    server.execute(
        f"create table {schema}.t (id bigint primary key, name text, amount numeric(12,2),"
        f" updated_at {kind})"
    )
    system = moded(make_system(POSTGRESQL, {"t": COLUMNS}), **fields)
    house.locate(system, server.reader)
    options = f"-c search_path={schema} -c timezone=Asia/Shanghai"
    with psycopg.connect(server.admin, autocommit=True, options=options) as connection:

        def execute(sql: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
            cursor = connection.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []

        application = Application(execute, "%s")
        for changes in workload(6):
            application.run(changes, moment=datetime.now(ZONE).replace(tzinfo=None))
            check(house, system, application)


@MODES
@pytest.mark.parametrize("kind", ["datetime", "timestamp null"])
def test_mariadb(house: House, mariadb: Mariadb, fields: dict[str, object], kind: str) -> None:
    mariadb.execute(
        "create table t (id bigint primary key, name varchar(40), amount decimal(12,2),"
        f" updated_at {kind}) default charset utf8mb4"
    )
    system = moded(make_system({"technology": "mysql"}, {"t": COLUMNS}), **fields)
    house.locate(system, mariadb.reader)

    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set time_zone = '+08:00'")

        def execute(sql: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
            cursor.execute(sql, values)
            connection.commit()
            return list(cursor.fetchall())

        application = Application(execute, "%s")
        for changes in workload(6):
            application.run(changes, moment=datetime.now(ZONE).replace(tzinfo=None))
            check(house, system, application)


@pytest.fixture
def register(house: House, tmp_path: Path) -> Iterator[tuple[System, sqlite3.Connection]]:
    """An event register, with a cursor that counts."""
    path = tmp_path / "events.db"
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("create table t (id integer, name text, amount real, updated_at text)")
        system = moded(
            make_system(SQLITE, {"t": COLUMNS}), mode="append_only", cursor="id", overlap=3
        )
        house.locate(system, path)
        yield system, connection
    connection.close()


def test_an_append_only_register_lands_each_row_once(
    house: House, register: tuple[System, sqlite3.Connection]
) -> None:
    system, connection = register
    insert = "insert into t values (?, '事件', 1, '2026-11-22 08:00:00')"
    for number in (1, 2, 3):
        connection.execute(insert, (number,))
    assert house.extract(system).receipts[0].rows_landed == 3
    # Number 4 was taken, and committed after 5 was.
    connection.execute(insert, (5,))
    assert house.extract(system).receipts[0].rows_landed == 1
    connection.execute(insert, (4,))
    receipt = house.extract(system).receipts[0]
    assert (receipt.rows_landed, receipt.rows_quarantined, receipt.unchanged) == (1, 0, False)
    assert house.extract(system).receipts[0].unchanged
    assert [row["id"] for row in house.rows(system, "t", current_rows)] == [1, 2, 3, 5, 4]


def test_a_row_of_a_register_that_was_changed_is_quarantined_once_and_the_first_stands(
    house: House, register: tuple[System, sqlite3.Connection]
) -> None:
    system, connection = register
    connection.execute("insert into t values (1, '原', 1, '2026-11-22 08:00:00')")
    house.extract(system)
    connection.execute("update t set name = '改'")
    receipt = house.extract(system).receipts[0]
    assert (receipt.rows_landed, receipt.rows_quarantined) == (0, 1)
    found = house.quarantined(system, "t")
    assert [(row["reason"], row["row_key"]) for row in found] == [
        ("changed_after_append", '{"id":1}')
    ]
    assert "改" in str(found[0]["raw_row"])
    assert house.extract(system).receipts[0].unchanged
    assert [row["name"] for row in house.rows(system, "t", current_rows)] == ["原"]


@pytest.mark.parametrize("mode", ["hash_diff", "cursor"])
def test_a_value_that_does_not_fit_is_quarantined_once_and_the_good_row_before_it_stands(
    house: House, tmp_path: Path, mode: str
) -> None:
    fields = {"mode": mode, "cursor": "updated_at" if mode == "cursor" else None}
    system = moded(make_system(SQLITE, {"t": COLUMNS}), **fields)
    house.locate(system, tmp_path / "source.db")
    with sqlite_application(tmp_path / "source.db") as application:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        for key in (1, 2):
            application._do("insert into t values (?, '甲', 1, ?)", (key, now))
        house.extract(system)
        application._do("update t set amount = 'viel' where id = 1", ())
        receipt = house.extract(system).receipts[0]
        assert (receipt.rows_landed, receipt.rows_quarantined) == (0, 1)
        again = house.extract(system).receipts[0]
        assert (again.rows_landed, again.rows_quarantined, again.unchanged) == (0, 0, True)
        assert [row["amount"] for row in house.rows(system, "t", current_rows)] == [1, 1]
        application._do("update t set amount = 3 where id = 1", ())
        assert house.extract(system).receipts[0].rows_landed == 1
        assert sorted(row["amount"] for row in house.rows(system, "t", current_rows)) == [1, 3]


def test_two_rows_with_one_key_are_told_apart_without_their_hashes(
    house: House, tmp_path: Path
) -> None:
    system = moded(make_system(SQLITE, {"t": COLUMNS}), mode="hash_diff")
    house.locate(system, tmp_path / "source.db")
    with sqlite_application(tmp_path / "source.db") as application:
        insert = "insert into t values (?, ?, 1, '2026-11-22 08:00:00')"
        application._do(insert, (1, "甲"))
        house.extract(system)
        application._do(insert, (1, "乙"))
        application._do(insert, (2, "丙"))
        receipt = house.extract(system).receipts[0]
        assert (receipt.rows_landed, receipt.rows_quarantined) == (1, 1)
        assert house.extract(system).receipts[0].unchanged
        application._do("delete from t where name = '乙'", ())
        application._do("delete from t where id = 2", ())
        assert house.extract(system).receipts[0].rows_landed == 1
        assert [row["name"] for row in house.rows(system, "t", current_rows)] == ["甲"]


def test_a_row_that_comes_twice_is_seen_even_when_neither_of_them_has_changed(
    house: House, tmp_path: Path
) -> None:
    system = moded(make_system(SQLITE, {"t": COLUMNS}), mode="hash_diff")
    house.locate(system, tmp_path / "source.db")
    with sqlite_application(tmp_path / "source.db") as application:
        insert = "insert into t values (?, ?, 1, '2026-11-22 08:00:00')"
        for key in (1, 2, 3):
            application._do(insert, (key, "甲"))
        house.extract(system)
        application._do("delete from t where id = 3", ())
        application._do(insert, (2, "甲"))
        receipt = house.extract(system).receipts[0]
        assert (receipt.rows_landed, receipt.rows_quarantined) == (1, 1)
        assert [row["reason"] for row in house.quarantined(system, "t")] == ["duplicate_key"]
        assert [row["id"] for row in house.rows(system, "t", current_rows)] == [1, 2]


@dataclass
class Late:
    """A PostgreSQL table read by its cursor, and how to write it at a time of one's choice."""

    house: House
    system: System
    connection: "psycopg.Connection[tuple[object, ...]]"

    def put(self, key: int, name: str, *, ago: int) -> None:
        at = datetime.now(ZONE).replace(tzinfo=None) - timedelta(seconds=ago)
        self.connection.execute("delete from t where id = %s", (key,))
        self.connection.execute("insert into t values (%s, %s, 1, %s)", (key, name, at))

    def extracted(self, **fields: object) -> str:
        """The names by key after an extraction, such as ``甲乙``."""
        result = self.house.extract(moded(self.system, **fields))
        assert result.failures == ()
        rows = self.house.rows(self.system, "t", current_rows)
        return "".join(str(row["name"]) for row in sorted(rows, key=lambda row: str(row["id"])))


@pytest.fixture
def late(house: House, server: Server, schema: str) -> Iterator[Late]:
    server.execute(
        f"create table {schema}.t (id bigint primary key, name text, amount numeric(12,2),"
        " updated_at timestamp)"
    )
    system = moded(make_system(POSTGRESQL, {"t": COLUMNS}), mode="cursor", cursor="updated_at")
    house.locate(system, server.reader)
    options = f"-c search_path={schema}"
    with psycopg.connect(server.admin, autocommit=True, options=options) as connection:
        yield Late(house, system, connection)


def test_what_is_committed_late_is_found_in_the_overlap_and_once(late: Late) -> None:
    late.put(1, "甲", ago=0)
    assert late.extracted() == "甲"
    late.put(2, "乙", ago=500)
    assert late.extracted() == "甲乙"
    assert late.extracted() == "甲乙"
    history = late.house.rows(late.system, "t", all_changes)
    assert [(row["name"], row["_op"]) for row in history] == [("甲", "r"), ("乙", "c")]


def test_what_a_cursor_cannot_see_is_found_when_all_keys_are_compared(late: Late) -> None:
    for key, name in ((1, "甲"), (2, "乙"), (3, "丙")):
        late.put(key, name, ago=0)
    assert late.extracted() == "甲乙丙"
    late.connection.execute("delete from t where id = 3")
    late.put(2, "变", ago=86_400)
    assert late.extracted() == "甲乙丙"
    assert late.extracted(reconcile_hours=0) == "甲变"
    late.put(4, "丁", ago=86_400)
    assert late.extracted() == "甲变"
    assert late.extracted(reconcile_hours=0) == "甲变丁"
    operations = [row["_op"] for row in late.house.rows(late.system, "t", all_changes)]
    assert operations == ["r", "r", "r", "d", "u", "c"]


def test_a_row_dated_into_the_future_hides_none_that_come_after_it(late: Late) -> None:
    late.put(1, "甲", ago=-864_000)
    assert late.extracted() == "甲"
    late.put(2, "乙", ago=0)
    assert late.extracted() == "甲乙"


def test_a_key_that_comes_back_while_keys_are_compared_is_not_deleted(
    late: Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    late.put(1, "甲", ago=0)
    late.put(2, "乙", ago=0)
    late.extracted()
    late.connection.execute("create table aside as select * from t where id = 2")
    late.connection.execute("delete from t where id = 2")
    compare = cursor._reconciled

    def compare_and_return(*arguments: Any) -> tuple[str, bool]:
        found = compare(*arguments)
        late.connection.execute("insert into t select * from aside")
        return found

    monkeypatch.setattr(cursor, "_reconciled", compare_and_return)
    assert late.extracted(reconcile_hours=0) == "甲乙"


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "cursor", "cursor": "updated_at", "reconcile_hours": 24},
        {"mode": "append_only"},
        {"mode": "append_only", "cursor": "updated_at"},
    ],
    ids=["cursor", "append_only", "append_only with a cursor"],
)
def test_a_source_that_another_has_taken_the_place_of_is_read_anew(
    house: House, server: Server, schema: str, fields: dict[str, object]
) -> None:
    """Restored from a copy, moved to another server: what was read of the old one says nothing."""
    system = moded(make_system(POSTGRESQL, {"t": COLUMNS}), **fields)
    house.locate(system, server.reader)
    create = (
        f"create table {schema}.t (id integer, name text, amount numeric, updated_at timestamp)"
    )
    insert = f"insert into {schema}.t values"
    server.execute(create)
    server.execute(f"{insert} (1, '甲', 1, '2026-11-22 08:00'), (2, '乙', 1, '2026-11-22 08:00')")
    assert house.extract(system).receipts[0].rows_landed == 2
    assert house.extract(system).receipts[0].unchanged
    server.execute(f"drop table {schema}.t")
    server.execute(create)
    server.execute(f"{insert} (1, '丙', 1, '2026-11-22 08:00'), (3, '丁', 1, '2020-01-01 08:00')")
    receipt = house.extract(system).receipts[0]
    assert (receipt.rows_landed, receipt.rows_quarantined) == (2, 0)
    found = house.rows(system, "t", current_rows)
    assert sorted((row["id"], row["name"]) for row in found) == [(1, "丙"), (3, "丁")]
    assert house.extract(system).receipts[0].unchanged
