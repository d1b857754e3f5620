"""Contract checks: green on a good batch, red on each promise that is broken."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from citybase.duck import connect
from sources.checks import CONTRACT_CHECKS, CheckResult, check_table
from sources.contract import System
from sources.extract import extract_system
from sources.landing import absolute
from sources.registry import Registry
from tests.integration.extraction.extraction_house import CSV, House, make_system

pytestmark = pytest.mark.integration

GOOD = "".join(f"c{number},{number}\n" for number in range(8))


@pytest.fixture
def system(tmp_path: Path, house: House) -> System:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "人员_1.csv").write_text("id,age\n371302001,7\nb,x\n" + GOOD, encoding="gb18030")
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
        "read": 10,
        "landed": 9,
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
    one = "from {rows} where id = '371302001'"
    rewrite(house, system, f"{one} union all {one}")

    result = check(house, system)["keys_are_unique"]

    assert result.counts == {"keys_repeated": 1, "rows": 2}
    assert result.sample_keys == ("*****2001",)


def test_a_batch_of_changes_is_checked_together_with_what_it_changes(
    house: House, tmp_path: Path, system: System
) -> None:
    tables = [table.model_copy(update={"mode": "hash_diff"}) for table in system.tables]
    system = system.model_copy(update={"tables": tables})
    house.extract(system)
    assert house.extract(system).receipts[0].unchanged
    assert house.last(system, "person").files == ()
    assert failed(check(house, system)) == []

    deliver(tmp_path, "2", GOOD + "371302001,7\nnew,1\n")
    house.extract(system)
    results = check(house, system)
    assert failed(results) == []
    assert results["keys_are_present"].counts == {"rows": 10, "missing": 0}
    assert results["read_is_landed_plus_quarantined"].counts["landed"] == 1


def test_a_lost_file_fails_every_check(system: System, house: House) -> None:
    house.extract(system)
    for file in absolute(house.settings, house.last(system, "person").files):
        file.unlink()

    results = check(house, system)

    assert failed(results) == list(CONTRACT_CHECKS)
    assert results["keys_are_unique"].counts == {"files_missing": 1}


def deliver(tmp_path: Path, name: str, rows: str) -> None:
    """The next drop: the newest file of the pattern is read."""
    (tmp_path / "drop" / f"人员_{name}.csv").write_text(f"id,age\n{rows}", encoding="gb18030")


@pytest.mark.parametrize(
    ("rows", "remark"),
    [
        ("", "no row landed; batch 1 had 9"),
        ("".join(f"c{n},2024年\n" for n in range(9)), "no row landed; batch 1 had 9"),
        ("a,1\nb,2\nc,3\nd,4\n", "4 rows landed, less than 50% of the 9 before"),
        (GOOD + "x,x\ny,y\nz,z\n", "3 of 11 rows read were rejected, more than 20%"),
    ],
)
def test_a_delivery_of_an_unlikely_size_fails_until_an_operator_accepts_it(
    system: System, house: House, tmp_path: Path, rows: str, remark: str
) -> None:
    house.extract(system)
    deliver(tmp_path, "2", rows)

    # Arriving twice makes nothing plausible.
    for _ in range(2):
        house.extract(system)
        results = check(house, system)
        assert failed(results) == ["volume_is_plausible"]
        found = results["volume_is_plausible"]
        assert found.remark == remark
        assert (found.counts["landed_before"], found.counts["batch_before"]) == (9, 1)
        assert "citybase extract health --table person --accept-volume" in found.remedy

    extract_system(
        house.settings, "health", registry=Registry(systems=(system,)), accept_volume=True
    )
    accepted = check(house, system)
    assert failed(accepted) == []
    assert accepted["volume_is_plausible"].remark == f"Accepted by an operator: {remark}"
    # The next night brings the same, and is compared with what was accepted.
    house.extract(system)
    assert failed(check(house, system)) == []


def test_the_first_batch_is_judged_by_its_rejected_rows_only(
    system: System, house: House, tmp_path: Path
) -> None:
    deliver(tmp_path, "2", "a,1\nb,2\nc,x\n")
    house.extract(system)

    result = check(house, system)["volume_is_plausible"]

    assert not result.passed
    assert result.counts == {"read": 3, "landed": 2, "quarantined": 1}


def test_half_the_rows_and_a_fifth_rejected_are_still_plausible(
    system: System, house: House, tmp_path: Path
) -> None:
    house.extract(system)
    deliver(tmp_path, "2", "a,1\nb,2\nc,3\nd,4\ne,x\n" + "f,6\n")
    house.extract(system)
    assert failed(check(house, system)) == []
