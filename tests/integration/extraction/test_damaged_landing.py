"""A table whose landed files lost rows is read whole again, whatever its mode compares."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from citybase.duck import connect
from sources.contract import System
from sources.landing import absolute
from sources.relation import current_rows
from tests.integration.extraction.extraction_house import SQLITE, House, make_system

pytestmark = pytest.mark.integration

ROWS = {1: "甲", 2: "乙", 3: "丙"}


@pytest.fixture(params=["full", "cursor", "hash_diff", "append_only"])
def system(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> System:
    system = make_system(SQLITE, {"t": ["id bigint key", "name varchar"]})
    more = {"mode": request.param, "cursor": "id", "reconcile_hours": 1000}
    tables = [table.model_copy(update=more) for table in system.tables]
    system = system.model_copy(update={"tables": tables})
    with closing(sqlite3.connect(tmp_path / "source.db")) as connection, connection:
        connection.execute("create table t (id integer primary key, name text)")
        connection.executemany("insert into t values (?, ?)", ROWS.items())
    house.locate(system, tmp_path / "source.db")
    return system


def rows(house: House, system: System) -> dict[object, object]:
    return {row["id"]: row["name"] for row in house.rows(system, "t", current_rows)}


def extract(house: House, system: System) -> None:
    assert house.extract(system).failures == ()


def test_rows_that_landed_files_lost_land_again(system: System, house: House) -> None:
    extract(house, system)
    extract(house, system)
    assert rows(house, system) == ROWS
    [file] = {
        path for path in house.settings.landing.rglob("*.parquet") if "state" not in path.parts
    }
    with connect() as duck:
        duck.execute(f"create table kept as from '{file}' where id <> 2")
        duck.execute(f"copy kept to '{file}' (format parquet)")
    assert rows(house, system) == {1: "甲", 3: "丙"}
    extract(house, system)
    assert rows(house, system) == ROWS
    batch = house.last(system, "t")
    assert batch.kind == "base"
    assert absolute(house.settings, batch.files) != [file]


def test_a_landed_file_that_is_gone_lands_again(system: System, house: House) -> None:
    extract(house, system)
    [file] = absolute(house.settings, house.last(system, "t").files)
    file.unlink()
    extract(house, system)
    assert rows(house, system) == ROWS
