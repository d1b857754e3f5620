"""The city's sentence, from ledger rows alone, is what the views hold, now and at any past."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from citybase.duck import connect
from citybase.store import open_store
from sources import ledger
from sources.compaction import compact
from sources.contract import System
from sources.gathered import Cell, Gathered, gathered, written
from sources.raw import bind
from sources.registry import Registry
from sources.tables import landed_table
from tests.integration.extraction.extraction_house import SQLITE, House, make_system

pytestmark = pytest.mark.integration

COLUMNS = ["id bigint key", "amount integer", "seen bigint"]
MODES = {
    "whole": {"mode": "full"},
    "marked": {"mode": "cursor", "cursor": "seen", "overlap": 2, "reconcile_hours": 0},
    "compared": {"mode": "hash_diff"},
    "added": {"mode": "append_only"},
}


def city(house: House, path: Path) -> tuple[System, System]:
    """A department of the city with a table of each mode, and a county with one table."""
    system = make_system(SQLITE, dict.fromkeys(MODES, COLUMNS), code="museum")
    tables = [table.model_copy(update=MODES[table.table]) for table in system.tables]
    museum = system.model_copy(update={"tables": tables})
    grid = make_system(SQLITE, {"merchant": COLUMNS}, code="grid")
    department = grid.department.model_copy(update={"code": "county_x", "name": "某县"})
    county = grid.model_copy(
        update={"level": "county", "county": "371325", "department": department}
    )
    house.locate(museum, path)
    house.locate(county, path)
    return museum, county


class Sources:
    """The tables of both systems, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for table in (*MODES, "merchant"):
            self.connection.execute(f"create table {table} (id integer, amount text, seen integer)")
            self.put(table, (1, "10", 1), (2, "20", 2), (3, "no number", 3))

    def put(self, table: str, *rows: tuple[int, str, int]) -> None:
        for row in rows:
            self.connection.execute(f"delete from {table} where id = ?", row[:1])
            self.connection.execute(f"insert into {table} values (?, ?, ?)", row)

    def delete(self, table: str, key: int) -> None:
        self.connection.execute(f"delete from {table} where id = ?", (key,))


def told(house: House, registry: Registry, as_of: datetime | None = None) -> Gathered:
    engine = open_store(house.settings)
    found = gathered(engine, registry, as_of=as_of)
    engine.dispose()
    return found


def bound(house: House, registry: Registry) -> dict[str, int]:
    """The rows of every raw view."""
    bind(house.settings, registry=registry)
    with connect(house.settings.warehouse, read_only=True) as duck:
        return {
            table.name: (duck.execute(f"select count(*) from raw.{table.name}").fetchone() or (0,))[
                0
            ]
            for table in (landed_table(*entry) for entry in registry.tables())
        }


def check(house: House, registry: Registry) -> Gathered:
    found = told(house, registry)
    views = bound(house, registry)
    rows = {f"{item.system_code}__{item.table_code}": item.rows for item in found.found}
    assert dict.fromkeys(views, 0) | rows == views
    return found


def test_the_sentence_is_what_the_views_hold_now_and_at_any_past(
    house: House, tmp_path: Path
) -> None:
    museum, county = city(house, tmp_path / "sources.db")
    registry, sources = Registry(systems=(museum, county)), Sources(tmp_path / "sources.db")
    assert told(house, registry).sentence == (
        "已汇聚 0 个县区 0 个部门 0 项 0 条数据,数据高速通道累计 0 条"
    )
    pasts = []

    def extract(*systems: System) -> Gathered:
        for system in systems:
            assert house.extract(system).failures == ()
        found = check(house, registry)
        pasts.append((ledger.now(), found))
        return found

    first = extract(museum)
    assert first.sentence == "已汇聚 0 个县区 1 个部门 4 项 8 条数据,数据高速通道累计 8 条"
    for table in MODES:
        sources.put(table, (3, "30", 9), (4, "40", 9))
    for table in ("whole", "marked", "compared"):
        sources.put(table, (1, "11", 9))
        sources.delete(table, 2)
    second = extract(museum, county)
    # Three rows of the base anew; three changes and a delete by comparison; two added; two of grid.
    assert second.sentence == (
        f"已汇聚 1 个县区 1 个部门 5 项 15 条数据,数据高速通道累计 {8 + 3 + 4 + 4 + 2 + 2} 条"
    )
    again = extract(museum, county)
    assert again == second, "what says the same again brought nothing"
    sources.put("whole", (5, "50", 9))
    assert extract(museum).channel_rows == second.channel_rows + 4
    sources.connection.execute("delete from merchant")
    assert extract(county).rows == 16 - 2
    engine = open_store(house.settings)
    compact(house.settings, engine, landed_table(museum, museum.table("compared")), at_once=True)
    engine.dispose()
    check(house, registry)
    for moment, found in pasts:
        assert told(house, registry, moment) == found
    assert pasts[-1][1].matrix == (
        Cell(None, "public_security", "临沂市公安局", 4, 14, 27 - 2),
        Cell("371325", "county_x", "某县", 1, 0, 2),
    )


def test_what_the_registry_no_longer_has_is_said_and_counted(house: House, tmp_path: Path) -> None:
    museum, county = city(house, tmp_path / "sources.db")
    Sources(tmp_path / "sources.db")
    house.extract(museum)
    house.extract(county)
    kept = museum.model_copy(update={"tables": museum.tables[:3]})
    found = told(house, Registry(systems=(kept,)))
    assert [item.table_code for item in found.unregistered] == ["merchant", "added"]
    assert (found.counties, found.departments, found.items, found.rows) == (0, 1, 5, 10)
    assert found.matrix[0] == Cell(None, None, None, 1, 2, 2)


def test_a_count_is_written_as_in_the_citys_own_sentence() -> None:
    assert [written(count) for count in (99_999_999, 100_000_000, 1_724_999_999)] == [
        "99999999",
        "1.00亿",
        "17.24亿",
    ]
