"""The `apply_changes` materialization: what one build writes, and what makes it begin anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from citybase.duck import connect
from tests.integration.capture.build_house import Build, BuildHouse

pytestmark = pytest.mark.integration

T, GRID = "stg_household_register__t", "stg_county_grid__resident"
STAGING = Build(models=(T, GRID))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BuildHouse]:
    with BuildHouse(tmp_path).opened() as found:
        found.stream.change([("c", key, "甲") for key in range(1, 6)])
        found.bind()
        found.build(STAGING)
        yield found


def mark(house: BuildHouse) -> None:
    """Rows that stay keep the mark; a row written again comes without it, a new table has none."""
    with connect(house.settings.warehouse) as duck:
        for model in (T, GRID):
            duck.execute(f"alter table {model} add column _is_kept boolean")
            duck.execute(f"update {model} set _is_kept = true")


def written(house: BuildHouse, model: str) -> set[tuple[object, ...]]:
    """Which rows were written since the mark."""
    return set(
        ask(
            house,
            f"select system_code, source_key, role_code from {model} where _is_kept is null",
        )
    )


def ask(house: BuildHouse, query: str) -> list[tuple[object, ...]]:
    with connect(house.settings.warehouse, read_only=True) as duck:
        return duck.execute(query).fetchall()


def is_new_table(house: BuildHouse, model: str) -> bool:
    return ("_is_kept",) not in ask(
        house, f"select column_name from duckdb_columns() where table_name = '{model}'"
    )


def test_only_the_rows_of_changed_keys_are_written(house: BuildHouse) -> None:
    mark(house)
    house.stream.change([("u", 2, "乙"), ("d", 3, None), ("c", 7, "甲")])
    house.bind()
    house.build(STAGING)
    source = "household_register"
    assert written(house, T) == {(source, 2, "self"), (source, 7, "self"), (source, 7, "other")}
    assert written(house, GRID) == set()
    rows = ask(house, f"select source_key, role_code from {T} order by all")
    assert rows == [
        (1, "other"),
        (1, "self"),
        (2, "self"),
        (4, "other"),
        (4, "self"),
        (5, "other"),
        (5, "self"),
        (7, "other"),
        (7, "self"),
    ]


def test_of_a_shape_only_the_member_that_changed_is_written(house: BuildHouse) -> None:
    mark(house)
    house.rewrite("grid_hashed", {1: "甲", 2: "丙"})
    house.bind()
    house.build(STAGING)
    assert written(house, GRID) == {("grid_hashed", 2, "self")}
    # A table that is read whole says no more than that it is another one.
    house.rewrite("grid_full", {1: "甲", 2: "丙"})
    house.bind()
    house.build(STAGING)
    assert written(house, GRID) == {
        ("grid_hashed", 2, "self"),
        ("grid_full", 1, "self"),
        ("grid_full", 2, "self"),
    }


def test_a_build_on_the_cut_before_and_one_without_changes_write_nothing(house: BuildHouse) -> None:
    mark(house)
    house.rewrite("grid_full", {1: "甲", 2: "乙"})
    house.build(STAGING)
    house.bind()
    house.build(STAGING)
    assert (written(house, T), written(house, GRID)) == (set(), set())
    assert not is_new_table(house, T)


def test_a_change_is_applied_once_however_often_it_is_built(house: BuildHouse) -> None:
    house.stream.change([("u", 1, "乙")])
    house.bind()
    house.build(Build(models=(T,), broken=T))
    mark(house)
    house.build(STAGING)
    assert written(house, T) == {("household_register", 1, "self")}
    mark_again = "update stg_household_register__t set _is_kept = true"
    with connect(house.settings.warehouse) as duck:
        duck.execute(mark_again)
    house.build(STAGING)
    assert written(house, T) == set()


def test_a_model_that_reads_the_day_is_made_anew_on_another_day(house: BuildHouse) -> None:
    mark(house)
    house.day += 1
    house.bind()
    house.build(STAGING)
    assert is_new_table(house, GRID)
    assert not is_new_table(house, T)
    assert ask(house, f"select distinct code from {GRID}") == [("2026-11-02",)]


def test_a_changed_seed_makes_the_models_anew_that_look_codes_up_in_it(house: BuildHouse) -> None:
    mark(house)
    house.write_seed()
    house.build(Build(models=("known", T, GRID)))
    assert is_new_table(house, T)
    assert not is_new_table(house, GRID)
    assert ask(house, f"select distinct code from {T}") == [("2",)]


def test_a_model_that_reads_another_is_refused(house: BuildHouse) -> None:
    model = house.folder / "models" / "staging" / f"{T}.sql"
    text = model.read_text(encoding="utf-8")
    assert text.count("ref('known')") == 1
    model.write_text(text.replace("ref('known')", f"ref('{GRID}')"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"whose changes.*materialized='table'"):
        house.build(Build())


def test_the_delta_reaches_as_far_back_as_the_slowest_model(house: BuildHouse) -> None:
    delta = "select id, name, _op, _source_key from raw_delta.household_register__t order by all"
    house.stream.change([("u", 1, "乙"), ("d", 2, None)])
    house.bind()
    assert ask(house, delta) == [(1, "乙", "u", "1"), (2, None, "d", "2")]
    house.stream.change([("u", 1, "丙")])
    house.bind()
    assert ask(house, delta) == [(1, "丙", "u", "1"), (2, None, "d", "2")], "a key once"
    house.build(STAGING)
    house.bind()
    assert ask(house, delta) == []


def test_a_model_that_is_gone_holds_nothing_back(house: BuildHouse) -> None:
    with connect(house.settings.warehouse) as duck:
        duck.execute(
            "insert into meta.applied_cut by name select * replace ('stg_gone' as model_name, 0 as"
            f" batch_id) from meta.applied_cut where model_name = '{T}'"
        )
    house.bind()
    assert ask(house, "select count(*) from raw_delta.household_register__t") == [(5,)]
    house.build(STAGING)
    house.bind()
    assert ask(house, "select count(*) from raw_delta.household_register__t") == [(0,)]
