"""Contract checks: green on a good batch, red on each promise that is broken."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from citybase.duck import connect
from sources.checks import CONTRACT_CHECKS, CheckResult, check_table
from sources.contract import System
from sources.landing import absolute
from tests.integration.extraction.extraction_house import CSV, House, make_system

pytestmark = pytest.mark.integration


@pytest.fixture
def system(tmp_path: Path, house: House) -> System:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "人员_1.csv").write_text("id,age\n371302001,7\nb,x\n", encoding="gb18030")
    system = make_system(
        CSV, {"person=人员_*.csv": ["id varchar key", "age integer"]}, code="health"
    )
    house.locate(system, folder)
    return system


def check(house: House, system: System) -> Mapping[str, CheckResult]:
    results = check_table(house.settings, system, "person")
    assert [result.name for result in results] == list(CONTRACT_CHECKS)
    return {result.name: result for result in results}


def rewrite(house: House, system: System, query: str) -> None:
    """Damage the landed segment: replace its rows by those of a query on it."""
    [file] = absolute(house.settings, house.last(system, "person").files)
    with connect() as duck:
        landed = f"read_parquet('{file}')"
        duck.execute(f"create table rows as {query.format(rows=landed)}")
        duck.execute(f"copy rows to '{file}' (format parquet)")


def failed(results: Mapping[str, CheckResult]) -> list[str]:
    return [name for name, result in results.items() if not result.passed]


def test_a_good_batch_passes_with_its_figures(system: System, house: House) -> None:
    house.extract(system)

    results = check(house, system)

    assert failed(results) == []
    assert results["read_is_landed_plus_quarantined"].counts == {
        "read": 2,
        "landed": 1,
        "quarantined": 1,
    }


def test_a_table_that_never_landed_fails(system: System, house: House) -> None:
    results = check(house, system)

    assert failed(results) == list(CONTRACT_CHECKS)
    assert results["keys_are_unique"].counts == {"batches": 0}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select * exclude (age) from {rows}", "columns_are_as_declared"),
        ("select * replace (age::varchar as age) from {rows}", "columns_are_as_declared"),
        ("select * replace (null::varchar as id) from {rows}", "keys_are_present"),
        ("from {rows} union all from {rows}", "keys_are_unique"),
        ("from {rows} limit 0", "read_is_landed_plus_quarantined"),
    ],
)
def test_a_damaged_segment_fails_its_check(
    system: System, house: House, query: str, expected: str
) -> None:
    house.extract(system)
    rewrite(house, system, query)

    assert expected in failed(check(house, system))


def test_sample_keys_are_masked(system: System, house: House) -> None:
    house.extract(system)
    rewrite(house, system, "from {rows} union all from {rows}")

    result = check(house, system)["keys_are_unique"]

    assert result.counts == {"keys_repeated": 1, "rows": 2}
    assert result.sample_keys == ("*****2001",)


def test_a_lost_file_fails_every_check(system: System, house: House) -> None:
    house.extract(system)
    for file in absolute(house.settings, house.last(system, "person").files):
        file.unlink()

    results = check(house, system)

    assert failed(results) == list(CONTRACT_CHECKS)
    assert results["keys_are_unique"].counts == {"files_missing": 1}
