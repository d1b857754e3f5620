"""A table whose registry entry names another mode has, from then on too, the rows of its source."""

from collections.abc import Iterator
from itertools import permutations

import pytest

from sources.contract import System
from sources.relation import current_rows
from tests.integration.capture.capture_house import Connection, Highway, LogServer
from tests.integration.extraction.extraction_house import POSTGRESQL, House, make_system

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

MODES = ("full", "cursor", "hash_diff", "append_only", "log")
COLUMNS = ["id bigint key", "name varchar", "amount decimal(12,2)", "note varchar"]


def in_mode(mode: str) -> System:
    system = make_system(POSTGRESQL, {"t": COLUMNS})
    update: dict[str, object] = {"mode": mode}
    if mode == "cursor":
        # Deletes are found each time; the cursor is a number that every change raises.
        update |= {"cursor": "id", "overlap": 0, "reconcile_hours": 0}
    return system.model_copy(update={"tables": [system.tables[0].model_copy(update=update)]})


@pytest.fixture
def house(highway: Highway, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(settings=highway.settings, monkeypatch=monkeypatch)
    made.locate(in_mode("full"), highway.location)
    return made


@pytest.fixture
def source(log_server: LogServer) -> Iterator[Connection]:
    with log_server.connect() as connection:
        connection.execute("set search_path = huji")
        yield connection


def landed(house: House, system: System) -> list[tuple[object, ...]]:
    rows = house.rows(system, "t", current_rows)
    return sorted((row["id"], row["name"]) for row in rows)  # type: ignore[type-var]


def extracted(house: House, system: System, source: Connection) -> None:
    assert house.extract(system).failures == ()
    there = source.execute("select id, name from t order by id").fetchall()
    assert landed(house, system) == there
    assert house.last(system, "t").rows_held == len(there)


@pytest.mark.parametrize(("old", "new"), list(permutations(MODES, 2)))
def test_a_change_of_mode(
    house: House, highway: Highway, source: Connection, old: str, new: str
) -> None:
    before, after = in_mode(old), in_mode(new)
    source.execute("insert into t select n, '名' || n from generate_series(1, 9) n")
    extracted(house, before, source)
    if old != "append_only":
        source.execute("update t set id = id + 100, name = '改' where id <= 3")
        source.execute("delete from t where id = 4")
    source.execute("insert into t values (10, '新')")
    extracted(house, before, source)

    assert landed(house, after) == landed(house, before), "a bind comes before an extraction"
    source.execute("update t set name = '后' where id = 5")
    source.execute("delete from t where id = 6")
    extracted(house, after, source)

    source.execute("insert into t values (11, '更新')")
    extracted(house, after, source)
    extracted(house, in_mode(old), source)
    if old == "log":
        # What the slot has kept meanwhile would be told a second time.
        assert house.last(before, "t").kind == "base"
