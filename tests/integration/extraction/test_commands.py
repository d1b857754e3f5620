"""The commands source, extract, ledger and bind, as an operator runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sources.registry import load_registry

pytestmark = pytest.mark.integration

SYSTEM = "grid_yishui"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An installation in which one county's grid can be reached, and two of its three tables."""
    drop = tmp_path / "drop"
    drop.mkdir()
    system = load_registry().system(SYSTEM)
    for table in (system.table("resident"), system.table("merchant")):
        header = ",".join(column.source_name for column in table.columns)
        row = ",".join(
            "2024-01-01 00:00:00"
            if column.type == "timestamp"
            else ("" if column.nullable else "1")
            for column in table.columns
        )
        name = table.source_name.replace("*", "20240101")
        (drop / name).write_text(f"{header}\n{row}\n短\n", encoding="gb18030")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CITYBASE_")}
    return {
        **kept,
        "CITYBASE_HOME": str(tmp_path / "var"),
        system.connection.location_env: str(drop),
        "COLUMNS": "200",
    }


def citybase(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("citybase")), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_can_be_read_lands_and_the_rest_is_said_with_a_remedy(
    environment: dict[str, str],
) -> None:
    done = citybase(environment, "extract")

    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "resident 2 1 1" in said
    assert "2 tables 4 2 2" in said
    assert "subsidy" in said
    assert "has no file in" in said
    assert "CITYBASE_SOURCE_HOUSEHOLD_REGISTER is not set" in said
    assert "→ Set CITYBASE_SOURCE_HOUSEHOLD_REGISTER" in said


def test_one_table_may_be_extracted_for_a_program(environment: dict[str, str]) -> None:
    done = citybase(environment, "extract", SYSTEM, "--table", "resident", "--json")

    assert done.returncode == 0
    [result] = json.loads(done.stdout)
    [receipt] = result["receipts"]
    assert (receipt["table_code"], receipt["rows_read"]) == ("resident", 2)


def test_the_ledger_and_bind_tell_what_was_landed(environment: dict[str, str]) -> None:
    citybase(environment, "extract", SYSTEM)

    shown = citybase(environment, "ledger")
    told = json.loads(citybase(environment, "ledger", "--json").stdout)["tables"]
    bound = citybase(environment, "bind", "--as-of", "2024-02-29")

    assert "2 tables" not in shown.stdout
    assert "3 tables" in shown.stdout
    assert "has no file in" in shown.stdout
    assert {total["table_code"]: total["batches"] for total in told} == {
        "resident": 1,
        "merchant": 1,
        "subsidy": 0,
    }
    assert "Cut 1: 2 batches, 2 rows, as of 2024-02-29." in bound.stdout
    assert "household_register__resident" in bound.stdout


def test_nobody_vouches_for_what_he_does_not_name(environment: dict[str, str]) -> None:
    done = citybase(environment, "extract", "--accept-volume")

    assert done.returncode == 2
    assert "name the systems you vouch for" in done.stderr
    assert json.loads(citybase(environment, "ledger", "--json").stdout)["tables"] == []


def test_an_unknown_system_is_refused_with_its_neighbours(environment: dict[str, str]) -> None:
    done = citybase(environment, "extract", "grid_yishiu")

    assert done.returncode == 2
    assert SYSTEM in done.stderr


def test_sources_are_listed_and_compared_with_the_registry(environment: dict[str, str]) -> None:
    listed = json.loads(citybase(environment, "source", "list", "--json").stdout)
    checked = citybase(environment, "source", "check", "--connect", SYSTEM)

    assert {"system", "tables", "technology"} <= set(listed[0])
    assert checked.returncode == 1
    assert "1 systems, 3 tables" in checked.stdout
    assert load_registry().system(SYSTEM).table("subsidy").source_name in checked.stdout
    assert citybase(environment, "source", "check").returncode == 0
