"""Columns that come and go in a source that is asked: what came lands pending, what went stops the
batch, each is told with what helps, and no longer when it is over.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import xlsxwriter

from citybase.duck import connect
from citybase.store import open_store
from sources.content import table_content
from sources.contract import System
from sources.highway.progress import open_events
from sources.relation import current_rows
from tests.integration.extraction.extraction_house import (
    POSTGRESQL,
    SQLITE,
    House,
    Server,
    make_system,
)
from tests.mariadb_house import Mariadb

pytestmark = pytest.mark.integration

COLUMNS = {"id": "bigint key", "name": "varchar", "changed_on": "date"}
# How a table in a database is altered, by what becomes of it.
CAME = "alter table t add phone varchar(40)"
WENT = "alter table t drop column name"
Grid = Sequence[Sequence[object]]


@dataclass
class Department:
    """Whoever owns a table ``t`` and alters it, whatever it is kept in."""

    house: House
    system: System
    write: Callable[[str], None]

    def extract(self) -> tuple[int, int]:
        result = self.house.extract(self.system)
        assert result.failures == ()
        [receipt] = result.receipts
        return receipt.rows_landed, receipt.rows_quarantined

    def rows(self) -> list[tuple[object, ...]]:
        found = self.house.rows(self.system, "t", current_rows)
        codes = [column.column for column in self.system.table("t").columns]
        return sorted((tuple(row[code] for code in codes) for row in found), key=repr)

    def told(self) -> list[str]:
        engine = open_store(self.house.settings)
        found = [event.kind for event in open_events(engine) if event.table_code == "t"]
        engine.dispose()
        return found

    def pending(self) -> list[object]:
        engine = open_store(self.house.settings)
        content = table_content(engine, self.system.system, "t")
        engine.dispose()
        files = [str(self.house.settings.landing / f) for b in content.batches for f in b.files]
        with connect() as duck:
            rows = duck.execute(
                "select _pending_phone from read_parquet($1, union_by_name = true)"
                " where _pending_phone is not null order by all",
                [files],
            ).fetchall()
        return [value for (value,) in rows]

    def declare(self, **columns: str) -> None:
        """Correct the registry entry."""
        table = self.system.table("t")
        made = make_system(
            SQLITE, {"t": [f"{code} {kind}" for code, kind in {**COLUMNS, **columns}.items()]}
        ).table("t")
        changed = table.model_copy(update={"columns": made.columns})
        self.system = self.system.model_copy(update={"tables": [changed]})


def moded(system: System, mode: str) -> System:
    update: dict[str, object] = {"mode": mode}
    if mode == "cursor":
        update |= {"cursor": "changed_on", "reconcile_hours": 0}
    tables = [table.model_copy(update=update) for table in system.tables]
    return system.model_copy(update={"tables": tables})


def declared(connection: dict[str, str], source: str = "t") -> System:
    table = "t" if source == "t" else f"t={source}"
    return make_system(connection, {table: [f"{code} {kind}" for code, kind in COLUMNS.items()]})


def in_sqlite(house: House, path: Path) -> Department:
    with sqlite3.connect(path, isolation_level=None) as made:
        made.execute("create table t (id integer, name text, changed_on text)")
    made.close()

    def write(statement: str) -> None:
        with sqlite3.connect(path, isolation_level=None) as connection:
            connection.execute(statement)
        connection.close()

    house.locate(system := declared(SQLITE), path)
    return Department(house, system, write)


def in_postgresql(house: House, server: Server) -> Department:
    server.execute("create table huji.t (id bigint primary key, name text, changed_on date)")
    house.locate(system := declared(POSTGRESQL), server.reader)
    return Department(
        house, system, lambda statement: server.execute(f"set search_path = huji; {statement}")
    )


def in_mariadb(house: House, mariadb: Mariadb) -> Department:
    mariadb.execute("create table t (id bigint primary key, name varchar(40), changed_on date)")
    house.locate(system := declared({"technology": "mysql"}), mariadb.reader)
    return Department(house, system, mariadb.execute)


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def database(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> Department:
    match request.param:
        case "postgresql":
            request.getfixturevalue("schema")
            return in_postgresql(house, request.getfixturevalue("server"))
        case "mysql":
            return in_mariadb(house, request.getfixturevalue("mariadb"))
        case _:
            return in_sqlite(house, tmp_path / "source.db")


@pytest.mark.parametrize("mode", ["full", "cursor", "hash_diff", "append_only"])
def test_a_column_that_came_lands_pending_until_the_registry_knows_it(
    database: Department, mode: str
) -> None:
    database.system = moded(database.system, mode)
    database.write("alter table t add left_out varchar(40)")
    database.write("insert into t (id, name, changed_on) values (1, '甲', '2026-11-01')")
    database.extract()
    assert database.told() == [], "what the registry leaves out on purpose is nothing new"

    database.write(CAME)
    database.write(
        "insert into t (id, name, changed_on, phone) values (2, '乙', '2026-11-02', '0539')"
    )
    for _ in range(2):
        database.extract()
        assert database.told() == ["column_added"]
    assert database.pending() == ["0539"]
    assert [row[:2] for row in database.rows()] == [(1, "甲"), (2, "乙")]

    database.declare(phone="varchar")
    database.extract()

    assert database.told() == []
    assert [(row[0], row[3]) for row in database.rows()] == [(1, None), (2, "0539")]


@pytest.mark.parametrize("mode", ["full", "cursor", "hash_diff", "append_only"])
def test_a_column_that_went_stops_the_batch_and_the_last_good_rows_serve(
    database: Department, mode: str
) -> None:
    database.system = moded(database.system, mode)
    database.write("insert into t (id, name, changed_on) values (1, '甲', '2026-11-01')")
    database.extract()
    before = database.rows()
    database.write(WENT)
    database.write("insert into t (id, changed_on) values (2, '2026-11-02')")
    for _ in range(2):
        [failure] = database.house.extract(database.system).failures
        assert "lacks column name" in failure.message
        assert "`source:` in the registry" in failure.remedy
        assert database.told() == ["column_dropped"]
    assert database.rows() == before
    database.write("alter table t add name varchar(40)")
    database.extract()
    assert database.told() == []
    assert [row[0] for row in database.rows()] == [1, 2]


RETYPED = {
    "postgresql": (
        "alter table t alter changed_on type integer using 7",
        "alter table t alter changed_on type date using date '2026-11-09'",
    ),
    "mysql": (
        "alter table t drop changed_on, add changed_on blob",
        "alter table t drop changed_on, add changed_on date default '2026-11-09'",
    ),
}


@pytest.mark.parametrize("mode", ["full", "cursor", "hash_diff", "append_only"])
@pytest.mark.parametrize("database", RETYPED, indirect=True)
def test_a_column_of_a_type_that_does_not_fit_stops_the_batch(
    database: Department, mode: str
) -> None:
    """Of SQLite and files every value is judged by itself: a type declared there binds nobody."""
    retyped, back = RETYPED[database.system.connection.technology]
    database.system = moded(database.system, mode)
    database.write("insert into t (id, name, changed_on) values (1, '甲', '2026-11-01')")
    database.extract()
    before = database.rows()
    database.write(retyped)
    for _ in range(2):
        [failure] = database.house.extract(database.system).failures
        assert "does not fit the registry's date" in failure.message
        assert "change `type:` of changed_on" in failure.remedy
        assert database.told() == ["column_retyped"]
    assert database.rows() == before
    database.write(back)
    database.extract()
    assert database.told() == []
    assert [str(row[2]) for row in database.rows()] == ["2026-11-09"]


@pytest.mark.parametrize("mode", ["cursor", "append_only"])
def test_a_table_whose_values_an_alteration_has_changed_is_read_anew(
    house: House, server: Server, schema: str, mode: str
) -> None:
    """Its rows are otherwise than they were, and bear no newer cursor."""
    department = in_postgresql(house, server)
    department.system = moded(department.system, mode)
    department.write("insert into t values (1, 'abc  ', '2026-11-01')")
    department.extract()
    department.write(f"alter table {schema}.t alter name type char(2) using left(name, 2)")
    department.extract()
    assert [row[1] for row in department.rows()] == ["ab"]


def csv_file(path: Path, grid: Grid) -> None:
    lines = [",".join(str(value) for value in row) for row in grid]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def xlsx_file(path: Path, grid: Grid) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for number, row in enumerate(grid):
        sheet.write_row(number, 0, row)
    book.close()


@pytest.mark.parametrize("mode", ["full", "hash_diff"])
@pytest.mark.parametrize(
    ("connection", "ending", "deliver"),
    [
        ({"technology": "csv", "encoding": "utf-8"}, "csv", csv_file),
        ({"technology": "xlsx"}, "xlsx", xlsx_file),
    ],
)
def test_a_delivery_may_have_more_columns_and_must_not_have_fewer(
    house: House,
    tmp_path: Path,
    connection: dict[str, str],
    ending: str,
    deliver: Callable[[Path, Grid], None],
    mode: str,
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    system = moded(declared(connection, f"t_*.{ending}"), mode)
    house.locate(system, folder)
    department = Department(house, system, lambda _: None)
    head = ["id", "name", "changed_on", "left_out"]

    deliver(folder / f"t_1.{ending}", [head, [1, "甲", "2026-11-01", "x"]])
    department.extract()
    assert department.told() == []
    deliver(folder / f"t_2.{ending}", [[*head, "phone"], [1, "甲", "2026-11-01", "x", "0539"]])
    for _ in range(2):
        department.extract()
        assert department.told() == ["column_added"]
    assert department.pending() == ["0539"]

    deliver(folder / f"t_3.{ending}", [["id", "changed_on"], [2, "2026-11-02"]])
    [failure] = house.extract(system).failures
    assert "lacks column name" in failure.message
    assert "column_dropped" in department.told()
    assert [row[:2] for row in department.rows()] == [(1, "甲")]

    deliver(folder / f"t_4.{ending}", [head, [2, "乙", "2026-11-02", "x"]])
    department.extract()
    assert department.told() == []
    assert [row[:2] for row in department.rows()] == [(2, "乙")]


def test_a_pending_value_that_cannot_be_read_costs_no_row(mariadb: Mariadb, house: House) -> None:
    department = in_mariadb(house, mariadb)
    department.write("insert into t values (1, '甲', '2026-11-01')")
    department.extract()
    department.write("alter table t add phone varchar(40) character set latin1")
    department.write("insert into t values (2, '乙', null, convert(x'D6D0' using latin1))")
    assert department.extract() == (2, 0)
    assert department.pending() == []


def test_a_name_that_cannot_be_carried_is_told_and_nothing_else_changes(
    house: House, server: Server, schema: str
) -> None:
    """Names of a PostgreSQL end at 63 bytes, and are the same in capitals only to DuckDB."""
    department = in_postgresql(house, server)
    department.write("insert into t values (1, '甲', '2026-11-01')")
    department.extract()
    department.write(f'alter table {schema}.t add "{"长" * 20}" text')
    department.write(f'alter table {schema}.t add phone text, add "Phone" text')
    assert department.extract() == (1, 0)
    assert department.told() == ["column_added"]
